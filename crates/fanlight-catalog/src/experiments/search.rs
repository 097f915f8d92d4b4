//! Finds experiments.

use sqlx::{FromRow as _, SqliteConnection};

use super::filter::{Condition, conditions, sort_columns};
use super::rows::{self, Row, experiment};
use super::{Experiment, ExperimentSearch};
use crate::error::Attempt;
use crate::filter::sql::Sql;
use crate::page::Paging;
use crate::{Page, Result, View};

pub(super) async fn search(
    connection: &mut SqliteConnection,
    search: &ExperimentSearch,
) -> Result<Page<Experiment>> {
    let conditions = conditions(&search.filter)?;
    let columns = sort_columns(&search.order_by)?;
    let paging = Paging::new(
        columns,
        search.order_by.join(","),
        search.limit,
        search.page_token.as_deref(),
    )?;

    let mut sql = statement(search, &conditions, &paging);
    let rows = sql
        .build()
        .persistent(false)
        .fetch_all(&mut *connection)
        .await
        .attempt("search experiments")?;
    let next = paging.next(rows.len(), rows.last())?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(experiment(
            Row::from_row(row).attempt("read a found experiment")?,
        )?);
    }
    rows::fill_tags(connection, &mut items).await?;
    Ok(Page { items, next })
}

fn statement(search: &ExperimentSearch, conditions: &[Condition], paging: &Paging) -> Sql {
    let mut sql = Sql::new(include_str!("../../sql/experiments/search_select.sql"));
    paging.push_columns(&mut sql);
    sql.push(" FROM experiments e WHERE e.workspace_id = ")
        .push_bind(search.workspace.0);
    match search.view {
        View::Active => sql.push(" AND e.deleted = 0"),
        View::Deleted => sql.push(" AND e.deleted <> 0"),
        View::All => &mut sql,
    };
    for condition in conditions {
        sql.push(" AND ");
        condition.push(&mut sql);
    }
    paging.push_rest(&mut sql);
    sql
}
