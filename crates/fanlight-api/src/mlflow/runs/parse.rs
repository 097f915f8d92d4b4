//! What clients say about runs.

use fanlight_catalog::{
    Dataset, DatasetInput, LogBatch, Metric, MetricOrigin, NewRun, RunInputs, RunSearch, RunStatus,
    RunUpdate,
};
use fanlight_model::{UnixNanos, WorkspaceId};

use crate::ApiError;
use crate::mlflow::experiments::{owned, parse_view};
use crate::mlflow::{Fields, ids, tags};

const DEFAULT_PAGE: usize = 1000;
const MAX_PAGE: usize = 50_000;
const MAX_METRICS: usize = 1000;
const MAX_PARAMS: usize = 100;
const MAX_TAGS: usize = 100;
const MAX_ITEMS: usize = 1000;

/// The id of the run a request is about, in its newer or older spelling.
pub fn run_id(request: &Fields) -> Result<&str, ApiError> {
    match request.text("run_id")?.filter(|id| !id.is_empty()) {
        Some(id) => Ok(id),
        None => match request.text("run_uuid")?.filter(|id| !id.is_empty()) {
            Some(id) => Ok(id),
            None => request.required_text("run_id"),
        },
    }
}

pub fn parse_new(request: &Fields) -> Result<NewRun, ApiError> {
    Ok(NewRun {
        experiment: ids::experiment_id("experiment_id", request.required_text("experiment_id")?)?,
        name: request.owned_text("run_name")?,
        user_id: request.owned_text("user_id")?.unwrap_or_default(),
        start: request.unsigned("start_time")?.map(UnixNanos::from_millis),
        tags: request.pairs("tags")?.into_iter().collect(),
    })
}

pub fn parse_update(request: &Fields) -> Result<RunUpdate, ApiError> {
    Ok(RunUpdate {
        // The names of an enum may grow: an unknown one counts as unset.
        status: request
            .text("status")?
            .and_then(|name| name.parse::<RunStatus>().ok()),
        end: request.unsigned("end_time")?.map(UnixNanos::from_millis),
        name: request
            .owned_text("run_name")?
            .filter(|name| !name.is_empty()),
    })
}

pub fn parse_search(request: &Fields, workspace: WorkspaceId) -> Result<RunSearch, ApiError> {
    let experiments = request.texts("experiment_ids")?.unwrap_or_default();
    let experiments = experiments
        .into_iter()
        .map(|id| ids::experiment_id("experiment_ids", id));
    Ok(RunSearch {
        workspace,
        experiments: experiments.collect::<Result<_, _>>()?,
        filter: request.owned_text("filter")?.unwrap_or_default(),
        order_by: owned(request.texts("order_by")?),
        view: parse_view(request, "run_view_type")?,
        limit: request.page_size("max_results", DEFAULT_PAGE, MAX_PAGE)?,
        page_token: request.owned_text("page_token")?,
    })
}

pub fn parse_metric(metric: &Fields) -> Result<Metric, ApiError> {
    let key = metric.required_text("key")?;
    tags::check_key(key)?;
    Ok(Metric {
        key: key.to_owned(),
        value: metric.required_number("value")?,
        timestamp_ms: metric.required_integer("timestamp")?,
        step: metric.integer("step")?.unwrap_or(0),
        origin: MetricOrigin {
            model_id: metric.owned_text("model_id")?,
            dataset_name: metric.owned_text("dataset_name")?,
            dataset_digest: metric.owned_text("dataset_digest")?,
        },
    })
}

/// A parameter or tag.
pub fn parse_param(param: &Fields) -> Result<(String, String), ApiError> {
    let key = param.required_text("key")?;
    tags::check_key(key)?;
    Ok((
        key.to_owned(),
        param.owned_text("value")?.unwrap_or_default(),
    ))
}

/// Metrics, parameters and tags in one request. Being over a limit refuses all of it.
pub fn parse_batch(request: &Fields) -> Result<LogBatch, ApiError> {
    let (metrics, params, tags) = (
        request.objects("metrics")?,
        request.objects("params")?,
        request.objects("tags")?,
    );
    let total = metrics.len() + params.len() + tags.len();
    let limits = [
        ("metrics", metrics.len(), MAX_METRICS),
        ("params", params.len(), MAX_PARAMS),
        ("tags", tags.len(), MAX_TAGS),
        ("metrics, params and tags", total, MAX_ITEMS),
    ];
    for (what, found, limit) in limits {
        if found > limit {
            return Err(ApiError::invalid(format!(
                "{found} {what} in one batch; the limit is {limit}"
            )));
        }
    }
    Ok(LogBatch {
        metrics: metrics.iter().map(parse_metric).collect::<Result<_, _>>()?,
        params: params.iter().map(parse_param).collect::<Result<_, _>>()?,
        tags: tags.iter().map(parse_param).collect::<Result<_, _>>()?,
    })
}

pub fn parse_inputs(request: &Fields) -> Result<RunInputs, ApiError> {
    let datasets = request.objects("datasets")?;
    let models = request.objects("models")?;
    Ok(RunInputs {
        datasets: datasets
            .iter()
            .map(parse_dataset_input)
            .collect::<Result<_, _>>()?,
        models: models
            .iter()
            .map(|model| model.required_text("model_id").map(str::to_owned))
            .collect::<Result<_, _>>()?,
    })
}

fn parse_dataset_input(input: &Fields) -> Result<DatasetInput, ApiError> {
    let dataset = input.required_object("dataset")?;
    Ok(DatasetInput {
        dataset: Dataset {
            name: dataset.required_text("name")?.to_owned(),
            digest: dataset.required_text("digest")?.to_owned(),
            source_type: dataset.required_text("source_type")?.to_owned(),
            source: dataset.required_text("source")?.to_owned(),
            schema: dataset.owned_text("schema")?,
            profile: dataset.owned_text("profile")?,
        },
        tags: input.pairs("tags")?.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Fields {
        Fields::from_body(text.as_bytes())
    }

    #[test]
    fn a_run_is_named_by_either_spelling() {
        assert_eq!(
            run_id(&body(r#"{"run_id": "a", "run_uuid": "b"}"#)).unwrap(),
            "a"
        );
        assert_eq!(
            run_id(&body(r#"{"run_id": "", "run_uuid": "b"}"#)).unwrap(),
            "b"
        );
        assert!(
            run_id(&body("{}"))
                .unwrap_err()
                .message
                .contains("`run_id`")
        );
    }

    #[test]
    fn a_batch_names_the_place_of_what_is_missing() {
        let error = parse_batch(&body(r#"{"metrics": [{"key": "acc"}]}"#)).unwrap_err();
        assert_eq!(
            error.message,
            "missing value for required parameter `metrics[0].value`"
        );
    }

    #[test]
    fn a_batch_has_limits() {
        let params: Vec<_> = (0..101)
            .map(|n| format!(r#"{{"key":"k{n}","value":"v"}}"#))
            .collect();
        let error =
            parse_batch(&body(&format!(r#"{{"params": [{}]}}"#, params.join(",")))).unwrap_err();
        assert_eq!(error.message, "101 params in one batch; the limit is 100");
    }

    #[test]
    fn a_metric_may_be_infinite() {
        let metric = parse_metric(&body(
            r#"{"key":"loss","value":"Infinity","timestamp":"5"}"#,
        ))
        .unwrap();
        assert_eq!(
            (metric.value, metric.timestamp_ms, metric.step),
            (f64::INFINITY, 5, 0)
        );
    }

    #[test]
    fn an_update_ignores_a_status_nobody_knows() {
        let update = parse_update(&body(r#"{"status": "SLEEPING", "end_time": 5}"#)).unwrap();
        assert_eq!(
            (update.status, update.end),
            (None, Some(UnixNanos::from_millis(5)))
        );
    }
}
