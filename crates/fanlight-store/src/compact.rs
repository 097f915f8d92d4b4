//! From many segments to few: which, when, and the swap that readers never notice.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;

use fanlight_model::SegmentId;
use roaring::RoaringBitmap;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::StoreError;
use crate::registry::SegmentEntry;
use crate::seal::{Sealer, Unannounced};
use crate::segment::{Figures, LEFT_OUT, Segment, Source, Unused, dir_of, merge, plan};
use crate::state::{SegmentView, State};

/// So many neighbours of about one size become one segment, which is about as many times larger.
const FAN: usize = 8;
/// A segment is not merged beyond this many traces: its index would take long to write and much memory.
const MAX_ROWS: u64 = 1 << 18;
/// Nor beyond this many files of spans.
const MAX_PARTS: usize = 512;

/// A merge on disk that is not announced yet.
#[derive(Debug)]
pub(crate) struct Merged {
    /// `None` when no row of the sources counts any more.
    new: Option<(Arc<Segment>, Figures)>,
    sources: Vec<Source>,
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
}

impl Sealer {
    /// Makes one segment of several, or drops those of which nothing counts. Answers how many went; 0 when there was
    /// nothing to do. Writes and reads go on meanwhile.
    pub(crate) fn compact(&self, effort: Effort) -> Result<usize, StoreError> {
        let mut unreadable = self.compacting.lock();
        let (chosen, id) = {
            let mut next_id = self.next_id.lock();
            // What was merged and not announced must not be merged again.
            drop(self.settle()?);
            let Some(chosen) = self.choose_sources(effort, &unreadable) else {
                return Ok(0);
            };
            *next_id += 1;
            (chosen, SegmentId(*next_id - 1))
        };
        let (sources, origins) = plan(chosen);
        let new = if origins.is_empty() {
            None
        } else {
            self.check_free(bytes_written(&sources))?;
            let merged = merge(
                &self.segments_dir,
                id,
                &sources,
                &origins,
                effort.tolerated(),
            );
            let figures = merged.inspect_err(|_| {
                unreadable.extend(sources.iter().map(|source| source.segment.id()));
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
        *self.unannounced.lock() = Some(Unannounced::Merged(Merged { new, sources }));
        drop(self.settle()?);
        Ok(count)
    }

    /// The segments to merge with the rows to leave out, newest first.
    fn choose_sources(
        &self,
        effort: Effort,
        unreadable: &FxHashSet<SegmentId>,
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
            .filter(|view| !unreadable.contains(&view.segment.id()))
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
                wasteful.map(|view| vec![Arc::clone(view)])
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
        self.registry
            .replace(entry.as_ref(), &removed)
            .map_err(StoreError::Registry)?;
        merged.swap(&mut self.state.write(), dead);
        for source in &merged.sources {
            // Nobody knows it any more; should this fail, the next start removes it.
            if let Err(error) = fs::remove_dir_all(&source.dir) {
                tracing::warn!(segment.id = %source.segment.id(), %error, "a merged segment could not be removed");
            }
        }
        tracing::info!(
            segment.id = ?merged.new.as_ref().map(|(segment, _)| segment.id().0),
            segment.traces = merged.new.as_ref().map_or(0, |(_, figures)| figures.traces),
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
        for (key, place) in moved {
            if let Some(trace) = state.hot.get_mut(&key) {
                Arc::make_mut(trace).supersedes = Some(place);
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
