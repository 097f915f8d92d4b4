//! The 2.0 endpoints through which 2.x clients log and read traces.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use fanlight_api::mlflow::TraceRef;
use fanlight_api::mlflow::trace_info::{parse_end_v2, parse_start_v2, render_v2};
use fanlight_query::Search;
use serde_json::json;

use super::search::{experiment_ids, parse_search};
use super::{known_trace, store_facts};
use crate::AppState;
use crate::mlflow::experiments::active_experiment;
use crate::mlflow::extract::{Body, Caller, Params};
use crate::mlflow::reply::{Answer, page};

/// `POST 2.0/traces`: a trace begins; the server chooses its id, 32 hex digits without a prefix.
pub(in crate::mlflow) async fn start(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let start = parse_start_v2(&request)?;
    active_experiment(&state, caller, start.experiment).await?;
    let id = TraceRef::of(&format!("{:032x}", rand::random::<u128>()));
    let facts = start.into_facts(id, state.clock.now())?;
    let record = store_facts(&state, caller, facts).await?;
    Ok(Json(json!({"trace_info": render_v2(&record.summary)})))
}

/// `PATCH 2.0/traces/{trace_id}`: a trace ends.
pub(in crate::mlflow) async fn end(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(trace_id): Path<String>,
    Body(request): Body,
) -> Answer {
    let end = parse_end_v2(&request)?;
    let known = known_trace(&state, caller, &TraceRef::of(&trace_id)).await?;
    let record = store_facts(&state, caller, end.into_facts(&known.summary)?).await?;
    Ok(Json(json!({"trace_info": render_v2(&record.summary)})))
}

/// `GET 2.0/traces/{trace_id}/info`.
pub(in crate::mlflow) async fn info(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path(trace_id): Path<String>,
) -> Answer {
    let record = known_trace(&state, caller, &TraceRef::of(&trace_id)).await?;
    Ok(Json(json!({"trace_info": render_v2(&record.summary)})))
}

/// `GET 2.0/traces`: search.
pub(in crate::mlflow) async fn search(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Params(request): Params,
) -> Answer {
    let search = Search {
        experiments: experiment_ids(&request)?,
        ..parse_search(&request, caller)?
    };
    let found = state.engine.search(&search).await?;
    let infos = found.traces.iter().map(|record| render_v2(&record.summary));
    Ok(page("traces", infos.collect(), found.next_page_token))
}
