//! What surrounds a page: how many traces match, of which kinds, and when they started.

use std::time::Duration;

use fanlight_store::Snapshot;

use crate::facet_counts::{FacetCounts, FacetRequest, count_facet};
use crate::histogram::{Histogram, histogram};
use crate::matched::{Count, Matched};
use crate::ordered::ordered;
use crate::search::{Context, is_time_order, newest};
use crate::{Engine, Page, QueryError, Search};

/// Candidates are looked at this long at most; then counts have bounds. Somebody waits for the page.
const PATIENCE: Duration = Duration::from_millis(500);

/// What to count beside a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverviewRequest {
    pub facets: Vec<FacetRequest>,
    /// At most so many buckets.
    pub histogram: Option<usize>,
}

/// Counts over all matches of a search, not only those of its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    pub count: Count,
    /// In the order they were asked for.
    pub facets: Vec<FacetCounts>,
    pub histogram: Option<Histogram>,
}

impl Engine {
    /// One page, and counts over all matches, of the same moment.
    ///
    /// Counts are exact when the indexes know everything the filter asks. Otherwise candidates are looked at for half a
    /// second at most, and the counts say between which bounds they lie.
    pub async fn search_with_overview(
        &self,
        search: &Search,
        request: OverviewRequest,
    ) -> Result<(Page, Overview), QueryError> {
        self.look(search, move |context, snapshot| {
            let page = if context.search.limit == 0 {
                Page::default()
            } else if is_time_order(&context.search.order_by) {
                newest(context, snapshot)?
            } else {
                ordered(context, snapshot)?
            };
            Ok((page, overview(context, snapshot, request)?))
        })
        .await
    }
}

fn overview(
    context: &Context<'_>,
    snapshot: &Snapshot,
    request: OverviewRequest,
) -> Result<Overview, QueryError> {
    let context = context.within(PATIENCE);
    let matched = Matched::find(&context, snapshot)?;
    let facets = request
        .facets
        .into_iter()
        .map(|facet| count_facet(&context, &matched, facet));
    Ok(Overview {
        count: matched.count(),
        facets: facets.collect::<Result<_, _>>()?,
        histogram: request
            .histogram
            .map(|buckets| histogram(&context, &matched, buckets))
            .transpose()?,
    })
}
