//! Finds runs.

use sqlx::{Row as _, SqliteConnection};

use super::filter::{Condition, Sorting, conditions};
use super::load::load;
use super::{Run, RunSearch};
use crate::error::Attempt;
use crate::filter::MAX_LIST;
use crate::filter::sql::Sql;
use crate::page::Paging;
use crate::{CatalogError, Page, Result, View};

pub(super) async fn search(
    connection: &mut SqliteConnection,
    search: &RunSearch,
) -> Result<Page<Run>> {
    if search.experiments.len() > MAX_LIST {
        let found = search.experiments.len();
        return Err(CatalogError::TooMany {
            what: "experiments",
            limit: MAX_LIST,
            found,
        });
    }
    let conditions = conditions(&search.filter)?;
    let mut sorting = Sorting::parse(&search.order_by)?;
    let columns = std::mem::take(&mut sorting.columns);
    let paging = Paging::new(
        columns,
        search.order_by.join(","),
        search.limit,
        search.page_token.as_deref(),
    )?;
    if search.experiments.is_empty() {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    }

    let mut sql = statement(search, &conditions, &sorting, &paging);
    let rows = sql
        .build()
        .persistent(false)
        .fetch_all(&mut *connection)
        .await
        .attempt("search runs")?;
    let next = paging.next(rows.len(), rows.last())?;
    let ids = rows
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<Vec<String>, _>>();
    let items = load(connection, &ids.attempt("read a found run")?).await?;
    Ok(Page { items, next })
}

fn statement(
    search: &RunSearch,
    conditions: &[Condition],
    sorting: &Sorting,
    paging: &Paging,
) -> Sql {
    let mut sql = Sql::new(include_str!("../../sql/runs/search_select.sql"));
    paging.push_columns(&mut sql);
    sql.push(include_str!("../../sql/runs/search_from.sql"));
    sorting.push_joins(&mut sql);
    sql.push(" WHERE e.workspace_id = ")
        .push_bind(search.workspace.0);
    sql.push(" AND r.experiment_id IN (");
    let mut ids = sql.separated(", ");
    for experiment in &search.experiments {
        // An id too large to be stored belongs to no experiment; nor does -1.
        ids.push_bind(i64::try_from(experiment.0).unwrap_or(-1));
    }
    sql.push(")");
    match search.view {
        View::Active => sql.push(" AND r.deleted = 0 AND e.deleted = 0"),
        View::Deleted => sql.push(" AND (r.deleted <> 0 OR e.deleted <> 0)"),
        View::All => &mut sql,
    };
    for condition in conditions {
        sql.push(" AND ");
        condition.push(&mut sql);
    }
    paging.push_rest(&mut sql);
    sql
}
