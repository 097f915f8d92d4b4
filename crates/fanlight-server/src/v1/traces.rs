//! Traces: pages of them with counts, and one with its spans.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use fanlight_api::ApiError;
use fanlight_api::mlflow::TraceRef;
use fanlight_api::v1::{
    FullTraceReply, HitsReply, Maybe, SearchReply, SearchRequest, SpansReply, SpansRequest,
    TraceRow, TraceTreeReply, parse_filter, render_full, render_hits, render_row, render_tree,
};
use fanlight_model::{TraceKey, WorkspaceId};
use fanlight_query::Page;

use super::extract::{Answer, Body, Params};
use crate::AppState;

/// `POST /api/v1/traces/search`.
pub(super) async fn search(
    State(state): State<Arc<AppState>>,
    Body(body): Body,
) -> Answer<SearchReply> {
    let request = SearchRequest::parse(body, WorkspaceId::DEFAULT)?;
    let (page, overview) = match request.overview {
        None => (state.engine.search(&request.search).await?, None),
        Some(wanted) => {
            let found = state.engine.search_with_overview(&request.search, wanted);
            let (page, overview) = found.await?;
            (page, Some(overview))
        }
    };
    let Page {
        traces,
        next_page_token,
    } = page;
    let mut rows: Vec<TraceRow> = traces.iter().map(render_row).collect();
    if let Some(most) = request.max_preview {
        for row in &mut rows {
            row.cut_previews(most);
        }
    }
    if request.hits {
        let hits = state.engine.text_hits(&request.search.filter, &traces);
        for (row, hits) in rows.iter_mut().zip(hits.await?) {
            row.hits = Maybe::Here(hits.as_deref().map(render_hits));
        }
    }
    Ok(Json(SearchReply::new(
        rows,
        next_page_token,
        overview.as_ref(),
    )))
}

/// `GET /api/v1/traces/{id}`.
pub(super) async fn get(
    State(state): State<Arc<AppState>>,
    Path(trace_id): Path<String>,
    Params(params): Params,
) -> Answer<FullTraceReply> {
    params.finish()?;
    let trace = state.engine.trace(key_of(&trace_id)).await?;
    let trace = trace.ok_or_else(|| unknown(&trace_id))?;
    Ok(Json(render_full(&trace)))
}

/// `GET /api/v1/traces/{id}/tree`.
pub(super) async fn tree(
    State(state): State<Arc<AppState>>,
    Path(trace_id): Path<String>,
    Params(params): Params,
) -> Answer<TraceTreeReply> {
    params.finish()?;
    let trace = state.engine.trace(key_of(&trace_id)).await?;
    let trace = trace.ok_or_else(|| unknown(&trace_id))?;
    Ok(Json(render_tree(&trace)))
}

/// `POST /api/v1/traces/{id}/spans`.
pub(super) async fn spans(
    State(state): State<Arc<AppState>>,
    Path(trace_id): Path<String>,
    Body(body): Body,
) -> Answer<SpansReply> {
    let request = SpansRequest::parse(body)?;
    let trace = state.engine.trace(key_of(&trace_id)).await?;
    let trace = trace.ok_or_else(|| unknown(&trace_id))?;
    Ok(Json(request.answer(&trace)))
}

/// `GET /api/v1/traces/{id}/hits`.
pub(super) async fn hits(
    State(state): State<Arc<AppState>>,
    Path(trace_id): Path<String>,
    Params(mut params): Params,
) -> Answer<HitsReply> {
    const MOST: usize = 1000;
    let filter = parse_filter(&mut params)?;
    let most = params.number("limit", 1..=MOST)?.unwrap_or(200);
    params.finish()?;
    let found = state.engine.text_hits_of(&filter, key_of(&trace_id), most);
    let hits = found.await?.ok_or_else(|| unknown(&trace_id))?;
    Ok(Json(HitsReply {
        more: hits.len() == most,
        hits: render_hits(&hits),
    }))
}

pub(super) fn key_of(trace_id: &str) -> TraceKey {
    TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace: TraceRef::of(trace_id).id,
    }
}

fn unknown(trace_id: &str) -> ApiError {
    let shown: String = trace_id.chars().take(64).collect();
    ApiError::not_found(format!("trace `{shown}` does not exist"))
}
