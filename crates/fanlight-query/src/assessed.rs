//! The assessments of everything a filter matches.

use std::sync::Arc;

use fanlight_model::{TraceEdits, UnixNanos};

use crate::matched::MatchedRows;
use crate::row_edits::{assessed_rows, edits_of};
use crate::search::Context;
use crate::stats::find;
use crate::{Engine, QueryError, Search};

/// Rows that are read together.
const READ_AT_ONCE: usize = 512;

/// When a trace started, and everything said about it.
type Assessed = (UnixNanos, Arc<TraceEdits>);

impl Engine {
    /// Start and edits of each matching trace that has assessments, in no order. Costs as much as there are of those:
    /// traces nobody assessed are not read.
    pub async fn assessed(&self, search: &Search) -> Result<Vec<Assessed>, QueryError> {
        self.look(search, |context, snapshot| {
            let matched = find(context, snapshot, None)?;
            let hot = matched.hot.iter();
            let hot = hot.map(|trace| (trace.summary().start, context.overlay.of_hot(trace)));
            let mut found: Vec<Assessed> = with_assessments(hot).collect();
            for rows in &matched.sealed {
                add_sealed(&mut found, context, rows)?;
            }
            Ok(found)
        })
        .await
    }
}

fn add_sealed(
    found: &mut Vec<Assessed>,
    context: &Context<'_>,
    rows: &MatchedRows,
) -> Result<(), QueryError> {
    let segment = &rows.view.segment;
    let assessed = assessed_rows(context.overlay, segment)? & &rows.must;
    let assessed: Vec<u32> = assessed.iter().collect();
    for lot in assessed.chunks(READ_AT_ONCE) {
        if context.is_late() {
            return Err(QueryError::OutOfTime);
        }
        let read = |rows: &[u32]| edits_of(context.overlay, segment, rows);
        let edits = context.unreadable.read(segment, lot, &read);
        let starts = lot.iter().map(|row| segment.rows().start(*row));
        found.extend(with_assessments(
            starts.zip(edits.into_iter().map(Option::flatten)),
        ));
    }
    Ok(())
}

fn with_assessments(
    traces: impl Iterator<Item = (UnixNanos, Option<Arc<TraceEdits>>)>,
) -> impl Iterator<Item = Assessed> {
    traces.filter_map(|(start, edits)| {
        let edits = edits.filter(|edits| !edits.assessments.is_empty())?;
        Some((start, edits))
    })
}
