//! The places where a text was found.

use fanlight_query::filter::TextHit;

use super::schema::shape;

shape! {
    /// A place where a text is that the filter asks for.
    Hit {
        /// `null` for a text of the trace itself.
        span_id: Option<String>,
        span_name: Option<String>,
        /// `name`, `inputs`, `outputs`, `attribute.<key>`, `event`, `tag.<key>` and so on.
        field: String,
        /// 200 characters at most, around the match.
        snippet: String,
        /// Pieces that match: start and end in characters (code points) of the snippet.
        ranges: Vec<[usize; 2]>,
        chars_before: usize,
        bytes_before: usize,
    }
}

shape! {
    /// Places of one trace.
    HitsReply {
        hits: Vec<Hit>,
        /// Whether there may be others.
        more: bool,
    }
}

pub fn render_hits(hits: &[TextHit]) -> Vec<Hit> {
    hits.iter().map(render_hit).collect()
}

fn render_hit(hit: &TextHit) -> Hit {
    let ranges = hit.ranges.iter().map(|range| [range.start, range.end]);
    Hit {
        span_id: hit.span.as_ref().map(|(id, _)| id.to_string()),
        span_name: hit.span.as_ref().map(|(_, name)| name.clone()),
        field: hit.field.clone(),
        snippet: hit.snippet.clone(),
        ranges: ranges.collect(),
        chars_before: hit.chars_before,
        bytes_before: hit.bytes_before,
    }
}
