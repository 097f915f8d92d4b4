//! Reads every edit at start-up, a bounded number of rows at a time.

use std::collections::BTreeMap;

use fanlight_model::{LinkedPrompt, TraceEdits, TraceKey};
use sqlx::SqliteConnection;

use super::rows::trace_key;
use super::{EditedTrace, assessment_rows, edited};
use crate::Result;
use crate::database::from_sql;
use crate::error::Attempt;

type Edits = BTreeMap<TraceKey, TraceEdits>;

/// Rows read at once.
const ROWS: i64 = 10_000;

/// No workspace is negative: every key is behind this one.
const BEFORE_ALL: (i64, Vec<u8>) = (-1, Vec::new());

pub(super) async fn load(connection: &mut SqliteConnection) -> Result<Vec<EditedTrace>> {
    let mut edits = Edits::new();
    load_tags(connection, &mut edits).await?;
    load_assessments(connection, &mut edits).await?;
    load_runs(connection, &mut edits).await?;
    load_prompts(connection, &mut edits).await?;
    let mut traces = load_traces(connection, edits).await?;
    traces.sort_unstable_by_key(|trace| trace.trace);
    Ok(traces)
}

/// A trace without any edit is one whose edits were taken back: what a segment keeps of it does not count.
async fn load_traces(
    connection: &mut SqliteConnection,
    mut edits: Edits,
) -> Result<Vec<EditedTrace>> {
    let mut after = -1;
    let mut traces = Vec::new();
    loop {
        let rows = edited::select_after(connection, after, ROWS).await?;
        let Some((last, _)) = rows.last() else {
            return Ok(traces);
        };
        after = *last;
        for (revision, trace) in rows {
            traces.push(EditedTrace {
                trace,
                revision: from_sql("revision of a trace", revision)?,
                edits: edits.remove(&trace).unwrap_or_default(),
            });
        }
    }
}

async fn load_tags(connection: &mut SqliteConnection, edits: &mut Edits) -> Result<()> {
    let (mut after, mut after_key) = (BEFORE_ALL, String::new());
    loop {
        let rows: Vec<(i64, Vec<u8>, String, Option<String>)> =
            sqlx::query_as(include_str!("../../sql/trace_tags/select_after.sql"))
                .bind(after.0)
                .bind(&after.1)
                .bind(&after_key)
                .bind(ROWS)
                .fetch_all(&mut *connection)
                .await
                .attempt("read the tags of traces")?;
        let Some((workspace, trace, key, _)) = rows.last() else {
            return Ok(());
        };
        (after, after_key) = ((*workspace, trace.clone()), key.clone());
        for (workspace, trace, key, value) in rows {
            edits
                .entry(trace_key(workspace, &trace)?)
                .or_default()
                .tags
                .insert(key, value);
        }
    }
}

async fn load_assessments(connection: &mut SqliteConnection, edits: &mut Edits) -> Result<()> {
    let mut after = -1;
    loop {
        let rows = assessment_rows::select_after(connection, after, ROWS).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.position;
        for row in rows {
            edits
                .entry(row.trace)
                .or_default()
                .assessments
                .push(row.assessment);
        }
    }
}

async fn load_runs(connection: &mut SqliteConnection, edits: &mut Edits) -> Result<()> {
    let (mut after, mut after_run) = (BEFORE_ALL, String::new());
    loop {
        let rows: Vec<(i64, Vec<u8>, String)> =
            sqlx::query_as(include_str!("../../sql/trace_runs/select_after.sql"))
                .bind(after.0)
                .bind(&after.1)
                .bind(&after_run)
                .bind(ROWS)
                .fetch_all(&mut *connection)
                .await
                .attempt("read the runs of traces")?;
        let Some((workspace, trace, run)) = rows.last() else {
            return Ok(());
        };
        (after, after_run) = ((*workspace, trace.clone()), run.clone());
        for (workspace, trace, run) in rows {
            edits
                .entry(trace_key(workspace, &trace)?)
                .or_default()
                .runs
                .insert(run);
        }
    }
}

async fn load_prompts(connection: &mut SqliteConnection, edits: &mut Edits) -> Result<()> {
    let (mut after, mut after_prompt) = (BEFORE_ALL, (String::new(), String::new()));
    loop {
        let rows: Vec<(i64, Vec<u8>, String, String)> =
            sqlx::query_as(include_str!("../../sql/trace_prompts/select_after.sql"))
                .bind(after.0)
                .bind(&after.1)
                .bind(&after_prompt.0)
                .bind(&after_prompt.1)
                .bind(ROWS)
                .fetch_all(&mut *connection)
                .await
                .attempt("read the prompts of traces")?;
        let Some((workspace, trace, name, version)) = rows.last() else {
            return Ok(());
        };
        (after, after_prompt) = ((*workspace, trace.clone()), (name.clone(), version.clone()));
        for (workspace, trace, name, version) in rows {
            let key = trace_key(workspace, &trace)?;
            edits
                .entry(key)
                .or_default()
                .prompts
                .insert(LinkedPrompt { name, version });
        }
    }
}
