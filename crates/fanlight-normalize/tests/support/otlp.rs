//! Exports of OpenTelemetry, through the decoder that the server uses.

use std::collections::BTreeMap;
use std::sync::Arc;

use fanlight_ingest::{Encoding, Limits, decode_logs, decode_traces};
use fanlight_model::{Span, SpanId};

/// The spans of an export; log records that belong to one of them are its events, as in the store.
pub(crate) fn spans(traces: &str, logs: Option<&str>) -> Vec<Arc<Span>> {
    let limits = Limits::default();
    let decoded = decode_traces(traces.as_bytes(), Encoding::Json, &limits).unwrap();
    assert_eq!(decoded.rejected, []);
    let mut spans: Vec<_> = decoded
        .groups
        .into_iter()
        .flat_map(|group| group.spans)
        .collect();
    if let Some(logs) = logs {
        let decoded = decode_logs(logs.as_bytes(), Encoding::Json, &limits).unwrap();
        let places: BTreeMap<SpanId, usize> = spans
            .iter()
            .enumerate()
            .map(|(place, span)| (span.span_id, place))
            .collect();
        for (_, content) in decoded.additions {
            if let Some(place) = places.get(&content.span_id) {
                spans[*place].events.push(content.event);
            }
        }
    }
    spans.into_iter().map(Arc::new).collect()
}
