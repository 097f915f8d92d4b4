//! A disk that forgets: what was not synced may be lost in any combination when the power goes, and operations fail on
//! request. What is written shows on the real file system at once, so that files can be mapped.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fanlight_store::{Disk, DiskFile};
use parking_lot::Mutex;

/// What goes wrong, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A write stores half of its bytes and says that the disk is full.
    ShortWrite,
    /// A sync of a file fails; what it should have made durable will never be, whatever later syncs say.
    Sync,
    SyncDir,
    Create,
    Rename,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct SimDisk(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    contents: Vec<Content>,
    /// Names as programs see them, and as they would be after a power cut that forgets every unsynced change.
    live: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
    renames: Vec<NameChange>,
    faults: Vec<Fault>,
    /// How many operations failed so far.
    failures: usize,
    /// Bytes that may still be written.
    room: Option<usize>,
    said_free: Option<u64>,
    /// Operations until the machine is off.
    operations_left: Option<u32>,
    dice: u64,
}

#[derive(Debug, Default)]
struct Content {
    live: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

#[derive(Debug)]
struct NameChange {
    dir: PathBuf,
    what: Renamed,
}

#[derive(Debug)]
enum Renamed {
    Files(Vec<(PathBuf, Option<usize>)>),
    /// With what is in it, as far as that has a name by then.
    Dir {
        from: PathBuf,
        to: PathBuf,
    },
    /// What was in a directory that is gone. Another one may have its name by then, with files of the same names.
    Gone(PathBuf, usize),
}

/// Bytes that reach a disk together or not at all.
const SECTOR: usize = 64;

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*at..end].copy_from_slice(bytes);
            }
            Self::Truncate(length) => content.resize(*length, 0),
        }
    }

    fn sectors(&self) -> Vec<Self> {
        match self {
            Self::Write { at, bytes } => (0_usize..)
                .zip(bytes.chunks(SECTOR))
                .map(|(number, chunk)| Self::Write {
                    at: at + number * SECTOR,
                    bytes: chunk.to_vec(),
                })
                .collect(),
            Self::Truncate(_) => vec![self.clone()],
        }
    }
}

fn no_space() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "no space left")
}

fn eio() -> io::Error {
    io::Error::other("input/output error")
}

impl Inner {
    /// Every operation passes here first.
    fn operate(&mut self, fault: Option<Fault>) -> io::Result<()> {
        let is_off = self.operations_left == Some(0);
        if let Some(left) = &mut self.operations_left {
            *left = left.saturating_sub(1);
        }
        if is_off || fault.is_some_and(|fault| self.take_fault(fault)) {
            self.failures += 1;
            return Err(eio());
        }
        Ok(())
    }

    fn take_fault(&mut self, fault: Fault) -> bool {
        let place = self.faults.iter().position(|armed| *armed == fault);
        place.map(|place| self.faults.remove(place)).is_some()
    }

    fn heads(&mut self) -> bool {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.dice >> 63 == 1
    }

    fn change(&mut self, number: usize, change: Change) {
        let content = &mut self.contents[number];
        change.apply(&mut content.live);
        content.unsynced.push(change);
    }

    /// A random part of the unsynced changes becomes durable, the rest is lost.
    fn settle_partly(&mut self, number: usize) {
        for change in std::mem::take(&mut self.contents[number].unsynced) {
            // All of a change, the sectors before some place, or any of its sectors.
            let (whole, in_order) = (self.heads() && self.heads(), self.heads());
            for sector in change.sectors() {
                if whole || self.heads() {
                    sector.apply(&mut self.contents[number].durable);
                } else if in_order {
                    break;
                }
            }
        }
    }

    fn settle(&mut self, number: usize) {
        let Content {
            durable, unsynced, ..
        } = &mut self.contents[number];
        for change in unsynced.drain(..) {
            change.apply(durable);
        }
    }

    fn rename_names(&mut self, dir: &Path, names: Vec<(PathBuf, Option<usize>)>) {
        self.rename(dir, Renamed::Files(names));
    }

    fn rename(&mut self, dir: &Path, what: Renamed) {
        what.apply(&mut self.live);
        self.renames.push(NameChange {
            dir: dir.to_owned(),
            what,
        });
    }

    fn names_in(&self, dir: &Path) -> Vec<PathBuf> {
        let all = self.live.keys();
        all.filter(|path| parent(path) == dir).cloned().collect()
    }
}

impl Renamed {
    fn apply(&self, all: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Files(names) => {
                for (path, number) in names {
                    match number {
                        Some(number) => all.insert(path.clone(), *number),
                        None => all.remove(path),
                    };
                }
            }
            Self::Gone(path, number) => {
                if all.get(path) == Some(number) {
                    all.remove(path);
                }
            }
            Self::Dir { from, to } => {
                let inside = |path: &PathBuf, _: &mut usize| parent(path) == from;
                let moved: Vec<_> = all.extract_if(.., inside).collect();
                all.extend(moved.into_iter().map(|(path, number)| {
                    let name = path.file_name().unwrap();
                    (to.join(name), number)
                }));
            }
        }
    }
}

impl SimDisk {
    /// The next operation of this kind fails.
    pub(crate) fn arm(&self, fault: Fault) {
        self.0.lock().faults.push(fault);
    }

    /// So many bytes may still be written.
    pub(crate) fn set_room(&self, room: Option<usize>) {
        self.0.lock().room = room;
    }

    /// What the system says about room, whatever there is.
    pub(crate) fn say_free(&self, bytes: Option<u64>) {
        self.0.lock().said_free = bytes;
    }

    /// After so many operations everything fails, until this is asked for again or the machine starts again.
    pub(crate) fn power_off_after(&self, operations: u32) {
        self.0.lock().operations_left = Some(operations);
    }

    pub(crate) fn is_off(&self) -> bool {
        self.0.lock().operations_left == Some(0)
    }

    pub(crate) fn failures(&self) -> usize {
        self.0.lock().failures
    }

    /// Everything works from now on; what is not synced stays so.
    pub(crate) fn repair(&self) {
        let mut inner = self.0.lock();
        (inner.faults, inner.room, inner.operations_left) = (Vec::new(), None, None);
    }

    /// The machine starts again. Of what was not synced some is there and some is not; `seed` says what.
    pub(crate) fn power_on(&self, seed: u64) {
        self.repair();
        let mut inner = self.0.lock();
        let inner = &mut *inner;
        inner.dice = seed;
        for number in 0..inner.contents.len() {
            inner.settle_partly(number);
        }
        for change in std::mem::take(&mut inner.renames) {
            if inner.heads() {
                change.what.apply(&mut inner.durable);
            }
        }
        for path in inner.live.keys() {
            fs::remove_file(path).unwrap();
        }
        inner.live = inner.durable.clone();
        for (path, number) in &inner.durable {
            let content = &mut inner.contents[*number];
            content.live = content.durable.clone();
            fs::create_dir_all(parent(path)).unwrap();
            fs::write(path, &content.live).unwrap();
        }
    }

    fn number_of(&self, path: &Path) -> io::Result<usize> {
        let inner = self.0.lock();
        let number = inner.live.get(path).copied();
        number.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap()
}

impl Disk for SimDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut inner = self.0.lock();
        inner.operate(Some(Fault::Create))?;
        let number = match inner.live.get(path).copied() {
            Some(number) => {
                inner.change(number, Change::Truncate(0));
                number
            }
            None => {
                inner.contents.push(Content::default());
                let number = inner.contents.len() - 1;
                inner.rename_names(parent(path), vec![(path.to_owned(), Some(number))]);
                number
            }
        };
        Ok(Box::new(SimFile {
            disk: self.clone(),
            number,
            real: fs::File::create(path)?,
            at: 0,
        }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let number = self.number_of(path)?;
        Ok(self.0.lock().contents[number].live.clone())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(self.0.lock().names_in(dir))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let number = self.number_of(from);
        let mut inner = self.0.lock();
        inner.operate(Some(Fault::Rename))?;
        let (from_owned, to_owned) = (from.to_owned(), to.to_owned());
        let what = match number {
            Ok(number) => Renamed::Files(vec![(from_owned, None), (to_owned, Some(number))]),
            Err(_) => Renamed::Dir {
                from: from_owned,
                to: to_owned,
            },
        };
        inner.rename(parent(to), what);
        fs::rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let number = self.number_of(from)?;
        let mut inner = self.0.lock();
        inner.operate(Some(Fault::Create))?;
        inner.rename_names(parent(to), vec![(to.to_owned(), Some(number))]);
        fs::hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.number_of(path)?;
        let mut inner = self.0.lock();
        inner.operate(None)?;
        inner.rename_names(parent(path), vec![(path.to_owned(), None)]);
        fs::remove_file(path)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        let mut inner = self.0.lock();
        inner.operate(None)?;
        // What was not settled in it never will be; what was goes one by one, and a power cut may leave any of it.
        inner.renames.retain(|change| change.dir != dir);
        for path in inner.names_in(dir) {
            let number = inner.live[&path];
            inner.rename(parent(dir), Renamed::Gone(path, number));
        }
        fs::remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut inner = self.0.lock();
        inner.operate(Some(Fault::SyncDir))?;
        let (synced, later) = std::mem::take(&mut inner.renames)
            .into_iter()
            .partition(|change| change.dir == dir);
        inner.renames = later;
        let synced: Vec<NameChange> = synced;
        for change in synced {
            change.what.apply(&mut inner.durable);
        }
        Ok(())
    }

    fn free_bytes(&self, _dir: &Path) -> io::Result<u64> {
        Ok(self.0.lock().said_free.unwrap_or(u64::MAX))
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    number: usize,
    real: fs::File,
    at: usize,
}

impl Write for SimFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut inner = self.disk.0.lock();
        let broke = inner.operate(None);
        let short = inner.take_fault(Fault::ShortWrite);
        let mut taken = bytes.len();
        if short || broke.is_err() {
            taken /= 2;
        }
        if let Some(room) = &mut inner.room {
            taken = taken.min(*room);
            *room -= taken;
        }
        let change = Change::Write {
            at: self.at,
            bytes: bytes[..taken].to_vec(),
        };
        inner.change(self.number, change);
        self.real.write_all(&bytes[..taken])?;
        self.at += taken;
        broke?;
        // Like a file system, a full disk first takes what fits and says so at the next write.
        if short || taken == 0 && !bytes.is_empty() {
            inner.failures += 1;
            return Err(no_space());
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for SimFile {
    fn sync(&mut self) -> io::Result<()> {
        let mut inner = self.disk.0.lock();
        inner.operate(None)?;
        if inner.take_fault(Fault::Sync) {
            inner.failures += 1;
            inner.settle_partly(self.number);
            return Err(eio());
        }
        inner.settle(self.number);
        Ok(())
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        let mut inner = self.disk.0.lock();
        inner.operate(None)?;
        let length = usize::try_from(bytes).map_err(io::Error::other)?;
        inner.change(self.number, Change::Truncate(length));
        self.real.set_len(bytes)
    }

    fn overwrite(&mut self, head: &[u8]) -> io::Result<()> {
        let mut inner = self.disk.0.lock();
        inner.operate(None)?;
        let change = Change::Write {
            at: 0,
            bytes: head.to_vec(),
        };
        inner.change(self.number, change);
        self.real.write_all_at(head, 0)
    }
}
