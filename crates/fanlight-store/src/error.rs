//! What can go wrong when keeping or reading.

use std::io;
use std::path::PathBuf;

use fanlight_model::{ErrorKind, SegmentId};

use crate::registry::RegistryError;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{action} {path} failed")]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("{path} is in use by another fanlight server")]
    Locked { path: PathBuf },
    #[error("segment {segment} is damaged: {reason}")]
    CorruptSegment { segment: SegmentId, reason: String },
    #[error("a stretch of a recent trace that was put on disk is damaged: {reason}")]
    Spilled { reason: String },
    #[error("log record format {found} is newer than this version reads ({known})")]
    NewerLog { found: u8, known: u8 },
    #[error(
        "the store is full: {waiting_bytes} bytes wait to be sealed, the limit (`hot_limit_bytes`) is {limit}"
    )]
    Overloaded { waiting_bytes: usize, limit: usize },
    #[error("a batch of {bytes} bytes exceeds the limit of {limit} (`max_batch_bytes`)")]
    BatchTooLarge { bytes: usize, limit: usize },
    #[error("the store is shutting down")]
    Closed,
    #[error("the log could not be written, nothing of this request is acknowledged: {reason}")]
    LogFailed { reason: String },
    #[error(
        "the disk is full: {free_bytes} bytes are free, {needed_bytes} are needed (`disk_reserve_bytes` among them)"
    )]
    DiskFull { free_bytes: u64, needed_bytes: u64 },
    #[error("the catalog could not record the change")]
    Registry(#[source] RegistryError),
    #[error("a batch could not be encoded")]
    Encode(#[source] postcard::Error),
}

impl StoreError {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Overloaded { .. } => ErrorKind::Overloaded,
            Self::BatchTooLarge { .. } => ErrorKind::TooLarge,
            Self::Closed
            | Self::LogFailed { .. }
            | Self::DiskFull { .. }
            | Self::Registry(_)
            | Self::Locked { .. } => ErrorKind::Unavailable,
            Self::CorruptSegment { .. } | Self::Spilled { .. } => ErrorKind::Corrupt,
            Self::Io { .. } | Self::NewerLog { .. } | Self::Encode(_) => ErrorKind::Internal,
        }
    }

    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Io {
            action,
            path,
            cause,
        }
    }
}
