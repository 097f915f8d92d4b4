//! What people say about a trace: added here, or in place of what was said before.

use fanlight_model::{Assessment, AssessmentSource, Judgement, SourceType, UnixNanos};

use super::{Members, Refusal};

const MAX_NAME_CHARS: usize = 250;

/// `POST /api/v1/traces/{trace_id}/assessments`: said by a person, now.
pub fn parse_new_assessment(
    mut body: Members,
    id: String,
    now: UnixNanos,
) -> Result<Assessment, Refusal> {
    let name = body.required_text("name")?;
    if name.trim().is_empty() || name.chars().count() > MAX_NAME_CHARS {
        let reason = format!("expected 1 to {MAX_NAME_CHARS} characters");
        return Err(body.refuse("name", &reason));
    }
    let kind = body.required_text("kind")?;
    let value = body.json("value");
    let judgement = match kind.as_str() {
        "feedback" => Judgement::Feedback {
            value: value.unwrap_or_default(),
            error: None,
        },
        "expectation" => Judgement::Expectation {
            value: value.ok_or_else(|| body.missing("value"))?,
        },
        _ => return Err(body.refuse("kind", "expected `feedback` or `expectation`")),
    };
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let assessment = Assessment {
        id,
        name,
        span_id: filled(body.text("span_id")?),
        source: AssessmentSource {
            kind: SourceType::Human,
            id: filled(body.text("by")?),
        },
        judgement,
        rationale: filled(body.text("rationale")?),
        metadata: std::collections::BTreeMap::new(),
        created_at: now,
        updated_at: now,
        overrides: filled(body.text("overrides")?),
        valid: true,
    };
    body.finish()?;
    Ok(assessment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Assessment, Refusal> {
        parse_new_assessment(
            Members::from_body(body.as_bytes())?,
            "a-1".to_owned(),
            UnixNanos(7),
        )
    }

    #[test]
    fn a_person_says_something_now() {
        let said = parse(
            r#"{"name": "correct", "kind": "feedback", "value": false, "rationale": "no source", "by": "ann", "overrides": "a-0"}"#,
        )
        .unwrap();
        assert_eq!(said.source.kind, SourceType::Human);
        assert_eq!(said.source.id.as_deref(), Some("ann"));
        assert_eq!(said.overrides.as_deref(), Some("a-0"));
        assert_eq!(said.created_at, UnixNanos(7));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let field = |body: &str| parse(body).unwrap_err().field.unwrap();
        assert_eq!(field(r#"{"kind": "feedback"}"#), "name");
        assert_eq!(field(r#"{"name": " ", "kind": "feedback"}"#), "name");
        assert_eq!(field(r#"{"name": "a", "kind": "issue"}"#), "kind");
        assert_eq!(field(r#"{"name": "a", "kind": "expectation"}"#), "value");
        assert_eq!(
            field(r#"{"name": "a", "kind": "feedback", "valu": 1}"#),
            "valu"
        );
    }
}
