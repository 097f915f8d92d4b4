//! An assessment in full, as `/api/v1` names its parts, with exact times.

use fanlight_model::{
    Assessment, AssessmentSource, FeedbackError, Judgement, SourceType, UnixNanos,
};
use serde_json::{Map, Value as Json, json};

use crate::v1::{Members, Refusal};

/// Everything but whether it is valid: that follows from what overrides it.
pub(super) fn render(said: &Assessment) -> Json {
    let mut members = Map::new();
    let mut set = |name: &str, value: Json| {
        if !value.is_null() {
            members.insert(name.to_owned(), value);
        }
    };
    set("id", said.id.as_str().into());
    set("name", said.name.as_str().into());
    set("span_id", said.span_id.clone().into());
    set(
        "source",
        json!({"kind": kind_name(said.source.kind), "id": said.source.id}),
    );
    set("rationale", said.rationale.clone().into());
    if !said.metadata.is_empty() {
        set("metadata", json!(said.metadata));
    }
    set("created_ns", said.created_at.0.to_string().into());
    set("updated_ns", said.updated_at.0.to_string().into());
    set("overrides", said.overrides.clone().into());
    match &said.judgement {
        Judgement::Feedback { value, error } => {
            set("kind", "feedback".into());
            set("value", value.clone());
            if let Some(error) = error {
                let error = json!({
                    "code": error.code, "message": error.message, "stack_trace": error.stack_trace,
                });
                set("error", error);
            }
        }
        Judgement::Expectation { value } => {
            set("kind", "expectation".into());
            set("value", value.clone());
        }
        Judgement::Issue { issue_name } => {
            set("kind", "issue".into());
            set("value", issue_name.as_str().into());
        }
    }
    Json::Object(members)
}

pub(super) fn parse(mut members: Members) -> Result<Assessment, Refusal> {
    let parsed = Assessment {
        id: members.required_text("id")?,
        name: members.text("name")?.unwrap_or_default(),
        span_id: members.text("span_id")?,
        source: members
            .object("source")?
            .map(parse_source)
            .transpose()?
            .unwrap_or_default(),
        judgement: parse_judgement(&mut members)?,
        rationale: members.text("rationale")?,
        metadata: members.text_map("metadata")?.unwrap_or_default(),
        created_at: UnixNanos(members.required_nanos("created_ns")?),
        updated_at: UnixNanos(members.required_nanos("updated_ns")?),
        overrides: members.text("overrides")?,
        valid: true,
    };
    members.finish()?;
    Ok(parsed)
}

fn parse_judgement(members: &mut Members) -> Result<Judgement, Refusal> {
    let kind = members.required_text("kind")?;
    let value = members.json("value").unwrap_or_default();
    match kind.as_str() {
        "feedback" => Ok(Judgement::Feedback {
            value,
            error: members.object("error")?.map(parse_error).transpose()?,
        }),
        "expectation" => Ok(Judgement::Expectation { value }),
        "issue" => match value {
            Json::String(issue_name) => Ok(Judgement::Issue { issue_name }),
            _ => Err(members.refuse("value", "an issue has its name as the value")),
        },
        _ => Err(members.refuse("kind", "expected feedback, expectation or issue")),
    }
}

fn parse_error(mut members: Members) -> Result<FeedbackError, Refusal> {
    let error = FeedbackError {
        code: members.text("code")?,
        message: members.text("message")?,
        stack_trace: members.text("stack_trace")?,
    };
    members.finish()?;
    Ok(error)
}

fn parse_source(mut members: Members) -> Result<AssessmentSource, Refusal> {
    let kind = match members.text("kind")?.as_deref() {
        Some("human") => SourceType::Human,
        Some("llm_judge") => SourceType::LlmJudge,
        Some("code") => SourceType::Code,
        None | Some("unspecified") => SourceType::Unspecified,
        Some(_) => {
            return Err(members.refuse("kind", "expected human, llm_judge, code or unspecified"));
        }
    };
    let id = members.text("id")?;
    members.finish()?;
    Ok(AssessmentSource { kind, id })
}

const fn kind_name(kind: SourceType) -> &'static str {
    match kind {
        SourceType::Unspecified => "unspecified",
        SourceType::Human => "human",
        SourceType::LlmJudge => "llm_judge",
        SourceType::Code => "code",
    }
}
