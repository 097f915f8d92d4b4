//! Which traces have their edits here, and how edits come here that a segment kept.
//!
//! Of a trace all edits are here or none: the first edit of a trace brings along what its segment keeps.

use std::collections::BTreeSet;

use fanlight_model::{TraceEdits, TraceKey};
use sqlx::SqliteConnection;

use super::{assessment_rows, rows};
use crate::Result;
use crate::database::{BULK_VALUES, from_sql, to_sql};
use crate::error::Attempt;
use crate::filter::sql::Sql;

/// A trace that is to be edited.
#[derive(Clone, Copy, Debug)]
pub struct Edited<'a> {
    pub trace: TraceKey,
    /// All that is said about it so far, by whoever knows. It is written first if the catalog has nothing of the trace,
    /// and ignored otherwise.
    pub known: Option<&'a TraceEdits>,
}

impl From<TraceKey> for Edited<'_> {
    fn from(trace: TraceKey) -> Self {
        Self { trace, known: None }
    }
}

/// The edits of a trace at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct EditedTrace {
    pub trace: TraceKey,
    /// Each edit gives a new one; no other edit of any trace ever has the same.
    pub revision: u64,
    pub edits: TraceEdits,
}

/// Makes everything said about `traces` so far be here, and gives them a new revision. Call before writing edits.
pub(super) async fn begin(connection: &mut SqliteConnection, traces: &[Edited<'_>]) -> Result<()> {
    for edited in traces {
        if let Some(known) = edited
            .known
            .filter(|known| **known != TraceEdits::default())
            && revision(connection, edited.trace).await?.is_none()
        {
            write(connection, edited.trace, known).await?;
        }
    }
    let distinct: BTreeSet<TraceKey> = traces.iter().map(|edited| edited.trace).collect();
    put_many(connection, &distinct.into_iter().collect::<Vec<_>>()).await
}

async fn write(
    connection: &mut SqliteConnection,
    trace: TraceKey,
    edits: &TraceEdits,
) -> Result<()> {
    for (tag, value) in &edits.tags {
        rows::put_tag(connection, trace, tag, value.as_deref()).await?;
    }
    for assessment in &edits.assessments {
        assessment_rows::put(connection, trace, assessment).await?;
    }
    for run in &edits.runs {
        rows::put_runs(connection, &[trace], run).await?;
    }
    for prompt in &edits.prompts {
        rows::put_prompt(connection, trace, prompt).await?;
    }
    Ok(())
}

async fn put_many(connection: &mut SqliteConnection, traces: &[TraceKey]) -> Result<()> {
    for chunk in traces.chunks(BULK_VALUES / 2) {
        let mut sql = Sql::new(include_str!("../../sql/edited_traces/put_many.sql"));
        sql.push_values(chunk, |mut row, key| {
            let (workspace, trace) = rows::stored_key(*key);
            row.push_bind(workspace).push_bind(trace);
        });
        sql.build()
            .persistent(chunk.len() == 1)
            .execute(&mut *connection)
            .await
            .attempt("note edited traces")?;
    }
    Ok(())
}

/// `None` when the catalog has no edits of the trace.
pub(super) async fn revision(
    connection: &mut SqliteConnection,
    trace: TraceKey,
) -> Result<Option<u64>> {
    let (workspace, trace) = rows::stored_key(trace);
    let revision: Option<i64> =
        sqlx::query_scalar(include_str!("../../sql/edited_traces/select.sql"))
            .bind(workspace)
            .bind(trace)
            .fetch_optional(connection)
            .await
            .attempt("read the revision of a trace")?;
    revision
        .map(|revision| from_sql("revision of a trace", revision))
        .transpose()
}

/// Up to `limit` edited traces behind a revision.
pub(super) async fn select_after(
    connection: &mut SqliteConnection,
    revision: i64,
    limit: i64,
) -> Result<Vec<(i64, TraceKey)>> {
    let found: Vec<(i64, i64, Vec<u8>)> =
        sqlx::query_as(include_str!("../../sql/edited_traces/select_after.sql"))
            .bind(revision)
            .bind(limit)
            .fetch_all(connection)
            .await
            .attempt("read the edited traces")?;
    let traces = found
        .into_iter()
        .map(|(revision, workspace, trace)| Ok((revision, rows::trace_key(workspace, &trace)?)));
    traces.collect()
}

/// Forgets the edits of each trace that still has one of `revisions`: a segment keeps them.
pub(crate) async fn forget(connection: &mut SqliteConnection, revisions: &[u64]) -> Result<()> {
    for chunk in revisions.chunks(BULK_VALUES) {
        let start = include_str!("../../sql/edited_traces/delete_revisions_start.sql");
        let mut sql = Sql::new(start);
        let mut list = sql.separated(", ");
        for revision in chunk {
            list.push_bind(to_sql("revision of a trace", *revision)?);
        }
        sql.push(include_str!(
            "../../sql/edited_traces/delete_revisions_end.sql"
        ));
        let unchanged: Vec<(i64, Vec<u8>)> = sql
            .build_query_as()
            .persistent(false)
            .fetch_all(&mut *connection)
            .await
            .attempt("forget edits that a segment keeps")?;
        let unchanged = unchanged
            .into_iter()
            .map(|(workspace, trace)| rows::trace_key(workspace, &trace));
        let mut unchanged = unchanged.collect::<Result<Vec<_>>>()?;
        // In key order: the database then writes each of its pages once.
        unchanged.sort_unstable();
        rows::delete_all(connection, &unchanged).await?;
    }
    Ok(())
}
