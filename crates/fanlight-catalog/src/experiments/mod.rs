//! Experiments: named collections of traces and runs.

mod cache;
mod filter;
pub(crate) mod rows;
mod search;

use std::collections::BTreeMap;

pub(crate) use cache::HeadCache;
use fanlight_model::{ExperimentId, UnixNanos, WorkspaceId};
use sqlx::SqliteConnection;

use crate::error::{Attempt, shortened};
use crate::limits::{self, check_length, check_name};
use crate::{Catalog, CatalogError, Page, Result, View};

/// A named collection of traces and runs. Ids count upwards over all workspaces and are never used twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Experiment {
    pub id: ExperimentId,
    pub workspace: WorkspaceId,
    /// Unique within its workspace, deleted experiments included.
    pub name: String,
    pub artifact_location: String,
    pub deleted: bool,
    /// Whole milliseconds.
    pub created_at: UnixNanos,
    /// Last rename, deletion or restoration; whole milliseconds.
    pub updated_at: UnixNanos,
    pub tags: BTreeMap<String, String>,
}

/// What every request that names an experiment needs to know; answered from memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentHead {
    pub id: ExperimentId,
    pub workspace: WorkspaceId,
    pub name: String,
    pub deleted: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewExperiment {
    pub workspace: WorkspaceId,
    pub name: String,
    /// `mlflow-artifacts:/<id>` when absent.
    pub artifact_location: Option<String>,
    pub tags: BTreeMap<String, String>,
}

/// A search among experiments; texts are in the filter language of `MLflow`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExperimentSearch {
    pub workspace: WorkspaceId,
    /// Empty for no restriction.
    pub filter: String,
    /// Each `key [ASC|DESC]`. Empty: newest first, then by id.
    pub order_by: Vec<String>,
    pub view: View,
    /// Rows per page, at least 1.
    pub limit: usize,
    /// What the previous page's `next` said; `None` or empty for the first page.
    pub page_token: Option<String>,
}

impl Catalog {
    pub async fn create_experiment(&self, new: NewExperiment) -> Result<Experiment> {
        check_name("the experiment name", &new.name, limits::EXPERIMENT_NAME)?;
        for (key, value) in &new.tags {
            check_tag(key, value)?;
        }
        let mut tx = self.database().write().await?;
        let id = insert(
            &mut tx,
            new.workspace,
            &new.name,
            new.artifact_location.as_deref(),
            self.now_ms(),
        )
        .await?;
        for (key, value) in &new.tags {
            rows::put_tag(&mut tx, id, key, value).await?;
        }
        let created = read(&mut tx, id).await?;
        tx.commit().await.attempt("commit a new experiment")?;
        Ok(created)
    }

    /// Also answers deleted ones.
    pub async fn get_experiment(&self, id: ExperimentId) -> Result<Experiment> {
        read(&mut *self.database().read().await?, id).await
    }

    /// Also answers deleted ones.
    pub async fn get_experiment_by_name(
        &self,
        workspace: WorkspaceId,
        name: &str,
    ) -> Result<Experiment> {
        let mut tx = self.database().read().await?;
        let found = rows::select_by_name(&mut tx, workspace, name).await?;
        let mut experiment = found.ok_or_else(|| CatalogError::ExperimentNameNotFound {
            name: shortened(name),
        })?;
        experiment.tags = rows::select_tags(&mut tx, experiment.id).await?;
        Ok(experiment)
    }

    /// Workspace, name and state of an experiment, usually without asking the database.
    pub async fn experiment_head(&self, id: ExperimentId) -> Result<ExperimentHead> {
        if let Some(head) = self.heads().get(id) {
            return Ok(head);
        }
        // Not a reader: only who holds this connection may fill the cache.
        let mut writer = self
            .database()
            .writer
            .acquire()
            .await
            .attempt("look up an experiment")?;
        let head = ExperimentHead::of(&require(&mut writer, id).await?);
        self.heads().put(head.clone());
        Ok(head)
    }

    /// The id of the active experiment of that name, creating it when there is none. Any number of concurrent calls
    /// with one name answer one id. Fails with `ExperimentNameTaken` when the name belongs to a deleted one.
    pub async fn find_or_create_experiment(
        &self,
        workspace: WorkspaceId,
        name: &str,
    ) -> Result<ExperimentId> {
        if let Some(head) = self.heads().find(workspace, name) {
            return head.active_id();
        }
        check_name("the experiment name", name, limits::EXPERIMENT_NAME)?;
        let mut tx = self.database().write().await?;
        if let Some(found) = rows::select_by_name(&mut tx, workspace, name).await? {
            let head = ExperimentHead::of(&found);
            self.heads().put(head.clone());
            return head.active_id();
        }
        let id = insert(&mut tx, workspace, name, None, self.now_ms()).await?;
        // Not put into the cache: it would have to happen after the commit, when the connection is given back.
        tx.commit().await.attempt("commit a new experiment")?;
        Ok(id)
    }

    /// Renames an active experiment.
    pub async fn rename_experiment(&self, id: ExperimentId, name: &str) -> Result<()> {
        check_name("the experiment name", name, limits::EXPERIMENT_NAME)?;
        let _forget = self.heads().forget_after(id);
        let mut tx = self.database().write().await?;
        let experiment = require_active(&mut tx, id).await?;
        let holder = rows::select_by_name(&mut tx, experiment.workspace, name).await?;
        if let Some(holder) = holder.filter(|holder| holder.id != id) {
            return Err(CatalogError::ExperimentNameTaken {
                name: shortened(name),
                deleted: holder.deleted,
            });
        }
        rows::rename(&mut tx, id, name, self.now_ms()).await?;
        tx.commit()
            .await
            .attempt("commit the new name of an experiment")
    }

    /// Hides an active experiment. It keeps its name and everything in it.
    pub async fn delete_experiment(&self, id: ExperimentId) -> Result<()> {
        let _forget = self.heads().forget_after(id);
        let mut tx = self.database().write().await?;
        if require(&mut tx, id).await?.deleted {
            return Err(CatalogError::ExperimentNotActive { id });
        }
        rows::set_deleted(&mut tx, id, true, self.now_ms()).await?;
        tx.commit()
            .await
            .attempt("commit the deletion of an experiment")
    }

    pub async fn restore_experiment(&self, id: ExperimentId) -> Result<()> {
        let _forget = self.heads().forget_after(id);
        let mut tx = self.database().write().await?;
        if !require(&mut tx, id).await?.deleted {
            return Err(CatalogError::ExperimentNotDeleted { id });
        }
        rows::set_deleted(&mut tx, id, false, self.now_ms()).await?;
        tx.commit()
            .await
            .attempt("commit the restoration of an experiment")
    }

    /// Sets a tag of an active experiment.
    pub async fn set_experiment_tag(&self, id: ExperimentId, key: &str, value: &str) -> Result<()> {
        check_tag(key, value)?;
        let mut tx = self.database().write().await?;
        require_active(&mut tx, id).await?;
        rows::put_tag(&mut tx, id, key, value).await?;
        tx.commit().await.attempt("commit a tag of an experiment")
    }

    /// Removes a tag of an active experiment.
    pub async fn delete_experiment_tag(&self, id: ExperimentId, key: &str) -> Result<()> {
        let mut tx = self.database().write().await?;
        require_active(&mut tx, id).await?;
        if !rows::delete_tag(&mut tx, id, key).await? {
            return Err(CatalogError::TagNotFound {
                key: shortened(key),
            });
        }
        tx.commit()
            .await
            .attempt("commit the removal of a tag of an experiment")
    }

    pub async fn search_experiments(&self, search: &ExperimentSearch) -> Result<Page<Experiment>> {
        search::search(&mut *self.database().read().await?, search).await
    }
}

impl ExperimentHead {
    fn of(experiment: &Experiment) -> Self {
        Self {
            id: experiment.id,
            workspace: experiment.workspace,
            name: experiment.name.clone(),
            deleted: experiment.deleted,
        }
    }

    fn active_id(self) -> Result<ExperimentId> {
        if self.deleted {
            return Err(CatalogError::ExperimentNameTaken {
                name: shortened(&self.name),
                deleted: true,
            });
        }
        Ok(self.id)
    }
}

/// Experiment 0, which clients use when they name none.
pub(crate) async fn create_default_experiment(catalog: &Catalog) -> Result<()> {
    let mut tx = catalog.database().write().await?;
    rows::insert_default(&mut tx, catalog.now_ms()).await?;
    tx.commit().await.attempt("commit the default experiment")
}

fn check_tag(key: &str, value: &str) -> Result<()> {
    check_name("the tag key", key, limits::TAG_KEY)?;
    check_length("the tag value", value, limits::EXPERIMENT_TAG_VALUE)
}

async fn insert(
    connection: &mut SqliteConnection,
    workspace: WorkspaceId,
    name: &str,
    artifact_location: Option<&str>,
    now_ms: i64,
) -> Result<ExperimentId> {
    let location = artifact_location.unwrap_or_default();
    let Some(id) = rows::insert(&mut *connection, workspace, name, location, now_ms).await? else {
        let holder = rows::select_by_name(connection, workspace, name).await?;
        let deleted = holder.is_some_and(|holder| holder.deleted);
        return Err(CatalogError::ExperimentNameTaken {
            name: shortened(name),
            deleted,
        });
    };
    if location.is_empty() {
        rows::set_artifact_location(connection, id, &format!("mlflow-artifacts:/{id}")).await?;
    }
    Ok(id)
}

async fn read(connection: &mut SqliteConnection, id: ExperimentId) -> Result<Experiment> {
    let mut experiment = require(&mut *connection, id).await?;
    experiment.tags = rows::select_tags(connection, id).await?;
    Ok(experiment)
}

/// Without its tags.
async fn require(connection: &mut SqliteConnection, id: ExperimentId) -> Result<Experiment> {
    rows::select(connection, id)
        .await?
        .ok_or(CatalogError::ExperimentNotFound { id })
}

/// Without its tags.
pub(crate) async fn require_active(
    connection: &mut SqliteConnection,
    id: ExperimentId,
) -> Result<Experiment> {
    let experiment = require(connection, id).await?;
    if experiment.deleted {
        Err(CatalogError::ExperimentDeleted { id })
    } else {
        Ok(experiment)
    }
}
