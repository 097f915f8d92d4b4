//! `POST /api/v1/traces/search`: what is asked.

use fanlight_model::{ExperimentId, WorkspaceId};
use fanlight_query::filter::{self, Filter};
use fanlight_query::{
    Facet, FacetRequest, MAX_HISTOGRAM_BUCKETS, OverviewRequest, Search, parse_order_by,
};

use super::{Members, Refusal};

const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 500;
const MAX_EXPERIMENTS: usize = 1000;
const MAX_ORDER: usize = 32;
const MAX_PREVIEW: usize = 10_000_000;
const MAX_FACETS: usize = 50;
const DEFAULT_VALUES: usize = 10;
const MAX_VALUES: usize = 1000;
const DEFAULT_BUCKETS: usize = 60;

/// A search, and what to count beside it.
#[derive(Debug)]
pub struct SearchRequest {
    pub search: Search,
    /// `None` when nothing is to be counted.
    pub overview: Option<OverviewRequest>,
    /// Whether to show where the texts are that the filter asks for.
    pub hits: bool,
    /// Characters of each preview that are wanted.
    pub max_preview: Option<usize>,
}

impl SearchRequest {
    pub fn parse(mut body: Members, workspace: WorkspaceId) -> Result<Self, Refusal> {
        let items = body.texts("order_by", MAX_ORDER)?.unwrap_or_default();
        let search = Search {
            workspace,
            experiments: parse_experiments(&mut body)?,
            filter: parse_filter(&mut body)?,
            order_by: parse_order_by(&items).map_err(|error| Refusal::wrap("order_by", error))?,
            limit: body.number("limit", 0..=MAX_PAGE)?.unwrap_or(DEFAULT_PAGE),
            page_token: body.text("page_token")?,
        };
        let facets = body.objects("facets", MAX_FACETS)?;
        let facets: Vec<_> = facets
            .into_iter()
            .map(parse_facet)
            .collect::<Result<_, _>>()?;
        let histogram = body.object("histogram")?.map(parse_buckets).transpose()?;
        let wants_count = body.flag("count")? || !facets.is_empty() || histogram.is_some();
        let hits = body.flag("hits")?;
        let max_preview = body.number("max_preview", 1..=MAX_PREVIEW)?;
        body.finish()?;
        Ok(Self {
            hits,
            max_preview,
            search,
            overview: wants_count.then_some(OverviewRequest { facets, histogram }),
        })
    }
}

/// The experiments to look at, which have to be named.
pub fn parse_experiments(body: &mut Members) -> Result<Vec<ExperimentId>, Refusal> {
    let texts = body
        .texts("experiments", MAX_EXPERIMENTS)?
        .ok_or_else(|| body.missing("experiments"))?;
    let parse = |(at, text): (usize, String)| {
        text.parse().map_err(|_| {
            let shown: String = text.chars().take(64).collect();
            let message = format!("`{shown}` is no id of an experiment: expected a whole number");
            Refusal::at(format!("experiments[{at}]"), message)
        })
    };
    texts.into_iter().enumerate().map(parse).collect()
}

pub fn parse_filter(body: &mut Members) -> Result<Filter, Refusal> {
    let text = body.text("filter")?.unwrap_or_default();
    filter::parse(&text).map_err(|error| Refusal::wrap("filter", error))
}

fn parse_facet(mut item: Members) -> Result<FacetRequest, Refusal> {
    let property = item.required_text("property")?;
    let request = FacetRequest {
        facet: Facet::parse(&property).ok_or_else(|| unknown_property("facets", &property))?,
        limit: item
            .number("limit", 1..=MAX_VALUES)?
            .unwrap_or(DEFAULT_VALUES),
    };
    item.finish()?;
    Ok(request)
}

pub(super) fn unknown_property(field: &str, name: &str) -> Refusal {
    let shown: String = name.chars().take(64).collect();
    Refusal::at(
        field,
        format!(
            "unknown property `{shown}`: expected experiment, state, name, session, user, run, client_request_id, \
             tag.<key>, metadata.<key>, span.name, span.type, span.status, span.model or attribute.<key>"
        ),
    )
}

pub(super) fn parse_buckets(mut item: Members) -> Result<usize, Refusal> {
    let buckets = item.number("buckets", 1..=MAX_HISTOGRAM_BUCKETS)?;
    item.finish()?;
    Ok(buckets.unwrap_or(DEFAULT_BUCKETS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<SearchRequest, (Option<String>, String)> {
        let body = Members::from_body(body.as_bytes()).unwrap();
        SearchRequest::parse(body, WorkspaceId::DEFAULT)
            .map_err(|refusal| (refusal.field, refusal.error.message))
    }

    #[test]
    fn the_least_request_counts_nothing() {
        let request = parse(r#"{"experiments": ["3"]}"#).unwrap();
        assert_eq!(request.search.experiments, [ExperimentId(3)]);
        assert_eq!((request.search.limit, request.overview), (50, None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, field) in [
            ("{}", "experiments"),
            (r#"{"experiments": ["x"]}"#, "experiments[0]"),
            (r#"{"experiments": [], "filter": "dur > 1"}"#, "filter"),
            (r#"{"experiments": [], "order_by": ["x"]}"#, "order_by"),
            (r#"{"experiments": [], "limit": 501}"#, "limit"),
            (r#"{"experiments": [], "max_preview": 0}"#, "max_preview"),
            (
                r#"{"experiments": [], "facets": [{"property": "tags"}]}"#,
                "facets",
            ),
            (
                r#"{"experiments": [], "facets": [{"property": "state", "limit": 0}]}"#,
                "facets[0].limit",
            ),
            (
                r#"{"experiments": [], "histogram": {"buckets": 5000}}"#,
                "histogram.buckets",
            ),
            (r#"{"experiments": [], "facet": []}"#, "facet"),
        ] {
            let (found, message) = parse(body).unwrap_err();
            assert_eq!(found.as_deref(), Some(field), "{body}: {message}");
        }
    }
}
