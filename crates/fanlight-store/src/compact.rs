//! From many segments to few, and from edits to rows: which, when, and the swap that readers never notice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fanlight_model::{SegmentId, TraceKey, UnixNanos};
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use crate::StoreError;
use crate::registry::{RowEdits, SegmentEntry};
use crate::seal::{Sealer, Unannounced, since};
use crate::segment::{Figures, LEFT_OUT, NewEdits, Segment, Source, Unused, dir_of, merge, plan};
use crate::state::{SegmentView, State};

/// So many neighbours of about one size become one segment, which is about as many times larger.
const FAN: usize = 8;
/// A segment is not merged beyond this many traces: its index would take long to write and much memory.
const MAX_ROWS: u64 = 1 << 18;
/// Nor beyond this many files of spans.
const MAX_PARTS: usize = 512;
/// A segment is written anew for the sake of edits when one of so many rows was edited since, and as many at least:
/// that is as much work for one edit as for many.
const EDITED_SHARE: u64 = 20;
const EDITED_LEAST: u64 = 64;

/// A merge that failed, for lack of room or of a file that can be read, is not tried again before.
const RETRY_AFTER: Duration = Duration::from_mins(10);

/// A merge on disk that is not announced yet.
#[derive(Debug)]
pub(crate) struct Merged {
    /// `None` when no row of the sources counts any more.
    new: Option<(Arc<Segment>, Figures)>,
    sources: Vec<Source>,
    /// What the new rows have taken over, and of which revision that is.
    folded: Vec<RowEdits>,
}

/// How eagerly to merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// What pays off.
    Due,
    /// Everything that can be one segment; nothing that was deleted is left in any file.
    All,
}

impl Effort {
    fn tolerated(self) -> Unused {
        match self {
            Self::Due => Unused::Half,
            Self::All => Unused::None,
        }
    }

    fn run(self, views: &[Arc<SegmentView>]) -> Option<Vec<Arc<SegmentView>>> {
        match self {
            Self::Due => first_run(views, FAN, |view| live_rows(view).max(1).ilog(FAN as u64)),
            Self::All => first_run(views, 2, |_| 0),
        }
    }

    /// Whether a segment is written anew for the sake of what is dead in it.
    fn minds(self, view: &SegmentView) -> bool {
        let rows = u64::from(view.segment.row_count());
        match self {
            Self::Due => view.dead.len() > rows / 2,
            // What cannot be read is left as it is.
            Self::All => !view.dead.is_empty() || view.segment.unused_spans().is_ok_and(|n| n > 0),
        }
    }

    /// Whether a segment is written anew for the sake of its edited rows.
    fn minds_edits(self, view: &SegmentView, edited: u64) -> bool {
        match self {
            Self::Due => edited >= EDITED_LEAST.max(live_rows(view) / EDITED_SHARE),
            Self::All => edited > 0,
        }
    }
}

impl Sealer {
    /// Makes one segment of several, or drops those of which nothing counts. Answers how many went; 0 when there was
    /// nothing to do. Writes and reads go on meanwhile.
    pub(crate) fn compact(&self, effort: Effort) -> Result<usize, StoreError> {
        let mut failed = self.compacting.lock();
        let now = self.clock.now();
        failed.retain(|_, at| since(*at, now) < RETRY_AFTER);
        let (chosen, id) = {
            let mut next_id = self.next_id.lock();
            // What was merged and not announced must not be merged again.
            drop(self.settle()?);
            let Some(chosen) = self.choose_sources(effort, &failed) else {
                return Ok(0);
            };
            *next_id += 1;
            (chosen, SegmentId(*next_id - 1))
        };
        let (sources, origins) = plan(chosen);
        let folded = self.freeze(&sources);
        let new = if origins.is_empty() {
            None
        } else {
            let edits: NewEdits = folded
                .iter()
                .map(|of| (of.row, Arc::clone(&of.edits)))
                .collect();
            self.check_free(bytes_written(&sources) + bytes_of(&edits))?;
            let merged = merge(
                &*self.disk,
                &self.segments_dir,
                id,
                &sources,
                &origins,
                &edits,
                effort.tolerated(),
            );
            let figures = merged.inspect_err(|_| {
                failed.extend(sources.iter().map(|source| (source.segment.id(), now)));
            })?;
            let log_seq = sources.iter().map(|source| source.segment.log_seq()).max();
            let dir = dir_of(&self.segments_dir, id);
            let segment = Segment::open(&dir, id, log_seq.unwrap_or(0))?;
            Some((Arc::new(segment), figures))
        };
        let count = sources.len();
        // No seal is under way while the sources are replaced: it would have noted their rows.
        let _no_seal = self.next_id.lock();
        drop(self.settle()?);
        *self.unannounced.lock() = Some(Unannounced::Merged(Merged {
            new,
            sources,
            folded,
        }));
        drop(self.settle()?);
        Ok(count)
    }

    /// The segments to merge with the rows to leave out, newest first.
    fn choose_sources(
        &self,
        effort: Effort,
        failed: &FxHashMap<SegmentId, UnixNanos>,
    ) -> Option<Vec<(Arc<Segment>, std::path::PathBuf, RoaringBitmap)>> {
        let position = *self.log_position.lock();
        let mut views: Vec<Arc<SegmentView>> = self
            .state
            .read()
            .segments
            .iter()
            // What the log still has to say about a segment depends on when it was sealed. Once the log begins after
            // it, that is nothing, and segments may become one.
            .filter(|view| view.segment.log_seq() < position)
            .filter(|view| !failed.contains_key(&view.segment.id()))
            .cloned()
            .collect();
        views.sort_by_key(|view| std::cmp::Reverse(view.segment.rows().start(0)));
        let lifeless: Vec<_> = views
            .iter()
            .filter(|view| view.live().is_empty() && view.shadowed.is_empty())
            .cloned()
            .collect();
        let chosen = if lifeless.is_empty() {
            effort.run(&views).or_else(|| {
                let wasteful = views.iter().find(|view| effort.minds(view));
                let edited = || views.iter().find(|view| self.minds_edits(effort, view));
                wasteful.or_else(edited).map(|view| vec![Arc::clone(view)])
            })?
        } else {
            lifeless
        };
        let source = |view: &Arc<SegmentView>| {
            let segment = Arc::clone(&view.segment);
            let dir = dir_of(&self.segments_dir, segment.id());
            (segment, dir, view.dead.clone())
        };
        Some(chosen.iter().map(source).collect())
    }

    fn minds_edits(&self, effort: Effort, view: &Arc<SegmentView>) -> bool {
        let edited = self.registry.edited_rows(&view.segment);
        effort.minds_edits(view, edited.intersection_len(&view.live()))
    }

    /// The edits that the new rows take over, as of now. Rows that do not count take over none: damage may have left an
    /// older copy of a trace behind.
    fn freeze(&self, sources: &[Source]) -> Vec<RowEdits> {
        let views = self.state.read().segments.clone();
        let mut frozen = Vec::new();
        for source in sources {
            let id = source.segment.id();
            let Some(view) = views.iter().find(|view| view.segment.id() == id) else {
                continue;
            };
            let live = self.registry.edits_of(&source.segment).into_iter();
            let moved = live.filter(|of| view.is_live(of.row)).map(|of| RowEdits {
                row: source.new_rows[of.row as usize],
                ..of
            });
            frozen.extend(moved.filter(|of| of.row != LEFT_OUT));
        }
        frozen
    }

    /// Lets the merged segment take the place of its sources.
    pub(crate) fn announce_merged(&self, merged: &Merged) -> Result<(), StoreError> {
        let removed: Vec<SegmentId> = merged.sources.iter().map(|s| s.segment.id()).collect();
        let dead = merged.dead(&self.state.read());
        let entry = merged.new.as_ref().map(|(segment, figures)| SegmentEntry {
            id: segment.id(),
            meta_json: serde_json::to_string(figures).expect("plain figures have a text"),
            log_seq: segment.log_seq(),
            dead: serialized(&dead),
        });
        let folded = merged.folded_in(&dead);
        let revisions: Vec<u64> = folded.iter().map(|(_, revision)| *revision).collect();
        self.registry
            .replace(entry.as_ref(), &removed, &revisions)
            .map_err(StoreError::Registry)?;
        self.registry.fold(&folded, &mut || {
            merged.swap(&mut self.state.write(), dead.clone());
        });
        for source in &merged.sources {
            // Nobody knows it any more; should this fail, the next start removes it.
            if let Err(error) = self.disk.remove_dir(&source.dir) {
                tracing::warn!(segment.id = %source.segment.id(), %error, "a merged segment could not be removed");
            }
        }
        tracing::info!(
            segment.id = ?merged.new.as_ref().map(|(segment, _)| segment.id().0),
            segment.traces = merged.new.as_ref().map_or(0, |(_, figures)| figures.traces),
            segment.edited = folded.len(),
            "merged {} segments", removed.len()
        );
        Ok(())
    }
}

/// What a merge writes is not more than this. Spans and texts are linked, unless some of them are dead.
fn bytes_written(sources: &[Source]) -> u64 {
    let of_source = |source: &Source| {
        let unused = source.segment.unused_spans().is_ok_and(|spans| spans > 0);
        let rewrites = unused || source.new_rows.contains(&LEFT_OUT);
        let parts = if rewrites {
            source.segment.part_bytes()
        } else {
            0
        };
        source.segment.index_bytes() + parts
    };
    sources.iter().map(of_source).sum()
}

/// What edits take in records, before compression.
fn bytes_of(edits: &NewEdits) -> u64 {
    let texts = edits.values().map(serde_json::to_string);
    texts
        .map(|text| text.map_or(0, |text| text.len() as u64))
        .sum()
}

fn live_rows(view: &SegmentView) -> u64 {
    u64::from(view.segment.row_count()) - view.dead.len()
}

fn serialized(rows: &RoaringBitmap) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows.serialized_size());
    rows.serialize_into(&mut bytes)
        .expect("writing to memory does not fail");
    bytes
}

/// The oldest run of at least `least` neighbours of one tier that fit into one segment.
fn first_run(
    views: &[Arc<SegmentView>],
    least: usize,
    tier: impl Fn(&SegmentView) -> u32,
) -> Option<Vec<Arc<SegmentView>>> {
    let mut run: Vec<Arc<SegmentView>> = Vec::new();
    for view in views.iter().rev() {
        let together = |size: &dyn Fn(&SegmentView) -> u64| {
            run.iter().map(|view| size(view)).sum::<u64>() + size(view)
        };
        let fits = together(&live_rows) <= MAX_ROWS
            && together(&|view| view.segment.part_count() as u64) <= MAX_PARTS as u64;
        let is_neighbour = run.last().is_none_or(|last| tier(last) == tier(view));
        if !fits || !is_neighbour {
            if run.len() >= least {
                break;
            }
            run.clear();
        }
        run.push(Arc::clone(view));
        if run.len() == least.max(FAN) {
            break;
        }
    }
    run.reverse();
    (run.len() >= least).then_some(run)
}

impl Merged {
    /// Traces whose edits are in rows that count, with their revisions. A row that died while it was written was sealed
    /// elsewhere, without the edits, or deleted.
    ///
    /// Until the sources go, no more can die: who seals or deletes settles first.
    fn folded_in(&self, dead: &RoaringBitmap) -> Vec<(TraceKey, u64)> {
        let Some((segment, _)) = &self.new else {
            return Vec::new();
        };
        let counting = self.folded.iter().filter(|of| !dead.contains(of.row));
        counting
            .filter_map(|of| Some((segment.rows().key(of.row)?, of.revision)))
            .collect()
    }

    /// Rows of the new segment that died in the sources while it was written.
    fn dead(&self, state: &State) -> RoaringBitmap {
        self.moved(state, |view| &view.dead)
    }

    fn moved(&self, state: &State, rows: impl Fn(&SegmentView) -> &RoaringBitmap) -> RoaringBitmap {
        let mut moved = RoaringBitmap::new();
        for source in &self.sources {
            let id = source.segment.id();
            if let Some(view) = state.segments.iter().find(|view| view.segment.id() == id) {
                let new = rows(view).iter().map(|row| source.new_rows[row as usize]);
                moved.extend(new.filter(|row| *row != LEFT_OUT));
            }
        }
        moved
    }

    /// The new segment appears in the moment in which the sources go.
    fn swap(&self, state: &mut State, registered: RoaringBitmap) {
        let Some((segment, _)) = &self.new else {
            self.remove_sources(state);
            return;
        };
        let mut view = SegmentView::new(Arc::clone(segment), registered);
        view.shadowed = self.moved(state, |view| &view.shadowed);
        let sources: HashMap<SegmentId, &Source> = self
            .sources
            .iter()
            .map(|source| (source.segment.id(), source))
            .collect();
        let mut moved = FxHashMap::default();
        for (key, trace) in &state.hot {
            if let Some((id, row)) = trace.supersedes
                && let Some(source) = sources.get(&id)
            {
                moved.insert(*key, (segment.id(), source.new_rows[row as usize]));
            }
        }
        let folded: FxHashMap<u32, &RowEdits> = self.folded.iter().map(|of| (of.row, of)).collect();
        for (key, place) in moved {
            if let Some(trace) = state.hot.get_mut(&key) {
                let trace = Arc::make_mut(trace);
                trace.supersedes = Some(place);
                // It was opened again while its row took over edits, from the row without them.
                if let Some(of) = folded.get(&place.1) {
                    trace.set_folded(Some(Arc::clone(&of.edits)));
                }
            }
        }
        self.remove_sources(state);
        state.segments.insert(0, Arc::new(view));
        state
            .segments
            .sort_by_key(|view| std::cmp::Reverse(view.segment.id()));
    }

    fn remove_sources(&self, state: &mut State) {
        state.segments.retain(|view| {
            let id = view.segment.id();
            self.sources.iter().all(|source| source.segment.id() != id)
        });
    }
}
