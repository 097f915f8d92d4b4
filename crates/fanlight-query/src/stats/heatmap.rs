//! How many traces of which length started when.

use std::collections::BTreeMap;

use fanlight_model::{Nanos, UnixNanos};

use crate::QueryError;
use crate::histogram::Frame;
use crate::matched::Matched;
use crate::parallel::fold;

/// Two steps for each doubling of the length.
const STEPS: u32 = 1;

/// Traces by start and length; those of unknown length are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    pub start: UnixNanos,
    /// Of one column.
    pub width: Nanos,
    pub columns: usize,
    /// Least length of each row in milliseconds, ascending; each ends where the next begins, at 1.33 or 1.5 times as
    /// much. Empty rows in between are there too.
    pub lengths: Vec<f64>,
    /// Column, row, traces: only those with traces, in order.
    pub cells: Vec<(usize, usize, u64)>,
}

type Cells = BTreeMap<(usize, u64), u64>;

pub(crate) fn heatmap(matched: &Matched, columns: usize) -> Result<Heatmap, QueryError> {
    let Some(frame) = Frame::around(matched, columns) else {
        return Ok(Heatmap {
            start: UnixNanos::default(),
            width: Nanos(1),
            columns: 0,
            lengths: Vec::new(),
            cells: Vec::new(),
        });
    };
    let add = |cells: &mut Cells, start: u64, length: Nanos| {
        *cells
            .entry((frame.bucket_of(start), step_of(length)))
            .or_default() += 1;
    };
    let parts = fold(&matched.sealed, Cells::new, |cells, rows| {
        let index = rows.view.segment.rows();
        for row in &rows.must {
            if let Some(length) = index.duration(row) {
                add(cells, index.start(row).0, length);
            }
        }
        Ok(())
    })?;
    let mut cells = Cells::new();
    for (cell, count) in parts.into_iter().flatten() {
        *cells.entry(cell).or_default() += count;
    }
    for trace in &matched.hot {
        let summary = trace.summary();
        if let Some(length) = summary.duration {
            add(&mut cells, summary.start.0, length);
        }
    }
    let steps = cells.keys().map(|(_, step)| *step);
    let (least, most) = (steps.clone().min(), steps.max());
    let (least, most) = (least.unwrap_or(0), most.map_or(0, |most| most + 1));
    let lengths = (least..most).map(|step| f64::from_bits(step << (52 - STEPS)));
    let row = |step: u64| usize::try_from(step - least).unwrap_or(0);
    Ok(Heatmap {
        start: UnixNanos(frame.start),
        width: Nanos(frame.width),
        columns: frame.buckets,
        lengths: lengths.collect(),
        cells: cells
            .into_iter()
            .map(|((column, step), count)| (column, row(step), count))
            .collect(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "a bucket needs few digits")]
fn step_of(length: Nanos) -> u64 {
    // Everything below a microsecond is one row.
    (length.0.max(1000) as f64 / 1e6).to_bits() >> (52 - STEPS)
}
