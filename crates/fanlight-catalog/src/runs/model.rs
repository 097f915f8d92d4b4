//! What a run is.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use fanlight_model::{ExperimentId, UnixNanos, WorkspaceId};

use crate::View;

/// One execution: an evaluation, a training, an agent's job.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub info: RunInfo,
    pub data: RunData,
    pub inputs: RunInputs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunInfo {
    /// 32 lowercase hex digits.
    pub id: String,
    pub experiment: ExperimentId,
    /// The workspace of the experiment.
    pub workspace: WorkspaceId,
    /// The same as tag `mlflow.runName`.
    pub name: String,
    /// Empty when unknown.
    pub user_id: String,
    pub status: RunStatus,
    /// Whole milliseconds, as all times of a run.
    pub start: UnixNanos,
    pub end: Option<UnixNanos>,
    pub artifact_uri: String,
    pub deleted: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunData {
    /// Of each key the one with the greatest (step, timestamp, value), in order of keys.
    pub metrics: Vec<Metric>,
    pub params: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunInputs {
    pub datasets: Vec<DatasetInput>,
    /// Ids of logged models.
    pub models: Vec<String>,
}

/// Source of the names: `RunStatus` of `MLflow`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RunStatus {
    #[default]
    Running,
    Scheduled,
    Finished,
    Failed,
    Killed,
}

impl RunStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Scheduled => "SCHEDULED",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Killed => "KILLED",
        }
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not a run status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown run status; expected RUNNING, SCHEDULED, FINISHED, FAILED or KILLED")]
pub struct ParseRunStatusError;

impl FromStr for RunStatus {
    type Err = ParseRunStatusError;

    fn from_str(text: &str) -> Result<Self, ParseRunStatusError> {
        match text {
            "RUNNING" => Ok(Self::Running),
            "SCHEDULED" => Ok(Self::Scheduled),
            "FINISHED" => Ok(Self::Finished),
            "FAILED" => Ok(Self::Failed),
            "KILLED" => Ok(Self::Killed),
            _ => Err(ParseRunStatusError),
        }
    }
}

/// One measured value. NaN and infinities are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric {
    pub key: String,
    pub value: f64,
    /// As the client sent it; milliseconds by convention.
    pub timestamp_ms: i64,
    pub step: i64,
    pub origin: MetricOrigin,
}

/// What a metric was measured on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricOrigin {
    pub model_id: Option<String>,
    pub dataset_name: Option<String>,
    pub dataset_digest: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dataset {
    pub name: String,
    pub digest: String,
    pub source_type: String,
    pub source: String,
    pub schema: Option<String>,
    pub profile: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatasetInput {
    pub dataset: Dataset,
    /// `mlflow.data.context` says what the dataset was used for.
    pub tags: BTreeMap<String, String>,
}

/// One use of a dataset within an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetSummary {
    pub experiment: ExperimentId,
    pub name: String,
    pub digest: String,
    pub context: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRun {
    pub experiment: ExperimentId,
    /// Empty or absent: the tag `mlflow.runName`, else a random one.
    pub name: Option<String>,
    pub user_id: String,
    /// Now when absent.
    pub start: Option<UnixNanos>,
    pub tags: BTreeMap<String, String>,
}

/// What to change; an absent field stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunUpdate {
    pub status: Option<RunStatus>,
    pub end: Option<UnixNanos>,
    pub name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogBatch {
    pub metrics: Vec<Metric>,
    pub params: Vec<(String, String)>,
    pub tags: Vec<(String, String)>,
}

/// A search among runs; texts are in the filter language of `MLflow`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunSearch {
    pub workspace: WorkspaceId,
    /// None finds nothing; unknown ones are ignored.
    pub experiments: Vec<ExperimentId>,
    /// Empty for no restriction.
    pub filter: String,
    /// Each `key [ASC|DESC]`. Always followed by newest first, then by run id.
    pub order_by: Vec<String>,
    pub view: View,
    /// Rows per page, at least 1.
    pub limit: usize,
    /// What the previous page's `next` said; `None` or empty for the first page.
    pub page_token: Option<String>,
}
