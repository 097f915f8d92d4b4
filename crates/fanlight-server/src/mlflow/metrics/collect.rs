//! Walks the traces a query is about.

use fanlight_api::ApiError;
use fanlight_model::WorkspaceId;
use fanlight_query::filter::{self, Filter};
use fanlight_query::{Engine, Search, TraceRecord};

use super::aggregate::{Table, TooMuch};
use super::catalogue::View;
use super::request::MetricsQuery;
use super::rows::{add_assessment, add_span, add_trace};

/// Traces read at a time.
const PAGE: usize = 500;

pub(super) async fn collect(
    engine: &Engine,
    workspace: WorkspaceId,
    query: &MetricsQuery,
) -> Result<Table, ApiError> {
    let mut table = Table::new(query.is_grouped(), query.needs_values());
    let mut search = Search {
        workspace,
        experiments: query.experiments.clone(),
        filter: window(query)?,
        order_by: Vec::new(),
        limit: PAGE,
        page_token: None,
    };
    // A page token is there as long as something may follow, also after a page cut short by its time budget.
    loop {
        let page = engine.search(&search).await?;
        for record in &page.traces {
            if query
                .clauses
                .iter()
                .all(|clause| clause.accepts_trace(record))
            {
                add(&mut table, engine, query, record).await?;
            }
        }
        match page.next_page_token {
            Some(token) => search.page_token = Some(token),
            None => return Ok(table),
        }
    }
}

async fn add(
    table: &mut Table,
    engine: &Engine,
    query: &MetricsQuery,
    record: &TraceRecord,
) -> Result<(), ApiError> {
    let began = record.summary.start.as_millis();
    match query.metric.view {
        View::Traces => add_trace(table, query, record).map_err(too_much),
        View::Assessments => {
            let mut assessments = record.assessments.iter();
            assessments
                .try_for_each(|said| add_assessment(table, query, began, said))
                .map_err(too_much)
        }
        View::Spans => {
            let Some(found) = engine.trace(record.summary.key).await? else {
                return Ok(());
            };
            found
                .spans
                .iter()
                .try_for_each(|span| add_span(table, query, began, span))
                .map_err(too_much)
        }
    }
}

fn too_much(error: TooMuch) -> ApiError {
    ApiError::invalid(error.to_string())
}

/// The traces that can have rows in the window.
fn window(query: &MetricsQuery) -> Result<Filter, ApiError> {
    let mut parts = Vec::new();
    if let Some(end) = query.end {
        parts.push(format!("timestamp_ms <= {end}"));
    }
    if let Some(start) = query.start {
        parts.push(if query.metric.is_timed_by_span() {
            // A span in the window may belong to a trace that began before it.
            format!("(timestamp_ms >= {start} OR end_time_ms >= {start})")
        } else {
            format!("timestamp_ms >= {start}")
        });
    }
    Ok(filter::parse(&parts.join(" AND "))?)
}
