//! Asks the engine for the figures of a query.

use fanlight_api::ApiError;
use fanlight_model::{Nanos, UnixNanos, WorkspaceId};
use fanlight_query::filter::{self, Filter};
use fanlight_query::stats::{self, Figures, Keep, Rows, SpanProperty, Tabulation};
use fanlight_query::{Engine, Facet, Search};

use super::aggregate::{Group, MAX_GROUPS, MAX_VALUES, Point, Table, TooMuch};
use super::catalogue::{Aggregation, Dimension, Measure, View};
use super::clause::Clause;
use super::request::MetricsQuery;
use super::rows::add_assessment;

/// Points in their order.
pub(super) async fn collect(
    engine: &Engine,
    workspace: WorkspaceId,
    query: &MetricsQuery,
) -> Result<Vec<Point>, ApiError> {
    let search = Search {
        workspace,
        experiments: query.experiments.clone(),
        filter: traces_of(query)?,
        order_by: Vec::new(),
        limit: 0,
        page_token: None,
    };
    if query.metric.view == View::Assessments {
        let mut table = Table::new(query.is_grouped(), query.needs_values());
        for (start, edits) in engine.assessed(&search).await? {
            let mut said = edits.assessments.iter();
            said.try_for_each(|said| add_assessment(&mut table, query, start.as_millis(), said))
                .map_err(too_much)?;
        }
        return Ok(table.finish(&query.aggregations, query.limit));
    }
    let counted = engine.tabulate(&search, tabulation(query)).await?;
    if query.metric.measure == Measure::Sessions {
        return count_sessions(query, counted);
    }
    Ok(points(query, counted))
}

fn tabulation(query: &MetricsQuery) -> Tabulation {
    let of = match query.metric.view {
        View::Spans => Rows::Spans,
        View::Traces | View::Assessments => Rows::Traces,
    };
    let dimensions = query.dimensions.iter().filter_map(|kind| dimension(*kind));
    let mut request = Tabulation::new(of);
    request.dimensions = dimensions.collect();
    if query.metric.measure == Measure::Sessions {
        request.dimensions = vec![stats::Dimension::Trace(Facet::Session)];
    }
    request.interval = query.interval_millis.map(Nanos::from_millis);
    request.timed_by_span = query.metric.is_timed_by_span();
    request.window = query.window();
    request.spans = query.clauses.iter().filter_map(Clause::of_span).collect();
    request.measures = measure(query.metric.measure).into_iter().collect();
    if query.needs_values() {
        request.keep = Keep::Values(MAX_VALUES);
    }
    request.max_groups = match query.metric.measure {
        // Each is a group of the table, though not of the reply.
        Measure::Sessions => MAX_VALUES / 10,
        _ => MAX_GROUPS,
    };
    request
}

fn dimension(kind: Dimension) -> Option<stats::Dimension> {
    use stats::Dimension::{Span, Trace};
    Some(match kind {
        Dimension::TraceName => Trace(Facet::Name),
        Dimension::TraceStatus => Trace(Facet::State),
        Dimension::SpanName => Span(SpanProperty::Name),
        Dimension::SpanType => Span(SpanProperty::Type),
        Dimension::SpanStatus => Span(SpanProperty::Status),
        Dimension::SpanModelName => Span(SpanProperty::Model),
        Dimension::SpanModelProvider => Span(SpanProperty::Provider),
        Dimension::AssessmentName | Dimension::AssessmentValue => return None,
    })
}

fn measure(measure: Measure) -> Option<stats::Measure> {
    Some(match measure {
        Measure::Rows | Measure::Sessions | Measure::AssessmentValue => return None,
        Measure::LatencyMillis => stats::Measure::WholeMillis,
        Measure::InputTokens => stats::Measure::InputTokens,
        Measure::OutputTokens => stats::Measure::OutputTokens,
        Measure::TotalTokens => stats::Measure::TotalTokens,
        Measure::CacheReadTokens => stats::Measure::CacheReadTokens,
        Measure::CacheWriteTokens => stats::Measure::CacheWriteTokens,
        Measure::InputCost => stats::Measure::InputCost,
        Measure::OutputCost => stats::Measure::OutputCost,
        Measure::TotalCost => stats::Measure::TotalCost,
    })
}

/// Each session counts once per interval.
fn count_sessions(query: &MetricsQuery, counted: stats::Table) -> Result<Vec<Point>, ApiError> {
    let mut table = Table::new(query.is_grouped(), false);
    for group in counted.groups {
        if let Some(Some(session)) = group.values.first() {
            let interval = Group {
                bucket_millis: group.interval.map(UnixNanos::as_millis),
                dimensions: Vec::new(),
            };
            table.add_distinct(interval, session).map_err(too_much)?;
        }
    }
    Ok(table.finish(&query.aggregations, query.limit))
}

/// Rows without one of the dimensions are left out, and so are groups in which no value is known.
fn points(query: &MetricsQuery, counted: stats::Table) -> Vec<Point> {
    let mut points: Vec<Point> = counted
        .groups
        .into_iter()
        .filter_map(|group| {
            let figures = group.figures.first();
            if figures.is_some_and(|figures| figures.count == 0) {
                return None;
            }
            let aggregations = query.aggregations.iter();
            Some(Point {
                group: Group {
                    bucket_millis: group.interval.map(UnixNanos::as_millis),
                    dimensions: group.values.into_iter().collect::<Option<_>>()?,
                },
                values: aggregations
                    .map(|aggregation| figure(*aggregation, group.count, figures))
                    .collect(),
            })
        })
        .collect();
    points.sort_unstable_by(|left, right| left.group.cmp(&right.group));
    points.truncate(query.limit.unwrap_or(usize::MAX));
    if points.is_empty() {
        // A plain count of nothing has a point.
        let nothing = Table::new(query.is_grouped(), false);
        return nothing.finish(&query.aggregations, query.limit);
    }
    points
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn figure(aggregation: Aggregation, rows: u64, figures: Option<&Figures>) -> f64 {
    let Some(figures) = figures else {
        return rows as f64;
    };
    match aggregation {
        Aggregation::Count => figures.count as f64,
        Aggregation::Sum => figures.sum,
        Aggregation::Avg => figures.mean().unwrap_or_default(),
        Aggregation::Min => figures.min.unwrap_or_default(),
        Aggregation::Max => figures.max.unwrap_or_default(),
        Aggregation::Percentile(percent) => figures.percentile(percent).unwrap_or_default(),
    }
}

fn too_much(error: TooMuch) -> ApiError {
    ApiError::invalid(error.to_string())
}

/// The traces that can have rows.
fn traces_of(query: &MetricsQuery) -> Result<Filter, ApiError> {
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
    let mut filters = vec![filter::parse(&parts.join(" AND "))?];
    filters.extend(query.clauses.iter().filter_map(Clause::of_trace));
    Ok(Filter::all(filters))
}
