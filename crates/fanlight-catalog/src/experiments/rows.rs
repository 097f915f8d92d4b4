//! One function per statement on experiments and their tags.

use std::collections::BTreeMap;

use fanlight_model::{ExperimentId, WorkspaceId};
use sqlx::SqliteConnection;

use super::Experiment;
use crate::catalog::from_millis;
use crate::database::{BULK_VALUES, from_sql};
use crate::error::Attempt;
use crate::filter::sql::Sql;
use crate::{CatalogError, Result};

/// The columns of `experiments/select*.sql`.
pub(super) type Row = (i64, i64, String, String, bool, i64, i64);

pub(super) fn experiment(row: Row) -> Result<Experiment> {
    let (id, workspace, name, artifact_location, deleted, created_ms, updated_ms) = row;
    Ok(Experiment {
        id: ExperimentId(from_sql("experiment id", id)?),
        workspace: workspace_id(workspace)?,
        name,
        artifact_location,
        deleted,
        created_at: from_millis(created_ms),
        updated_at: from_millis(updated_ms),
        tags: BTreeMap::new(),
    })
}

pub(crate) fn workspace_id(stored: i64) -> Result<WorkspaceId> {
    let id = u32::try_from(stored);
    id.map(WorkspaceId).map_err(|_| CatalogError::BadRow {
        what: "workspace id",
        value: stored.to_string(),
    })
}

/// The id as SQL keeps it. An id too large to be kept belongs to no experiment.
pub(crate) fn stored_id(id: ExperimentId) -> Result<i64> {
    i64::try_from(id.0).map_err(|_| CatalogError::ExperimentNotFound { id })
}

/// The new id, or `None` when the name is taken.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    workspace: WorkspaceId,
    name: &str,
    artifact_location: &str,
    now_ms: i64,
) -> Result<Option<ExperimentId>> {
    let id: Option<i64> = sqlx::query_scalar(include_str!("../../sql/experiments/insert.sql"))
        .bind(workspace.0)
        .bind(name)
        .bind(artifact_location)
        .bind(now_ms)
        .fetch_optional(connection)
        .await
        .attempt("create an experiment")?;
    id.map(|id| from_sql("experiment id", id).map(ExperimentId))
        .transpose()
}

pub(super) async fn insert_default(connection: &mut SqliteConnection, now_ms: i64) -> Result<()> {
    sqlx::query(include_str!("../../sql/experiments/insert_default.sql"))
        .bind(now_ms)
        .execute(connection)
        .await
        .attempt("create the default experiment")?;
    Ok(())
}

pub(super) async fn set_artifact_location(
    connection: &mut SqliteConnection,
    id: ExperimentId,
    location: &str,
) -> Result<()> {
    sqlx::query(include_str!(
        "../../sql/experiments/set_artifact_location.sql"
    ))
    .bind(stored_id(id)?)
    .bind(location)
    .execute(connection)
    .await
    .attempt("set the artifact location of an experiment")?;
    Ok(())
}

/// Without its tags.
pub(super) async fn select(
    connection: &mut SqliteConnection,
    id: ExperimentId,
) -> Result<Option<Experiment>> {
    let row: Option<Row> = sqlx::query_as(include_str!("../../sql/experiments/select.sql"))
        .bind(stored_id(id)?)
        .fetch_optional(connection)
        .await
        .attempt("read an experiment")?;
    row.map(experiment).transpose()
}

/// Without its tags.
pub(super) async fn select_by_name(
    connection: &mut SqliteConnection,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Option<Experiment>> {
    let row: Option<Row> = sqlx::query_as(include_str!("../../sql/experiments/select_by_name.sql"))
        .bind(workspace.0)
        .bind(name)
        .fetch_optional(connection)
        .await
        .attempt("read an experiment by name")?;
    row.map(experiment).transpose()
}

pub(super) async fn rename(
    connection: &mut SqliteConnection,
    id: ExperimentId,
    name: &str,
    now_ms: i64,
) -> Result<()> {
    sqlx::query(include_str!("../../sql/experiments/rename.sql"))
        .bind(stored_id(id)?)
        .bind(name)
        .bind(now_ms)
        .execute(connection)
        .await
        .attempt("rename an experiment")?;
    Ok(())
}

pub(super) async fn set_deleted(
    connection: &mut SqliteConnection,
    id: ExperimentId,
    deleted: bool,
    now_ms: i64,
) -> Result<()> {
    sqlx::query(include_str!("../../sql/experiments/set_deleted.sql"))
        .bind(stored_id(id)?)
        .bind(i64::from(deleted))
        .bind(now_ms)
        .execute(connection)
        .await
        .attempt("delete or restore an experiment")?;
    Ok(())
}

pub(super) async fn put_tag(
    connection: &mut SqliteConnection,
    id: ExperimentId,
    key: &str,
    value: &str,
) -> Result<()> {
    sqlx::query(include_str!("../../sql/experiment_tags/put.sql"))
        .bind(stored_id(id)?)
        .bind(key)
        .bind(value)
        .execute(connection)
        .await
        .attempt("set a tag of an experiment")?;
    Ok(())
}

/// Whether there was such a tag.
pub(super) async fn delete_tag(
    connection: &mut SqliteConnection,
    id: ExperimentId,
    key: &str,
) -> Result<bool> {
    let done = sqlx::query(include_str!("../../sql/experiment_tags/delete.sql"))
        .bind(stored_id(id)?)
        .bind(key)
        .execute(connection)
        .await
        .attempt("delete a tag of an experiment")?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn select_tags(
    connection: &mut SqliteConnection,
    id: ExperimentId,
) -> Result<BTreeMap<String, String>> {
    let rows: Vec<(String, String)> =
        sqlx::query_as(include_str!("../../sql/experiment_tags/select.sql"))
            .bind(stored_id(id)?)
            .fetch_all(connection)
            .await
            .attempt("read the tags of an experiment")?;
    Ok(rows.into_iter().collect())
}

/// Fills in the tags of many experiments.
pub(super) async fn fill_tags(
    connection: &mut SqliteConnection,
    experiments: &mut [Experiment],
) -> Result<()> {
    for chunk in experiments.chunks_mut(BULK_VALUES) {
        let mut sql = Sql::new(include_str!("../../sql/experiment_tags/select_many.sql"));
        sql.push("(");
        let mut ids = sql.separated(", ");
        for experiment in chunk.iter() {
            ids.push_bind(stored_id(experiment.id)?);
        }
        sql.push(")");
        let rows: Vec<(i64, String, String)> = sql
            .build_query_as()
            .persistent(false)
            .fetch_all(&mut *connection)
            .await
            .attempt("read the tags of experiments")?;
        let mut by_id: BTreeMap<i64, BTreeMap<String, String>> = BTreeMap::new();
        for (id, key, value) in rows {
            by_id.entry(id).or_default().insert(key, value);
        }
        for experiment in chunk {
            experiment.tags = by_id.remove(&stored_id(experiment.id)?).unwrap_or_default();
        }
    }
    Ok(())
}
