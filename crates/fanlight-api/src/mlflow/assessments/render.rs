//! An assessment as a reply shows it.

use fanlight_model::{Assessment, FeedbackError, Judgement, SourceType};
use fanlight_query::filter::python_json;
use serde_json::{Map, Value as Json, json};

use crate::mlflow::times;

/// The JSON of an assessment of the trace known as `trace_id`. Absent members are left out.
pub fn render(assessment: &Assessment, trace_id: &str) -> Json {
    let mut members = Map::new();
    let mut set = |name: &str, value: Json| members.insert(name.to_owned(), value);
    set("assessment_id", assessment.id.as_str().into());
    set("assessment_name", assessment.name.as_str().into());
    set("trace_id", trace_id.into());
    if let Some(span_id) = &assessment.span_id {
        set("span_id", span_id.as_str().into());
    }
    set("source", render_source(assessment));
    set(
        "create_time",
        times::render_timestamp(assessment.created_at).into(),
    );
    set(
        "last_update_time",
        times::render_timestamp(assessment.updated_at).into(),
    );
    let (kind, judgement) = render_judgement(&assessment.judgement);
    set(kind, judgement);
    if let Some(rationale) = &assessment.rationale {
        set("rationale", rationale.as_str().into());
    }
    if !assessment.metadata.is_empty() {
        set("metadata", json!(assessment.metadata));
    }
    if let Some(overrides) = &assessment.overrides {
        set("overrides", overrides.as_str().into());
    }
    set("valid", assessment.valid.into());
    Json::Object(members)
}

fn render_source(assessment: &Assessment) -> Json {
    let kind = match assessment.source.kind {
        SourceType::Unspecified => "SOURCE_TYPE_UNSPECIFIED",
        SourceType::Human => "HUMAN",
        SourceType::LlmJudge => "LLM_JUDGE",
        SourceType::Code => "CODE",
    };
    match &assessment.source.id {
        Some(id) => json!({"source_type": kind, "source_id": id}),
        None => json!({"source_type": kind}),
    }
}

fn render_judgement(judgement: &Judgement) -> (&'static str, Json) {
    match judgement {
        Judgement::Feedback { value, error: None } => {
            ("feedback", json!({"value": doubled(value.clone())}))
        }
        Judgement::Feedback {
            value,
            error: Some(error),
        } => (
            "feedback",
            json!({"value": doubled(value.clone()), "error": render_error(error)}),
        ),
        // The reference keeps expected lists and objects as text, where integers stay integers.
        Judgement::Expectation {
            value: value @ (Json::Array(_) | Json::Object(_)),
        } => {
            let serialized =
                json!({"serialization_format": "JSON_FORMAT", "value": python_json(value)});
            ("expectation", json!({"serialized_value": serialized}))
        }
        Judgement::Expectation { value } => {
            ("expectation", json!({"value": doubled(value.clone())}))
        }
        Judgement::Issue { issue_name } => ("issue", json!({"issue_name": issue_name})),
    }
}

fn render_error(error: &FeedbackError) -> Json {
    let parts = [
        ("error_code", &error.code),
        ("error_message", &error.message),
        ("stack_trace", &error.stack_trace),
    ];
    let known = parts
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), text.as_deref()?.into())));
    Json::Object(known.collect())
}

/// `json` with every number as a double: `1` becomes `1.0`.
///
/// Source: `google.protobuf.Value`, which knows no integers; Python users see the difference.
pub fn doubled(json: Json) -> Json {
    match json {
        Json::Number(number) => number.as_f64().map_or(Json::Number(number), Json::from),
        Json::Array(items) => Json::Array(items.into_iter().map(doubled).collect()),
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .map(|(key, value)| (key, doubled(value)))
                .collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use fanlight_model::{AssessmentSource, UnixNanos};

    use super::*;

    fn assessment(judgement: Judgement) -> Assessment {
        Assessment {
            id: "a-1".into(),
            name: "correctness".into(),
            span_id: None,
            source: AssessmentSource::default(),
            judgement,
            rationale: None,
            metadata: std::collections::BTreeMap::new(),
            created_at: UnixNanos::from_millis(1_795_214_667_710),
            updated_at: UnixNanos::from_millis(1_795_214_668_000),
            overrides: None,
            valid: true,
        }
    }

    #[test]
    fn a_full_feedback_renders_every_member() {
        let feedback = Assessment {
            span_id: Some("9bba0b2ef45d43f2".into()),
            source: AssessmentSource {
                kind: SourceType::Human,
                id: Some("bob".into()),
            },
            rationale: Some("no".into()),
            metadata: [("m".to_owned(), "1".to_owned())].into(),
            overrides: Some("a-0".into()),
            valid: false,
            ..assessment(Judgement::Feedback {
                value: json!(false),
                error: None,
            })
        };
        insta::assert_snapshot!(
            render(&feedback, "tr-1"),
            @r#"{"assessment_id":"a-1","assessment_name":"correctness","trace_id":"tr-1","span_id":"9bba0b2ef45d43f2","source":{"source_type":"HUMAN","source_id":"bob"},"create_time":"2026-11-20T22:44:27.710Z","last_update_time":"2026-11-20T22:44:28Z","feedback":{"value":false},"rationale":"no","metadata":{"m":"1"},"overrides":"a-0","valid":false}"#
        );
    }

    #[test]
    fn a_failed_judge_keeps_its_null_value_beside_the_error() {
        let error = FeedbackError {
            code: Some("E".into()),
            message: None,
            stack_trace: None,
        };
        let judgement = Judgement::Feedback {
            value: Json::Null,
            error: Some(error),
        };
        insta::assert_snapshot!(
            render(&assessment(judgement), "tr-1")["feedback"],
            @r#"{"value":null,"error":{"error_code":"E"}}"#
        );
    }

    #[test]
    fn numbers_come_back_as_doubles() {
        let value = json!({"a": [1, 2.5]});
        let feedback = render(
            &assessment(Judgement::Feedback { value, error: None }),
            "tr-1",
        );
        insta::assert_snapshot!(feedback["feedback"], @r#"{"value":{"a":[1.0,2.5]}}"#);
    }

    #[test]
    fn expected_objects_come_back_as_text() {
        let render = |value| {
            render(&assessment(Judgement::Expectation { value }), "tr-1")["expectation"].to_string()
        };
        insta::assert_snapshot!(
            render(json!({"a": 1})),
            @r#"{"serialized_value":{"serialization_format":"JSON_FORMAT","value":"{\"a\": 1}"}}"#
        );
        insta::assert_snapshot!(render(json!(3)), @r#"{"value":3.0}"#);
    }
}
