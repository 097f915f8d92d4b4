//! The one path in: a thread that makes waiting batches durable together, then visible, then acknowledges them.

use std::collections::hash_map::Entry;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fanlight_model::{Batch, Clock, ExperimentId, TraceId, TraceKey, UnixNanos};
use parking_lot::RwLock;
use rustc_hash::FxHashSet;
use tokio::sync::{mpsc, oneshot};

use crate::StoreError;
use crate::disk::Disk;
use crate::hot::HotTrace;
use crate::log::{GROUP_RECORDS, LogFile, Numbers, Payload};
use crate::recovery::is_missing;
use crate::registry::Registry;
use crate::seal::Sealer;
use crate::state::State;

/// A group is written and synced together up to this size; a longer one would only delay its first members.
const GROUP_BYTES: usize = 8 << 20;

/// Work for the writer thread.
#[derive(Debug)]
pub(crate) enum Job {
    Append {
        payload: Payload,
        batch: Batch,
        batch_bytes: usize,
        done: oneshot::Sender<Result<(), StoreError>>,
    },
    Delete {
        keys: Vec<TraceKey>,
        done: oneshot::Sender<Result<Vec<TraceKey>, StoreError>>,
    },
}

/// Everything the thread owns.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) dir: PathBuf,
    pub(crate) file_bytes: u64,
    pub(crate) reserve_bytes: u64,
    /// Opened at the first append unless the start found one to go on with, and anew after a failure: the end of a file
    /// that could not be written is unknown.
    pub(crate) file: Option<LogFile>,
    pub(crate) state: Arc<RwLock<State>>,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Bytes of batches handed over and not yet applied.
    pub(crate) waiting_bytes: Arc<AtomicUsize>,
    /// Told after each group, so that sealing can start.
    pub(crate) applied: Arc<tokio::sync::Notify>,
    /// The last group could not be written.
    pub(crate) refusing: bool,
}

struct Pending {
    batch: Batch,
    batch_bytes: usize,
    done: oneshot::Sender<Result<(), StoreError>>,
}

impl Writer {
    /// Runs until every sender is gone.
    pub(crate) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.blocking_recv() {
            let first_seq = self.state.read().next_seq;
            let mut next = Some(job);
            let mut bytes = Vec::new();
            let mut group = Vec::new();
            let mut deletion = None;
            for place in 0..GROUP_RECORDS {
                match next.take() {
                    Some(Job::Append {
                        payload,
                        batch,
                        batch_bytes,
                        done,
                    }) => {
                        let seq = first_seq + u64::from(place);
                        payload.frame(Numbers { seq, place }, &mut bytes);
                        group.push(Pending {
                            batch,
                            batch_bytes,
                            done,
                        });
                    }
                    Some(Job::Delete { keys, done }) => {
                        deletion = Some((keys, done));
                        break;
                    }
                    None => break,
                }
                if bytes.len() < GROUP_BYTES && place + 1 < GROUP_RECORDS {
                    next = jobs.try_recv().ok();
                }
            }
            self.commit(&bytes, group);
            if let Some((keys, done)) = deletion {
                // A caller that went away does not need the answer.
                let _ = done.send(self.delete(&keys));
            }
        }
    }

    fn commit(&mut self, bytes: &[u8], group: Vec<Pending>) {
        if group.is_empty() {
            return;
        }
        let written = self.write(bytes);
        let total: usize = group.iter().map(|pending| pending.batch_bytes).sum();
        match written {
            Ok(()) => {
                let mut waiting = Vec::with_capacity(group.len());
                for pending in group {
                    self.apply_next(pending.batch);
                    waiting.push(pending.done);
                }
                self.waiting_bytes.fetch_sub(total, Ordering::Relaxed);
                for done in waiting {
                    let _ = done.send(Ok(()));
                }
                self.applied.notify_one();
                if std::mem::take(&mut self.refusing) {
                    tracing::info!("the log can be written again");
                }
            }
            Err(error) => {
                // Once, not for every request until somebody has freed the disk.
                if !std::mem::replace(&mut self.refusing, true) {
                    tracing::error!("refusing writes: {}", describe(&error));
                }
                self.waiting_bytes.fetch_sub(total, Ordering::Relaxed);
                for pending in group {
                    let _ = pending.done.send(Err(refusal(&error)));
                }
            }
        }
    }

    /// Makes `bytes` durable. After a failure there is no file: the next group begins a new one, whose creation
    /// includes a sync, and thereby finds out whether the disk works again.
    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.check_free(bytes.len() as u64)?;
        let file = self.take_file()?;
        self.file = Some(file.append(bytes)?);
        Ok(())
    }

    fn take_file(&mut self) -> Result<LogFile, StoreError> {
        match self.file.take() {
            Some(file) if file.bytes() < self.file_bytes => Ok(file),
            _ => LogFile::create(&*self.disk, &self.dir, self.state.read().next_seq),
        }
    }

    fn check_free(&self, bytes: u64) -> Result<(), StoreError> {
        let needed_bytes = bytes.saturating_add(self.reserve_bytes);
        match self.disk.free_bytes(&self.dir) {
            Ok(free_bytes) if free_bytes < needed_bytes => Err(StoreError::DiskFull {
                free_bytes,
                needed_bytes,
            }),
            // Not knowing is no reason to refuse: writing will tell.
            _ => Ok(()),
        }
    }

    fn apply_next(&self, batch: Batch) {
        let seq = self.state.read().next_seq;
        apply(&self.state, batch, seq, self.clock.now(), Source::Client);
    }

    /// Removes traces; those that existed are answered.
    fn delete(&mut self, keys: &[TraceKey]) -> Result<Vec<TraceKey>, StoreError> {
        if self.refusing {
            // What was refused before the delete must not come back after it.
            self.file = Some(self.take_file()?);
        }
        let _settled = self.sealer.settle()?;
        let mut found = Vec::new();
        let mut preview = Vec::new();
        let last_seq;
        {
            let state = self.state.read();
            last_seq = state.next_seq.saturating_sub(1);
            let mut dead: Vec<(fanlight_model::SegmentId, roaring::RoaringBitmap)> = Vec::new();
            for key in keys {
                let row = match state.hot.get(key) {
                    Some(trace) => trace.supersedes,
                    None => match state.find_sealed(*key) {
                        Some((segment, row)) => Some((segment.id(), row)),
                        None => continue,
                    },
                };
                found.push((*key, row));
                if let Some((id, row)) = row {
                    match dead.iter_mut().find(|(known, _)| *known == id) {
                        Some((_, rows)) => {
                            rows.insert(row);
                        }
                        None => dead.push((id, roaring::RoaringBitmap::from_iter([row]))),
                    }
                }
            }
            for (id, rows) in dead {
                if let Some(view) = state.segments.iter().find(|view| view.segment.id() == id) {
                    let mut view = crate::SegmentView::clone(view);
                    view.dead |= rows;
                    preview.push((id, view.serialized_dead()));
                }
            }
        }
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let tombstones: Vec<_> = found.iter().map(|(key, _)| (*key, last_seq)).collect();
        self.registry
            .record_deletes(&tombstones, &preview)
            .map_err(StoreError::Registry)?;

        let mut state = self.state.write();
        for (key, row) in &found {
            if let Some(trace) = state.hot.remove(key) {
                state.hot_bytes = state.hot_bytes.saturating_sub(trace.bytes);
            }
            if let Some(row) = row {
                state.kill(*row);
            }
            // A seal may have moved the trace into a segment while the registry was asked.
            if let Some((segment, row)) = state.find_sealed(*key) {
                state.kill((segment.id(), row));
            }
            state.tombstones.insert(*key, last_seq);
        }
        state.mark_registered(&preview);
        Ok(found.into_iter().map(|(key, _)| key).collect())
    }
}

/// What each caller of a group that could not be written is told.
fn refusal(error: &StoreError) -> StoreError {
    match error {
        StoreError::DiskFull {
            free_bytes,
            needed_bytes,
        } => StoreError::DiskFull {
            free_bytes: *free_bytes,
            needed_bytes: *needed_bytes,
        },
        _ => StoreError::LogFailed {
            reason: describe(error),
        },
    }
}

fn describe(error: &StoreError) -> String {
    use std::error::Error;
    error
        .source()
        .map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// Where a batch comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Client,
    /// The log at start-up: some of it may be in segments, or deleted, already.
    Replay,
}

/// Makes `batch`, record `seq`, visible.
pub(crate) fn apply(state: &RwLock<State>, batch: Batch, seq: u64, now: UnixNanos, source: Source) {
    let workspace = batch.workspace;
    let key_of = |trace: TraceId| TraceKey { workspace, trace };
    let unwanted = if source == Source::Replay {
        present_already(&state.read(), &batch, seq)
    } else {
        FxHashSet::default()
    };
    // Bringing back a sealed trace reads its spans from disk: done before the lock is taken. Only this thread opens and
    // deletes traces, but segments may be merged in between: then the row is elsewhere, and may have taken over edits.
    let (reopened, mut state) = loop {
        let reopened = reopen_sealed(state, &batch, seq, now, &unwanted);
        let state = state.write();
        let is_there = |trace: &HotTrace| {
            let place = state.find_sealed(trace.key());
            place.map(|(segment, row)| (segment.id(), row)) == trace.supersedes
        };
        if reopened.iter().all(is_there) {
            break (reopened, state);
        }
    };
    for trace in reopened {
        if let Some(row) = trace.supersedes {
            state.shadow(row);
        }
        state.hot_bytes += trace.bytes;
        state.hot.insert(trace.key(), Arc::new(trace));
    }
    let is_wanted = |key: TraceKey| unwanted.is_empty() || !unwanted.contains(&key);
    for group in batch.groups {
        for span in group.spans {
            let key = key_of(span.trace_id);
            if is_wanted(key) {
                state.change(key, group.experiment, seq, now, |trace| {
                    trace.put_span(Arc::new(span));
                });
            }
        }
    }
    for facts in batch.traces {
        let key = key_of(facts.trace_id);
        if is_wanted(key) {
            state.change(key, facts.experiment, seq, now, |trace| {
                trace.put_facts(facts);
            });
        }
    }
    for addition in batch.additions {
        let key = key_of(addition.trace_id);
        if is_wanted(key) {
            state.change(key, addition.experiment, seq, now, |trace| {
                trace.put_addition(addition);
            });
        }
    }
    for repriced in batch.repriced {
        let key = key_of(repriced.trace_id);
        if is_wanted(key) && state.hot.contains_key(&key) {
            state.change(key, ExperimentId::DEFAULT, seq, now, |trace| {
                trace.put_price(&repriced);
            });
        }
    }
    state.next_seq = seq + 1;
}

fn keys_of(batch: &Batch) -> impl Iterator<Item = TraceKey> {
    let spans = batch
        .groups
        .iter()
        .flat_map(|group| group.spans.iter().map(|span| span.trace_id));
    let facts = batch.traces.iter().map(|facts| facts.trace_id);
    let additions = batch.additions.iter().map(|addition| addition.trace_id);
    let repriced = batch.repriced.iter().map(|repriced| repriced.trace_id);
    let workspace = batch.workspace;
    spans
        .chain(facts)
        .chain(additions)
        .chain(repriced)
        .map(move |trace| TraceKey { workspace, trace })
}

/// Traces of `batch` for which record `seq` was deleted later or is in a segment already.
fn present_already(state: &State, batch: &Batch, seq: u64) -> FxHashSet<TraceKey> {
    keys_of(batch)
        .filter(|key| !is_missing(state, *key, seq))
        .collect()
}

fn reopen_sealed(
    state: &RwLock<State>,
    batch: &Batch,
    seq: u64,
    now: UnixNanos,
    unwanted: &FxHashSet<TraceKey>,
) -> Vec<HotTrace> {
    let mut last = None;
    let mut sealed = Vec::new();
    {
        let state = state.read();
        if state.segments.is_empty() {
            return Vec::new();
        }
        for key in keys_of(batch) {
            // Spans of a trace mostly come one after the other.
            if last == Some(key) || state.hot.contains_key(&key) || unwanted.contains(&key) {
                continue;
            }
            last = Some(key);
            if let Some((segment, row)) = state.find_sealed(key) {
                sealed.push((key, segment, row));
            }
        }
    }
    sealed.sort_unstable_by_key(|(key, ..)| *key);
    sealed.dedup_by_key(|(key, ..)| *key);
    let mut reopened = Vec::with_capacity(sealed.len());
    for (key, segment, row) in sealed {
        match segment.trace(row) {
            Ok((stored, spans)) => {
                let mut trace = HotTrace::open(key, stored.summary.experiment, seq, now);
                if let Some(facts) = stored.facts {
                    trace.put_facts(facts);
                }
                for span in spans {
                    trace.put_span(span);
                }
                trace.set_folded(stored.edits);
                trace.supersedes = Some((segment.id(), row));
                reopened.push(trace);
            }
            // The new facts are kept all the same; the damaged segment is named here and by `doctor`.
            Err(error) => {
                tracing::error!(trace.id = %key.trace, %error, "a sealed trace could not be opened again");
            }
        }
    }
    reopened
}

impl State {
    fn change(
        &mut self,
        key: TraceKey,
        experiment: ExperimentId,
        seq: u64,
        now: UnixNanos,
        change: impl FnOnce(&mut HotTrace),
    ) {
        let slot = match self.hot.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => {
                let trace = HotTrace::open(key, experiment, seq, now);
                self.hot_bytes += trace.bytes;
                free.insert(Arc::new(trace))
            }
        };
        let trace = Arc::make_mut(slot);
        let before = trace.bytes;
        change(trace);
        trace.last_change = now;
        self.hot_bytes = (self.hot_bytes + trace.bytes).saturating_sub(before);
    }
}
