//! One function per statement on metrics.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow as _, SqliteConnection};

use super::rows::with_ids;
use super::{Metric, MetricOrigin};
use crate::error::Attempt;
use crate::filter::Direction;
use crate::filter::sql::Sql;
use crate::page::{Kind, Paging, SortColumn};
use crate::{Page, Result};

type Row = (
    String,
    String,
    i64,
    i64,
    bool,
    f64,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// The run and its metric.
fn metric(row: Row) -> (String, Metric) {
    let (run_id, key, timestamp_ms, step, is_nan, value, model_id, dataset_name, dataset_digest) =
        row;
    let value = if is_nan { f64::NAN } else { value };
    let origin = MetricOrigin {
        model_id,
        dataset_name,
        dataset_digest,
    };
    (
        run_id,
        Metric {
            key,
            value,
            timestamp_ms,
            step,
            origin,
        },
    )
}

/// Adds it to the history. The same value at the same time and step is one row however often it is sent.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    run_id: &str,
    metric: &Metric,
) -> Result<()> {
    write(
        connection,
        include_str!("../../sql/run_metrics/insert.sql"),
        run_id,
        metric,
    )
    .await
}

/// Makes it the latest of its key when it is greater by (step, timestamp, value); NaN counts as zero.
pub(super) async fn put_latest(
    connection: &mut SqliteConnection,
    run_id: &str,
    metric: &Metric,
) -> Result<()> {
    write(
        connection,
        include_str!("../../sql/run_latest_metrics/put.sql"),
        run_id,
        metric,
    )
    .await
}

async fn write(
    connection: &mut SqliteConnection,
    statement: &'static str,
    run_id: &str,
    metric: &Metric,
) -> Result<()> {
    let is_nan = metric.value.is_nan();
    sqlx::query(statement)
        .bind(run_id)
        .bind(&metric.key)
        .bind(metric.timestamp_ms)
        .bind(metric.step)
        .bind(i64::from(is_nan))
        .bind(if is_nan { 0.0 } else { metric.value })
        .bind(&metric.origin.model_id)
        .bind(&metric.origin.dataset_name)
        .bind(&metric.origin.dataset_digest)
        .execute(connection)
        .await
        .attempt("add a metric to a run")?;
    Ok(())
}

pub(super) async fn select_latest(
    connection: &mut SqliteConnection,
    ids: &[String],
) -> Result<Vec<(String, Metric)>> {
    let rows: Vec<Row> = with_ids(
        include_str!("../../sql/run_latest_metrics/select_many.sql"),
        ids,
    )
    .build_query_as()
    .persistent(ids.len() == 1)
    .fetch_all(connection)
    .await
    .attempt("read the metrics of runs")?;
    Ok(rows.into_iter().map(metric).collect())
}

/// By timestamp, then step, then value.
pub(super) async fn history(
    connection: &mut SqliteConnection,
    run_id: &str,
    key: &str,
    limit: usize,
    page_token: Option<&str>,
) -> Result<Page<Metric>> {
    let ascending = |sql, kind| SortColumn::new(sql, kind, Direction::Ascending);
    let columns = vec![
        ascending("m.timestamp_ms", Kind::Integer),
        ascending("m.step", Kind::Integer),
        ascending("m.is_nan", Kind::Integer),
        ascending("m.value", Kind::Real),
    ];
    let paging = Paging::new(columns, "history".to_owned(), limit, page_token)?;
    let mut sql = Sql::new(include_str!("../../sql/run_metrics/history_select.sql"));
    paging.push_columns(&mut sql);
    sql.push(" FROM run_metrics m WHERE m.run_id = ")
        .push_bind(run_id.to_owned());
    sql.push(" AND m.key = ").push_bind(key.to_owned());
    paging.push_rest(&mut sql);
    let rows: Vec<SqliteRow> = sql
        .build()
        .fetch_all(connection)
        .await
        .attempt("read the history of a metric")?;
    let next = paging.next(rows.len(), rows.last())?;
    let items = rows
        .iter()
        .map(|row| Row::from_row(row).map(|row| metric(row).1))
        .collect::<Result<_, _>>();
    Ok(Page {
        items: items.attempt("read a metric")?,
        next,
    })
}
