//! Newest first: hot traces and segments merged by time, looking no further than the page needs.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fanlight_model::{SegmentId, Span, TraceId, TraceKey, TraceSummary, UnixNanos};
use fanlight_store::{HotTrace, Property, Segment, SegmentView, Snapshot, StoreError};
use roaring::RoaringBitmap;

use crate::compile::{Bounds, Compiler, rows_in_scope};
use crate::cursor::Cursor;
use crate::filter::Filter;
use crate::overlay::Overlay;
use crate::parallel::map;
use crate::subject::{Subject, record, record_of_hot};
use crate::unreadable::Unreadable;
use crate::{OrderBy, OrderKey, Page, QueryError, Search, SortValue};

/// Candidates that must be looked at are read in lots of this many neighbours: they share pages.
const LOOK_AT_ONCE: usize = 64;

/// Rows of a segment that one thread reads before it takes more.
const READ_AT_ONCE: usize = 16;

/// Hot traces that one thread looks at before it takes more.
const HOT_LOT: usize = 256;

/// Hot traces that are looked at together while a page is filled: few at first, because most pages fill soon; and in how
/// many lots.
const FIRST_HOT: usize = 128;
const HOT_AT_ONCE: usize = 1024;
const HOT_LOTS: usize = 4;

/// Where newest-first pages are cut. The first is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) start: UnixNanos,
    pub(crate) trace: TraceId,
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        self.start
            .cmp(&other.start)
            .then_with(|| other.trace.cmp(&self.trace))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Reads rows of a segment, which are ascending.
type ReadSegment<'a, T> = dyn Fn(&Segment, &[u32]) -> Result<Vec<T>, StoreError> + Sync + 'a;

/// Rows of a segment, each with its place in the page.
type RowsAndPlaces = Vec<(u32, usize)>;

/// A trace that was found, not yet read.
#[derive(Clone, Debug)]
pub(crate) enum Hit {
    Hot(Arc<HotTrace>),
    Sealed(Arc<Segment>, u32),
}

/// What every step of a search needs.
pub(crate) struct Context<'a> {
    pub(crate) search: &'a Search,
    /// Of the moment of the snapshot.
    pub(crate) overlay: &'a Overlay,
    pub(crate) unreadable: &'a Unreadable,
    pub(crate) deadline: Instant,
}

/// The order newest first stands for.
pub(crate) fn time_order() -> [OrderBy; 2] {
    [
        OrderBy::descending(OrderKey::Start),
        OrderBy::ascending(OrderKey::TraceId),
    ]
}

/// True when `order` is newest first.
pub(crate) fn is_time_order(order: &[OrderBy]) -> bool {
    order.is_empty() || order[0] == OrderBy::descending(OrderKey::Start)
}

impl Context<'_> {
    /// The same with less time.
    pub(crate) fn within(&self, patience: Duration) -> Self {
        Self {
            search: self.search,
            overlay: self.overlay,
            unreadable: self.unreadable,
            deadline: self.deadline.min(Instant::now() + patience),
        }
    }

    pub(crate) fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    pub(crate) fn wants_experiment(&self, experiment: fanlight_model::ExperimentId) -> bool {
        self.search.experiments.contains(&experiment)
    }

    /// Hot traces that match, in no order.
    pub(crate) fn hot_matches(&self, snapshot: &Snapshot) -> Vec<Arc<HotTrace>> {
        let traces: Vec<_> = self.hot_traces(snapshot).collect();
        if !self.search.filter.needs_spans() {
            return traces
                .into_iter()
                .filter(|trace| self.wants(trace))
                .cloned()
                .collect();
        }
        // Reading texts takes time, and other cores may have some.
        let lots: Vec<_> = traces.chunks(HOT_LOT).collect();
        let found = map(&lots, |lot| {
            let wanted = lot.iter().filter(|trace| self.wants(trace));
            Ok(wanted.map(|trace| Arc::clone(trace)).collect::<Vec<_>>())
        });
        found.into_iter().flatten().flatten().collect()
    }

    /// Hot traces where the search looks, whether they match or not.
    fn hot_traces<'s>(&'s self, snapshot: &'s Snapshot) -> impl Iterator<Item = &'s Arc<HotTrace>> {
        snapshot.hot.iter().filter(|trace| {
            trace.key().workspace == self.search.workspace
                && self.wants_experiment(trace.experiment())
        })
    }

    fn wants(&self, trace: &HotTrace) -> bool {
        let filter = &self.search.filter;
        if *filter == Filter::Everything {
            return true;
        }
        let whole = OnceCell::new();
        let spans = || whole.get_or_init(|| trace.whole()).spans();
        filter.matches(&Subject::of_hot(trace, self.overlay, &spans))
    }

    /// Rows of a segment that match for certain, and that may: all of them when its index cannot be read.
    pub(crate) fn bounds(&self, view: &SegmentView) -> Bounds {
        self.compile(view).unwrap_or_else(|reason| {
            self.unreadable.note(view.segment.id(), None, &reason);
            let search = self.search;
            let is_wanted = |experiment| self.wants_experiment(experiment);
            Bounds::unknown(rows_in_scope(view, search.workspace, is_wanted))
        })
    }

    fn compile(&self, view: &SegmentView) -> Result<Bounds, String> {
        let segment = &view.segment;
        let facets = segment.facets();
        let mut all = RoaringBitmap::new();
        for experiment in &self.search.experiments {
            all |= facets.rows_of(Property::Experiment, &experiment.to_string())?;
        }
        all &= facets.rows_of(Property::Workspace, &self.search.workspace.0.to_string())?;
        all &= view.live();
        let compiler = Compiler {
            segment,
            overlay: self.overlay,
            workspace: self.search.workspace,
            all: &all,
        };
        compiler.compile(&self.search.filter)
    }

    /// Which of `rows` match when looked at. Those that cannot be read do not.
    pub(crate) fn look_at(&self, segment: &Segment, rows: &[u32]) -> Result<Vec<bool>, QueryError> {
        let lots: Vec<_> = rows.chunks(READ_AT_ONCE).collect();
        let matches = map(&lots, |rows| Ok(self.look_at_lot(segment, rows)))?;
        Ok(matches.into_iter().flatten().collect())
    }

    fn look_at_lot(&self, segment: &Segment, rows: &[u32]) -> Vec<bool> {
        let of_rows = |rows: &[u32]| {
            let summaries = segment.traces(rows)?;
            let spans = if self.search.filter.needs_spans() {
                segment.spans(rows)?
            } else {
                vec![Vec::new(); rows.len()]
            };
            let matches =
                summaries
                    .iter()
                    .zip(&spans)
                    .map(|(stored, spans): (_, &Vec<Arc<Span>>)| {
                        let spans = || spans.as_slice();
                        let subject = Subject::of_stored(stored, self.overlay, &spans);
                        self.search.filter.matches(&subject)
                    });
            Ok(matches.collect())
        };
        let matches = self.unreadable.read(segment, rows, &of_rows);
        matches
            .into_iter()
            .map(|found| found == Some(true))
            .collect()
    }

    /// Reads what was found, in the order given. What cannot be read is left out.
    pub(crate) fn read(&self, hits: &[Hit]) -> Vec<crate::TraceRecord> {
        self.read_each(hits).into_iter().flatten().collect()
    }

    /// The same, with `None` for what cannot be read.
    pub(crate) fn read_each(&self, hits: &[Hit]) -> Vec<Option<crate::TraceRecord>> {
        let stored = self.read_rows(hits, &|segment, rows| segment.traces(rows));
        let records = hits.iter().zip(stored).map(|(hit, stored)| match hit {
            Hit::Hot(trace) => Some(record_of_hot(trace, self.overlay)),
            Hit::Sealed(..) => stored.map(|stored| record(stored, self.overlay)),
        });
        records.collect()
    }

    /// What `read` answers for each sealed hit, asked once per segment; `None` for hot ones and for what cannot be read.
    pub(crate) fn read_rows<T: Send>(
        &self,
        hits: &[Hit],
        read: &ReadSegment<'_, T>,
    ) -> Vec<Option<T>> {
        let mut found: Vec<Option<T>> = hits.iter().map(|_| None).collect();
        let mut of_segments: Vec<(&Arc<Segment>, RowsAndPlaces)> = Vec::new();
        for (place, hit) in hits.iter().enumerate() {
            let Hit::Sealed(segment, row) = hit else {
                continue;
            };
            let known = of_segments
                .iter_mut()
                .find(|(known, _)| known.id() == segment.id());
            match known {
                Some((_, rows)) => rows.push((*row, place)),
                None => of_segments.push((segment, vec![(*row, place)])),
            }
        }
        let mut lots = Vec::new();
        for (segment, rows) in &mut of_segments {
            rows.sort_unstable();
            lots.extend(rows.chunks(READ_AT_ONCE).map(|rows| (&**segment, rows)));
        }
        let read = map(&lots, |(segment, rows)| {
            let ascending: Vec<u32> = rows.iter().map(|(row, _)| *row).collect();
            let read = |rows: &[u32]| read(segment, rows);
            Ok(self.unreadable.read(segment, &ascending, &read))
        });
        for ((_, rows), read) in lots.iter().zip(read.into_iter().flatten()) {
            for (one, (_, place)) in read.into_iter().zip(*rows) {
                found[*place] = one;
            }
        }
        found
    }
}

/// One page, newest first.
pub(crate) fn newest(context: &Context<'_>, snapshot: &Snapshot) -> Result<Page, QueryError> {
    let order = time_order();
    let cursor = Cursor::from_token(context.search.page_token.as_deref(), &order)?;
    let from = cursor.as_ref().map(place_of).transpose()?;
    let from = Beginning::at(from);
    let mut merge = Merge::new(context, snapshot, from);
    let mut hits = Vec::with_capacity(context.search.limit.min(1024));
    let mut next = None;
    while hits.len() < context.search.limit {
        match merge.next()? {
            Step::Found(place, hit) => {
                hits.push(hit);
                if hits.len() == context.search.limit {
                    next = Some(cursor_at(place, false));
                }
            }
            Step::OutOfTime(place) => {
                next = Some(cursor_at(place, true));
                break;
            }
            Step::Done => break,
        }
    }
    let next_page_token = next.map(|cursor| cursor.to_token());
    Ok(Page {
        traces: context.read(&hits),
        next_page_token,
    })
}

fn cursor_at(place: Place, inclusive: bool) -> Cursor {
    let values = vec![
        SortValue::Number(place.start.0),
        SortValue::Text(place.trace.to_string()),
    ];
    Cursor::new(&time_order(), values, inclusive)
}

fn place_of(cursor: &Cursor) -> Result<(Place, bool), QueryError> {
    let invalid = QueryError::PageToken {
        reason: "it does not come from this server",
    };
    match cursor.values.as_slice() {
        [SortValue::Number(start), SortValue::Text(trace)] => match trace.parse() {
            Ok(trace) => Ok((
                Place {
                    start: UnixNanos(*start),
                    trace,
                },
                cursor.inclusive,
            )),
            Err(_) => Err(invalid),
        },
        _ => Err(invalid),
    }
}

pub(crate) enum Step {
    Found(Place, Hit),
    /// Everything before the place was looked at. Asking again goes on.
    OutOfTime(Place),
    Done,
}

/// Where a walk begins.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beginning {
    /// Behind this place, or with it; `None` for the newest.
    pub(crate) place: Option<(Place, bool)>,
    /// What changed since is walked from the newest on: its place may have been another one.
    pub(crate) changed_since: Option<Since>,
}

/// A moment of the past, as the store can tell what changed after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Since {
    pub(crate) instant: UnixNanos,
    /// The last segment there was. What is in it and in those before it has not changed since.
    pub(crate) segment: Option<SegmentId>,
}

impl Beginning {
    fn at(place: Option<(Place, bool)>) -> Self {
        Self {
            place,
            changed_since: None,
        }
    }

    fn of_hot(&self, trace: &HotTrace) -> Option<(Place, bool)> {
        self.place.filter(|_| {
            self.changed_since
                .is_none_or(|since| trace.last_change() < since.instant)
        })
    }

    fn of_segment(&self, segment: &Segment) -> Option<(Place, bool)> {
        self.place.filter(|_| {
            self.changed_since
                .is_none_or(|since| Some(segment.id()) <= since.segment)
        })
    }
}

fn is_ahead(from: Option<(Place, bool)>, place: Place) -> bool {
    match from {
        None => true,
        Some((from, inclusive)) => place < from || inclusive && place == from,
    }
}

/// Sources by the place of their next trace.
pub(crate) struct Merge<'a> {
    context: &'a Context<'a>,
    heap: BinaryHeap<Head>,
    hot: HotSource,
    segments: Vec<Source>,
}

/// Hot traces by place, the next one first: those known to match, then those nobody has looked at.
#[derive(Default)]
struct HotSource {
    known: VecDeque<(Place, Arc<HotTrace>)>,
    waiting: VecDeque<(Place, Arc<HotTrace>)>,
    /// How many to look at next.
    at_once: usize,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    place: Place,
    /// Known matches come before promises at the same place.
    known: bool,
    source: usize,
}

/// `usize::MAX` stands for the hot traces.
const HOT: usize = usize::MAX;

/// A segment that is walked; compiled when its time comes.
struct Source {
    view: Arc<SegmentView>,
    from: Option<(Place, bool)>,
    bounds: Option<Bounds>,
    /// Rows before this one are done.
    next_row: u32,
    /// Rows that were looked at ahead.
    looked_at: VecDeque<u32>,
    looked_until: u32,
}

impl<'a> Merge<'a> {
    pub(crate) fn new(context: &'a Context<'a>, snapshot: &Snapshot, from: Beginning) -> Self {
        let mut merge = Self {
            context,
            heap: BinaryHeap::new(),
            hot: HotSource::default(),
            segments: Vec::new(),
        };
        let mut hot: Vec<_> = context
            .hot_traces(snapshot)
            .map(|trace| (place_of_summary(trace.summary()), trace))
            .filter(|(place, trace)| is_ahead(from.of_hot(trace), *place))
            .map(|(place, trace)| (place, Arc::clone(trace)))
            .collect();
        hot.sort_unstable_by(|(left, _), (right, _)| right.cmp(left));
        merge.hot.waiting = hot.into();
        merge.push_hot();
        for view in &snapshot.segments {
            merge.add_segment(Arc::clone(view), from.of_segment(&view.segment));
        }
        merge
    }

    fn push_hot(&mut self) {
        let known = self.hot.known.front().map(|(place, _)| (*place, true));
        let next = known.or_else(|| Some((self.hot.waiting.front()?.0, false)));
        if let Some((place, known)) = next {
            self.heap.push(Head {
                place,
                known,
                source: HOT,
            });
        }
    }

    /// Looks at the next hot traces.
    fn advance_hot(&mut self) -> Result<(), QueryError> {
        let at_once = self.hot.at_once.clamp(FIRST_HOT, HOT_AT_ONCE);
        self.hot.at_once = at_once * 2;
        let waiting = &mut self.hot.waiting;
        let next: Vec<_> = waiting.drain(..waiting.len().min(at_once)).collect();
        let lots: Vec<_> = next.chunks(at_once / HOT_LOTS).collect();
        let wanted = |lot: &&[(Place, Arc<HotTrace>)]| {
            let wanted = lot.iter().map(|(_, trace)| self.context.wants(trace));
            Ok(wanted.collect::<Vec<bool>>())
        };
        let wanted = if self.context.search.filter.needs_spans() {
            map(&lots, wanted)?
        } else {
            lots.iter().map(wanted).collect::<Result<_, QueryError>>()?
        };
        let looked_at = next.into_iter().zip(wanted.into_iter().flatten());
        let found = looked_at.filter(|(_, wanted)| *wanted);
        self.hot.known.extend(found.map(|(trace, _)| trace));
        self.push_hot();
        Ok(())
    }

    fn add_segment(&mut self, view: Arc<SegmentView>, from: Option<(Place, bool)>) {
        let rows = view.segment.rows();
        // Rows that start at the same instant as the cursor are told apart by id, so they are walked again.
        let first = from.map_or(0, |(from, _)| {
            rows.first_before(from.start.saturating_add(fanlight_model::Nanos(1)))
        });
        let Some(place) = place_in(&view.segment, first) else {
            return;
        };
        let source = self.segments.len();
        self.segments.push(Source {
            view,
            from,
            bounds: None,
            next_row: first,
            looked_at: VecDeque::new(),
            looked_until: first,
        });
        self.heap.push(Head {
            place,
            known: false,
            source,
        });
    }

    pub(crate) fn next(&mut self) -> Result<Step, QueryError> {
        self.next_until(self.context.deadline)
    }

    /// The next match, if it is found until `deadline`.
    pub(crate) fn next_until(&mut self, deadline: Instant) -> Result<Step, QueryError> {
        while let Some(head) = self.heap.pop() {
            if head.source == HOT && head.known {
                let Some((place, trace)) = self.hot.known.pop_front() else {
                    continue;
                };
                self.push_hot();
                return Ok(Step::Found(place, Hit::Hot(trace)));
            }
            if head.known {
                let source = &mut self.segments[head.source];
                let row = source.next_row;
                let hit = Hit::Sealed(Arc::clone(&source.view.segment), row);
                source.next_row += 1;
                self.promise(head.source);
                return Ok(Step::Found(head.place, hit));
            }
            if Instant::now() >= deadline {
                let place = head.place;
                self.heap.push(head);
                return Ok(Step::OutOfTime(place));
            }
            if head.source == HOT {
                self.advance_hot()?;
            } else {
                self.advance(head.source)?;
            }
        }
        Ok(Step::Done)
    }

    /// Puts the source back at the place of its next row, matching or not.
    fn promise(&mut self, source: usize) {
        let walked = &self.segments[source];
        if let Some(place) = place_in(&walked.view.segment, walked.next_row) {
            self.heap.push(Head {
                place,
                known: false,
                source,
            });
        }
    }

    /// Moves a source to its next match, or past a lot of rows that do not match.
    fn advance(&mut self, index: usize) -> Result<(), QueryError> {
        let context = self.context;
        let source = &mut self.segments[index];
        let bounds = match &mut source.bounds {
            Some(bounds) => bounds,
            slot => slot.insert(context.bounds(&source.view)),
        };
        loop {
            let mut candidates = bounds.may.range(source.next_row..);
            let Some(row) = candidates.next() else {
                source.next_row = source.view.segment.row_count();
                return Ok(());
            };
            if bounds.must.contains(row) || source.looked_at.front() == Some(&row) {
                if source.looked_at.front() == Some(&row) {
                    source.looked_at.pop_front();
                }
                let ahead = place_in(&source.view.segment, row)
                    .filter(|place| is_ahead(source.from, *place));
                source.next_row = row;
                if let Some(place) = ahead {
                    self.heap.push(Head {
                        place,
                        known: true,
                        source: index,
                    });
                    return Ok(());
                }
                source.next_row += 1;
                continue;
            }
            if row < source.looked_until {
                // Looked at already, and not a match.
                source.next_row = row + 1;
                continue;
            }
            let lot: Vec<u32> = std::iter::once(row)
                .chain(candidates)
                .filter(|row| !bounds.must.contains(*row))
                .take(LOOK_AT_ONCE)
                .collect();
            let matches = context.look_at(&source.view.segment, &lot)?;
            source.looked_at = lot
                .iter()
                .zip(matches)
                .filter(|(_, matches)| *matches)
                .map(|(row, _)| *row)
                .collect();
            source.looked_until = lot.last().map_or(row, |last| last + 1);
            source.next_row = row;
            // Back into the heap, so that the deadline is seen between lots.
            self.promise(index);
            return Ok(());
        }
    }
}

fn place_of_summary(summary: &TraceSummary) -> Place {
    Place {
        start: summary.start,
        trace: summary.key.trace,
    }
}

fn place_in(segment: &Segment, row: u32) -> Option<Place> {
    if row >= segment.row_count() {
        return None;
    }
    let TraceKey { trace, .. } = segment.rows().key(row)?;
    Some(Place {
        start: segment.rows().start(row),
        trace,
    })
}
