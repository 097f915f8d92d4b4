//! A run as a reply shows it.

use fanlight_catalog::{DatasetInput, Metric, Run, RunInfo, RunInputs};
use serde_json::{Map, Value as Json, json};

use crate::mlflow::experiments::{lifecycle_stage, render_pairs};

pub fn render(run: &Run) -> Json {
    json!({
        "info": render_info(&run.info),
        "data": {
            "metrics": run.data.metrics.iter().map(render_metric).collect::<Json>(),
            "params": render_pairs(run.data.params.iter()),
            "tags": render_pairs(run.data.tags.iter()),
        },
        "inputs": render_inputs(&run.inputs),
        "outputs": {},
    })
}

pub fn render_info(info: &RunInfo) -> Json {
    let mut json = json!({
        "run_id": info.id,
        "run_uuid": info.id,
        "experiment_id": info.experiment.to_string(),
        "run_name": info.name,
        "user_id": info.user_id,
        "status": info.status.as_str(),
        "start_time": info.start.as_millis(),
        "artifact_uri": info.artifact_uri,
        "lifecycle_stage": lifecycle_stage(info.deleted),
    });
    if let Some(end) = info.end {
        json["end_time"] = end.as_millis().into();
    }
    json
}

pub fn render_metric(metric: &Metric) -> Json {
    let mut json = json!({
        "key": metric.key,
        "value": render_double(metric.value),
        "timestamp": metric.timestamp_ms,
        "step": metric.step,
    });
    let origin = [
        ("model_id", &metric.origin.model_id),
        ("dataset_name", &metric.origin.dataset_name),
        ("dataset_digest", &metric.origin.dataset_digest),
    ];
    for (name, value) in origin {
        if let Some(value) = value {
            json[name] = value.as_str().into();
        }
    }
    json
}

/// JSON has no NaN and no infinity: they are written by name.
fn render_double(number: f64) -> Json {
    if number.is_nan() {
        "NaN".into()
    } else if number.is_infinite() {
        (if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        })
        .into()
    } else {
        number.into()
    }
}

fn render_inputs(inputs: &RunInputs) -> Json {
    let mut members = Map::new();
    if !inputs.datasets.is_empty() {
        let datasets = inputs.datasets.iter().map(render_dataset_input).collect();
        members.insert("dataset_inputs".to_owned(), datasets);
    }
    if !inputs.models.is_empty() {
        let models = inputs
            .models
            .iter()
            .map(|id| json!({"model_id": id}))
            .collect();
        members.insert("model_inputs".to_owned(), models);
    }
    Json::Object(members)
}

fn render_dataset_input(input: &DatasetInput) -> Json {
    let dataset = &input.dataset;
    let mut json = json!({
        "name": dataset.name,
        "digest": dataset.digest,
        "source_type": dataset.source_type,
        "source": dataset.source,
    });
    for (name, value) in [("schema", &dataset.schema), ("profile", &dataset.profile)] {
        if let Some(value) = value {
            json[name] = value.as_str().into();
        }
    }
    json!({"tags": render_pairs(input.tags.iter()), "dataset": json})
}

#[cfg(test)]
mod tests {
    use fanlight_catalog::{Dataset, MetricOrigin, RunData, RunStatus};
    use fanlight_model::{ExperimentId, UnixNanos, WorkspaceId};

    use super::*;

    #[test]
    fn a_run_renders_info_data_and_inputs() {
        let metric = Metric {
            key: "acc".into(),
            value: f64::NAN,
            timestamp_ms: 9,
            step: 2,
            origin: MetricOrigin::default(),
        };
        let dataset = Dataset {
            name: "d".into(),
            digest: "x".into(),
            ..Dataset::default()
        };
        let run = Run {
            info: RunInfo {
                id: "r1".into(),
                experiment: ExperimentId(3),
                workspace: WorkspaceId::DEFAULT,
                name: "swift-owl-7".into(),
                user_id: String::new(),
                status: RunStatus::Finished,
                start: UnixNanos::from_millis(5),
                end: Some(UnixNanos::from_millis(6)),
                artifact_uri: "mlflow-artifacts:/3/r1/artifacts".into(),
                deleted: false,
            },
            data: RunData {
                metrics: vec![metric],
                ..RunData::default()
            },
            inputs: RunInputs {
                datasets: vec![DatasetInput {
                    dataset,
                    ..DatasetInput::default()
                }],
                models: Vec::new(),
            },
        };
        insta::assert_snapshot!(
            render(&run),
            @r#"{"info":{"run_id":"r1","run_uuid":"r1","experiment_id":"3","run_name":"swift-owl-7","user_id":"","status":"FINISHED","start_time":5,"artifact_uri":"mlflow-artifacts:/3/r1/artifacts","lifecycle_stage":"active","end_time":6},"data":{"metrics":[{"key":"acc","value":"NaN","timestamp":9,"step":2}],"params":[],"tags":[]},"inputs":{"dataset_inputs":[{"tags":[],"dataset":{"name":"d","digest":"x","source_type":"","source":""}}]},"outputs":{}}"#
        );
    }
}
