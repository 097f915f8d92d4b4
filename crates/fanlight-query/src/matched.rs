//! Everything a filter matches, as rows: what counts, facets and statistics are made of.

use std::sync::Arc;

use fanlight_store::{HotTrace, SegmentView, Snapshot};
use roaring::RoaringBitmap;

use crate::QueryError;
use crate::parallel::map;
use crate::search::Context;
use crate::time_range::possible_starts;

const LOOK_AT_ONCE: usize = 64;
pub(crate) const HOT_AT_ONCE: usize = 256;

/// How many; `least` and `most` differ when the time ended before everything was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub least: u64,
    pub most: u64,
}

/// All matches of a search in one snapshot.
#[derive(Debug)]
pub(crate) struct Matched {
    pub(crate) hot: Vec<Arc<HotTrace>>,
    /// Newest first; only segments in which something may match.
    pub(crate) sealed: Vec<MatchedRows>,
}

#[derive(Debug)]
pub(crate) struct MatchedRows {
    pub(crate) view: Arc<SegmentView>,
    /// Match for certain.
    pub(crate) must: RoaringBitmap,
    /// Not looked at; apart from `must`.
    pub(crate) open: RoaringBitmap,
}

impl MatchedRows {
    /// The rows that match for certain, in two parts; none when there is nothing to part.
    pub(crate) fn halves(&self) -> Vec<Self> {
        let count = self.must.len();
        if count < 2 {
            return Vec::new();
        }
        let first: RoaringBitmap = self
            .must
            .iter()
            .take(usize::try_from(count / 2).unwrap_or(0))
            .collect();
        let second = &self.must - &first;
        let part = |must| Self {
            view: Arc::clone(&self.view),
            must,
            open: RoaringBitmap::new(),
        };
        vec![part(first), part(second)]
    }
}

impl Count {
    pub const fn exactly(count: u64) -> Self {
        Self {
            least: count,
            most: count,
        }
    }

    pub const fn is_exact(&self) -> bool {
        self.least == self.most
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.least += other.least;
        self.most += other.most;
    }
}

impl Matched {
    /// Finds all matches; candidates are looked at, newest first, until the time of `context` is over.
    pub(crate) fn find(context: &Context<'_>, snapshot: &Snapshot) -> Result<Self, QueryError> {
        let starts = possible_starts(&context.search.filter);
        let possible = |view: &&Arc<SegmentView>| {
            let rows = view.segment.rows();
            // Rows are newest first.
            rows.len().checked_sub(1).is_some_and(|last| {
                rows.start(0).as_millis() >= *starts.start()
                    && rows.start(last).as_millis() <= *starts.end()
            })
        };
        let views: Vec<_> = snapshot.segments.iter().filter(possible).cloned().collect();
        let mut sealed = map(&views, |view| rows_of(context, view))?;
        sealed.retain(|rows| !(rows.must.is_empty() && rows.open.is_empty()));
        Ok(Self {
            hot: context.hot_matches(snapshot),
            sealed,
        })
    }

    /// Traces in memory, cut into what one thread does at a time.
    pub(crate) fn hot_lots(&self) -> Vec<&[Arc<HotTrace>]> {
        self.hot.chunks(HOT_AT_ONCE).collect()
    }

    pub(crate) fn count(&self) -> Count {
        let mut count = Count::exactly(self.hot.len() as u64);
        for rows in &self.sealed {
            count.add(Count {
                least: rows.must.len(),
                most: rows.must.len() + rows.open.len(),
            });
        }
        count
    }
}

fn rows_of(context: &Context<'_>, view: &Arc<SegmentView>) -> Result<MatchedRows, QueryError> {
    let bounds = context.bounds(view);
    let mut open = bounds.may - &bounds.must;
    let mut must = bounds.must;
    let candidates: Vec<u32> = open.iter().collect();
    for lot in candidates.chunks(LOOK_AT_ONCE) {
        if context.is_late() {
            break;
        }
        for (row, matches) in lot.iter().zip(context.look_at(&view.segment, lot)?) {
            open.remove(*row);
            if matches {
                must.insert(*row);
            }
        }
    }
    Ok(MatchedRows {
        view: Arc::clone(view),
        must,
        open,
    })
}
