//! The file an export grows in, and how far it is.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Total;
use super::received::{Shape, Told, count};
use crate::failure::Failure;

/// Progress is written down whenever so much came.
const KEEP_BYTES: u64 = 8 << 20;

/// What is known to be in the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Progress {
    /// What was asked for; another question cannot go on here.
    request: Json,
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default)]
    columns: Option<Json>,
    bytes: u64,
    traces: u64,
    spans: u64,
    unreadable: u64,
}

/// `FILE.partial` with `FILE.partial.json` beside it.
#[derive(Debug)]
pub(super) struct Spool {
    path: PathBuf,
    shape: Shape,
    file: BufWriter<File>,
    /// Up to the last cursor.
    safe: Progress,
    /// Up to the last line.
    bytes: u64,
    traces: u64,
    spans: u64,
    /// Of earlier runs.
    unreadable_before: u64,
    kept_bytes: u64,
    /// Traces of earlier runs: what changed meanwhile comes again.
    known: HashSet<String>,
}

impl Spool {
    pub(super) fn create(output: &Path, request: &Json, shape: Shape) -> Result<Self, Failure> {
        let path = beside(output, ".partial");
        let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
        let progress = Progress {
            request: request.clone(),
            cursor: None,
            columns: None,
            bytes: 0,
            traces: 0,
            spans: 0,
            unreadable: 0,
        };
        remove(&beside(&path, ".json"))?;
        Ok(Self::over(path, shape, file, progress, HashSet::new()))
    }

    /// Goes on where an earlier run stopped; starts when there is none.
    pub(super) fn resume(output: &Path, request: &Json, shape: Shape) -> Result<Self, Failure> {
        let path = beside(output, ".partial");
        let progress = beside(&path, ".json");
        let text = match fs::read(&progress) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Self::create(output, request, shape);
            }
            Err(error) => return Err(error.into()),
        };
        let known: Progress = serde_json::from_slice(&text)
            .with_context(|| format!("reading {}", progress.display()))?;
        if known.request != *request {
            return Err(Failure::Usage(format!(
                "{} belongs to an export that asked for something else; leave out --resume to start again",
                path.display()
            )));
        }
        let mut file = File::options()
            .read(true)
            .write(true)
            .open(&path)
            .with_context(|| format!("opening {}", path.display()))?;
        if file.metadata()?.len() < known.bytes {
            let message = format!("{} is shorter than it was; start again", path.display());
            return Err(Failure::Other(anyhow::anyhow!(message)));
        }
        // What came after the last cursor comes again.
        file.set_len(known.bytes)?;
        let ids = ids_of(&file, shape)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self::over(path, shape, file, known, ids))
    }

    fn over(
        path: PathBuf,
        shape: Shape,
        file: File,
        safe: Progress,
        known: HashSet<String>,
    ) -> Self {
        Self {
            path,
            shape,
            file: BufWriter::with_capacity(256 << 10, file),
            bytes: safe.bytes,
            traces: safe.traces,
            spans: safe.spans,
            unreadable_before: safe.unreadable,
            kept_bytes: safe.bytes,
            safe,
            known,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn cursor(&self) -> Option<&str> {
        self.safe.cursor.as_deref()
    }

    /// Nothing came so far that could be gone on with.
    pub(super) fn is_new(&self) -> bool {
        self.safe.cursor.is_none()
    }

    pub(super) fn discard(self) -> Result<(), Failure> {
        remove(&self.path)?;
        remove(&beside(&self.path, ".json"))
    }

    pub(super) fn total(&self) -> Total {
        Total {
            shape: self.shape,
            traces: self.safe.traces,
            spans: self.safe.spans,
            unreadable: self.safe.unreadable,
        }
    }

    /// Takes a line that is not there yet.
    pub(super) fn push(&mut self, line: &[u8]) -> Result<(), Failure> {
        let counted = count(self.shape, line)?;
        if self.known.contains(&*counted.trace_id) {
            return Ok(());
        }
        let written = self
            .file
            .write_all(line)
            .and_then(|()| self.file.write_all(b"\n"));
        written.with_context(|| format!("writing {}", self.path.display()))?;
        self.bytes += line.len() as u64 + 1;
        self.traces += counted.traces;
        self.spans += counted.spans;
        Ok(())
    }

    /// Everything up to here is what the server sent.
    pub(super) fn told(&mut self, told: &Told) -> Result<(), Failure> {
        if told.columns.is_some() {
            self.safe.columns.clone_from(&told.columns);
            return Ok(());
        }
        if told.cursor.is_some() {
            self.safe.cursor.clone_from(&told.cursor);
        }
        self.safe.bytes = self.bytes;
        self.safe.traces = self.traces;
        self.safe.spans = self.spans;
        self.safe.unreadable = self.unreadable_before + told.unreadable;
        if self.bytes - self.kept_bytes >= KEEP_BYTES {
            self.keep()?;
        }
        Ok(())
    }

    /// Writes down how far it is, after what it tells is on disk.
    pub(super) fn keep(&mut self) -> Result<(), Failure> {
        self.sync()?;
        let progress = beside(&self.path, ".json");
        let next = beside(&progress, ".new");
        let text = serde_json::to_vec(&self.safe).context("writing progress")?;
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&next)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&next, &progress)
        };
        write().with_context(|| format!("writing {}", progress.display()))?;
        self.kept_bytes = self.safe.bytes;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Failure> {
        let synced = self
            .file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all());
        synced.with_context(|| format!("writing {}", self.path.display()))?;
        Ok(())
    }

    /// Gives the complete file its name.
    pub(super) fn finish(mut self, output: &Path) -> Result<(), Failure> {
        self.sync()?;
        self.rename(&self.path, output)?;
        remove(&beside(&self.path, ".json"))
    }

    /// Makes a file of another format of the complete one.
    pub(super) fn finish_as(
        mut self,
        output: &Path,
        convert: impl FnOnce(&mut dyn BufRead, &Json, &mut File) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        // Kept first: when there is no room for the other file, nothing has to be fetched again.
        self.keep()?;
        let converted = beside(&self.path, ".converted");
        let rows =
            File::open(&self.path).with_context(|| format!("opening {}", self.path.display()))?;
        let mut file = File::create(&converted)
            .with_context(|| format!("creating {}", converted.display()))?;
        let columns = self.safe.columns.clone().unwrap_or_default();
        convert(
            &mut BufReader::with_capacity(256 << 10, rows),
            &columns,
            &mut file,
        )?;
        file.sync_all()
            .with_context(|| format!("writing {}", converted.display()))?;
        self.rename(&converted, output)?;
        remove(&self.path)?;
        remove(&beside(&self.path, ".json"))
    }

    #[expect(
        clippy::unused_self,
        reason = "reads as what the spool does at its end"
    )]
    fn rename(&self, from: &Path, to: &Path) -> Result<(), Failure> {
        fs::rename(from, to)
            .with_context(|| format!("renaming {} to {}", from.display(), to.display()))?;
        Ok(())
    }
}

fn ids_of(file: &File, shape: Shape) -> Result<HashSet<String>, Failure> {
    let mut reader = BufReader::with_capacity(256 << 10, file);
    let (mut ids, mut line) = (HashSet::new(), Vec::new());
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(ids);
        }
        ids.insert(count(shape, &line)?.trace_id.into_owned());
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
