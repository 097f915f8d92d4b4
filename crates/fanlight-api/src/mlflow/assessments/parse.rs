//! New assessments and updates of existing ones.

use fanlight_model::{Assessment, AssessmentSource, Judgement, SourceType, UnixNanos};

use super::judgement;
use super::mask::{MaskPath, parse_mask};
use crate::ApiError;
use crate::mlflow::{Fields, times};

/// Reads the members of an assessment that is to be added.
///
/// `new_id` is used unless the client brought an id. Times the client gave are kept; without them, or
/// when they cannot be read, it is `now`.
pub fn parse_new(
    assessment: &Fields,
    new_id: String,
    now: UnixNanos,
) -> Result<Assessment, ApiError> {
    let judgement = judgement::parse(assessment)?.ok_or_else(judgement::missing)?;
    let created_at = time_or(assessment, "create_time", now)?;
    Ok(Assessment {
        id: assessment
            .owned_text("assessment_id")?
            .filter(|id| !id.is_empty())
            .unwrap_or(new_id),
        name: assessment
            .owned_text("assessment_name")?
            .unwrap_or_default(),
        span_id: assessment
            .owned_text("span_id")?
            .filter(|id| !id.is_empty()),
        source: parse_source(assessment)?,
        judgement,
        rationale: assessment.owned_text("rationale")?,
        metadata: assessment.text_map("metadata")?.into_iter().collect(),
        created_at,
        updated_at: time_or(assessment, "last_update_time", created_at)?,
        overrides: assessment
            .owned_text("overrides")?
            .filter(|id| !id.is_empty()),
        valid: true,
    })
}

fn time_or(assessment: &Fields, name: &str, default: UnixNanos) -> Result<UnixNanos, ApiError> {
    Ok(assessment
        .text(name)?
        .and_then(times::parse_timestamp)
        .unwrap_or(default))
}

fn parse_source(assessment: &Fields) -> Result<AssessmentSource, ApiError> {
    let Some(source) = assessment.object("source")? else {
        return Ok(AssessmentSource::default());
    };
    let kind = match source.text("source_type")? {
        Some("HUMAN") => SourceType::Human,
        Some("LLM_JUDGE") => SourceType::LlmJudge,
        Some("CODE") => SourceType::Code,
        // The names of an enum may grow: an unknown one is unspecified, as the reference does.
        _ => SourceType::Unspecified,
    };
    Ok(AssessmentSource {
        kind,
        id: source.owned_text("source_id")?,
    })
}

/// A change of an existing assessment: only what the mask names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Update {
    name: Option<String>,
    judgement: Option<Judgement>,
    rationale: Rationale,
    metadata: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
enum Rationale {
    #[default]
    Stays,
    /// `None` removes it.
    Becomes(Option<String>),
}

/// Reads the body of an update: `assessment` and `update_mask`.
pub fn parse_update(request: &Fields) -> Result<Update, ApiError> {
    let assessment = request.required_object("assessment")?;
    let mut update = Update::default();
    for path in parse_mask(request)? {
        match path {
            MaskPath::Name => {
                let name = assessment.owned_text("assessment_name")?;
                update.name = Some(name.unwrap_or_default());
            }
            MaskPath::Judgement => {
                let judgement = judgement::parse(&assessment)?.ok_or_else(judgement::missing)?;
                update.judgement = Some(judgement);
            }
            MaskPath::Rationale => {
                update.rationale = Rationale::Becomes(assessment.owned_text("rationale")?);
            }
            MaskPath::Metadata => update.metadata = assessment.text_map("metadata")?,
            MaskPath::Ignored => {}
        }
    }
    Ok(update)
}

impl Update {
    /// The assessment after the change. Fails when the kind of judgement would change.
    pub fn apply(self, mut assessment: Assessment, now: UnixNanos) -> Result<Assessment, ApiError> {
        if let Some(judgement) = self.judgement {
            if std::mem::discriminant(&judgement) != std::mem::discriminant(&assessment.judgement) {
                return Err(ApiError::invalid(format!(
                    "assessment `{}` cannot become another kind of assessment",
                    assessment.id
                )));
            }
            assessment.judgement = judgement;
        }
        if let Some(name) = self.name {
            assessment.name = name;
        }
        if let Rationale::Becomes(rationale) = self.rationale {
            assessment.rationale = rationale;
        }
        assessment.metadata.extend(self.metadata);
        assessment.updated_at = now;
        Ok(assessment)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(json: &serde_json::Value) -> Fields {
        Fields::from_body(json.to_string().as_bytes())
    }

    fn yes() -> Assessment {
        let body =
            json!({"assessment_name": "ok", "feedback": {"value": true}, "metadata": {"m": "1"}});
        parse_new(&fields(&body), "a-new".into(), UnixNanos(7)).unwrap()
    }

    #[test]
    fn a_new_assessment_takes_defaults_for_what_is_missing() {
        let assessment = yes();
        assert_eq!(assessment.id, "a-new");
        assert_eq!(
            (assessment.created_at, assessment.updated_at),
            (UnixNanos(7), UnixNanos(7))
        );
        assert_eq!(assessment.source, AssessmentSource::default());
        assert!(assessment.valid);
    }

    #[test]
    fn what_the_client_brings_is_kept() {
        let body = json!({
            "assessment_id": "a-mine", "assessment_name": "ok", "span_id": "9bba0b2ef45d43f2",
            "source": {"source_type": "HUMAN", "source_id": "bob"}, "feedback": {"value": 1},
            "create_time": "2026-11-20T22:44:27.710Z", "overrides": "a-old", "valid": false,
        });
        let assessment = parse_new(&fields(&body), "a-new".into(), UnixNanos(7)).unwrap();
        assert_eq!(assessment.id, "a-mine");
        assert_eq!(
            assessment.source,
            AssessmentSource {
                kind: SourceType::Human,
                id: Some("bob".into())
            }
        );
        assert_eq!(
            times::render_timestamp(assessment.updated_at),
            "2026-11-20T22:44:27.710Z"
        );
        assert_eq!(assessment.overrides.as_deref(), Some("a-old"));
        assert!(
            assessment.valid,
            "a client cannot make an invalid assessment"
        );
    }

    #[test]
    fn an_update_changes_what_the_mask_names() {
        let request = json!({
            "assessment": {"feedback": {"value": false}, "rationale": "no", "assessment_name": "other", "metadata": {"n": "2"}},
            "update_mask": "feedback,rationale,metadata",
        });
        let changed = parse_update(&fields(&request))
            .unwrap()
            .apply(yes(), UnixNanos(9))
            .unwrap();
        assert_eq!(
            changed.judgement,
            Judgement::Feedback {
                value: json!(false),
                error: None
            }
        );
        assert_eq!(changed.rationale.as_deref(), Some("no"));
        assert_eq!(changed.name, "ok");
        assert_eq!(changed.metadata.len(), 2);
        assert_eq!(
            (changed.created_at, changed.updated_at),
            (UnixNanos(7), UnixNanos(9))
        );
    }

    #[test]
    fn an_update_cannot_change_the_kind() {
        let request =
            json!({"assessment": {"expectation": {"value": 1}}, "update_mask": "expectation"});
        let error = parse_update(&fields(&request))
            .unwrap()
            .apply(yes(), UnixNanos(9))
            .unwrap_err();
        assert_eq!(
            error.message,
            "assessment `a-new` cannot become another kind of assessment"
        );
    }
}
