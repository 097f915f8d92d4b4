//! REST objects in GraphQL's form: names in `lowerCamelCase`, 64-bit integers as text, a type name in
//! every object, and every member there, also when it is null or empty.

use serde_json::{Map, Value, json};

pub(super) fn experiment_response(experiment: &Value) -> Value {
    json!({"__typename": "MlflowGetExperimentResponse", "apiError": null, "experiment": self::experiment(experiment)})
}

pub(super) fn run_response(run: &Value, experiment: &Value) -> Value {
    let mut rendered = self::run(run);
    rendered["experiment"] = self::experiment(experiment);
    json!({"__typename": "MlflowGetRunResponse", "apiError": null, "run": rendered})
}

pub(super) fn runs_response(runs: impl Iterator<Item = Value>, next: Option<&str>) -> Value {
    let runs: Vec<_> = runs.map(|run| self::run(&run)).collect();
    json!({"__typename": "MlflowSearchRunsResponse", "apiError": null, "runs": runs, "nextPageToken": next})
}

pub(super) fn metrics_response(values: &[Value]) -> Value {
    let metrics: Vec<_> = values
        .iter()
        .map(|value| typed(value, "MlflowMetricWithRunId"))
        .collect();
    json!({"__typename": "MlflowGetMetricHistoryBulkIntervalResponse", "apiError": null, "metrics": metrics})
}

fn experiment(experiment: &Value) -> Value {
    let mut rendered = typed(experiment, "MlflowExperiment");
    rendered["effectiveTraceArchivalRetention"] = "".into();
    rendered["tags"] = list(&experiment["tags"], "MlflowExperimentTag");
    rendered
}

fn run(run: &Value) -> Value {
    let mut info = typed(&run["info"], "MlflowRunInfo");
    if info.get("endTime").is_none() {
        info["endTime"] = Value::Null;
    }
    let data = &run["data"];
    json!({
        "__typename": "MlflowRunExtension",
        "info": info,
        "experiment": null,
        "modelVersions": [],
        "data": {
            "__typename": "MlflowRunData",
            "metrics": list(&data["metrics"], "MlflowMetricExtension"),
            "params": list(&data["params"], "MlflowParam"),
            "tags": list(&data["tags"], "MlflowRunTag"),
        },
        "inputs": {
            "__typename": "MlflowRunInputs",
            "datasetInputs": items(&run["inputs"]["dataset_inputs"]).map(dataset_input).collect::<Value>(),
            "modelInputs": list(&run["inputs"]["model_inputs"], "MlflowModelInput"),
        },
        "outputs": {"__typename": "MlflowRunOutputs", "modelOutputs": []},
    })
}

fn dataset_input(input: &Value) -> Value {
    let mut dataset = typed(&input["dataset"], "MlflowDataset");
    for name in ["schema", "profile"] {
        if dataset.get(name).is_none() {
            dataset[name] = Value::Null;
        }
    }
    json!({
        "__typename": "MlflowDatasetInput",
        "dataset": dataset,
        "tags": list(&input["tags"], "MlflowInputTag"),
    })
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn list(values: &Value, type_name: &str) -> Value {
    items(values).map(|item| typed(item, type_name)).collect()
}

/// An object of scalars under its type name. Integers, which are all 64 bits wide here, become text.
fn typed(object: &Value, type_name: &str) -> Value {
    let mut members = Map::new();
    members.insert("__typename".to_owned(), type_name.into());
    for (name, value) in object.as_object().into_iter().flatten() {
        let value = match value {
            Value::Number(number) if number.is_i64() || number.is_u64() => {
                number.to_string().into()
            }
            other => other.clone(),
        };
        members.insert(camel_case(name), value);
    }
    Value::Object(members)
}

fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut camel, part| {
        let mut letters = part.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
        camel
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_experiment_always_has_its_list_of_tags() {
        let rest = json!({"experiment_id": "7", "name": "a", "creation_time": 5, "tags": []});
        insta::assert_snapshot!(
            experiment_response(&rest),
            @r#"{"__typename":"MlflowGetExperimentResponse","apiError":null,"experiment":{"__typename":"MlflowExperiment","experimentId":"7","name":"a","creationTime":"5","tags":[],"effectiveTraceArchivalRetention":""}}"#
        );
    }

    #[test]
    fn a_run_has_every_list_even_when_empty() {
        let rest = json!({
            "info": {"run_uuid": "r1", "start_time": 5},
            "data": {"metrics": [{"key": "acc", "value": 0.5, "step": 1}]},
            "inputs": {},
        });
        insta::assert_snapshot!(
            self::run(&rest),
            @r#"{"__typename":"MlflowRunExtension","info":{"__typename":"MlflowRunInfo","runUuid":"r1","startTime":"5","endTime":null},"experiment":null,"modelVersions":[],"data":{"__typename":"MlflowRunData","metrics":[{"__typename":"MlflowMetricExtension","key":"acc","value":0.5,"step":"1"}],"params":[],"tags":[]},"inputs":{"__typename":"MlflowRunInputs","datasetInputs":[],"modelInputs":[]},"outputs":{"__typename":"MlflowRunOutputs","modelOutputs":[]}}"#
        );
    }
}
