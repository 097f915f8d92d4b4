//! From memory to a segment: which traces, when, and the swap that readers never notice.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fanlight_model::{Clock, SegmentId, UnixNanos};
use parking_lot::{Mutex, MutexGuard, RwLock};
use rustc_hash::FxHashMap;

use crate::compact::Merged;
use crate::disk::Disk;
use crate::hot::HotTrace;
use crate::log;
use crate::registry::{Registry, SegmentEntry};
use crate::segment::{Figures, Segment, dir_of, write_segment};
use crate::spill::{self, Spill};
use crate::state::{SegmentView, State};
use crate::{Settings, StoreError};

/// A tenth of what sealing manages.
const BYTES_PER_MICROSECOND_OF_REST: u64 = 8;

/// Seals; one at a time.
#[derive(Debug)]
pub(crate) struct Sealer {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) log_dir: PathBuf,
    pub(crate) segments_dir: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) state: Arc<RwLock<State>>,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) spill: Spill,
    /// The id of the next segment. Held while one is written: seals come one after the other.
    pub(crate) next_id: Mutex<u64>,
    /// A segment that is not announced yet. Held while the registry is told about dead rows, so that no two tell it
    /// different things about the same segment. Should announcing fail, nobody knows whether it took effect: it is
    /// repeated, which is harmless, before anything else.
    pub(crate) unannounced: Mutex<Option<Unannounced>>,
    /// Records before this one are wholly in segments, and everybody knows.
    pub(crate) log_position: Mutex<u64>,
    /// Held while segments are merged: those of merges that failed, and when. They are left alone for a while.
    pub(crate) compacting: Mutex<FxHashMap<SegmentId, UnixNanos>>,
}

/// What is on disk and not known to the registry for certain.
#[derive(Debug)]
pub(crate) enum Unannounced {
    Sealed(Written),
    Merged(Merged),
}

/// A segment on disk and the traces in it, newest first.
#[derive(Debug)]
pub(crate) struct Written {
    segment: Arc<Segment>,
    traces: Vec<Arc<HotTrace>>,
    figures: Figures,
}

/// Which traces a seal takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those that are due by the settings; none when too little is due.
    Due,
    /// Everything that can be shown, running or not.
    All,
}

/// What makes room in memory.
enum Chosen {
    Nothing,
    /// With the last record all of them include.
    ToSeal(Vec<Arc<HotTrace>>, u64),
    ToSpill(Vec<Arc<HotTrace>>),
}

impl Sealer {
    /// Seals what `scope` says, or makes room in memory otherwise. Answers how many traces went into the new segment.
    pub(crate) fn seal(&self, scope: Scope) -> Result<usize, StoreError> {
        let mut next_id = self.next_id.lock();
        drop(self.settle()?);
        let Some(written) = self.write(scope, &mut next_id)? else {
            return Ok(0);
        };
        let sealed = written.traces.len();
        *self.unannounced.lock() = Some(Unannounced::Sealed(written));
        drop(self.settle()?);
        Ok(sealed)
    }

    /// Announces what is not announced yet. As long as the answer is held, nothing else is.
    pub(crate) fn settle(&self) -> Result<MutexGuard<'_, Option<Unannounced>>, StoreError> {
        let mut unannounced = self.unannounced.lock();
        match &*unannounced {
            None => {}
            Some(Unannounced::Merged(merged)) => {
                self.announce_merged(merged)?;
                *unannounced = None;
            }
            Some(Unannounced::Sealed(written)) => {
                let log_position = self.announce(written)?;
                tracing::info!(
                    segment.id = %written.segment.id(), segment.traces = written.traces.len(),
                    segment.spans = written.figures.spans, size_bytes = written.figures.bytes,
                    "sealed segment {}", written.segment.id()
                );
                *unannounced = None;
                *self.log_position.lock() = log_position;
                self.forget_below(log_position)?;
            }
        }
        Ok(unannounced)
    }

    fn write(&self, scope: Scope, next_id: &mut u64) -> Result<Option<Written>, StoreError> {
        let (traces, log_seq) = match self.choose(scope) {
            Chosen::Nothing => return Ok(None),
            Chosen::ToSeal(traces, log_seq) => (traces, log_seq),
            Chosen::ToSpill(traces) => {
                self.check_free(bytes_of(&traces) as u64 + self.settings.disk_reserve_bytes)?;
                self.spill.spill(&self.state, &traces)?;
                return Ok(None);
            }
        };
        self.check_free(traces.iter().map(|trace| trace.whole_bytes() as u64).sum())?;
        let id = SegmentId(*next_id);
        let mut pairs = traces
            .into_iter()
            .map(|trace| Ok((HotTrace::try_whole(&trace)?, trace)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        // Newest first; the trace id makes the order total.
        pairs.sort_unstable_by_key(|(whole, _)| {
            (std::cmp::Reverse(whole.summary().start), whole.key())
        });
        let (whole, traces): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let figures = write_segment(&*self.disk, &self.segments_dir, id, &whole)?;
        *next_id += 1;
        let segment = Arc::new(Segment::open(&dir_of(&self.segments_dir, id), id, log_seq)?);
        Ok(Some(Written {
            segment,
            traces,
            figures,
        }))
    }

    /// A segment is smaller than what it holds, so half-written ones do not fill a disk.
    pub(crate) fn check_free(&self, needed_bytes: u64) -> Result<(), StoreError> {
        match self.disk.free_bytes(&self.segments_dir) {
            Ok(free_bytes) if free_bytes < needed_bytes => Err(StoreError::DiskFull {
                free_bytes,
                needed_bytes,
            }),
            _ => Ok(()),
        }
    }

    fn choose(&self, scope: Scope) -> Chosen {
        let now = self.clock.now();
        let state = self.state.read();
        let Some(log_seq) = state.next_seq.checked_sub(1) else {
            return Chosen::Nothing;
        };
        let to_seal = |traces: Vec<Arc<HotTrace>>| Chosen::ToSeal(self.oldest(traces), log_seq);
        let all = || state.hot.values().cloned();
        if scope == Scope::All {
            return if state.hot.is_empty() {
                Chosen::Nothing
            } else {
                to_seal(all().collect())
            };
        }
        let too_old = |trace: &HotTrace| since(trace.opened_at, now) >= self.settings.seal_after;
        let is_due =
            |trace: &HotTrace| trace.is_finished() && self.has_rested(trace, now) || too_old(trace);
        let due: Vec<_> = all().filter(|trace| is_due(trace)).collect();
        let due_bytes: usize = due.iter().map(|trace| trace.whole_bytes()).sum();
        if due_bytes >= self.settings.seal_bytes
            || due.len() >= self.settings.seal_traces
            || due.iter().any(|trace| too_old(trace))
        {
            return to_seal(due);
        }
        if state.hot_bytes < self.settings.hot_limit_bytes / 2 {
            return Chosen::Nothing;
        }
        // Under pressure finished traces do not get their rest. What was sealed and came back will come back again: it
        // is written and read as a whole each time, so it stays, without its spans.
        let pays_off = |traces: &[Arc<HotTrace>]| bytes_of(traces) >= state.hot_bytes / 4;
        let (going_on, others): (Vec<_>, Vec<_>) =
            all().partition(|trace| trace.came_back() && !is_due(trace));
        let finished: Vec<_> = others
            .iter()
            .filter(|trace| trace.is_finished())
            .cloned()
            .collect();
        let large = spill::largest(going_on, self.settings.hot_limit_bytes);
        if pays_off(&finished) {
            to_seal(finished)
        } else if pays_off(&large) {
            Chosen::ToSpill(large)
        } else if pays_off(&others) {
            to_seal(others)
        } else {
            to_seal(all().collect())
        }
    }

    /// What was sealed before rests so long that sealing it again takes a small part of the time.
    fn has_rested(&self, trace: &HotTrace, now: UnixNanos) -> bool {
        let again = if trace.came_back() {
            Duration::from_micros(trace.whole_bytes() as u64 / BYTES_PER_MICROSECOND_OF_REST)
        } else {
            Duration::ZERO
        };
        since(trace.last_change, now) >= self.settings.quiet + again
    }

    /// As many as one segment takes, those first that hold the log back.
    fn oldest(&self, mut traces: Vec<Arc<HotTrace>>) -> Vec<Arc<HotTrace>> {
        traces.sort_unstable_by_key(|trace| trace.first_seq);
        let mut bytes = 0;
        let enough = traces.iter().position(|trace| {
            let full = bytes >= self.settings.seal_bytes;
            bytes += trace.whole_bytes();
            full
        });
        traces.truncate(enough.unwrap_or(usize::MAX));
        traces
    }

    /// Registers the segment and lets it take the place of its traces. Answers the record the log is needed from.
    fn announce(&self, written: &Written) -> Result<u64, StoreError> {
        let Written {
            segment,
            traces,
            figures,
        } = written;
        let log_seq = segment.log_seq();
        // Rows the sealed traces had taken over die with the announcement. They stay shadowed until then, so that a
        // failure here changes nothing.
        let (registered, log_position) = {
            let state = self.state.read();
            let mut views: Vec<SegmentView> = state
                .segments
                .iter()
                .map(|view| SegmentView::clone(view))
                .collect();
            for (id, row) in traces.iter().filter_map(|trace| trace.supersedes) {
                if let Some(view) = views.iter_mut().find(|view| view.segment.id() == id) {
                    view.dead.insert(row);
                    view.dirty = true;
                }
            }
            let dirty: Vec<_> = views
                .iter()
                .filter(|view| view.dirty)
                .map(|view| (view.segment.id(), view.serialized_dead()))
                .collect();
            let sealed: FxHashMap<_, _> = traces.iter().map(|trace| (trace.key(), trace)).collect();
            let staying = state.hot.values().filter(|trace| {
                !sealed
                    .get(&trace.key())
                    .is_some_and(|sealed| Arc::ptr_eq(sealed, trace))
            });
            let position = staying
                .map(|trace| trace.first_seq)
                .min()
                .unwrap_or(log_seq + 1);
            (dirty, position.min(log_seq + 1))
        };
        let entry = SegmentEntry {
            id: segment.id(),
            meta_json: serde_json::to_string(figures).expect("plain figures have a text"),
            log_seq,
            dead: Vec::new(),
        };
        self.registry
            .announce(&entry, &registered, log_position)
            .map_err(StoreError::Registry)?;
        self.swap(segment, traces, &registered);
        Ok(log_position)
    }

    fn forget_below(&self, log_position: u64) -> Result<(), StoreError> {
        // A delete covering exactly the last record of a segment still matters to it.
        let oldest_needed = log_position.saturating_sub(1);
        self.registry
            .prune_tombstones(oldest_needed)
            .map_err(StoreError::Registry)?;
        self.state
            .write()
            .tombstones
            .retain(|_, seq| *seq >= oldest_needed);
        log::remove_below(&*self.disk, &self.log_dir, log_position)
    }

    /// Sealed traces leave memory in the same moment as their segment appears.
    fn swap(
        &self,
        segment: &Arc<Segment>,
        traces: &[Arc<HotTrace>],
        registered: &[(SegmentId, Vec<u8>)],
    ) {
        let mut state = self.state.write();
        state.segments.insert(
            0,
            Arc::new(SegmentView::new(
                Arc::clone(segment),
                roaring::RoaringBitmap::new(),
            )),
        );
        for (row, sealed) in (0_u32..).zip(traces) {
            if let Some(row) = sealed.supersedes {
                state.kill(row);
            }
            let now = state
                .hot
                .get(&sealed.key())
                .map(|trace| Arc::ptr_eq(trace, sealed));
            match now {
                Some(true) => {
                    state.hot.remove(&sealed.key());
                    state.hot_bytes = state.hot_bytes.saturating_sub(sealed.bytes);
                }
                // More arrived while the segment was written: memory holds all of it and takes the row over.
                Some(false) => {
                    let place = (segment.id(), row);
                    if let Some(trace) = state.hot.get_mut(&sealed.key()) {
                        Arc::make_mut(trace).supersedes = Some(place);
                    }
                    state.shadow(place);
                }
                // Deleted while the segment was written.
                None => state.kill((segment.id(), row)),
            }
        }
        state.mark_registered(registered);
    }
}

fn bytes_of(traces: &[Arc<HotTrace>]) -> usize {
    traces.iter().map(|trace| trace.bytes).sum()
}

pub(crate) fn since(earlier: UnixNanos, now: UnixNanos) -> Duration {
    Duration::from_nanos(now.checked_since(earlier).map_or(0, |passed| passed.0))
}
