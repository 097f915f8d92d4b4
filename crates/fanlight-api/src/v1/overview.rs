//! Counts beside a page, rendered.

use fanlight_model::{Nanos, TraceState, UnixNanos};
use fanlight_query::{Count, FacetCounts, Histogram, Overview};
use serde_json::{Map, Value as Json, json};

use super::{instant, millis};

/// Adds `count`, `exact`, `facets` and `histogram` to the reply of a search.
pub fn render_overview(reply: &mut Map<String, Json>, overview: &Overview) {
    reply.insert("count".to_owned(), count(overview.count));
    let facets = overview.facets.iter().map(render_facet).collect();
    reply.insert("facets".to_owned(), facets);
    let histogram = overview.histogram.as_ref().map(render_histogram);
    reply.insert("histogram".to_owned(), histogram.into());
}

/// At least and at most so many; equal when `exact`.
pub(super) fn count(count: Count) -> Json {
    json!({"at_least": count.least, "at_most": count.most, "exact": count.is_exact()})
}

fn render_facet(facet: &FacetCounts) -> Json {
    let values = facet
        .values
        .iter()
        .map(|(value, found)| json!({"value": value, "count": found.least, "at_most": found.most}));
    let exact = !facet.overflowed && facet.values.iter().all(|(_, found)| found.is_exact());
    json!({
        "property": facet.facet.to_string(),
        "values": values.collect::<Json>(),
        "more": facet.more,
        "unlisted": facet.unlisted.least,
        "exact": exact && facet.unlisted.is_exact(),
    })
}

fn render_histogram(histogram: &Histogram) -> Json {
    let mut start = histogram.start;
    let mut buckets = Vec::with_capacity(histogram.buckets.len());
    for states in &histogram.buckets {
        let mut counts = Map::new();
        let mut sum = Count::default();
        for (state, found) in TraceState::ALL.iter().zip(states) {
            sum = Count {
                least: sum.least + found.least,
                most: sum.most + found.most,
            };
            if found.most > 0 {
                counts.insert(state.as_str().to_owned(), found.least.into());
            }
        }
        buckets.push(json!({
            "start": instant(start), "count": sum.least, "at_most": sum.most, "states": counts,
        }));
        start = next(start, histogram.width);
    }
    let exact = histogram.buckets.iter().flatten().all(Count::is_exact);
    // Without a match there is nothing that buckets could be made to fit.
    let width = (!histogram.buckets.is_empty()).then(|| millis(histogram.width));
    json!({"bucket_ms": width, "buckets": buckets, "exact": exact})
}

fn next(start: UnixNanos, width: Nanos) -> UnixNanos {
    start.saturating_add(width)
}
