//! The directory of a segment while it is written: whatever changes on the disk goes the store's way to it.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, DiskFile};

#[derive(Clone, Copy, Debug)]
pub(super) struct Draft<'a> {
    disk: &'a dyn Disk,
    dir: &'a Path,
}

impl<'a> Draft<'a> {
    pub(super) fn new(disk: &'a dyn Disk, dir: &'a Path) -> Self {
        Self { disk, dir }
    }

    pub(super) fn dir(self) -> &'a Path {
        self.dir
    }

    pub(super) fn path(self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(super) fn create(self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        self.disk.create(&self.path(name))
    }

    /// Brings along a file of another segment.
    pub(super) fn link(self, from: &Path, name: &str) -> io::Result<()> {
        self.disk.link(from, &self.path(name))
    }
}
