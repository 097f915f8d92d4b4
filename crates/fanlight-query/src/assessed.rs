//! The assessments of everything a filter matches.

use std::sync::Arc;

use fanlight_model::{TraceEdits, UnixNanos};

use crate::stats::find;
use crate::{Engine, QueryError, Search};

impl Engine {
    /// Start and edits of each matching trace that has assessments, in no order. Costs as much as there are of those:
    /// traces nobody assessed are not read.
    pub async fn assessed(
        &self,
        search: &Search,
    ) -> Result<Vec<(UnixNanos, Arc<TraceEdits>)>, QueryError> {
        self.look(search, |context, snapshot| {
            let matched = find(context, snapshot, None)?;
            let hot = matched.hot.iter();
            let hot = hot.map(|trace| (trace.summary().start, Some(trace.key())));
            let sealed = matched.sealed.iter().flat_map(|rows| {
                let segment = &rows.view.segment;
                let edited = context.overlay.edited_rows(segment).as_ref() & &rows.must;
                let index = segment.rows();
                edited
                    .into_iter()
                    .map(|row| (index.start(row), index.key(row)))
            });
            let edits = hot.chain(sealed).filter_map(|(start, key)| {
                let edits = context.overlay.get(key?)?;
                (!edits.assessments.is_empty()).then_some((start, edits))
            });
            Ok(edits.collect())
        })
        .await
    }
}
