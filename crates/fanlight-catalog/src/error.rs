//! What can go wrong in the catalog.

use fanlight_model::{ErrorKind, ExperimentId};

use crate::FilterError;

/// Why the catalog refused or failed. A refused write has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("experiment {id} does not exist")]
    ExperimentNotFound { id: ExperimentId },
    #[error("experiment `{name}` does not exist")]
    ExperimentNameNotFound { name: String },
    #[error("experiment `{name}` already exists{}", if *deleted { " in deleted state; restore it or choose another name" } else { "" })]
    ExperimentNameTaken { name: String, deleted: bool },
    /// Written to while soft-deleted.
    #[error("experiment {id} is deleted; restore it first")]
    ExperimentDeleted { id: ExperimentId },
    /// Deleted a second time.
    #[error("experiment {id} is not active")]
    ExperimentNotActive { id: ExperimentId },
    /// Restored while active.
    #[error("experiment {id} is not deleted")]
    ExperimentNotDeleted { id: ExperimentId },

    #[error("run `{id}` does not exist")]
    RunNotFound { id: String },
    /// Written to while soft-deleted.
    #[error("run `{id}` is deleted; restore it first")]
    RunDeleted { id: String },
    #[error("parameter `{key}` already has the value `{old}` and cannot be changed to `{new}`")]
    ParamChanged {
        key: String,
        old: String,
        new: String,
    },

    #[error("tag `{key}` does not exist")]
    TagNotFound { key: String },

    #[error("assessment `{id}` does not exist")]
    AssessmentNotFound { id: String },
    #[error("assessment `{id}` already exists")]
    AssessmentExists { id: String },

    #[error("{what} must not be empty")]
    Empty { what: &'static str },
    #[error("{what} has {found} characters, more than the limit of {limit}: `{start}`")]
    TooLong {
        what: &'static str,
        limit: usize,
        found: usize,
        start: String,
    },
    #[error("{found} {what} were given, more than the limit of {limit}")]
    TooMany {
        what: &'static str,
        limit: usize,
        found: usize,
    },
    #[error("{what} {value} is outside the range the catalog can keep")]
    OutOfRange { what: &'static str, value: u64 },
    #[error("page token `{token}` is not valid")]
    BadPageToken { token: String },
    #[error(transparent)]
    Filter(#[from] FilterError),

    #[error(
        "the catalog has schema version {found}, but this program knows versions up to {known}; use a newer one"
    )]
    SchemaTooNew { found: i64, known: i64 },
    #[error("the catalog holds a {what} that cannot be read: `{value}`")]
    BadRow { what: &'static str, value: String },
    #[error("the catalog failed to {attempt}")]
    Database {
        attempt: &'static str,
        #[source]
        cause: sqlx::Error,
    },
}

impl CatalogError {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::ExperimentNotFound { .. }
            | Self::ExperimentNameNotFound { .. }
            | Self::ExperimentNotActive { .. }
            | Self::ExperimentNotDeleted { .. }
            | Self::RunNotFound { .. }
            | Self::TagNotFound { .. }
            | Self::AssessmentNotFound { .. } => ErrorKind::NotFound,
            Self::ExperimentNameTaken { .. } | Self::AssessmentExists { .. } => ErrorKind::Conflict,
            Self::ExperimentDeleted { .. }
            | Self::RunDeleted { .. }
            | Self::ParamChanged { .. }
            | Self::Empty { .. }
            | Self::TooLong { .. }
            | Self::TooMany { .. }
            | Self::OutOfRange { .. }
            | Self::BadPageToken { .. }
            | Self::Filter(_) => ErrorKind::InvalidInput,
            Self::SchemaTooNew { .. } => ErrorKind::Unavailable,
            Self::BadRow { .. } => ErrorKind::Corrupt,
            Self::Database { cause, .. } => database_kind(cause),
        }
    }
}

fn database_kind(cause: &sqlx::Error) -> ErrorKind {
    match cause {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            ErrorKind::Unavailable
        }
        sqlx::Error::Database(error) => match primary_code(error.code().as_deref()) {
            // SQLite: busy, locked, read-only, I/O error, disk full, cannot open.
            Some(5 | 6 | 8 | 10 | 13 | 14) => ErrorKind::Unavailable,
            // SQLite: malformed file, not a database.
            Some(11 | 26) => ErrorKind::Corrupt,
            _ => ErrorKind::Internal,
        },
        _ => ErrorKind::Internal,
    }
}

/// Extended result codes carry the primary one in their low byte.
fn primary_code(code: Option<&str>) -> Option<u32> {
    code?.parse::<u32>().ok().map(|code| code & 0xff)
}

/// Says what was attempted when the database fails.
pub(crate) trait Attempt<T> {
    fn attempt(self, attempt: &'static str) -> Result<T, CatalogError>;
}

impl<T> Attempt<T> for Result<T, sqlx::Error> {
    fn attempt(self, attempt: &'static str) -> Result<T, CatalogError> {
        self.map_err(|cause| CatalogError::Database { attempt, cause })
    }
}

/// The beginning of `text`, short enough for a message.
pub(crate) fn shortened(text: &str) -> String {
    const KEPT: usize = 80;
    match text.char_indices().nth(KEPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
