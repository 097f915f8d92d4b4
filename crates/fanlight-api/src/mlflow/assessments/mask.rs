//! Which members of an assessment an update is about.

use serde_json::Value as Json;

use crate::ApiError;
use crate::mlflow::Fields;

/// A member that can be updated. The source of an assessment cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskPath {
    Name,
    Judgement,
    Rationale,
    Metadata,
    /// Named by clients, and not changed.
    Ignored,
}

/// Reads `update_mask`: paths separated by commas, or `{"paths": […]}`, in either spelling.
pub fn parse_mask(request: &Fields) -> Result<Vec<MaskPath>, ApiError> {
    let paths: Vec<&str> = match request.json("update_mask")? {
        Some(Json::String(text)) if !text.trim().is_empty() => {
            text.split(',').map(str::trim).collect()
        }
        Some(Json::Object(mask)) => mask
            .get("paths")
            .and_then(Json::as_array)
            .map(|paths| paths.iter().filter_map(Json::as_str).collect())
            .unwrap_or_default(),
        Some(Json::String(_)) | None => Vec::new(),
        Some(other) => {
            return Err(ApiError::invalid(format!(
                "invalid value {other} for parameter `update_mask`: expected paths separated by commas"
            )));
        }
    };
    if paths.is_empty() {
        return Err(ApiError::invalid(
            "missing value for required parameter `update_mask`",
        ));
    }
    paths.into_iter().map(parse_path).collect()
}

fn parse_path(path: &str) -> Result<MaskPath, ApiError> {
    match path {
        "assessmentName" | "assessment_name" => Ok(MaskPath::Name),
        "feedback" | "expectation" | "issue" => Ok(MaskPath::Judgement),
        "rationale" => Ok(MaskPath::Rationale),
        "metadata" => Ok(MaskPath::Metadata),
        "source" => Ok(MaskPath::Ignored),
        other => {
            let shown: String = other.chars().take(64).collect();
            Err(ApiError::invalid(format!(
                "parameter `update_mask` names `{shown}`, which cannot be updated; \
                 these can: assessmentName, feedback, expectation, rationale, metadata"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(body: &str) -> Result<Vec<MaskPath>, String> {
        parse_mask(&Fields::from_body(body.as_bytes())).map_err(|error| error.message)
    }

    #[test]
    fn both_spellings_and_the_object_form_are_understood() {
        let expected = Ok(vec![MaskPath::Name, MaskPath::Judgement]);
        assert_eq!(
            mask(r#"{"update_mask": "assessmentName,feedback"}"#),
            expected
        );
        assert_eq!(
            mask(r#"{"updateMask": "assessment_name, expectation"}"#),
            expected
        );
        assert_eq!(
            mask(r#"{"update_mask": {"paths": ["assessment_name", "feedback"]}}"#),
            expected
        );
    }

    #[test]
    fn an_empty_mask_and_unknown_paths_are_refused() {
        assert_eq!(
            mask("{}"),
            Err("missing value for required parameter `update_mask`".into())
        );
        assert!(
            mask(r#"{"update_mask": "valid"}"#)
                .unwrap_err()
                .contains("`valid`")
        );
    }
}
