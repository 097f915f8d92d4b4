//! One function per statement on what runs were given: datasets and models.

use fanlight_model::ExperimentId;
use sqlx::SqliteConnection;

use super::rows::with_ids;
use super::{Dataset, DatasetSummary};
use crate::Result;
use crate::database::from_sql;
use crate::error::Attempt;
use crate::experiments::rows::stored_id;
use crate::filter::sql::Sql;

/// Summaries answered at most.
const MAX_SUMMARIES: i64 = 1000;

/// The row of that name and digest, which keeps what it was first told.
pub(super) async fn put_dataset(
    connection: &mut SqliteConnection,
    experiment: ExperimentId,
    dataset: &Dataset,
) -> Result<i64> {
    sqlx::query_scalar(include_str!("../../sql/datasets/put.sql"))
        .bind(stored_id(experiment)?)
        .bind(&dataset.name)
        .bind(&dataset.digest)
        .bind(&dataset.source_type)
        .bind(&dataset.source)
        .bind(&dataset.schema)
        .bind(&dataset.profile)
        .fetch_one(connection)
        .await
        .attempt("register a dataset")
}

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    run_id: &str,
    dataset: i64,
) -> Result<()> {
    sqlx::query(include_str!("../../sql/run_datasets/insert.sql"))
        .bind(run_id)
        .bind(dataset)
        .execute(connection)
        .await
        .attempt("add a dataset to a run")?;
    Ok(())
}

pub(super) async fn put_tag(
    connection: &mut SqliteConnection,
    run_id: &str,
    dataset: i64,
    key: &str,
    value: &str,
) -> Result<()> {
    sqlx::query(include_str!("../../sql/run_dataset_tags/put.sql"))
        .bind(run_id)
        .bind(dataset)
        .bind(key)
        .bind(value)
        .execute(connection)
        .await
        .attempt("tag a dataset of a run")?;
    Ok(())
}

pub(super) async fn insert_model(
    connection: &mut SqliteConnection,
    run_id: &str,
    model: &str,
) -> Result<()> {
    sqlx::query(include_str!("../../sql/run_models/insert.sql"))
        .bind(run_id)
        .bind(model)
        .execute(connection)
        .await
        .attempt("add a model to a run")?;
    Ok(())
}

/// Run, number of the dataset, dataset.
pub(super) async fn select_many(
    connection: &mut SqliteConnection,
    ids: &[String],
) -> Result<Vec<(String, i64, Dataset)>> {
    type Row = (
        String,
        i64,
        String,
        String,
        String,
        String,
        Option<String>,
        Option<String>,
    );
    let rows: Vec<Row> = with_ids(include_str!("../../sql/run_datasets/select_many.sql"), ids)
        .build_query_as()
        .persistent(ids.len() == 1)
        .fetch_all(connection)
        .await
        .attempt("read the datasets of runs")?;
    let dataset = |(run_id, id, name, digest, source_type, source, schema, profile): Row| {
        (
            run_id,
            id,
            Dataset {
                name,
                digest,
                source_type,
                source,
                schema,
                profile,
            },
        )
    };
    Ok(rows.into_iter().map(dataset).collect())
}

/// Run, number of the dataset, key, value.
pub(super) async fn select_tags(
    connection: &mut SqliteConnection,
    ids: &[String],
) -> Result<Vec<(String, i64, String, String)>> {
    with_ids(
        include_str!("../../sql/run_dataset_tags/select_many.sql"),
        ids,
    )
    .build_query_as()
    .persistent(ids.len() == 1)
    .fetch_all(connection)
    .await
    .attempt("read the tags of datasets of runs")
}

/// Run, model.
pub(super) async fn select_models(
    connection: &mut SqliteConnection,
    ids: &[String],
) -> Result<Vec<(String, String)>> {
    with_ids(include_str!("../../sql/run_models/select_many.sql"), ids)
        .build_query_as()
        .persistent(ids.len() == 1)
        .fetch_all(connection)
        .await
        .attempt("read the models of runs")
}

pub(super) async fn select_used(
    connection: &mut SqliteConnection,
    experiments: &[ExperimentId],
) -> Result<Vec<DatasetSummary>> {
    let mut sql = Sql::new(include_str!("../../sql/datasets/select_used.sql"));
    sql.push("(");
    let mut list = sql.separated(", ");
    for experiment in experiments {
        list.push_bind(stored_id(*experiment)?);
    }
    sql.push(") ORDER BY d.experiment_id, d.name, d.digest, t.value LIMIT ")
        .push_bind(MAX_SUMMARIES);
    let rows: Vec<(i64, String, String, Option<String>)> = sql
        .build_query_as()
        .persistent(false)
        .fetch_all(connection)
        .await
        .attempt("read the datasets of experiments")?;
    let summary = |(experiment, name, digest, context)| {
        let experiment = ExperimentId(from_sql("experiment id", experiment)?);
        Ok(DatasetSummary {
            experiment,
            name,
            digest,
            context,
        })
    };
    rows.into_iter().map(summary).collect()
}
