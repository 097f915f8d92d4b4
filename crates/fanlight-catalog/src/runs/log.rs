//! What a run reports while it works: metrics, parameters, tags, inputs.

use fanlight_model::ExperimentId;
use sqlx::SqliteConnection;

use super::load::{require, require_active};
use super::{
    DatasetInput, DatasetSummary, LogBatch, Metric, RunInputs, input_rows, metric_rows, put_tag,
    rows,
};
use crate::error::{Attempt, shortened};
use crate::filter::MAX_LIST;
use crate::limits::{self, check_length, check_name, cut};
use crate::{Catalog, CatalogError, Page, Result};

const MAX_METRICS: usize = 1000;
const MAX_PARAMS: usize = 100;
const MAX_TAGS: usize = 100;
const MAX_ENTRIES: usize = 1000;
const MAX_INPUTS: usize = 1000;

impl Catalog {
    /// Adds metrics, parameters and tags, all or nothing. A parameter keeps its first value; sending another one
    /// fails. Values of tags and parameters are cut at their limit.
    pub async fn log_batch(&self, id: &str, batch: &LogBatch) -> Result<()> {
        check_batch(batch)?;
        let mut tx = self.database().write().await?;
        require_active(&mut tx, id).await?;
        for (key, value) in &batch.params {
            log_param(&mut tx, id, key, cut(value, limits::PARAM_VALUE)).await?;
        }
        for metric in &batch.metrics {
            metric_rows::insert(&mut tx, id, metric).await?;
            metric_rows::put_latest(&mut tx, id, metric).await?;
        }
        for (key, value) in &batch.tags {
            put_tag(&mut tx, id, key, value).await?;
        }
        tx.commit().await.attempt("commit the entries of a run")
    }

    /// Adds inputs, all or nothing; repeating them is harmless. A dataset already known by name and digest keeps
    /// what it was first told.
    pub async fn log_inputs(&self, id: &str, inputs: &RunInputs) -> Result<()> {
        check_inputs(inputs)?;
        let mut tx = self.database().write().await?;
        let run = require_active(&mut tx, id).await?;
        for DatasetInput { dataset, tags } in &inputs.datasets {
            let number = input_rows::put_dataset(&mut tx, run.experiment, dataset).await?;
            input_rows::insert(&mut tx, id, number).await?;
            for (key, value) in tags {
                input_rows::put_tag(&mut tx, id, number, key, value).await?;
            }
        }
        for model in &inputs.models {
            input_rows::insert_model(&mut tx, id, model).await?;
        }
        tx.commit().await.attempt("commit the inputs of a run")
    }

    /// Every value a metric had, by timestamp, step and value.
    pub async fn metric_history(
        &self,
        id: &str,
        key: &str,
        limit: usize,
        page_token: Option<&str>,
    ) -> Result<Page<Metric>> {
        let mut tx = self.database().read().await?;
        require(&mut tx, id).await?;
        metric_rows::history(&mut tx, id, key, limit, page_token).await
    }

    /// The datasets the active runs of some experiments used; the first thousand.
    pub async fn search_datasets(
        &self,
        experiments: &[ExperimentId],
    ) -> Result<Vec<DatasetSummary>> {
        check_count("experiments", experiments.len(), MAX_LIST)?;
        input_rows::select_used(&mut *self.database().read().await?, experiments).await
    }
}

fn check_count(what: &'static str, found: usize, limit: usize) -> Result<()> {
    if found > limit {
        Err(CatalogError::TooMany { what, limit, found })
    } else {
        Ok(())
    }
}

fn check_batch(batch: &LogBatch) -> Result<()> {
    check_count("metrics", batch.metrics.len(), MAX_METRICS)?;
    check_count("parameters", batch.params.len(), MAX_PARAMS)?;
    check_count("tags", batch.tags.len(), MAX_TAGS)?;
    let entries = batch.metrics.len() + batch.params.len() + batch.tags.len();
    check_count("metrics, parameters and tags", entries, MAX_ENTRIES)?;
    for metric in &batch.metrics {
        check_name("the metric key", &metric.key, limits::TAG_KEY)?;
    }
    for (key, _) in &batch.params {
        check_name("the parameter key", key, limits::TAG_KEY)?;
    }
    for (key, _) in &batch.tags {
        check_name("the tag key", key, limits::TAG_KEY)?;
    }
    Ok(())
}

fn check_inputs(inputs: &RunInputs) -> Result<()> {
    check_count(
        "inputs",
        inputs.datasets.len() + inputs.models.len(),
        MAX_INPUTS,
    )?;
    for DatasetInput { dataset, tags } in &inputs.datasets {
        check_name("the dataset name", &dataset.name, limits::DATASET_NAME)?;
        check_name(
            "the dataset digest",
            &dataset.digest,
            limits::DATASET_DIGEST,
        )?;
        check_length(
            "the dataset source",
            &dataset.source,
            limits::DATASET_SOURCE,
        )?;
        check_length(
            "the dataset schema",
            dataset.schema.as_deref().unwrap_or_default(),
            limits::DATASET_SCHEMA,
        )?;
        check_length(
            "the dataset profile",
            dataset.profile.as_deref().unwrap_or_default(),
            limits::DATASET_PROFILE,
        )?;
        for (key, value) in tags {
            check_name("the tag key", key, limits::TAG_KEY)?;
            check_length("the tag value", value, limits::RUN_TAG_VALUE)?;
        }
    }
    Ok(())
}

async fn log_param(
    connection: &mut SqliteConnection,
    id: &str,
    key: &str,
    value: &str,
) -> Result<()> {
    if rows::insert_param(connection, id, key, value).await? {
        return Ok(());
    }
    let old = rows::select_param(connection, id, key).await?;
    if old == value {
        return Ok(());
    }
    Err(CatalogError::ParamChanged {
        key: shortened(key),
        old: shortened(&old),
        new: shortened(value),
    })
}
