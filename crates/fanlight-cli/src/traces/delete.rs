//! `fanlight traces delete`: by id, or everything of an experiment until an instant.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::find::{experiment_id, list};
use crate::cli::DeleteArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::printer::Printer;

/// Ids per request, as MLflow's own client sends them.
const BATCH: usize = 100;

pub(super) fn run(
    client: &Client,
    asked: &DeleteArgs,
    printer: &mut Printer,
) -> Result<(), Failure> {
    match (asked.older_than.or(asked.until), &asked.experiment) {
        (Some(before), Some(experiment)) => {
            let id = experiment_id(client, experiment)?;
            let request =
                json!({"experiment_id": id, "max_timestamp_millis": before.0.as_millis()});
            printer.line(&deleted(delete(client, &request)?))
        }
        _ => by_id(client, &asked.ids, printer),
    }
}

fn by_id(client: &Client, ids: &[String], printer: &mut Printer) -> Result<(), Failure> {
    let mut count = 0;
    let mut found = 0;
    for ids in ids.chunks(BATCH) {
        for (experiment, ids) in by_experiment(client, ids)? {
            found += ids.len();
            count += delete(
                client,
                &json!({"experiment_id": experiment, "request_ids": ids}),
            )?;
        }
    }
    printer.line(&deleted(count))?;
    match ids.len().saturating_sub(found) {
        0 => Ok(()),
        missing => Err(Failure::NotFound(format!(
            "{missing} of {} traces do not exist",
            ids.len()
        ))),
    }
}

/// The ids that exist, by the experiment they are in.
fn by_experiment(
    client: &Client,
    ids: &[String],
) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut reply = client.post(
        "/api/3.0/mlflow/traces/batchGetInfos",
        &json!({"trace_ids": ids}),
    )?;
    let mut by_experiment: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for info in list(reply["trace_infos"].take()) {
        let experiment = info["trace_location"]["mlflow_experiment"]["experiment_id"].as_str();
        if let (Some(experiment), Some(id)) = (experiment, info["trace_id"].as_str()) {
            by_experiment
                .entry(experiment.to_owned())
                .or_default()
                .push(id.to_owned());
        }
    }
    Ok(by_experiment)
}

fn delete(client: &Client, request: &Json) -> Result<u64, Failure> {
    let reply = client.post("/api/3.0/mlflow/traces/delete-traces", request)?;
    Ok(reply["traces_deleted"].as_u64().unwrap_or(0))
}

fn deleted(count: u64) -> String {
    match count {
        1 => "deleted 1 trace".to_owned(),
        count => format!("deleted {count} traces"),
    }
}
