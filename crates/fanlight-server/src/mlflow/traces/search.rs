//! Traces by what is known about them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fanlight_api::ApiError;
use fanlight_api::mlflow::correlation::{Counts, render};
use fanlight_api::mlflow::trace_info::render_v3;
use fanlight_api::mlflow::{Fields, ids};
use fanlight_model::ExperimentId;
use fanlight_query::filter::{self, Filter};
use fanlight_query::{OrderBy, Search, parse_order_by};

use crate::AppState;
use crate::mlflow::extract::{Body, Caller};
use crate::mlflow::reply::{Answer, page};

const DEFAULT_PAGE: usize = 100;
pub(in crate::mlflow) const MAX_PAGE: usize = 500;

/// `POST 3.0/traces/search`.
pub(in crate::mlflow) async fn search(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let search = Search {
        experiments: locations(&request)?,
        ..parse_search(&request, caller)?
    };
    let found = state.engine.search(&search).await?;
    let infos = found
        .traces
        .iter()
        .map(|record| render_v3(&record.summary, &record.assessments));
    Ok(page("traces", infos.collect(), found.next_page_token))
}

/// What searches of both API versions have in common. The experiments are named in different ways.
pub(super) fn parse_search(request: &Fields, caller: Caller) -> Result<Search, ApiError> {
    Ok(Search {
        workspace: caller.workspace,
        experiments: Vec::new(),
        filter: parse_filter(request, "filter")?,
        order_by: parse_order(request)?,
        limit: request.page_size("max_results", DEFAULT_PAGE, MAX_PAGE)?,
        page_token: request.owned_text("page_token")?,
    })
}

fn parse_filter(request: &Fields, name: &str) -> Result<Filter, ApiError> {
    Ok(filter::parse(request.text(name)?.unwrap_or_default())?)
}

fn parse_order(request: &Fields) -> Result<Vec<OrderBy>, ApiError> {
    let items: Vec<String> = request
        .texts("order_by")?
        .unwrap_or_default()
        .into_iter()
        .map(str::to_owned)
        .collect();
    Ok(parse_order_by(&items)?)
}

/// The experiments among the locations. Tables of the hosted product hold nothing here.
fn locations(request: &Fields) -> Result<Vec<ExperimentId>, ApiError> {
    let mut experiments = Vec::new();
    for location in request.objects("locations")? {
        if let Some(experiment) = location.object("mlflow_experiment")? {
            let id =
                ids::experiment_id("experiment_id", experiment.required_text("experiment_id")?)?;
            experiments.push(id);
        }
    }
    Ok(experiments)
}

pub(super) fn experiment_ids(request: &Fields) -> Result<Vec<ExperimentId>, ApiError> {
    let texts = request.required_texts("experiment_ids")?;
    texts
        .into_iter()
        .map(|text| ids::experiment_id("experiment_ids", text))
        .collect()
}

/// `POST 3.0/traces/calculate-filter-correlation`.
pub(in crate::mlflow) async fn correlate(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    request.required_text("filter_string1")?;
    request.required_text("filter_string2")?;
    let first = parse_filter(&request, "filter_string1")?;
    let second = parse_filter(&request, "filter_string2")?;
    let base = parse_filter(&request, "base_filter")?;
    let experiments = experiment_ids(&request)?;
    let count = async |parts: Vec<Filter>| {
        let search = Search {
            workspace: caller.workspace,
            experiments: experiments.clone(),
            filter: Filter::all(parts),
            order_by: Vec::new(),
            limit: MAX_PAGE,
            page_token: None,
        };
        state.engine.count(&search).await
    };
    let total = count(vec![base.clone()]).await?;
    let first_count = count(vec![base.clone(), first.clone()]).await?;
    let second_count = count(vec![base.clone(), second.clone()]).await?;
    let joint = count(vec![base, first, second]).await?;
    Ok(Json(render(Counts {
        total,
        first: first_count,
        second: second_count,
        joint,
    })))
}
