//! What people, judges and code say about a trace or a span.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::UnixNanos;

/// One judgement. Source of the shape: MLflow's assessments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// `a-` and 32 hex digits when made here; a client may bring its own.
    pub id: String,
    pub name: String,
    /// 16 hex digits; not checked against the spans of the trace.
    pub span_id: Option<String>,
    pub source: AssessmentSource,
    pub judgement: Judgement,
    pub rationale: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub created_at: UnixNanos,
    pub updated_at: UnixNanos,
    /// Id of the assessment this one replaces.
    pub overrides: Option<String>,
    /// False once another assessment overrides this one.
    pub valid: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessmentSource {
    pub kind: SourceType,
    pub id: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourceType {
    #[default]
    Unspecified,
    Human,
    LlmJudge,
    Code,
}

/// Values are any JSON, kept as parsed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Judgement {
    Feedback {
        value: serde_json::Value,
        error: Option<FeedbackError>,
    },
    Expectation {
        value: serde_json::Value,
    },
    /// The trace shows the issue named by the assessment.
    Issue {
        issue_name: String,
    },
}

/// Why a judge gave no value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackError {
    pub code: Option<String>,
    pub message: Option<String>,
    pub stack_trace: Option<String>,
}
