//! One function per statement on tags and links of traces.

use std::collections::{BTreeMap, BTreeSet};

use fanlight_model::{LinkedPrompt, TraceId, TraceKey};
use sqlx::SqliteConnection;

use crate::database::BULK_VALUES;
use crate::error::Attempt;
use crate::experiments::rows::workspace_id;
use crate::filter::sql::Sql;
use crate::{CatalogError, Result};

/// A trace key as SQL keeps it: workspace number and the 16 bytes of the id.
pub(crate) fn stored_key(key: TraceKey) -> (i64, Vec<u8>) {
    (i64::from(key.workspace.0), key.trace.to_bytes().to_vec())
}

pub(crate) fn trace_key(workspace: i64, trace: &[u8]) -> Result<TraceKey> {
    let id = trace.try_into().ok().and_then(TraceId::from_bytes);
    let trace = id.ok_or_else(|| CatalogError::BadRow {
        what: "trace id",
        value: format!("{trace:02x?}"),
    })?;
    Ok(TraceKey {
        workspace: workspace_id(workspace)?,
        trace,
    })
}

/// `None` remembers that the tag was removed.
pub(super) async fn put_tag(
    connection: &mut SqliteConnection,
    key: TraceKey,
    tag: &str,
    value: Option<&str>,
) -> Result<()> {
    let (workspace, trace) = stored_key(key);
    sqlx::query(include_str!("../../sql/trace_tags/put.sql"))
        .bind(workspace)
        .bind(trace)
        .bind(tag)
        .bind(value)
        .execute(connection)
        .await
        .attempt("set a tag of a trace")?;
    Ok(())
}

pub(super) async fn select_tags(
    connection: &mut SqliteConnection,
    key: TraceKey,
) -> Result<BTreeMap<String, Option<String>>> {
    let (workspace, trace) = stored_key(key);
    let rows: Vec<(String, Option<String>)> =
        sqlx::query_as(include_str!("../../sql/trace_tags/select.sql"))
            .bind(workspace)
            .bind(trace)
            .fetch_all(connection)
            .await
            .attempt("read the tags of a trace")?;
    Ok(rows.into_iter().collect())
}

/// Many rows per statement. `traces` are distinct.
pub(super) async fn put_runs(
    connection: &mut SqliteConnection,
    traces: &[TraceKey],
    run_id: &str,
) -> Result<()> {
    for chunk in traces.chunks(BULK_VALUES / 3) {
        let mut sql = Sql::new(include_str!("../../sql/trace_runs/put_many_start.sql"));
        sql.push_values(chunk, |mut row, key| {
            let (workspace, trace) = stored_key(*key);
            row.push_bind(workspace)
                .push_bind(trace)
                .push_bind(run_id.to_owned());
        });
        sql.push(include_str!("../../sql/trace_runs/put_many_end.sql"));
        sql.build()
            .persistent(false)
            .execute(&mut *connection)
            .await
            .attempt("link traces to a run")?;
    }
    Ok(())
}

pub(super) async fn select_runs(
    connection: &mut SqliteConnection,
    key: TraceKey,
) -> Result<BTreeSet<String>> {
    let (workspace, trace) = stored_key(key);
    let runs: Vec<String> = sqlx::query_scalar(include_str!("../../sql/trace_runs/select.sql"))
        .bind(workspace)
        .bind(trace)
        .fetch_all(connection)
        .await
        .attempt("read the runs of a trace")?;
    Ok(runs.into_iter().collect())
}

pub(super) async fn put_prompt(
    connection: &mut SqliteConnection,
    key: TraceKey,
    prompt: &LinkedPrompt,
) -> Result<()> {
    let (workspace, trace) = stored_key(key);
    sqlx::query(include_str!("../../sql/trace_prompts/put.sql"))
        .bind(workspace)
        .bind(trace)
        .bind(&prompt.name)
        .bind(&prompt.version)
        .execute(connection)
        .await
        .attempt("link a trace to a prompt")?;
    Ok(())
}

pub(super) async fn select_prompts(
    connection: &mut SqliteConnection,
    key: TraceKey,
) -> Result<BTreeSet<LinkedPrompt>> {
    let (workspace, trace) = stored_key(key);
    let rows: Vec<(String, String)> =
        sqlx::query_as(include_str!("../../sql/trace_prompts/select.sql"))
            .bind(workspace)
            .bind(trace)
            .fetch_all(connection)
            .await
            .attempt("read the prompts of a trace")?;
    Ok(rows
        .into_iter()
        .map(|(name, version)| LinkedPrompt { name, version })
        .collect())
}

/// Forgets all edits of `traces`, with a few statements however many traces there are.
pub(crate) async fn delete_all(
    connection: &mut SqliteConnection,
    traces: &[TraceKey],
) -> Result<()> {
    const STATEMENTS: [&str; 5] = [
        include_str!("../../sql/edited_traces/delete_many.sql"),
        include_str!("../../sql/trace_tags/delete_many.sql"),
        include_str!("../../sql/trace_assessments/delete_many.sql"),
        include_str!("../../sql/trace_runs/delete_many.sql"),
        include_str!("../../sql/trace_prompts/delete_many.sql"),
    ];
    let mut by_workspace: BTreeMap<u32, Vec<TraceId>> = BTreeMap::new();
    for key in traces {
        by_workspace
            .entry(key.workspace.0)
            .or_default()
            .push(key.trace);
    }
    for (workspace, traces) in by_workspace {
        for chunk in traces.chunks(BULK_VALUES - 1) {
            for statement in STATEMENTS {
                delete_many(connection, statement, workspace, chunk).await?;
            }
        }
    }
    Ok(())
}

async fn delete_many(
    connection: &mut SqliteConnection,
    statement: &'static str,
    workspace: u32,
    traces: &[TraceId],
) -> Result<()> {
    let mut sql = Sql::new(statement);
    sql.push_bind(workspace).push(" AND trace_id IN (");
    let mut ids = sql.separated(", ");
    for trace in traces {
        ids.push_bind(trace.to_bytes().to_vec());
    }
    sql.push(")");
    sql.build()
        .persistent(false)
        .execute(connection)
        .await
        .attempt("forget the edits of traces")?;
    Ok(())
}
