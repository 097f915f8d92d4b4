//! Everything said about rows of a segment: what an edit since said, else what the row keeps.

use std::sync::Arc;

use fanlight_model::TraceEdits;
use fanlight_store::{Property, Segment, StoreError};
use roaring::RoaringBitmap;

use crate::QueryError;
use crate::overlay::Overlay;

/// Rows that may have assessments: too many rather than too few.
pub(crate) fn assessed_rows(
    overlay: &Overlay,
    segment: &Arc<Segment>,
) -> Result<RoaringBitmap, QueryError> {
    let kept = segment.facets().rows_of(Property::Assessed, "");
    let kept = kept.map_err(|reason| QueryError::segment(segment.id(), reason))?;
    Ok(kept | overlay.edited_rows(segment).as_ref())
}

/// Rows that keep edits.
pub(crate) fn kept_rows(segment: &Segment) -> Result<RoaringBitmap, StoreError> {
    let kept = segment.facets().rows_of(Property::Edited, "");
    kept.map_err(|reason| StoreError::CorruptSegment {
        segment: segment.id(),
        reason,
    })
}

/// Reads only rows that keep edits and have no later ones. `rows` ascend.
pub(crate) fn edits_of(
    overlay: &Overlay,
    segment: &Segment,
    rows: &[u32],
) -> Result<Vec<Option<Arc<TraceEdits>>>, StoreError> {
    let kept = kept_rows(segment)?;
    let later = |row: &u32| segment.rows().key(*row).and_then(|key| overlay.get(key));
    let mut edits: Vec<_> = rows.iter().map(later).collect();
    let places = (0..rows.len()).filter(|at| edits[*at].is_none() && kept.contains(rows[*at]));
    let places: Vec<usize> = places.collect();
    let unread: Vec<u32> = places.iter().map(|at| rows[*at]).collect();
    if !unread.is_empty() {
        for (at, stored) in places.into_iter().zip(segment.traces(&unread)?) {
            edits[at] = stored.edits;
        }
    }
    Ok(edits)
}
