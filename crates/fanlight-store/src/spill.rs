//! Content of traces that go on, out of memory. The log has all of it, so what is here needs no name and no sync: a start
//! reads the log.

use std::cmp::Reverse;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use fanlight_model::{Batch, TraceKey};
use parking_lot::{Mutex, RwLock};

use crate::StoreError;
use crate::hot::HotTrace;
use crate::log::{Numbers, Record, encode_batch};
use crate::state::State;

/// A file takes no more than one stretch beyond this. Its space is free again when the last trace in it is sealed.
const FILE_BYTES: u64 = 256 << 20;
/// A trace with a smaller share of the limit in memory stays: there would be many such.
const LEAST_SHARE: usize = 1 << 15;

/// Writes.
#[derive(Debug)]
pub(crate) struct Spill {
    dir: PathBuf,
    current: Mutex<Option<Arc<SpillFile>>>,
}

#[derive(Debug)]
struct SpillFile {
    /// With its length.
    file: Mutex<(File, u64)>,
}

/// Some content of one trace.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    file: Arc<SpillFile>,
    offset: u64,
    length: u32,
}

impl Spill {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            current: Mutex::default(),
        }
    }

    /// Takes what `traces` have in memory out of it; what arrives meanwhile stays.
    pub(crate) fn spill(
        &self,
        state: &RwLock<State>,
        traces: &[Arc<HotTrace>],
    ) -> Result<(), StoreError> {
        for trace in traces {
            let stretches = trace
                .content_in_memory()
                .map(|content| self.write(&content))
                .collect::<Result<Vec<_>, _>>()?;
            state.write().forget(trace, stretches);
        }
        Ok(())
    }

    fn write(&self, content: &Batch) -> Result<Stretch, StoreError> {
        let mut bytes = Vec::new();
        encode_batch(content)?.frame(Numbers { seq: 0, place: 0 }, &mut bytes);
        let file = self.file_to_write()?;
        let mut slot = file.file.lock();
        let (disk, length) = &mut *slot;
        let offset = *length;
        disk.seek(SeekFrom::Start(offset))
            .and_then(|_| disk.write_all(&bytes))
            .map_err(StoreError::io("writing", "recent traces"))?;
        *length += bytes.len() as u64;
        drop(slot);
        Ok(Stretch {
            file,
            offset,
            length: u32::try_from(bytes.len()).expect("a stretch is bounded far below 4 GiB"),
        })
    }

    fn file_to_write(&self) -> Result<Arc<SpillFile>, StoreError> {
        let mut current = self.current.lock();
        let usable = current
            .take()
            .filter(|file| file.file.lock().1 < FILE_BYTES);
        let file = match usable {
            Some(file) => file,
            None => {
                let file = tempfile::tempfile_in(&self.dir)
                    .map_err(StoreError::io("creating a file in", &self.dir))?;
                Arc::new(SpillFile {
                    file: Mutex::new((file, 0)),
                })
            }
        };
        *current = Some(Arc::clone(&file));
        Ok(file)
    }
}

impl Stretch {
    pub(crate) fn read(&self) -> Result<Batch, StoreError> {
        let mut bytes = vec![0; self.length as usize];
        let mut slot = self.file.file.lock();
        let (disk, _) = &mut *slot;
        disk.seek(SeekFrom::Start(self.offset))
            .and_then(|_| disk.read_exact(&mut bytes))
            .map_err(StoreError::io("reading", "recent traces"))?;
        drop(slot);
        let read = Record::read(&bytes).map_err(str::to_owned);
        let content = read.and_then(|(record, _)| record.batch());
        content.map_err(|reason| StoreError::Spilled { reason })
    }
}

/// Those of `traces` that have most in memory, enough to make room where `limit_bytes` are the limit.
pub(crate) fn largest(mut traces: Vec<Arc<HotTrace>>, limit_bytes: usize) -> Vec<Arc<HotTrace>> {
    traces.retain(|trace| trace.bytes >= limit_bytes / LEAST_SHARE);
    traces.sort_unstable_by_key(|trace| Reverse(trace.bytes));
    let mut bytes = 0;
    let taken = traces.iter().take_while(|trace| {
        let wanted = bytes < limit_bytes / 4;
        bytes += trace.bytes;
        wanted
    });
    let count = taken.count();
    traces.truncate(count);
    traces
}

/// Keeps memory bounded while the log is read, when nothing is sealed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Overflow<'a> {
    pub(crate) spill: &'a Spill,
    pub(crate) limit_bytes: usize,
}

impl Overflow<'_> {
    /// Looks when there are `check_at` bytes in memory; says when to look next.
    pub(crate) fn check(&self, state: &RwLock<State>, check_at: &mut usize) {
        let traces: Vec<_> = {
            let state = state.read();
            if state.hot_bytes < *check_at {
                return;
            }
            state.hot.values().cloned().collect()
        };
        let large = largest(traces, self.limit_bytes);
        if let Err(error) = self.spill.spill(state, &large) {
            // What was read stays in memory, as without this.
            tracing::warn!(%error, "recent traces could not be put on disk");
        }
        *check_at = self
            .limit_bytes
            .max(state.read().hot_bytes + self.limit_bytes / 8);
    }
}

impl State {
    fn forget(&mut self, spilled: &HotTrace, stretches: Vec<Stretch>) {
        let key: TraceKey = spilled.key();
        // Another one by this id began anew after a delete.
        let same = self
            .hot
            .get_mut(&key)
            .filter(|trace| trace.first_seq == spilled.first_seq);
        if let Some(trace) = same {
            let trace = Arc::make_mut(trace);
            let before = trace.bytes;
            trace.forget(spilled, stretches);
            self.hot_bytes = (self.hot_bytes + trace.bytes).saturating_sub(before);
        }
    }
}
