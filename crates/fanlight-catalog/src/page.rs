//! Pages that neither repeat nor skip rows while others are added: a page token holds the order's values of the last
//! row shown, and the next page starts behind them.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::error::{Attempt, shortened};
use crate::filter::Direction;
use crate::filter::sql::Sql;
use crate::{CatalogError, Result};

/// Rows a page may have, whatever was asked for.
const MAX_ROWS: usize = 50_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Real,
    Text,
}

/// One column of an order, most significant first; together they tell any two rows apart.
#[derive(Clone, Debug)]
pub(crate) struct SortColumn {
    /// Our own text, without bound values.
    pub(crate) sql: String,
    pub(crate) kind: Kind,
    pub(crate) direction: Direction,
}

impl SortColumn {
    pub(crate) fn new(sql: impl Into<String>, kind: Kind, direction: Direction) -> Self {
        Self {
            sql: sql.into(),
            kind,
            direction,
        }
    }

    /// A column before one that may be NULL: NULLs come last in both directions.
    pub(crate) fn nulls_last(sql: &str) -> Self {
        Self::new(
            format!("CASE WHEN {sql} IS NULL THEN 1 ELSE 0 END"),
            Kind::Integer,
            Direction::Ascending,
        )
    }

    fn keyword(&self) -> &'static str {
        match self.direction {
            Direction::Ascending => "ASC",
            Direction::Descending => "DESC",
        }
    }
}

/// A value of the last row shown. Doubles are kept as bits: JSON has no infinity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Seen {
    #[serde(rename = "n")]
    Null,
    #[serde(rename = "i")]
    Integer(i64),
    #[serde(rename = "r")]
    Real(u64),
    #[serde(rename = "t")]
    Text(String),
}

/// The content of a page token. The order is part of it: behind "the last row" means nothing under another one.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    order: String,
    seen: Vec<Seen>,
}

/// A total order of rows, and where to start in it.
#[derive(Debug)]
pub(crate) struct Paging {
    columns: Vec<SortColumn>,
    /// The order as the caller wrote it.
    order: String,
    after: Option<Vec<Seen>>,
    limit: usize,
}

impl Paging {
    /// `order` names the order of `columns` in page tokens.
    pub(crate) fn new(
        columns: Vec<SortColumn>,
        order: String,
        limit: usize,
        token: Option<&str>,
    ) -> Result<Self> {
        let after = match token {
            None | Some("") => None,
            Some(token) => {
                let seen = decode(token, &columns, &order);
                Some(seen.ok_or_else(|| CatalogError::BadPageToken {
                    token: shortened(token),
                })?)
            }
        };
        Ok(Self {
            columns,
            order,
            after,
            limit: limit.clamp(1, MAX_ROWS),
        })
    }

    /// `, column AS sort_0, …`, for the end of a select list.
    pub(crate) fn push_columns(&self, sql: &mut Sql) {
        for (place, column) in self.columns.iter().enumerate() {
            sql.push(format_args!(", {} AS sort_{place}", column.sql));
        }
    }

    /// ` AND (…)`, ` ORDER BY …`, ` LIMIT …`, for the end of a statement with a WHERE clause.
    pub(crate) fn push_rest(&self, sql: &mut Sql) {
        if let Some(after) = &self.after {
            self.push_start(sql, after);
        }
        sql.push(" ORDER BY ");
        let mut list = sql.separated(", ");
        for (place, column) in self.columns.iter().enumerate() {
            list.push(format_args!("sort_{place} {}", column.keyword()));
        }
        sql.push(" LIMIT ")
            .push_bind(i64::try_from(self.limit).unwrap_or(i64::MAX));
    }

    /// A row is behind the last one when it is equal in some first columns and greater in the one after them.
    fn push_start(&self, sql: &mut Sql, after: &[Seen]) {
        sql.push(" AND (");
        let mut joiner = "";
        for (place, (column, seen)) in self.columns.iter().zip(after).enumerate() {
            if *seen == Seen::Null {
                // Nothing is greater than NULL: the column before it puts NULLs last.
                continue;
            }
            sql.push(joiner).push("(");
            for (equal, seen) in self.columns.iter().zip(after).take(place) {
                sql.push(&equal.sql).push(" IS NOT DISTINCT FROM ");
                push_seen(sql, seen);
                sql.push(" AND ");
            }
            sql.push(&column.sql).push(match column.direction {
                Direction::Ascending => " > ",
                Direction::Descending => " < ",
            });
            push_seen(sql, seen);
            sql.push(")");
            joiner = " OR ";
        }
        sql.push(")");
    }

    /// The token behind `last`, when the page it ends has `rows` rows and is full.
    pub(crate) fn next(&self, rows: usize, last: Option<&SqliteRow>) -> Result<Option<String>> {
        let Some(last) = last.filter(|_| rows >= self.limit) else {
            return Ok(None);
        };
        let seen = self
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| read_seen(last, place, column.kind));
        let cursor = Cursor {
            order: self.order.clone(),
            seen: seen.collect::<Result<_>>()?,
        };
        // Strings and integers always become JSON.
        let json = serde_json::to_vec(&cursor).unwrap_or_default();
        Ok(Some(BASE64_URL_SAFE_NO_PAD.encode(json)))
    }
}

fn decode(token: &str, columns: &[SortColumn], order: &str) -> Option<Vec<Seen>> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let cursor: Cursor = serde_json::from_slice(&json).ok()?;
    let fits = cursor.order == order
        && cursor.seen.len() == columns.len()
        && cursor.seen.iter().any(|seen| *seen != Seen::Null)
        && cursor.seen.iter().zip(columns).all(|(seen, column)| {
            matches!(
                (seen, column.kind),
                (Seen::Null, _)
                    | (Seen::Integer(_), Kind::Integer)
                    | (Seen::Real(_), Kind::Real)
                    | (Seen::Text(_), Kind::Text)
            )
        });
    fits.then_some(cursor.seen)
}

fn push_seen(sql: &mut Sql, seen: &Seen) {
    match seen {
        Seen::Null => sql.push("NULL"),
        Seen::Integer(number) => sql.push_bind(*number),
        Seen::Real(bits) => sql.push_bind(f64::from_bits(*bits)),
        Seen::Text(text) => sql.push_bind(text.clone()),
    };
}

fn read_seen(row: &SqliteRow, place: usize, kind: Kind) -> Result<Seen> {
    let name = format!("sort_{place}");
    let seen = match kind {
        Kind::Integer => row
            .try_get::<Option<i64>, _>(name.as_str())
            .map(|value| value.map(Seen::Integer)),
        Kind::Real => row
            .try_get::<Option<f64>, _>(name.as_str())
            .map(|value| value.map(|real| Seen::Real(real.to_bits()))),
        Kind::Text => row
            .try_get::<Option<String>, _>(name.as_str())
            .map(|value| value.map(Seen::Text)),
    };
    Ok(seen
        .attempt("read the order of a row")?
        .unwrap_or(Seen::Null))
}
