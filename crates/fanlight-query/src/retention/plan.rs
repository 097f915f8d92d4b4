//! Which traces are beyond what is kept: a walk over all of them, oldest first, that ends when nothing more is.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use fanlight_model::{ExperimentId, TraceKey, UnixNanos, WorkspaceId};
use fanlight_store::segment::RowBytes;
use fanlight_store::{HotTrace, Segment, Snapshot};
use roaring::RoaringBitmap;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Retention;

const NANOS_OF_A_DAY: u64 = 24 * 3600 * 1_000_000_000;

type Place = (WorkspaceId, ExperimentId);

/// What may be kept.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// Of those that have any limit.
    pub(super) of_experiments: FxHashMap<Place, Retention>,
    pub(super) total_bytes: Option<u64>,
}

/// What has to go.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Only of those that have too much.
    pub(super) of_experiments: FxHashMap<Place, Beyond>,
    /// What is too much still, of all experiments together.
    pub(super) of_all: Beyond,
}

/// Traces, oldest first, and what they take.
#[derive(Debug, Default)]
pub(super) struct Beyond {
    pub(super) traces: Vec<(ExperimentId, TraceKey)>,
    pub(super) bytes: u64,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    traces: u64,
    bytes: u64,
}

impl Limits {
    pub(super) fn are_none(&self) -> bool {
        self.of_experiments.is_empty() && self.total_bytes.is_none()
    }

    /// Whether sizes decide anything.
    fn are_about_bytes(&self) -> bool {
        let mut kept = self.of_experiments.values();
        self.total_bytes.is_some() || kept.any(|kept| kept.bytes.is_some())
    }
}

pub(super) fn plan(snapshot: &Snapshot, limits: &Limits, now: UnixNanos) -> Plan {
    let sources = Source::all(snapshot);
    let mut taken = survey(&sources, limits.are_about_bytes());
    let mut plan = Plan::default();
    let mut doomed = FxHashSet::default();

    let mut open: FxHashMap<Place, &Retention> = limits
        .of_experiments
        .iter()
        .map(|(place, kept)| (*place, kept))
        .filter(|(place, _)| taken.contains_key(place))
        .collect();
    for trace in OldestFirst::new(&sources) {
        if open.is_empty() {
            break;
        }
        let place = trace.place();
        let (Some(kept), Some(taken)) = (open.get(&place).copied(), taken.get_mut(&place)) else {
            continue;
        };
        if !is_beyond(kept, *taken, trace.start, now) {
            // Nor are the ones that started later.
            open.remove(&place);
            continue;
        }
        let bytes = trace.bytes();
        taken.subtract(bytes);
        doomed.insert(trace.key);
        let beyond = plan.of_experiments.entry(place).or_default();
        beyond.add(trace.experiment, trace.key, bytes);
        if taken.traces == 0 {
            open.remove(&place);
        }
    }

    if let Some(limit) = limits.total_bytes {
        let mut total: u64 = taken.values().map(|taken| taken.bytes).sum();
        for trace in OldestFirst::new(&sources) {
            if total <= limit {
                break;
            }
            if doomed.contains(&trace.key) {
                continue;
            }
            let bytes = trace.bytes();
            total = total.saturating_sub(bytes);
            plan.of_all.add(trace.experiment, trace.key, bytes);
        }
    }
    plan
}

fn is_beyond(kept: &Retention, taken: Taken, start: UnixNanos, now: UnixNanos) -> bool {
    let is_too_old = kept.days.is_some_and(|days| {
        let until = now.0.saturating_sub(u64::from(days) * NANOS_OF_A_DAY);
        start.as_millis() <= UnixNanos(until).as_millis()
    });
    is_too_old
        || kept.traces.is_some_and(|limit| taken.traces > limit)
        || kept.bytes.is_some_and(|limit| taken.bytes > limit)
}

impl Taken {
    fn add(&mut self, bytes: u64) {
        self.traces += 1;
        self.bytes += bytes;
    }

    fn subtract(&mut self, bytes: u64) {
        self.traces = self.traces.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

impl Beyond {
    fn add(&mut self, experiment: ExperimentId, key: TraceKey, bytes: u64) {
        self.traces.push((experiment, key));
        self.bytes += bytes;
    }
}

/// Where traces are, each source in order of time.
enum Source<'a> {
    /// Newest first, as the rows of segments are.
    Hot(Vec<&'a Arc<HotTrace>>),
    Sealed {
        segment: &'a Segment,
        live: RoaringBitmap,
        sizes: OnceCell<RowBytes<'a>>,
    },
}

impl<'a> Source<'a> {
    fn all(snapshot: &'a Snapshot) -> Vec<Self> {
        let mut hot: Vec<_> = snapshot.hot.iter().collect();
        hot.sort_by_key(|trace| Reverse(trace.summary().start));
        let sealed = snapshot.segments.iter().map(|view| Self::Sealed {
            segment: &view.segment,
            live: view.live(),
            sizes: OnceCell::new(),
        });
        [Self::Hot(hot)].into_iter().chain(sealed).collect()
    }

    /// Places of traces, oldest first.
    fn rows(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match self {
            Self::Hot(traces) => Box::new((0..u32::try_from(traces.len()).unwrap_or(0)).rev()),
            Self::Sealed { live, .. } => Box::new(live.iter().rev()),
        }
    }

    /// `None` only when an index is damaged.
    fn key(&self, row: u32) -> Option<TraceKey> {
        match self {
            Self::Hot(traces) => Some(traces[row as usize].key()),
            Self::Sealed { segment, .. } => segment.rows().key(row),
        }
    }

    fn start(&self, row: u32) -> UnixNanos {
        match self {
            Self::Hot(traces) => traces[row as usize].summary().start,
            Self::Sealed { segment, .. } => segment.rows().start(row),
        }
    }

    fn place(&self, row: u32) -> Place {
        match self {
            Self::Hot(traces) => {
                let trace = traces[row as usize];
                (trace.key().workspace, trace.experiment())
            }
            Self::Sealed { segment, .. } => {
                let rows = segment.rows();
                (rows.workspace(row), rows.experiment(row))
            }
        }
    }

    fn bytes(&self, row: u32) -> u64 {
        match self {
            Self::Hot(traces) => traces[row as usize].bytes() as u64,
            Self::Sealed { segment, sizes, .. } => {
                sizes.get_or_init(|| segment.row_bytes()).of(row)
            }
        }
    }
}

/// How much each experiment has; without sizes when they do not matter.
fn survey(sources: &[Source<'_>], with_bytes: bool) -> FxHashMap<Place, Taken> {
    let mut taken: FxHashMap<Place, Taken> = FxHashMap::default();
    for source in sources {
        for row in source.rows() {
            let bytes = if with_bytes { source.bytes(row) } else { 0 };
            taken.entry(source.place(row)).or_default().add(bytes);
        }
    }
    taken
}

/// A trace on the walk.
struct Walked<'a> {
    source: &'a Source<'a>,
    row: u32,
    experiment: ExperimentId,
    key: TraceKey,
    start: UnixNanos,
}

impl Walked<'_> {
    fn place(&self) -> Place {
        (self.key.workspace, self.experiment)
    }

    fn bytes(&self) -> u64 {
        self.source.bytes(self.row)
    }
}

/// All traces in order of their start; ties by id.
struct OldestFirst<'a> {
    sources: &'a [Source<'a>],
    rows: Vec<Box<dyn Iterator<Item = u32> + 'a>>,
    /// The next of each source: start, id, source, row.
    next: BinaryHeap<Reverse<(UnixNanos, TraceKey, usize, u32)>>,
}

impl<'a> OldestFirst<'a> {
    fn new(sources: &'a [Source<'a>]) -> Self {
        let mut walk = Self {
            sources,
            rows: sources.iter().map(Source::rows).collect(),
            next: BinaryHeap::new(),
        };
        for source in 0..sources.len() {
            walk.advance(source);
        }
        walk
    }

    fn advance(&mut self, number: usize) {
        let source = &self.sources[number];
        let rows = &mut self.rows[number];
        let next = rows.find_map(|row| Some((source.start(row), source.key(row)?, number, row)));
        self.next.extend(next.map(Reverse));
    }
}

impl<'a> Iterator for OldestFirst<'a> {
    type Item = Walked<'a>;

    fn next(&mut self) -> Option<Walked<'a>> {
        let Reverse((start, key, number, row)) = self.next.pop()?;
        self.advance(number);
        let source = &self.sources[number];
        Some(Walked {
            source,
            row,
            experiment: source.place(row).1,
            key,
            start,
        })
    }
}
