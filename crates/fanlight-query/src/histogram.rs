//! How many matching traces started when, by state.

use fanlight_model::{Nanos, TraceState, UnixNanos};
use fanlight_store::Property;

use crate::QueryError;
use crate::matched::{Count, Matched, MatchedRows};
use crate::parallel::fold;
use crate::search::Context;

pub const MAX_HISTOGRAM_BUCKETS: usize = 2000;

/// Matching traces over time. Buckets are of one width and side by side; the first begins at or before the first match
/// and the last contains the last one. Empty when nothing matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    pub start: UnixNanos,
    pub width: Nanos,
    /// In the order of [`TraceState::ALL`].
    pub buckets: Vec<[Count; TraceState::ALL.len()]>,
}

type Buckets = Vec<[Count; TraceState::ALL.len()]>;

/// Buckets over the starts of what matched.
pub(crate) struct Frame {
    pub(crate) start: u64,
    pub(crate) width: u64,
    pub(crate) buckets: usize,
}

/// At most `buckets` buckets over the starts of everything that matched.
pub(crate) fn histogram(
    context: &Context<'_>,
    matched: &Matched,
    buckets: usize,
) -> Result<Histogram, QueryError> {
    let Some(frame) = Frame::around(matched, buckets.clamp(1, MAX_HISTOGRAM_BUCKETS)) else {
        return Ok(Histogram {
            start: UnixNanos::default(),
            width: Nanos(1),
            buckets: Vec::new(),
        });
    };
    let empty = || vec![<[Count; TraceState::ALL.len()]>::default(); frame.buckets];
    let parts = fold(&matched.sealed, empty, |counts, rows| {
        let add = || frame.add_segment(counts, rows);
        context.unreadable.pass_over(add)
    })?;
    let mut counts = empty();
    for part in parts {
        for (sum, more) in counts.iter_mut().flatten().zip(part.into_iter().flatten()) {
            sum.add(more);
        }
    }
    for trace in &matched.hot {
        let summary = trace.summary();
        let bucket = frame.bucket_of(summary.start.0);
        counts[bucket][place_of(summary.state)].add(Count::exactly(1));
    }
    Ok(Histogram {
        start: UnixNanos(frame.start),
        width: Nanos(frame.width),
        buckets: counts,
    })
}

fn place_of(state: TraceState) -> usize {
    TraceState::ALL
        .iter()
        .position(|known| *known == state)
        .unwrap_or(0)
}

impl Frame {
    /// At most `buckets` of a round width; `None` when nothing matched.
    pub(crate) fn around(matched: &Matched, buckets: usize) -> Option<Self> {
        let hot = matched.hot.iter().map(|trace| {
            let start = trace.summary().start.0;
            (start, start)
        });
        let sealed = matched.sealed.iter().filter_map(|rows| {
            let index = rows.view.segment.rows();
            // Rows are newest first.
            let first = [rows.must.min(), rows.open.min()]
                .into_iter()
                .flatten()
                .min()?;
            let last = [rows.must.max(), rows.open.max()]
                .into_iter()
                .flatten()
                .max()?;
            Some((index.start(last).0, index.start(first).0))
        });
        let (first, last) = hot
            .chain(sealed)
            .reduce(|left, right| (left.0.min(right.0), left.1.max(right.1)))?;
        let width = round_up((last - first) / buckets as u64 + 1);
        let start = first / width * width;
        let needed = usize::try_from((last - start) / width + 1).unwrap_or(usize::MAX);
        // Rounding down the start may cost one bucket more.
        if needed > buckets {
            let width = round_up(width + 1);
            let start = first / width * width;
            let needed = usize::try_from((last - start) / width + 1).unwrap_or(1);
            return Some(Self {
                start,
                width,
                buckets: needed,
            });
        }
        Some(Self {
            start,
            width,
            buckets: needed,
        })
    }

    pub(crate) fn bucket_of(&self, start: u64) -> usize {
        let bucket = start.saturating_sub(self.start) / self.width;
        usize::try_from(bucket)
            .unwrap_or(usize::MAX)
            .min(self.buckets - 1)
    }

    /// Rows are in order of time, so a bucket is a range of them and its count a cardinality.
    fn add_segment(&self, counts: &mut Buckets, rows: &MatchedRows) -> Result<(), QueryError> {
        let segment = &rows.view.segment;
        let index = segment.rows();
        for (place, state) in TraceState::ALL.iter().enumerate() {
            let having = segment
                .facets()
                .rows_of(Property::State, state.as_str())
                .map_err(|reason| QueryError::segment(segment.id(), reason))?;
            let must = &having & &rows.must;
            let open = having & &rows.open;
            let (Some(first), Some(last)) = (
                [must.min(), open.min()].into_iter().flatten().min(),
                [must.max(), open.max()].into_iter().flatten().max(),
            ) else {
                continue;
            };
            let newest = self.bucket_of(index.start(first).0);
            let mut from = first;
            for bucket in (self.bucket_of(index.start(last).0)..=newest).rev() {
                let begin = self
                    .start
                    .saturating_add(self.width.saturating_mul(bucket as u64));
                let until = index.first_before(UnixNanos(begin)).max(from);
                let certain = must.range_cardinality(from..until);
                counts[bucket][place].add(Count {
                    least: certain,
                    most: certain + open.range_cardinality(from..until),
                });
                from = until;
            }
        }
        Ok(())
    }
}

/// The next length a person would choose: milliseconds, seconds, minutes, hours, days in round numbers.
fn round_up(nanos: u64) -> u64 {
    const MS: u64 = 1_000_000;
    const S: u64 = 1000 * MS;
    const H: u64 = 3600 * S;
    const DAY: u64 = 24 * H;
    const ROUND: [u64; 30] = [
        MS,
        2 * MS,
        5 * MS,
        10 * MS,
        20 * MS,
        50 * MS,
        100 * MS,
        200 * MS,
        500 * MS,
        S,
        2 * S,
        5 * S,
        10 * S,
        15 * S,
        30 * S,
        60 * S,
        120 * S,
        300 * S,
        600 * S,
        900 * S,
        1800 * S,
        H,
        2 * H,
        3 * H,
        6 * H,
        12 * H,
        DAY,
        2 * DAY,
        7 * DAY,
        14 * DAY,
    ];
    match ROUND.iter().find(|round| **round >= nanos) {
        Some(round) => *round,
        None => nanos.div_ceil(30 * DAY).saturating_mul(30 * DAY),
    }
}
