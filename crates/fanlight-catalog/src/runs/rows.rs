//! One function per statement on runs, their tags and parameters.

use fanlight_model::{ExperimentId, UnixNanos};
use sqlx::SqliteConnection;

use super::{RunInfo, RunStatus};
use crate::catalog::{as_millis, from_millis};
use crate::database::from_sql;
use crate::error::{Attempt, shortened};
use crate::experiments::rows::{stored_id, workspace_id};
use crate::filter::sql::Sql;
use crate::{CatalogError, Result};

/// A statement that ends with IN, and its list.
pub(super) fn with_ids(start: &'static str, ids: &[String]) -> Sql {
    let mut sql = Sql::new(start);
    sql.push("(");
    let mut list = sql.separated(", ");
    for id in ids {
        list.push_bind(id.clone());
    }
    sql.push(")");
    sql
}

pub(super) async fn insert(connection: &mut SqliteConnection, run: &RunInfo) -> Result<()> {
    sqlx::query(include_str!("../../sql/runs/insert.sql"))
        .bind(&run.id)
        .bind(stored_id(run.experiment)?)
        .bind(&run.name)
        .bind(&run.user_id)
        .bind(run.status.as_str())
        .bind(as_millis(run.start))
        .bind(&run.artifact_uri)
        .execute(connection)
        .await
        .attempt("create a run")?;
    Ok(())
}

type InfoRow = (
    String,
    i64,
    i64,
    String,
    String,
    String,
    i64,
    Option<i64>,
    String,
    bool,
);

/// In no particular order; unknown ids are left out.
pub(super) async fn select_many(
    connection: &mut SqliteConnection,
    ids: &[String],
) -> Result<Vec<RunInfo>> {
    let rows: Vec<InfoRow> = with_ids(include_str!("../../sql/runs/select_many.sql"), ids)
        .build_query_as()
        .persistent(ids.len() == 1)
        .fetch_all(connection)
        .await
        .attempt("read runs")?;
    rows.into_iter().map(info).collect()
}

fn info(row: InfoRow) -> Result<RunInfo> {
    let (id, experiment, workspace, name, user_id, status, start_ms, end_ms, artifact_uri, deleted) =
        row;
    Ok(RunInfo {
        id,
        experiment: ExperimentId(from_sql("experiment id", experiment)?),
        workspace: workspace_id(workspace)?,
        name,
        user_id,
        status: status
            .parse::<RunStatus>()
            .map_err(|_| CatalogError::BadRow {
                what: "run status",
                value: shortened(&status),
            })?,
        start: from_millis(start_ms),
        end: end_ms.map(from_millis),
        artifact_uri,
        deleted,
    })
}

pub(super) async fn set_name(
    connection: &mut SqliteConnection,
    id: &str,
    name: &str,
) -> Result<()> {
    sqlx::query(include_str!("../../sql/runs/set_name.sql"))
        .bind(id)
        .bind(name)
        .execute(connection)
        .await
        .attempt("rename a run")?;
    Ok(())
}

pub(super) async fn set_status(
    connection: &mut SqliteConnection,
    id: &str,
    status: RunStatus,
) -> Result<()> {
    sqlx::query(include_str!("../../sql/runs/set_status.sql"))
        .bind(id)
        .bind(status.as_str())
        .execute(connection)
        .await
        .attempt("set the status of a run")?;
    Ok(())
}

pub(super) async fn set_end(
    connection: &mut SqliteConnection,
    id: &str,
    end: UnixNanos,
) -> Result<()> {
    sqlx::query(include_str!("../../sql/runs/set_end.sql"))
        .bind(id)
        .bind(as_millis(end))
        .execute(connection)
        .await
        .attempt("set the end of a run")?;
    Ok(())
}

/// Says whether there is such a run.
pub(super) async fn set_deleted(
    connection: &mut SqliteConnection,
    id: &str,
    deleted: bool,
) -> Result<bool> {
    let done = sqlx::query(include_str!("../../sql/runs/set_deleted.sql"))
        .bind(id)
        .bind(i64::from(deleted))
        .execute(connection)
        .await
        .attempt("delete or restore a run")?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn put_tag(
    connection: &mut SqliteConnection,
    id: &str,
    key: &str,
    value: &str,
) -> Result<()> {
    sqlx::query(include_str!("../../sql/run_tags/put.sql"))
        .bind(id)
        .bind(key)
        .bind(value)
        .execute(connection)
        .await
        .attempt("set a tag of a run")?;
    Ok(())
}

/// Says whether there was such a tag.
pub(super) async fn delete_tag(
    connection: &mut SqliteConnection,
    id: &str,
    key: &str,
) -> Result<bool> {
    let done = sqlx::query(include_str!("../../sql/run_tags/delete.sql"))
        .bind(id)
        .bind(key)
        .execute(connection)
        .await
        .attempt("delete a tag of a run")?;
    Ok(done.rows_affected() > 0)
}

/// Run id, key, value.
pub(super) type Entry = (String, String, String);

pub(super) async fn select_tags(
    connection: &mut SqliteConnection,
    ids: &[String],
) -> Result<Vec<Entry>> {
    with_ids(include_str!("../../sql/run_tags/select_many.sql"), ids)
        .build_query_as()
        .persistent(ids.len() == 1)
        .fetch_all(connection)
        .await
        .attempt("read the tags of runs")
}

/// Says whether it was added; a parameter that is there stays.
pub(super) async fn insert_param(
    connection: &mut SqliteConnection,
    id: &str,
    key: &str,
    value: &str,
) -> Result<bool> {
    let done = sqlx::query(include_str!("../../sql/run_params/insert.sql"))
        .bind(id)
        .bind(key)
        .bind(value)
        .execute(connection)
        .await
        .attempt("add a parameter to a run")?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn select_param(
    connection: &mut SqliteConnection,
    id: &str,
    key: &str,
) -> Result<String> {
    sqlx::query_scalar(include_str!("../../sql/run_params/select.sql"))
        .bind(id)
        .bind(key)
        .fetch_one(connection)
        .await
        .attempt("read a parameter of a run")
}

pub(super) async fn select_params(
    connection: &mut SqliteConnection,
    ids: &[String],
) -> Result<Vec<Entry>> {
    with_ids(include_str!("../../sql/run_params/select_many.sql"), ids)
        .build_query_as()
        .persistent(ids.len() == 1)
        .fetch_all(connection)
        .await
        .attempt("read the parameters of runs")
}
