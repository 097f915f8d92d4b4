//! What the intake needs from the rest of the server.

use std::fmt::Debug;

use async_trait::async_trait;
use fanlight_api::ApiError;
use fanlight_model::{Batch, ErrorKind, ExperimentId, TraceEdits, TraceKey, WorkspaceId};
use fanlight_query::Engine;

/// The far end of the intake: the engine, or a stand-in under test.
#[async_trait]
pub(crate) trait Sink: Send + Sync + Debug {
    /// Returns when there is room for more; asked before a request is decoded.
    async fn wait_for_room(&self) -> Result<(), ApiError>;
    /// Returns once the batch is on disk and visible.
    async fn append(&self, batch: Batch) -> Result<(), ApiError>;
    /// Whether the workspace has that experiment, deleted ones included: data for them is still taken.
    async fn has_experiment(
        &self,
        workspace: WorkspaceId,
        id: ExperimentId,
    ) -> Result<bool, ApiError>;
    /// The experiment of that name, made when there is none.
    async fn experiment_named(
        &self,
        workspace: WorkspaceId,
        name: &str,
    ) -> Result<ExperimentId, ApiError>;
    async fn link_run(&self, traces: &[TraceKey], run: &str) -> Result<(), ApiError>;
    /// Adds what is not known yet of the edits of traces.
    async fn add_edits(&self, edits: Vec<(TraceKey, TraceEdits)>) -> Result<(), ApiError>;
}

#[async_trait]
impl Sink for Engine {
    async fn wait_for_room(&self) -> Result<(), ApiError> {
        Ok(Engine::wait_for_room(self).await?)
    }

    async fn append(&self, batch: Batch) -> Result<(), ApiError> {
        Ok(Engine::append(self, batch).await?)
    }

    async fn has_experiment(
        &self,
        workspace: WorkspaceId,
        id: ExperimentId,
    ) -> Result<bool, ApiError> {
        match self.catalog().experiment_head(id).await {
            Ok(head) => Ok(head.workspace == workspace),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn experiment_named(
        &self,
        workspace: WorkspaceId,
        name: &str,
    ) -> Result<ExperimentId, ApiError> {
        match self
            .catalog()
            .find_or_create_experiment(workspace, name)
            .await
        {
            Ok(id) => Ok(id),
            // The name belongs to a deleted experiment. Its data goes there, as with an explicit id: losing it, or
            // mixing it into another experiment, would be worse.
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(self
                .catalog()
                .get_experiment_by_name(workspace, name)
                .await?
                .id),
            Err(error) => Err(error.into()),
        }
    }

    async fn link_run(&self, traces: &[TraceKey], run: &str) -> Result<(), ApiError> {
        Ok(Engine::link_run(self, traces, run).await?)
    }

    async fn add_edits(&self, edits: Vec<(TraceKey, TraceEdits)>) -> Result<(), ApiError> {
        Ok(Engine::add_edits(self, edits).await?)
    }
}
