//! The places in the traces of a page where the texts are that its filter asks for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fanlight_model::TraceKey;

use crate::filter::{Filter, TextHit};
use crate::subject::Subject;
use crate::{Engine, FullTrace, QueryError, TraceRecord};

/// Places that are told of one trace.
const MOST: usize = 5;
/// Somebody waits for the page: what is not found until then is not told.
const PATIENCE: Duration = Duration::from_secs(1);

impl Engine {
    /// For each of `traces`, which match `filter`, at most five places; `None` where there was no time to look.
    pub async fn text_hits(
        &self,
        filter: &Filter,
        traces: &[TraceRecord],
    ) -> Result<Vec<Option<Vec<TextHit>>>, QueryError> {
        if !filter.asks_for_text() {
            return Ok(traces.iter().map(|_| Some(Vec::new())).collect());
        }
        let traces = traces.to_vec();
        let filter = filter.clone();
        let (store, overlay) = (Arc::clone(&self.store), Arc::clone(&self.overlay));
        self.read(move || {
            let deadline = Instant::now() + PATIENCE;
            let hits = traces.iter().map(|trace| {
                if Instant::now() >= deadline {
                    return None;
                }
                let found = store.find(trace.summary.key)?;
                let read = if filter.needs_spans() {
                    found.spans().ok()?
                } else {
                    Vec::new()
                };
                let spans = || read.as_slice();
                let subject = Subject::of_record(trace, &overlay, &spans);
                Some(filter.text_hits(&subject, MOST))
            });
            Ok(hits.collect())
        })
        .await
    }

    /// At most `most` places in one trace; `None` when it does not exist.
    pub async fn text_hits_of(
        &self,
        filter: &Filter,
        key: TraceKey,
        most: usize,
    ) -> Result<Option<Vec<TextHit>>, QueryError> {
        let Some(FullTrace { record, spans }) = self.trace(key).await? else {
            return Ok(None);
        };
        let filter = filter.clone();
        let overlay = Arc::clone(&self.overlay);
        self.read(move || {
            let spans = || spans.as_slice();
            let subject = Subject::of_record(&record, &overlay, &spans);
            Ok(Some(filter.text_hits(&subject, most)))
        })
        .await
    }
}
