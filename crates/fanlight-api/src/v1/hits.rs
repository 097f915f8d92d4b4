//! The places where a text was found.

use fanlight_query::filter::TextHit;
use serde_json::{Value as Json, json};

/// A list of places, or `null` when nobody looked.
pub fn render_hits(hits: Option<&[TextHit]>) -> Json {
    hits.map(|hits| hits.iter().map(render_hit).collect::<Vec<_>>())
        .into()
}

fn render_hit(hit: &TextHit) -> Json {
    let ranges = hit
        .ranges
        .iter()
        .map(|range| json!([range.start, range.end]));
    let (span_id, span_name) = hit.span.as_ref().map_or((None, None), |(id, name)| {
        (Some(id.to_string()), Some(name.as_str()))
    });
    json!({
        "span_id": span_id,
        "span_name": span_name,
        "field": hit.field,
        "snippet": hit.snippet,
        "ranges": ranges.collect::<Vec<_>>(),
        "chars_before": hit.chars_before,
        "bytes_before": hit.bytes_before,
    })
}
