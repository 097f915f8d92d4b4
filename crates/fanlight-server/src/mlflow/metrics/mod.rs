//! `traces/metrics`: counts, sums and percentiles over traces, spans and assessments.
//!
//! [`request`] checks what is asked against the [`catalogue`]; [`collect`] asks the engine for figures of traces and
//! spans. Assessments, which are few, are turned into [`rows`] here, and [`aggregate`] does their arithmetic.

mod aggregate;
mod catalogue;
mod clause;
mod collect;
mod request;
mod rows;

use std::sync::Arc;

use axum::extract::State;
use fanlight_api::mlflow::times;
use fanlight_model::UnixNanos;
use fanlight_query::filter::float_text;
use serde_json::{Map, Value, json};

use self::aggregate::Point;
use self::catalogue::Aggregation;
use self::request::MetricsQuery;
use super::extract::{Body, Caller};
use super::reply::{Answer, page};
use crate::AppState;

/// `POST 3.0/traces/metrics`.
pub(super) async fn query(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Body(request): Body,
) -> Answer {
    let query = MetricsQuery::parse(&request)?;
    let points = collect::collect(&state.engine, caller.workspace, &query).await?;
    Ok(page(
        "data_points",
        points.iter().map(|point| render(point, &query)).collect(),
        None,
    ))
}

fn render(point: &Point, query: &MetricsQuery) -> Value {
    let mut rendered = json!({"metric_name": query.metric.name});
    let mut dimensions = Map::new();
    if let Some(millis) = point.group.bucket_millis {
        dimensions.insert("time_bucket".to_owned(), render_bucket(millis).into());
    }
    for (dimension, value) in query.dimensions.iter().zip(&point.group.dimensions) {
        dimensions.insert(dimension.name().to_owned(), value.as_str().into());
    }
    if !dimensions.is_empty() {
        rendered["dimensions"] = dimensions.into();
    }
    let values = query.aggregations.iter().zip(&point.values);
    let values: Map<_, _> = values
        .map(|(kind, value)| (value_name(*kind), Value::from(*value)))
        .collect();
    rendered["values"] = values.into();
    rendered
}

fn value_name(aggregation: Aggregation) -> String {
    match aggregation {
        Aggregation::Count => "COUNT".to_owned(),
        Aggregation::Sum => "SUM".to_owned(),
        Aggregation::Avg => "AVG".to_owned(),
        Aggregation::Min => "MIN".to_owned(),
        Aggregation::Max => "MAX".to_owned(),
        Aggregation::Percentile(percent) => format!("P{}", float_text(percent)),
    }
}

/// `2026-11-14T00:00:00+00:00`: Python's form, not the one with `Z`.
fn render_bucket(millis: u64) -> String {
    times::render_timestamp(UnixNanos::from_millis(millis)).replace('Z', "+00:00")
}

#[cfg(test)]
mod tests {
    use fanlight_api::mlflow::Fields;

    use super::aggregate::{Group, Table};
    use super::*;

    #[test]
    fn a_point_names_its_bucket_dimensions_and_values() {
        let body = json!({
            "experiment_ids": ["3"], "view_type": "TRACES", "metric_name": "latency",
            "aggregations": [{"aggregation_type": "AVG"}, {"aggregation_type": "PERCENTILE", "percentile_value": 99.9}],
            "dimensions": ["trace_name"], "time_interval_seconds": "86400",
            "start_time_ms": 1_794_643_540_798_u64, "end_time_ms": 1_795_275_223_927_u64,
        });
        let query = MetricsQuery::parse(&Fields::from_body(body.to_string().as_bytes())).unwrap();
        let mut table = Table::new(true, true);
        for value in [1000.0, 2000.0] {
            let group = Group {
                bucket_millis: query.bucket(1_794_700_000_000),
                dimensions: vec!["agent".into()],
            };
            table.add_value(group, value).unwrap();
        }
        let points = table.finish(&query.aggregations, None);
        insta::assert_snapshot!(
            render(&points[0], &query),
            @r#"{"metric_name":"latency","dimensions":{"time_bucket":"2026-11-14T00:00:00+00:00","trace_name":"agent"},"values":{"AVG":1500.0,"P99.9":1999.0}}"#
        );
    }
}
