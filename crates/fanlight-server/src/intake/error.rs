//! Why telemetry was not taken in.

use fanlight_api::ApiError;
use fanlight_ingest::{DecodeError, DecompressError};
use fanlight_model::{ErrorKind, ExperimentId};

use crate::body::BodyError;
use crate::budget::BudgetSpent;

/// A request that was refused as a whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IntakeError {
    #[error("header `x-mlflow-workspace` is given, but workspaces are not enabled on this server")]
    WorkspacesDisabled,
    #[error(
        "header `x-mlflow-experiment-id` is empty; leave it out or give the id of an experiment"
    )]
    ExperimentEmpty,
    #[error("header `x-mlflow-experiment-id` has to be an integer, found `{value}`")]
    ExperimentNotAnInteger { value: String },
    #[error("experiment {id} of header `x-mlflow-experiment-id` does not exist")]
    ExperimentUnknown { id: ExperimentId },
    #[error("experiment {id} does not exist")]
    NoSuchExperiment { id: ExperimentId },
    #[error("line {line}: {reason}")]
    BadLine { line: usize, reason: String },
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Decompress(#[from] DecompressError),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("decoding was interrupted")]
    DecoderDied(#[source] tokio::task::JoinError),
    #[error(transparent)]
    Store(#[from] ApiError),
}

impl From<BudgetSpent> for IntakeError {
    fn from(spent: BudgetSpent) -> Self {
        Self::Body(spent.into())
    }
}

impl IntakeError {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::WorkspacesDisabled
            | Self::ExperimentEmpty
            | Self::ExperimentNotAnInteger { .. }
            | Self::BadLine { .. }
            | Self::Body(BodyError::BrokenOff(_)) => ErrorKind::InvalidInput,
            Self::ExperimentUnknown { .. } | Self::NoSuchExperiment { .. } => ErrorKind::NotFound,
            Self::Body(BodyError::TooLarge { .. }) => ErrorKind::TooLarge,
            Self::Body(BodyError::BudgetSpent { .. }) => ErrorKind::Overloaded,
            Self::Decompress(error) => error.kind(),
            Self::Decode(error) => error.kind(),
            Self::DecoderDied(_) => ErrorKind::Internal,
            Self::Store(error) => error.kind,
        }
    }

    /// The failure concerns what MLflow adds to OTLP, and is spoken in MLflow's JSON, session ids included.
    pub(crate) fn is_about_mlflow(&self) -> bool {
        matches!(
            self,
            Self::WorkspacesDisabled
                | Self::ExperimentEmpty
                | Self::ExperimentNotAnInteger { .. }
                | Self::ExperimentUnknown { .. }
                | Self::Decode(DecodeError::SessionTooLong { .. })
        )
    }

    /// The failure without its details where those are not for the caller.
    pub(crate) fn into_api(self) -> ApiError {
        match self {
            Self::Store(error) => error,
            Self::DecoderDied(cause) => ApiError::internal(cause),
            Self::WorkspacesDisabled => {
                ApiError::invalid(self.to_string()).with_mlflow_code("FEATURE_DISABLED")
            }
            other => ApiError::new(other.kind(), other.to_string()),
        }
    }
}
