//! Why a command did not do what was asked, and the exit code that says so.

use std::io;

/// The end of a command that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Everything has been printed already.
    #[error("")]
    Reported,
    /// Whoever read our output has enough.
    #[error("")]
    NobodyReads,
    #[error("{0}")]
    NotFound(String),
    #[error(
        "no server answers at {url}: {reason}; start one with `fanlight server`, or name another with --url"
    )]
    Unreachable { url: String, reason: String },
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::NobodyReads => 0,
            Self::Reported | Self::Other(_) => 1,
            Self::Usage(_) => 2,
            Self::NotFound(_) => 3,
            Self::Unreachable { .. } => 4,
        }
    }

    /// What to tell the user, causes included.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Reported | Self::NobodyReads => None,
            Self::Other(error) => Some(format!("{error:#}")),
            told => Some(told.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::NobodyReads,
            _ => Self::Other(error.into()),
        }
    }
}
