//! Damage found on disk: named, and put where somebody can look at it, while everything else goes on.
//! `docs/decisions/0005-damage-is-isolated.md` says why.

use std::path::{Path, PathBuf};

use crate::StoreError;
use crate::disk::Disk;

/// Folder in the data directory for damaged bytes and notes about them.
pub const QUARANTINE_DIR: &str = "quarantine";

/// Which part of the store is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Log,
    Segment,
}

/// A place that could not be read at start-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub part: Part,
    /// For people: the place, what is wrong, what is missing because of it.
    pub reason: String,
}

/// Keeps damaged bytes, each with a note that says what they are. Names are made from places, so that finding the
/// same damage again changes nothing.
#[derive(Debug)]
pub(crate) struct Quarantine<'a> {
    disk: &'a dyn Disk,
    dir: &'a Path,
}

impl<'a> Quarantine<'a> {
    pub(crate) fn new(disk: &'a dyn Disk, dir: &'a Path) -> Self {
        Self { disk, dir }
    }

    /// Writes down that something is damaged. Names it also when nothing can be written.
    pub(crate) fn note(&self, part: Part, name: &str, reason: &str) -> Damage {
        tracing::error!("{reason}");
        self.write(&self.note_path(name), format!("{reason}\n").as_bytes());
        Damage {
            part,
            reason: reason.to_owned(),
        }
    }

    /// The same, with a copy of the damaged bytes.
    pub(crate) fn keep(&self, part: Part, name: &str, bytes: &[u8], reason: &str) -> Damage {
        if !bytes.is_empty() {
            self.write(&self.dir.join(format!("{name}.bytes")), bytes);
        }
        self.note(part, name, reason)
    }

    /// The same for a whole file that is not read but moved.
    pub(crate) fn move_there(
        &self,
        part: Part,
        name: &str,
        path: &Path,
        reason: &str,
    ) -> Result<Damage, StoreError> {
        let to = self.dir.join(format!("{name}.bytes"));
        self.disk
            .create_dir(self.dir)
            .and_then(|()| self.disk.rename(path, &to))
            .map_err(StoreError::io("moving aside", path))?;
        Ok(self.note(part, name, reason))
    }

    /// Whether something of this name was found damaged before.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.disk.read(&self.note_path(name)).is_ok()
    }

    fn note_path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.txt"))
    }

    fn write(&self, path: &Path, bytes: &[u8]) {
        let written = self.disk.create_dir(self.dir).and_then(|()| {
            if self.disk.read(path).is_ok_and(|known| known == bytes) {
                return Ok(());
            }
            let mut file = self.disk.create(path)?;
            file.write_all(bytes)?;
            file.sync()?;
            self.disk.sync_dir(self.dir)
        });
        if let Err(error) = written {
            tracing::error!("{} could not be written: {error}", path.display());
        }
    }
}
