//! What a client asks of the metrics endpoint, checked.

use fanlight_api::ApiError;
use fanlight_api::mlflow::{Fields, ids, tags};
use fanlight_model::{ExperimentId, Nanos, UnixNanos};

use super::catalogue::{Aggregation, Dimension, METRICS, Metric, View};
use super::clause::Clause;

const DEFAULT_POINTS: usize = 1000;
const MAX_AGGREGATIONS: usize = 100;

#[derive(Debug)]
pub(super) struct MetricsQuery {
    pub(super) experiments: Vec<ExperimentId>,
    pub(super) metric: &'static Metric,
    pub(super) aggregations: Vec<Aggregation>,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) clauses: Vec<Clause>,
    /// Inclusive, in milliseconds.
    pub(super) start: Option<i64>,
    /// Inclusive, in milliseconds.
    pub(super) end: Option<i64>,
    pub(super) interval_millis: Option<u64>,
    /// Points in the reply; `None` for all.
    pub(super) limit: Option<usize>,
}

impl MetricsQuery {
    pub(super) fn parse(request: &Fields) -> Result<Self, ApiError> {
        let experiments = request.required_texts("experiment_ids")?;
        let experiments = experiments
            .into_iter()
            .map(|id| ids::experiment_id("experiment_ids", id));
        let metric = parse_metric(request)?;
        let (start, end) = (
            request.integer("start_time_ms")?,
            request.integer("end_time_ms")?,
        );
        let interval_millis = parse_interval(request)?;
        if interval_millis.is_some() && (start.is_none() || end.is_none()) {
            return Err(ApiError::invalid(
                "parameter `time_interval_seconds` needs `start_time_ms` and `end_time_ms`",
            ));
        }
        Ok(Self {
            experiments: experiments.collect::<Result<_, _>>()?,
            metric,
            aggregations: parse_aggregations(request, metric)?,
            dimensions: parse_dimensions(request, metric)?,
            clauses: parse_clauses(request, metric.view)?,
            start,
            end,
            interval_millis,
            limit: parse_limit(request)?,
        })
    }

    /// The start of the interval an instant lies in, when the reply is cut into intervals.
    pub(super) fn bucket(&self, millis: u64) -> Option<u64> {
        self.interval_millis
            .map(|interval| millis / interval * interval)
    }

    pub(super) fn is_grouped(&self) -> bool {
        self.interval_millis.is_some() || !self.dimensions.is_empty()
    }

    pub(super) fn needs_values(&self) -> bool {
        self.aggregations
            .iter()
            .any(|aggregation| matches!(aggregation, Aggregation::Percentile(_)))
    }

    /// First and last instant in the window: it is said in whole milliseconds, both inclusive.
    pub(super) fn window(&self) -> (UnixNanos, UnixNanos) {
        let nanos = |millis: i64| Some(UnixNanos::from_millis(u64::try_from(millis).ok()?));
        let first = self.start.and_then(nanos).unwrap_or_default();
        match self.end {
            None => (first, UnixNanos(u64::MAX)),
            Some(end) => match nanos(end) {
                Some(last) => (first, last.saturating_add(Nanos(999_999))),
                // Before 1970 there is nothing.
                None => (UnixNanos(u64::MAX), UnixNanos(0)),
            },
        }
    }
}

fn parse_metric(request: &Fields) -> Result<&'static Metric, ApiError> {
    let view_name = request.required_text("view_type")?;
    let view = View::from_name(view_name).ok_or_else(|| {
        let shown = tags::cut(view_name, 64);
        ApiError::invalid(format!(
            "invalid value \"{shown}\" for parameter `view_type`: expected TRACES, SPANS or ASSESSMENTS"
        ))
    })?;
    let name = request.required_text("metric_name")?;
    let mut of_view = METRICS.iter().filter(|metric| metric.view == view);
    of_view
        .clone()
        .find(|metric| metric.name == name)
        .ok_or_else(|| {
            let known: Vec<_> = of_view.by_ref().map(|metric| metric.name).collect();
            let shown = tags::cut(name, 64);
            ApiError::invalid(format!(
                "invalid value \"{shown}\" for parameter `metric_name`: view type {view} has {}",
                known.join(", ")
            ))
        })
}

fn parse_aggregations(request: &Fields, metric: &Metric) -> Result<Vec<Aggregation>, ApiError> {
    if !request.mentions("aggregations") {
        return Err(ApiError::invalid(
            "missing value for required parameter `aggregations`",
        ));
    }
    let items = request.objects("aggregations")?;
    if items.is_empty() || items.len() > MAX_AGGREGATIONS {
        let message = format!("parameter `aggregations` needs from 1 to {MAX_AGGREGATIONS} items");
        return Err(ApiError::invalid(message).with_mlflow_code("BAD_REQUEST"));
    }
    let parse = |item: &Fields| {
        let aggregation = parse_aggregation(item)?;
        if metric.allowed.allows(aggregation) {
            return Ok(aggregation);
        }
        let kind = item.text("aggregation_type")?.unwrap_or_default();
        Err(ApiError::invalid(format!(
            "metric `{}` cannot be aggregated by {kind}",
            metric.name
        )))
    };
    items.iter().map(parse).collect()
}

fn parse_aggregation(item: &Fields) -> Result<Aggregation, ApiError> {
    let percent = item.number("percentile_value")?;
    let aggregation = match (item.required_text("aggregation_type")?, percent) {
        ("PERCENTILE", Some(percent)) if (0.0..=100.0).contains(&percent) => {
            return Ok(Aggregation::Percentile(percent));
        }
        ("PERCENTILE", _) => {
            return Err(ApiError::invalid(
                "PERCENTILE needs a `percentile_value` from 0 to 100",
            ));
        }
        ("COUNT", _) => Aggregation::Count,
        ("SUM", _) => Aggregation::Sum,
        ("AVG", _) => Aggregation::Avg,
        ("MIN", _) => Aggregation::Min,
        ("MAX", _) => Aggregation::Max,
        (other, _) => {
            let shown = tags::cut(other, 64);
            return Err(ApiError::invalid(format!(
                "invalid value \"{shown}\" for parameter `aggregation_type`: expected COUNT, SUM, AVG, MIN, MAX or PERCENTILE"
            )));
        }
    };
    match percent {
        None => Ok(aggregation),
        Some(_) => Err(ApiError::invalid(
            "parameter `percentile_value` belongs to PERCENTILE only",
        )),
    }
}

fn parse_dimensions(request: &Fields, metric: &Metric) -> Result<Vec<Dimension>, ApiError> {
    let mut dimensions = Vec::new();
    for name in request.texts("dimensions")?.unwrap_or_default() {
        let known = metric
            .dimensions
            .iter()
            .find(|dimension| dimension.name() == name);
        let dimension = *known.ok_or_else(|| {
            let allowed: Vec<_> = metric
                .dimensions
                .iter()
                .map(|dimension| dimension.name())
                .collect();
            ApiError::invalid(format!(
                "invalid value \"{}\" for parameter `dimensions`: metric `{}` has [{}]",
                tags::cut(name, 64),
                metric.name,
                allowed.join(", ")
            ))
        })?;
        if !dimensions.contains(&dimension) {
            dimensions.push(dimension);
        }
    }
    Ok(dimensions)
}

fn parse_clauses(request: &Fields, view: View) -> Result<Vec<Clause>, ApiError> {
    let texts = request.texts("filters")?.unwrap_or_default();
    texts
        .into_iter()
        .map(|text| Clause::parse(text, view))
        .collect()
}

fn parse_interval(request: &Fields) -> Result<Option<u64>, ApiError> {
    let seconds = request.unsigned("time_interval_seconds")?.unwrap_or(0);
    Ok(Some(seconds.saturating_mul(1000)).filter(|millis| *millis > 0))
}

/// 0 asks for no points at all, and a negative number is no limit of its own.
fn parse_limit(request: &Fields) -> Result<Option<usize>, ApiError> {
    match request.integer("max_results")? {
        None => Ok(Some(DEFAULT_POINTS)),
        Some(number) => Ok(usize::try_from(number).ok()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(changes: Value) -> Result<MetricsQuery, String> {
        let mut body = json!({
            "experiment_ids": ["3"], "view_type": "TRACES", "metric_name": "trace_count",
            "aggregations": [{"aggregation_type": "COUNT"}],
        });
        let Value::Object(changes) = changes else {
            panic!("not an object")
        };
        for (key, value) in changes {
            body[key] = value;
        }
        MetricsQuery::parse(&Fields::from_body(body.to_string().as_bytes()))
            .map_err(|error| error.message)
    }

    #[test]
    fn the_least_request_counts_traces() {
        let query = parse(json!({})).unwrap();
        assert_eq!(query.experiments, [ExperimentId(3)]);
        assert_eq!(query.aggregations, [Aggregation::Count]);
        assert_eq!(
            (query.limit, query.bucket(5), query.is_grouped()),
            (Some(1000), None, false)
        );
    }

    #[test]
    fn what_does_not_fit_the_metric_is_refused() {
        for (changes, part) in [
            (json!({"view_type": "USERS"}), "view_type"),
            (
                json!({"metric_name": "span_count"}),
                "trace_count, session_count, latency",
            ),
            (json!({"aggregations": []}), "aggregations"),
            (json!({"aggregations": null}), "aggregations"),
            (
                json!({"aggregations": [{"aggregation_type": "SUM"}]}),
                "SUM",
            ),
            (
                json!({"aggregations": [{"aggregation_type": "MODE"}]}),
                "MODE",
            ),
            (
                json!({"aggregations": [{"aggregation_type": "COUNT", "percentile_value": 5}]}),
                "percentile_value",
            ),
            (
                json!({"metric_name": "latency", "aggregations": [{"aggregation_type": "PERCENTILE"}]}),
                "percentile_value",
            ),
            (
                json!({"metric_name": "latency",
                    "aggregations": [{"aggregation_type": "PERCENTILE", "percentile_value": 101}]}),
                "percentile_value",
            ),
            (json!({"dimensions": ["span_name"]}), "dimensions"),
            (json!({"time_interval_seconds": 60}), "start_time_ms"),
            (
                json!({"time_interval_seconds": -1}),
                "time_interval_seconds",
            ),
            (json!({"filters": "trace.status = 'OK'"}), "filters"),
            (json!({"experiment_ids": ["x"]}), "integer"),
        ] {
            let error = parse(changes.clone()).unwrap_err();
            assert!(error.contains(part), "{changes}: {error}");
        }
    }

    #[test]
    fn buckets_start_at_whole_intervals_since_the_epoch() {
        let query = parse(
            json!({"time_interval_seconds": "60", "start_time_ms": "0", "end_time_ms": 100_000}),
        )
        .unwrap();
        assert_eq!(query.bucket(119_999), Some(60_000));
        let last = UnixNanos(100_000_999_999);
        assert_eq!(query.window(), (UnixNanos(0), last));
    }
}
