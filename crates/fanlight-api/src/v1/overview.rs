//! Counts beside a page, rendered.

use std::collections::BTreeMap;

use fanlight_model::TraceState;
use fanlight_query::{Count, FacetCounts, Histogram, Overview};

use super::schema::{Maybe, shape};
use super::trace::TraceRow;
use super::{instant, millis};

shape! {
    /// A page of traces, and counts over everything that matches.
    SearchReply {
        traces: Vec<TraceRow>,
        /// `null` on the last page.
        next_page_token: Option<String>,
        count: Maybe<CountView>,
        facets: Maybe<Vec<FacetView>>,
        histogram: Maybe<Option<HistogramView>>,
    }
}

shape! {
    /// At least and at most so many; equal when `exact`.
    CountView {
        at_least: u64,
        at_most: u64,
        exact: bool,
    }
}

shape! {
    /// Values of a property, the most frequent first.
    FacetView {
        property: String,
        values: Vec<FacetValue>,
        /// Whether there are further values.
        more: bool,
        /// Traces with a value that is too long, or one of too many, to be listed.
        unlisted: u64,
        exact: bool,
    }
}

shape! {
    /// Traces with one value.
    FacetValue {
        value: String,
        count: u64,
        at_most: u64,
    }
}

shape! {
    /// Matches over time, in buckets of one round width.
    HistogramView {
        /// `null` when nothing matches.
        bucket_ms: Option<f64>,
        buckets: Vec<BucketView>,
        exact: bool,
    }
}

shape! {
    /// Traces that started in one interval.
    BucketView {
        start: String,
        count: u64,
        at_most: u64,
        /// By state.
        states: BTreeMap<String, u64>,
    }
}

impl SearchReply {
    pub fn new(
        traces: Vec<TraceRow>,
        next_page_token: Option<String>,
        overview: Option<&Overview>,
    ) -> Self {
        Self {
            traces,
            next_page_token,
            count: overview.map(|found| count(found.count)).into(),
            facets: overview
                .map(|found| found.facets.iter().map(render_facet).collect())
                .into(),
            histogram: overview
                .map(|found| found.histogram.as_ref().map(render_histogram))
                .into(),
        }
    }
}

pub(super) fn count(count: Count) -> CountView {
    CountView {
        at_least: count.least,
        at_most: count.most,
        exact: count.is_exact(),
    }
}

fn render_facet(facet: &FacetCounts) -> FacetView {
    let values = facet.values.iter().map(|(value, found)| FacetValue {
        value: value.clone(),
        count: found.least,
        at_most: found.most,
    });
    let exact = !facet.overflowed && facet.values.iter().all(|(_, found)| found.is_exact());
    FacetView {
        property: facet.facet.to_string(),
        values: values.collect(),
        more: facet.more,
        unlisted: facet.unlisted.least,
        exact: exact && facet.unlisted.is_exact(),
    }
}

fn render_histogram(histogram: &Histogram) -> HistogramView {
    let mut start = histogram.start;
    let mut buckets = Vec::with_capacity(histogram.buckets.len());
    for states in &histogram.buckets {
        let mut counts = BTreeMap::new();
        let mut sum = Count::default();
        for (state, found) in TraceState::ALL.iter().zip(states) {
            sum = Count {
                least: sum.least + found.least,
                most: sum.most + found.most,
            };
            if found.most > 0 {
                counts.insert(state.as_str().to_owned(), found.least);
            }
        }
        buckets.push(BucketView {
            start: instant(start),
            count: sum.least,
            at_most: sum.most,
            states: counts,
        });
        start = start.saturating_add(histogram.width);
    }
    HistogramView {
        // Without a match there is nothing that buckets could be made to fit.
        bucket_ms: (!histogram.buckets.is_empty()).then(|| millis(histogram.width)),
        buckets,
        exact: histogram.buckets.iter().flatten().all(Count::is_exact),
    }
}
