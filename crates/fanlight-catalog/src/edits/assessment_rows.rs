//! One function per statement on assessments, and their form in columns.

use std::collections::BTreeMap;

use fanlight_model::{
    Assessment, AssessmentSource, FeedbackError, Judgement, SourceType, TraceKey, UnixNanos,
};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::rows::{stored_key, trace_key};
use crate::error::{Attempt, shortened};
use crate::{CatalogError, Result};

/// Column `error_json`.
#[derive(Serialize, Deserialize)]
struct StoredError {
    code: Option<String>,
    message: Option<String>,
    stack_trace: Option<String>,
}

/// Adds it unless the id is taken; says whether it was added.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    key: TraceKey,
    new: &Assessment,
) -> Result<bool> {
    let added = write(
        connection,
        include_str!("../../sql/trace_assessments/insert.sql"),
        key,
        new,
    )
    .await?;
    Ok(added > 0)
}

/// Adds it or replaces the one of the same id, at its place.
pub(super) async fn put(
    connection: &mut SqliteConnection,
    key: TraceKey,
    assessment: &Assessment,
) -> Result<()> {
    write(
        connection,
        include_str!("../../sql/trace_assessments/put.sql"),
        key,
        assessment,
    )
    .await?;
    Ok(())
}

async fn write(
    connection: &mut SqliteConnection,
    statement: &'static str,
    key: TraceKey,
    assessment: &Assessment,
) -> Result<u64> {
    let (workspace, trace) = stored_key(key);
    let columns = JudgementColumns::of(&assessment.judgement)?;
    let done = sqlx::query(statement)
        .bind(workspace)
        .bind(trace)
        .bind(&assessment.id)
        .bind(&assessment.name)
        .bind(&assessment.span_id)
        .bind(source_name(assessment.source.kind))
        .bind(&assessment.source.id)
        .bind(columns.kind)
        .bind(columns.value_json)
        .bind(columns.error_json)
        .bind(columns.issue_name)
        .bind(&assessment.rationale)
        .bind(to_json("assessment metadata", &assessment.metadata)?)
        .bind(stored_nanos(assessment.created_at))
        .bind(stored_nanos(assessment.updated_at))
        .bind(&assessment.overrides)
        .bind(i64::from(assessment.valid))
        .execute(connection)
        .await
        .attempt("write an assessment")?;
    Ok(done.rows_affected())
}

/// Says whether there is such an assessment.
pub(super) async fn invalidate(
    connection: &mut SqliteConnection,
    key: TraceKey,
    id: &str,
) -> Result<bool> {
    let (workspace, trace) = stored_key(key);
    let done = sqlx::query(include_str!("../../sql/trace_assessments/invalidate.sql"))
        .bind(workspace)
        .bind(trace)
        .bind(id)
        .execute(connection)
        .await
        .attempt("invalidate an assessment")?;
    Ok(done.rows_affected() > 0)
}

/// Makes it valid unless another one still overrides it.
pub(super) async fn revalidate(
    connection: &mut SqliteConnection,
    key: TraceKey,
    id: &str,
) -> Result<()> {
    let (workspace, trace) = stored_key(key);
    sqlx::query(include_str!("../../sql/trace_assessments/revalidate.sql"))
        .bind(workspace)
        .bind(trace)
        .bind(id)
        .execute(connection)
        .await
        .attempt("make an assessment valid again")?;
    Ok(())
}

/// `None` when there is no such assessment, else the id of the one it overrode.
pub(super) async fn delete(
    connection: &mut SqliteConnection,
    key: TraceKey,
    id: &str,
) -> Result<Option<Option<String>>> {
    let (workspace, trace) = stored_key(key);
    sqlx::query_scalar(include_str!("../../sql/trace_assessments/delete.sql"))
        .bind(workspace)
        .bind(trace)
        .bind(id)
        .fetch_optional(connection)
        .await
        .attempt("delete an assessment")
}

pub(super) async fn select(
    connection: &mut SqliteConnection,
    key: TraceKey,
) -> Result<Vec<Assessment>> {
    let (workspace, trace) = stored_key(key);
    let rows = sqlx::query(include_str!("../../sql/trace_assessments/select.sql"))
        .bind(workspace)
        .bind(trace)
        .fetch_all(connection)
        .await
        .attempt("read the assessments of a trace")?;
    rows.iter().map(|row| Ok(stored(row)?.assessment)).collect()
}

/// Up to `limit` assessments of all traces, behind a position.
pub(super) async fn select_after(
    connection: &mut SqliteConnection,
    position: i64,
    limit: i64,
) -> Result<Vec<StoredAssessment>> {
    let rows = sqlx::query(include_str!("../../sql/trace_assessments/select_after.sql"))
        .bind(position)
        .bind(limit)
        .fetch_all(connection)
        .await
        .attempt("read assessments")?;
    rows.iter().map(stored).collect()
}

pub(super) struct StoredAssessment {
    pub(super) position: i64,
    pub(super) trace: TraceKey,
    pub(super) assessment: Assessment,
}

fn stored(row: &SqliteRow) -> Result<StoredAssessment> {
    let (position, workspace, trace) =
        read_owner(row).attempt("read the owner of an assessment")?;
    let assessment = Assessment {
        judgement: read_judgement(row)?,
        metadata: metadata(
            &row.try_get::<String, _>("metadata_json")
                .attempt("read assessment metadata")?,
        )?,
        ..read_plain(row).attempt("read an assessment")?
    };
    Ok(StoredAssessment {
        position,
        trace: trace_key(workspace, &trace)?,
        assessment,
    })
}

fn read_owner(row: &SqliteRow) -> Result<(i64, i64, Vec<u8>), sqlx::Error> {
    Ok((
        row.try_get("position")?,
        row.try_get("workspace_id")?,
        row.try_get("trace_id")?,
    ))
}

/// Everything but judgement and metadata.
fn read_plain(row: &SqliteRow) -> Result<Assessment, sqlx::Error> {
    Ok(Assessment {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        span_id: row.try_get("span_id")?,
        source: AssessmentSource {
            kind: source_kind(row.try_get("source_kind")?),
            id: row.try_get("source_id")?,
        },
        judgement: Judgement::Feedback {
            value: serde_json::Value::Null,
            error: None,
        },
        rationale: row.try_get("rationale")?,
        metadata: BTreeMap::new(),
        created_at: UnixNanos(
            u64::try_from(row.try_get::<i64, _>("created_ns")?).unwrap_or_default(),
        ),
        updated_at: UnixNanos(
            u64::try_from(row.try_get::<i64, _>("updated_ns")?).unwrap_or_default(),
        ),
        overrides: row.try_get("overrides")?,
        valid: row.try_get("valid")?,
    })
}

/// A judgement spread over its columns.
#[derive(Default)]
struct JudgementColumns {
    kind: &'static str,
    value_json: Option<String>,
    error_json: Option<String>,
    issue_name: Option<String>,
}

impl JudgementColumns {
    fn of(judgement: &Judgement) -> Result<Self> {
        Ok(match judgement {
            Judgement::Feedback { value, error } => Self {
                kind: "feedback",
                value_json: Some(value.to_string()),
                error_json: error.as_ref().map(error_text).transpose()?,
                issue_name: None,
            },
            Judgement::Expectation { value } => Self {
                kind: "expectation",
                value_json: Some(value.to_string()),
                ..Self::default()
            },
            Judgement::Issue { issue_name } => Self {
                kind: "issue",
                issue_name: Some(issue_name.clone()),
                ..Self::default()
            },
        })
    }
}

fn error_text(error: &FeedbackError) -> Result<String> {
    let FeedbackError {
        code,
        message,
        stack_trace,
    } = error.clone();
    to_json(
        "feedback error",
        &StoredError {
            code,
            message,
            stack_trace,
        },
    )
}

fn read_judgement(row: &SqliteRow) -> Result<Judgement> {
    let get = |column: &'static str| {
        row.try_get::<Option<String>, _>(column)
            .attempt("read a judgement")
    };
    let value = || {
        let text = get("value_json")?.unwrap_or_default();
        from_json("assessment value", &text)
    };
    match get("kind")?.as_deref() {
        Some("feedback") => {
            let error = get("error_json")?
                .map(|text| from_json::<StoredError>("feedback error", &text))
                .transpose()?;
            let error = error.map(
                |StoredError {
                     code,
                     message,
                     stack_trace,
                 }| FeedbackError {
                    code,
                    message,
                    stack_trace,
                },
            );
            Ok(Judgement::Feedback {
                value: value()?,
                error,
            })
        }
        Some("expectation") => Ok(Judgement::Expectation { value: value()? }),
        Some("issue") => Ok(Judgement::Issue {
            issue_name: get("issue_name")?.unwrap_or_default(),
        }),
        other => Err(CatalogError::BadRow {
            what: "kind of assessment",
            value: shortened(other.unwrap_or_default()),
        }),
    }
}

fn metadata(text: &str) -> Result<BTreeMap<String, String>> {
    from_json("assessment metadata", text)
}

fn to_json<T: Serialize>(what: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| CatalogError::BadRow {
        what,
        value: error.to_string(),
    })
}

fn from_json<T: for<'a> Deserialize<'a>>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| CatalogError::BadRow {
        what,
        value: shortened(text),
    })
}

/// Instants after 2262 become 2262.
fn stored_nanos(time: UnixNanos) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

fn source_name(kind: SourceType) -> &'static str {
    match kind {
        SourceType::Unspecified => "unspecified",
        SourceType::Human => "human",
        SourceType::LlmJudge => "llm_judge",
        SourceType::Code => "code",
    }
}

/// A kind a newer version may have written is unspecified to this one.
fn source_kind(name: &str) -> SourceType {
    match name {
        "human" => SourceType::Human,
        "llm_judge" => SourceType::LlmJudge,
        "code" => SourceType::Code,
        _ => SourceType::Unspecified,
    }
}
