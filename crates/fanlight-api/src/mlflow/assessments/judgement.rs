//! The judgement inside an assessment: feedback, an expectation or an issue.

use fanlight_model::{FeedbackError, Judgement};
use serde_json::Value as Json;

use crate::ApiError;
use crate::mlflow::Fields;

/// Characters kept of a stack trace.
const MAX_STACK_TRACE_CHARS: usize = 10_000;
const KINDS: [&str; 3] = ["feedback", "expectation", "issue"];

/// Reads the one judgement of an assessment; `None` when it has none.
pub(super) fn parse(assessment: &Fields) -> Result<Option<Judgement>, ApiError> {
    let mut given = Vec::new();
    for kind in KINDS {
        if let Some(members) = assessment.object(kind)? {
            given.push((kind, members));
        }
    }
    match given.as_slice() {
        [] => Ok(None),
        [(kind, members)] => parse_kind(kind, members).map(Some),
        [(first, _), (second, _), ..] => Err(ApiError::invalid(format!(
            "an assessment has either `{first}` or `{second}`, not both"
        ))),
    }
}

pub(super) fn missing() -> ApiError {
    ApiError::invalid("parameter `assessment` needs one of `feedback`, `expectation` and `issue`")
}

fn parse_kind(kind: &str, members: &Fields) -> Result<Judgement, ApiError> {
    match kind {
        "feedback" => Ok(Judgement::Feedback {
            value: members.json("value")?.cloned().unwrap_or_default(),
            error: members
                .object("error")?
                .map(|error| parse_error(&error))
                .transpose()?,
        }),
        "expectation" => Ok(Judgement::Expectation {
            value: parse_expected(members)?,
        }),
        _ => Ok(Judgement::Issue {
            issue_name: members.owned_text("issue_name")?.unwrap_or_default(),
        }),
    }
}

fn parse_error(error: &Fields) -> Result<FeedbackError, ApiError> {
    let cut = |text: &str| text.chars().take(MAX_STACK_TRACE_CHARS).collect();
    Ok(FeedbackError {
        code: error.owned_text("error_code")?,
        message: error.owned_text("error_message")?,
        stack_trace: error.text("stack_trace")?.map(cut),
    })
}

fn parse_expected(expectation: &Fields) -> Result<Json, ApiError> {
    if let Some(serialized) = expectation.object("serialized_value")? {
        return parse_serialized(&serialized);
    }
    let value = expectation.json("value")?.cloned();
    value.ok_or_else(|| {
        ApiError::invalid("missing value for required parameter `assessment.expectation.value`")
    })
}

fn parse_serialized(serialized: &Fields) -> Result<Json, ApiError> {
    let format = serialized.text("serialization_format")?.unwrap_or_default();
    if format != "JSON_FORMAT" {
        let shown: String = format.chars().take(64).collect();
        return Err(ApiError::invalid(format!(
            "invalid value \"{shown}\" for parameter `serialization_format`: expected JSON_FORMAT"
        )));
    }
    let parsed = serde_json::from_str(serialized.text("value")?.unwrap_or_default());
    parsed
        .map_err(|_| ApiError::invalid("parameter `serialized_value.value` is not a JSON document"))
}

/// What a judgement counts as in averages: numbers as they are, `true` and `yes` as 1, `false` and `no` as 0.
pub fn numeric_value(judgement: &Judgement) -> Option<f64> {
    let value = match judgement {
        Judgement::Feedback { error: Some(_), .. } | Judgement::Issue { .. } => return None,
        Judgement::Feedback { value, .. } | Judgement::Expectation { value } => value,
    };
    match value {
        Json::Number(number) => number.as_f64(),
        Json::Bool(flag) => Some(f64::from(*flag)),
        Json::String(text) if text.trim().eq_ignore_ascii_case("yes") => Some(1.0),
        Json::String(text) if text.trim().eq_ignore_ascii_case("no") => Some(0.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse_text(body: &str) -> Result<Option<Judgement>, String> {
        parse(&Fields::from_body(body.as_bytes())).map_err(|error| error.message)
    }

    #[test]
    fn feedback_without_a_value_is_null() {
        let expected = Judgement::Feedback {
            value: Json::Null,
            error: None,
        };
        assert_eq!(
            parse_text(r#"{"feedback": {}}"#),
            Ok(Some(expected.clone()))
        );
        assert_eq!(
            parse_text(r#"{"feedback": {"value": null}}"#),
            Ok(Some(expected))
        );
    }

    #[test]
    fn a_serialized_expectation_is_parsed() {
        let body = r#"{"expectation": {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": "[1]"}}}"#;
        assert_eq!(
            parse_text(body),
            Ok(Some(Judgement::Expectation { value: json!([1]) }))
        );
        assert!(
            parse_text(&body.replace("[1]", "[1"))
                .unwrap_err()
                .contains("serialized_value")
        );
        assert!(
            parse_text(&body.replace("JSON_FORMAT", "PICKLE"))
                .unwrap_err()
                .contains("PICKLE")
        );
    }

    #[test]
    fn an_expectation_needs_a_value_and_two_kinds_are_refused() {
        assert!(
            parse_text(r#"{"expectation": {"value": null}}"#)
                .unwrap_err()
                .contains("expectation.value")
        );
        assert_eq!(
            parse_text(r#"{"feedback": {}, "issue": {}}"#),
            Err("an assessment has either `feedback` or `issue`, not both".into())
        );
        assert_eq!(parse_text("{}"), Ok(None));
    }

    #[test]
    fn stack_traces_are_cut() {
        let body = format!(
            r#"{{"feedback": {{"error": {{"stack_trace": "{}"}}}}}}"#,
            "é".repeat(10_001)
        );
        let Ok(Some(Judgement::Feedback {
            error: Some(error), ..
        })) = parse_text(&body)
        else {
            panic!()
        };
        assert_eq!(
            error.stack_trace.map(|text| text.chars().count()),
            Some(10_000)
        );
    }

    #[test]
    fn numbers_truth_values_and_yes_count() {
        let count = |value| numeric_value(&Judgement::Feedback { value, error: None });
        assert_eq!(count(json!(0.75)), Some(0.75));
        assert_eq!(count(json!(true)), Some(1.0));
        assert_eq!(count(json!(" No ")), Some(0.0));
        assert_eq!(count(json!("5")), None);
        assert_eq!(count(Json::Null), None);
    }
}
