//! What is said about traces.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::request::ClientError;
use super::{Client, TraceName, in_path};

/// Who says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A person, by name or id.
    Human(String),
    /// A model, by its name.
    LlmJudge(String),
    /// A program, by its name.
    Code(String),
}

impl Source {
    fn to_json(&self) -> Json {
        let (kind, id) = match self {
            Self::Human(id) => ("HUMAN", id),
            Self::LlmJudge(id) => ("LLM_JUDGE", id),
            Self::Code(id) => ("CODE", id),
        };
        json!({"source_type": kind, "source_id": id})
    }
}

/// How good a trace or span is, in somebody's eyes.
#[derive(Clone, Debug, PartialEq)]
pub struct Feedback {
    /// What is judged: `correct`, `helpful`, …
    pub name: String,
    /// A number, text, truth value, or any other JSON.
    pub value: Json,
    /// Why it is judged so.
    pub rationale: Option<String>,
    /// Who says so.
    pub source: Source,
    /// The span it is about, as 16 hex digits; else it is about the whole trace.
    pub span_id: Option<String>,
    /// Anything else there is to say.
    pub metadata: BTreeMap<String, String>,
    /// The id of what it replaces.
    pub overrides: Option<String>,
}

impl Feedback {
    /// Said by this program, until told otherwise.
    pub fn new(name: impl Into<String>, value: impl Into<Json>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            rationale: None,
            source: Source::Code("default".to_owned()),
            span_id: None,
            metadata: BTreeMap::new(),
            overrides: None,
        }
    }

    /// A person says so, by name or id.
    #[must_use]
    pub fn by_human(mut self, id: impl Into<String>) -> Self {
        self.source = Source::Human(id.into());
        self
    }

    /// A model says so.
    #[must_use]
    pub fn by_judge(mut self, model: impl Into<String>) -> Self {
        self.source = Source::LlmJudge(model.into());
        self
    }

    /// Why it is judged so.
    #[must_use]
    pub fn rationale(mut self, rationale: impl Into<String>) -> Self {
        self.rationale = Some(rationale.into());
        self
    }

    /// About one span in place of the trace.
    #[must_use]
    pub fn span(mut self, id: crate::SpanId) -> Self {
        self.span_id = Some(id.to_string());
        self
    }

    /// With something else to say.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// In place of an earlier one, by its id.
    #[must_use]
    pub fn overrides(mut self, assessment_id: impl Into<String>) -> Self {
        self.overrides = Some(assessment_id.into());
        self
    }
}

/// What should have come out.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// What is expected: `answer`, `sources`, …
    pub name: String,
    /// Any JSON but null.
    pub value: Json,
    /// Who says so.
    pub source: Source,
    /// The span it is about, as 16 hex digits; else it is about the whole trace.
    pub span_id: Option<String>,
    /// Anything else there is to say.
    pub metadata: BTreeMap<String, String>,
}

impl Expectation {
    /// Said by a person who is not named, until told otherwise.
    pub fn new(name: impl Into<String>, value: impl Into<Json>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            source: Source::Human("default".to_owned()),
            span_id: None,
            metadata: BTreeMap::new(),
        }
    }

    /// Who says so.
    #[must_use]
    pub fn by(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// About one span in place of the trace.
    #[must_use]
    pub fn span(mut self, id: crate::SpanId) -> Self {
        self.span_id = Some(id.to_string());
        self
    }
}

impl Client {
    /// Answers with the id of what was said.
    pub fn log_feedback(
        &self,
        trace: impl Into<TraceName>,
        feedback: &Feedback,
    ) -> Result<String, ClientError> {
        let mut said = common(
            &feedback.name,
            &feedback.source,
            feedback.span_id.as_deref(),
            &feedback.metadata,
        );
        said.insert("feedback".into(), json!({"value": feedback.value}));
        if let Some(rationale) = &feedback.rationale {
            said.insert("rationale".into(), rationale.as_str().into());
        }
        if let Some(overrides) = &feedback.overrides {
            said.insert("overrides".into(), overrides.as_str().into());
        }
        self.say(&trace.into(), &said)
    }

    /// Answers with the id of what was said.
    pub fn log_expectation(
        &self,
        trace: impl Into<TraceName>,
        expectation: &Expectation,
    ) -> Result<String, ClientError> {
        let mut said = common(
            &expectation.name,
            &expectation.source,
            expectation.span_id.as_deref(),
            &expectation.metadata,
        );
        said.insert("expectation".into(), json!({"value": expectation.value}));
        self.say(&trace.into(), &said)
    }

    /// Takes it back; what it replaced is valid again.
    pub fn delete_assessment(
        &self,
        trace: impl Into<TraceName>,
        assessment_id: &str,
    ) -> Result<(), ClientError> {
        let (trace, id) = (in_path(trace.into().as_str()), in_path(assessment_id));
        self.delete(&format!("/api/v1/traces/{trace}/assessments/{id}"))
    }

    /// Through the API that is MLflow's as well: Fanlight's own is for people alone.
    fn say(&self, trace: &TraceName, said: &Map<String, Json>) -> Result<String, ClientError> {
        #[derive(Deserialize)]
        struct Reply {
            assessment: Said,
        }
        #[derive(Deserialize)]
        struct Said {
            assessment_id: String,
        }
        let path = format!(
            "/api/3.0/mlflow/traces/{}/assessments",
            in_path(trace.as_str())
        );
        let reply: Reply = self.post(&path, &json!({"assessment": said}))?;
        Ok(reply.assessment.assessment_id)
    }
}

fn common(
    name: &str,
    source: &Source,
    span_id: Option<&str>,
    metadata: &BTreeMap<String, String>,
) -> Map<String, Json> {
    let mut said = Map::new();
    said.insert("assessment_name".into(), name.into());
    said.insert("source".into(), source.to_json());
    if let Some(span_id) = span_id {
        said.insert("span_id".into(), span_id.into());
    }
    if !metadata.is_empty() {
        said.insert("metadata".into(), json!(metadata));
    }
    said
}
