//! Runs: executions with parameters, metrics, tags and inputs.

mod filter;
mod input_rows;
mod load;
mod log;
mod metric_rows;
mod model;
mod names;
mod rows;
mod search;

pub use model::{
    Dataset, DatasetInput, DatasetSummary, LogBatch, Metric, MetricOrigin, NewRun,
    ParseRunStatusError, Run, RunData, RunInfo, RunInputs, RunSearch, RunStatus, RunUpdate,
};
use sqlx::SqliteConnection;

use crate::catalog::from_millis;
use crate::error::{Attempt, shortened};
use crate::experiments;
use crate::limits::{self, check_name, cut};
use crate::{Catalog, CatalogError, Page, Result};

/// The tag that mirrors the name of a run.
const NAME_TAG: &str = "mlflow.runName";

impl Catalog {
    /// Starts a run in an active experiment.
    pub async fn create_run(&self, new: NewRun) -> Result<Run> {
        for key in new.tags.keys() {
            check_name("the tag key", key, limits::TAG_KEY)?;
        }
        let mut tx = self.database().write().await?;
        let experiment = experiments::require_active(&mut tx, new.experiment).await?;
        let id = names::random_id();
        let name = [new.name.as_ref(), new.tags.get(NAME_TAG)]
            .into_iter()
            .flatten()
            .find(|name| !name.is_empty());
        let name = name.cloned().unwrap_or_else(names::random_name);
        let info = RunInfo {
            experiment: experiment.id,
            workspace: experiment.workspace,
            name: cut(&name, limits::RUN_NAME).to_owned(),
            user_id: new.user_id,
            status: RunStatus::Running,
            start: new.start.unwrap_or_else(|| from_millis(self.now_ms())),
            end: None,
            artifact_uri: format!(
                "{}/{id}/artifacts",
                experiment.artifact_location.trim_end_matches('/')
            ),
            deleted: false,
            id,
        };
        rows::insert(&mut tx, &info).await?;
        for (key, value) in new.tags.iter().filter(|(key, _)| *key != NAME_TAG) {
            put_tag(&mut tx, &info.id, key, value).await?;
        }
        rows::put_tag(&mut tx, &info.id, NAME_TAG, &info.name).await?;
        let run = load::load_one(&mut tx, &info.id).await?;
        tx.commit().await.attempt("commit a new run")?;
        Ok(run)
    }

    /// Also answers deleted ones.
    pub async fn get_run(&self, id: &str) -> Result<Run> {
        load::load_one(&mut *self.database().read().await?, id).await
    }

    /// Changes an active run.
    pub async fn update_run(&self, id: &str, update: RunUpdate) -> Result<RunInfo> {
        let mut tx = self.database().write().await?;
        load::require_active(&mut tx, id).await?;
        if let Some(status) = update.status {
            rows::set_status(&mut tx, id, status).await?;
        }
        if let Some(end) = update.end {
            rows::set_end(&mut tx, id, end).await?;
        }
        if let Some(name) = update.name.filter(|name| !name.is_empty()) {
            put_tag(&mut tx, id, NAME_TAG, &name).await?;
        }
        let info = load::require(&mut tx, id).await?;
        tx.commit().await.attempt("commit a changed run")?;
        Ok(info)
    }

    pub async fn search_runs(&self, search: &RunSearch) -> Result<Page<Run>> {
        search::search(&mut *self.database().read().await?, search).await
    }

    /// Hides a run; one that is deleted already is no error.
    pub async fn delete_run(&self, id: &str) -> Result<()> {
        self.set_run_deleted(id, true).await
    }

    /// Shows a deleted run again; one that is active is no error.
    pub async fn restore_run(&self, id: &str) -> Result<()> {
        self.set_run_deleted(id, false).await
    }

    async fn set_run_deleted(&self, id: &str, deleted: bool) -> Result<()> {
        let mut tx = self.database().write().await?;
        if !rows::set_deleted(&mut tx, id, deleted).await? {
            return Err(CatalogError::RunNotFound { id: shortened(id) });
        }
        tx.commit()
            .await
            .attempt("commit the deletion or restoration of a run")
    }

    /// Sets a tag of an active run; `mlflow.runName` renames it. The value is cut at its limit.
    pub async fn set_run_tag(&self, id: &str, key: &str, value: &str) -> Result<()> {
        check_name("the tag key", key, limits::TAG_KEY)?;
        let mut tx = self.database().write().await?;
        load::require_active(&mut tx, id).await?;
        put_tag(&mut tx, id, key, value).await?;
        tx.commit().await.attempt("commit a tag of a run")
    }

    /// Removes a tag of an active run.
    pub async fn delete_run_tag(&self, id: &str, key: &str) -> Result<()> {
        let mut tx = self.database().write().await?;
        load::require_active(&mut tx, id).await?;
        if !rows::delete_tag(&mut tx, id, key).await? {
            return Err(CatalogError::TagNotFound {
                key: shortened(key),
            });
        }
        tx.commit()
            .await
            .attempt("commit the removal of a tag of a run")
    }
}

/// Sets a tag, and the name of the run when the tag mirrors it.
async fn put_tag(
    connection: &mut SqliteConnection,
    id: &str,
    key: &str,
    value: &str,
) -> Result<()> {
    let value = cut(value, limits::RUN_TAG_VALUE);
    if key == NAME_TAG {
        rows::set_name(connection, id, value).await?;
    }
    rows::put_tag(connection, id, key, value).await
}
