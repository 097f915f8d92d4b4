//! Puts whole runs together from their tables.

use std::collections::HashMap;

use sqlx::SqliteConnection;

use super::{DatasetInput, Run, RunData, RunInfo, RunInputs, input_rows, metric_rows, rows};
use crate::error::shortened;
use crate::{CatalogError, Result};

/// Runs per statement.
const CHUNK: usize = 10_000;

/// The runs of `ids`, in that order; unknown ones are left out.
pub(super) async fn load(connection: &mut SqliteConnection, ids: &[String]) -> Result<Vec<Run>> {
    let mut runs = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let mut parts = Parts::default();
        parts.read_data(connection, chunk).await?;
        parts.read_inputs(connection, chunk).await?;
        let infos = rows::select_many(connection, chunk).await?;
        let mut infos: HashMap<_, _> = infos
            .into_iter()
            .map(|info| (info.id.clone(), info))
            .collect();
        runs.extend(
            chunk
                .iter()
                .filter_map(|id| infos.remove(id))
                .map(|info| parts.assemble(info)),
        );
    }
    Ok(runs)
}

pub(super) async fn load_one(connection: &mut SqliteConnection, id: &str) -> Result<Run> {
    let found = load(connection, &[id.to_owned()]).await?.pop();
    found.ok_or_else(|| CatalogError::RunNotFound { id: shortened(id) })
}

pub(super) async fn require(connection: &mut SqliteConnection, id: &str) -> Result<RunInfo> {
    let found = rows::select_many(connection, &[id.to_owned()]).await?.pop();
    found.ok_or_else(|| CatalogError::RunNotFound { id: shortened(id) })
}

/// Neither the run nor its experiment is deleted.
pub(super) async fn require_active(connection: &mut SqliteConnection, id: &str) -> Result<RunInfo> {
    let info = require(connection, id).await?;
    if info.deleted {
        Err(CatalogError::RunDeleted { id: shortened(id) })
    } else {
        Ok(info)
    }
}

#[derive(Default)]
struct Parts {
    data: HashMap<String, RunData>,
    inputs: HashMap<String, RunInputs>,
}

impl Parts {
    async fn read_data(&mut self, connection: &mut SqliteConnection, ids: &[String]) -> Result<()> {
        for (run, key, value) in rows::select_tags(connection, ids).await? {
            self.data.entry(run).or_default().tags.insert(key, value);
        }
        for (run, key, value) in rows::select_params(connection, ids).await? {
            self.data.entry(run).or_default().params.insert(key, value);
        }
        for (run, metric) in metric_rows::select_latest(connection, ids).await? {
            self.data.entry(run).or_default().metrics.push(metric);
        }
        for data in self.data.values_mut() {
            data.metrics.sort_by(|a, b| a.key.cmp(&b.key));
        }
        Ok(())
    }

    async fn read_inputs(
        &mut self,
        connection: &mut SqliteConnection,
        ids: &[String],
    ) -> Result<()> {
        let mut tags: HashMap<(String, i64), Vec<(String, String)>> = HashMap::new();
        for (run, dataset, key, value) in input_rows::select_tags(connection, ids).await? {
            tags.entry((run, dataset)).or_default().push((key, value));
        }
        for (run, number, dataset) in input_rows::select_many(connection, ids).await? {
            let tags = tags
                .remove(&(run.clone(), number))
                .unwrap_or_default()
                .into_iter()
                .collect();
            self.inputs
                .entry(run)
                .or_default()
                .datasets
                .push(DatasetInput { dataset, tags });
        }
        for (run, model) in input_rows::select_models(connection, ids).await? {
            self.inputs.entry(run).or_default().models.push(model);
        }
        Ok(())
    }

    fn assemble(&mut self, info: RunInfo) -> Run {
        let data = self.data.remove(&info.id).unwrap_or_default();
        let inputs = self.inputs.remove(&info.id).unwrap_or_default();
        Run { info, data, inputs }
    }
}
