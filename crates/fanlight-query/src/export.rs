//! Everything that matches, newest first, in one walk over one moment.
//!
//! The walk holds a snapshot, so that what arrives meanwhile moves nothing. A walk that was cut off goes on from a
//! cursor over a later moment: what changed since the first one is then walked again from the newest on, because its
//! place may have been another one. So every trace of the first moment comes at least once, and one that comes twice
//! is told by its id.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use fanlight_model::{Nanos, SegmentId, Span, TraceFacts, TraceId, UnixNanos};
use fanlight_store::{Snapshot, StoredTrace};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use crate::overlay::Overlay;
use crate::search::{Beginning, Context, Hit, Merge, Place, Since, Step};
use crate::subject::edited;
use crate::unreadable::Unreadable;
use crate::{Engine, QueryError, Search, TraceRecord};

/// Traces whose summaries are read together: neighbours share pages.
const LOT: usize = 64;
/// Spans that are held at a time, unless one trace has more.
const LOT_SPANS: u64 = 2_000;
/// A walk that finds nothing says so this often, so that a reader who left is noticed.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// Walks at the same time: each holds what was in memory when it began.
pub(crate) const MAX_EXPORTS: usize = 2;
/// Two threads read the clock one after the other and apply what they do in the other order.
const CLOCK_SLACK: Nanos = Nanos::from_millis(2_000);

/// A trace as it is exported.
#[derive(Clone, Debug)]
pub struct ExportedTrace {
    pub record: TraceRecord,
    /// What its client said about it as a whole, with the tags that were set and without those that were removed later.
    pub facts: Option<TraceFacts>,
    /// Tags that were removed after it was recorded; a span may still say them.
    pub removed_tags: Vec<String>,
    /// Roots first, then by start; empty when they were not asked for.
    pub spans: Vec<Arc<Span>>,
}

/// Some neighbours of an export.
#[derive(Clone, Debug, Default)]
pub struct ExportLot {
    pub traces: Vec<ExportedTrace>,
    /// Traces that belong here and could not be read.
    pub unreadable: u64,
    /// Goes on behind this lot.
    pub cursor: String,
}

/// Where an export goes on, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ExportCursor {
    /// Start and id of the last trace that was passed; `None` at the beginning.
    #[serde(rename = "p")]
    place: Option<(u64, TraceId)>,
    /// Whether that trace is still to come.
    #[serde(rename = "i")]
    inclusive: bool,
    #[serde(rename = "t")]
    since: u64,
    #[serde(rename = "s")]
    segment: Option<SegmentId>,
}

/// Longer texts are no cursor of ours.
const MAX_CURSOR_BYTES: usize = 1024;

impl ExportCursor {
    fn parse(text: &str) -> Result<Self, QueryError> {
        let invalid = QueryError::PageToken {
            reason: "it is no cursor of an export",
        };
        if text.len() > MAX_CURSOR_BYTES {
            return Err(invalid);
        }
        let bytes = BASE64.decode(text).ok();
        let cursor = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        cursor.ok_or(invalid)
    }

    fn to_text(&self) -> String {
        BASE64.encode(serde_json::to_vec(self).expect("a cursor is plain data"))
    }

    fn place(&self) -> Option<(Place, bool)> {
        self.place
            .map(|(start, trace)| (place(start, trace), self.inclusive))
    }

    /// The same walk, having come to `at`. What is walked again does not move it back.
    fn passed(&self, at: Place, inclusive: bool) -> Self {
        match self.place() {
            Some((known, _)) if at > known => self.clone(),
            _ => Self {
                place: Some((at.start.0, at.trace)),
                inclusive,
                ..self.clone()
            },
        }
    }
}

fn place(start: u64, trace: TraceId) -> Place {
    Place {
        start: UnixNanos(start),
        trace,
    }
}

impl Engine {
    /// Begins to export every match, newest first; `search.page_token` is a cursor of an earlier export.
    ///
    /// Order and limit of `search` do not matter. Fails as overloaded when too many exports run already.
    pub fn export(&self, search: Search, with_spans: bool) -> Result<Export, QueryError> {
        let permit = Arc::clone(&self.exports)
            .try_acquire_owned()
            .map_err(|_| QueryError::TooManyExports { limit: MAX_EXPORTS })?;
        let resumed = match search.page_token.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => Some(ExportCursor::parse(text)?),
            None => None,
        };
        // Before the snapshot: what changes in between counts as changed.
        let since = self.clock.now().0.saturating_sub(CLOCK_SLACK.0);
        let (snapshot, overlay) = self.overlay.freeze(|| self.store.snapshot());
        let ids = snapshot.segments.iter().map(|view| view.segment.id());
        let cursor = resumed.unwrap_or_else(|| ExportCursor {
            place: None,
            inclusive: false,
            since,
            segment: ids.max(),
        });
        Ok(Export {
            search,
            with_spans,
            cursor,
            snapshot,
            overlay,
            unreadable: Arc::clone(&self.unreadable),
            _permit: permit,
        })
    }
}

/// An export that is about to run.
#[derive(Debug)]
pub struct Export {
    search: Search,
    with_spans: bool,
    cursor: ExportCursor,
    snapshot: Snapshot,
    overlay: Overlay,
    unreadable: Arc<Unreadable>,
    _permit: OwnedSemaphorePermit,
}

impl Export {
    /// Hands every match to `sink` until it breaks off. Blocks, for minutes when there is much.
    ///
    /// Some lots are empty: they say that the walk goes on. Holds the spans of one lot in memory, and what was in memory
    /// when it began.
    pub fn run(self, sink: impl FnMut(ExportLot) -> ControlFlow<()>) -> Result<(), QueryError> {
        let context = Context {
            search: &self.search,
            overlay: &self.overlay,
            unreadable: &self.unreadable,
            deadline: Instant::now(),
        };
        let walk = Walk {
            context: &context,
            with_spans: self.with_spans,
            cursor: self.cursor,
            sink,
        };
        walk.run(&self.snapshot)
    }
}

struct Walk<'a, F> {
    context: &'a Context<'a>,
    with_spans: bool,
    cursor: ExportCursor,
    sink: F,
}

impl<F: FnMut(ExportLot) -> ControlFlow<()>> Walk<'_, F> {
    fn run(mut self, snapshot: &Snapshot) -> Result<(), QueryError> {
        let beginning = Beginning {
            place: self.cursor.place(),
            changed_since: self.cursor.place.is_some().then_some(Since {
                instant: UnixNanos(self.cursor.since),
                segment: self.cursor.segment,
            }),
        };
        let mut merge = Merge::new(self.context, snapshot, beginning);
        let mut found = Vec::with_capacity(LOT);
        loop {
            match merge.next_until(Instant::now() + SIGN_OF_LIFE)? {
                Step::Found(place, hit) => {
                    found.push((place, hit));
                    if found.len() < LOT {
                        continue;
                    }
                    if self.hand_over(std::mem::take(&mut found)).is_break() {
                        return Ok(());
                    }
                }
                Step::OutOfTime(place) => {
                    if self.hand_over(std::mem::take(&mut found)).is_break() {
                        return Ok(());
                    }
                    self.cursor = self.cursor.passed(place, true);
                    if self.tell(ExportLot::default()).is_break() {
                        return Ok(());
                    }
                }
                Step::Done => {
                    // Whether anybody still reads does not matter any more.
                    let _ = self.hand_over(found);
                    return Ok(());
                }
            }
        }
    }

    fn tell(&mut self, lot: ExportLot) -> ControlFlow<()> {
        (self.sink)(ExportLot {
            cursor: self.cursor.to_text(),
            ..lot
        })
    }

    /// Reads what was found and hands it over in pieces that fit into memory.
    fn hand_over(&mut self, found: Vec<(Place, Hit)>) -> ControlFlow<()> {
        let (places, hits): (Vec<Place>, Vec<Hit>) = found.into_iter().unzip();
        let rows = self
            .context
            .read_rows(&hits, &|segment, rows| segment.traces(rows));
        let mut stored: Vec<Option<StoredTrace>> = hits
            .iter()
            .zip(rows)
            .map(|(hit, row)| match hit {
                Hit::Hot(trace) => Some(StoredTrace {
                    summary: trace.summary().clone(),
                    facts: trace.facts().cloned(),
                    edits: trace.folded().cloned(),
                }),
                Hit::Sealed(..) => row,
            })
            .collect();
        let mut first = 0;
        while first < hits.len() {
            let end = self.end_of_piece(&stored, first);
            let lot = self.lot(&hits[first..end], &mut stored[first..end]);
            self.cursor = self.cursor.passed(places[end - 1], false);
            self.tell(lot)?;
            first = end;
        }
        ControlFlow::Continue(())
    }

    fn end_of_piece(&self, stored: &[Option<StoredTrace>], first: usize) -> usize {
        let spans_of = |stored: &Option<StoredTrace>| {
            let stored = stored.as_ref().filter(|_| self.with_spans);
            stored.map_or(0, |stored| u64::from(stored.summary.span_count))
        };
        let mut held = 0;
        let fits = |stored: &&Option<StoredTrace>| {
            held += spans_of(stored);
            held <= LOT_SPANS
        };
        let fitting = stored[first..].iter().take_while(fits).count();
        first + fitting.max(1)
    }

    fn lot(&self, hits: &[Hit], stored: &mut [Option<StoredTrace>]) -> ExportLot {
        let mut lot = ExportLot::default();
        let spans = if self.with_spans {
            self.spans(hits)
        } else {
            hits.iter().map(|_| Some(Vec::new())).collect()
        };
        for (stored, spans) in stored.iter_mut().zip(spans) {
            match (stored.take(), spans) {
                (Some(stored), Some(spans)) => lot.traces.push(self.exported(stored, spans)),
                _ => lot.unreadable += 1,
            }
        }
        lot
    }

    fn spans(&self, hits: &[Hit]) -> Vec<Option<Vec<Arc<Span>>>> {
        let rows = self
            .context
            .read_rows(hits, &|segment, rows| segment.spans(rows));
        hits.iter()
            .zip(rows)
            .map(|(hit, row)| match hit {
                Hit::Hot(trace) => Some(trace.whole().spans().to_vec()),
                Hit::Sealed(..) => row,
            })
            .collect()
    }

    fn exported(&self, stored: StoredTrace, spans: Vec<Arc<Span>>) -> ExportedTrace {
        let key = stored.summary.key;
        let experiment = stored.summary.experiment;
        let edits = self.context.overlay.of_stored(&stored);
        let (mut facts, mut removed_tags) = (stored.facts, Vec::new());
        for (tag, value) in edits.iter().flat_map(|edits| &edits.tags) {
            let facts = facts.get_or_insert_with(|| TraceFacts::new(key.trace, experiment));
            match value {
                Some(value) => drop(facts.tags.insert(tag.clone(), value.clone())),
                None => {
                    facts.tags.remove(tag);
                    removed_tags.push(tag.clone());
                }
            }
        }
        ExportedTrace {
            record: edited(stored.summary, edits.as_deref()),
            facts,
            removed_tags,
            spans,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(number: u128) -> TraceId {
        TraceId::from_bytes(number.to_be_bytes()).unwrap()
    }

    #[test]
    fn a_cursor_comes_back_and_never_moves_up() {
        let begun = ExportCursor {
            place: None,
            inclusive: false,
            since: 7,
            segment: Some(SegmentId(3)),
        };
        let behind = begun.passed(place(100, trace(1)), false);
        assert_eq!(ExportCursor::parse(&behind.to_text()).unwrap(), behind);
        // Walked again, because it changed.
        assert_eq!(behind.passed(place(200, trace(2)), false), behind);
        let further = behind.passed(place(50, trace(2)), true);
        assert_eq!(further.place(), Some((place(50, trace(2)), true)));
        for garbage in ["%", "e30", "AAAA", &"A".repeat(5_000)] {
            assert!(ExportCursor::parse(garbage).is_err());
        }
    }
}
