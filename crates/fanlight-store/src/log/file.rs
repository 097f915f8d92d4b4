//! A log file being written.

use std::path::{Path, PathBuf};

use super::{FILE_HEAD_BYTES, FILE_MAGIC};
use crate::StoreError;
use crate::disk::{Disk, DiskFile};

/// The file records are appended to.
#[derive(Debug)]
pub(crate) struct LogFile {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    bytes: u64,
}

impl LogFile {
    /// Starts the file whose first record will be `first_seq`; it and its name are durable when this returns.
    ///
    /// From then on records of earlier files that bear its numbers do not count: a file that was given up may hold
    /// some that were never acknowledged. It comes under another name first, so that a file of the same name, which
    /// can hold nothing else, makes way at once and as a whole.
    pub(crate) fn create(disk: &dyn Disk, dir: &Path, first_seq: u64) -> Result<Self, StoreError> {
        let path = dir.join(format!("{first_seq:016x}.log"));
        let unfinished = path.with_extension(UNFINISHED);
        let file = (|| {
            let mut file = disk.create(&unfinished)?;
            let mut head = [0_u8; FILE_HEAD_BYTES];
            head[..8].copy_from_slice(&FILE_MAGIC);
            head[8..].copy_from_slice(&first_seq.to_le_bytes());
            file.write_all(&head)?;
            file.sync()?;
            disk.rename(&unfinished, &path)?;
            disk.sync_dir(dir)?;
            Ok(file)
        })()
        .map_err(StoreError::io("creating", &path))?;
        Ok(Self {
            file,
            path,
            bytes: FILE_HEAD_BYTES as u64,
        })
    }

    /// Appends whole records and returns once they would survive a power cut.
    ///
    /// A failure gives the file up: what of the records is on disk is unknown, and asking again would not tell. They
    /// are cut off as far as the system lets us, so that a start before the next file exists does not see them.
    pub(crate) fn append(mut self, records: &[u8]) -> Result<Self, StoreError> {
        let written = self.file.write_all(records).and_then(|()| self.file.sync());
        if let Err(cause) = written {
            if let Err(error) = self.file.truncate(self.bytes) {
                tracing::debug!("a log file that is given up could not be cut: {error}");
            }
            return Err(StoreError::io("appending to", &self.path)(cause));
        }
        self.bytes += records.len() as u64;
        Ok(self)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Extension of a file that is not a log file yet.
pub(super) const UNFINISHED: &str = "unfinished";
