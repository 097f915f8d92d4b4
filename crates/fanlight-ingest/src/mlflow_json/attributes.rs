//! Span attributes, whose values are JSON text in Python's documents and plain JSON in npm's.

use fanlight_model::{Attributes, Value};
use serde_json::{Map, Value as Json};

use super::JsonTexts;

const REQUEST_ID: &str = "mlflow.traceRequestId";

/// Values with the layer of JSON text undone where there is one.
pub(super) fn span_attributes(
    entries: Map<String, Json>,
    max_depth: usize,
    texts: JsonTexts,
) -> Attributes {
    let encoded = values_are_json_text(&entries);
    let decode = |value| match value {
        Json::String(text) if encoded && texts == JsonTexts::Kept && stays_text(&text) => {
            Value::String(text)
        }
        Json::String(text) if encoded => from_json_text(text, max_depth),
        other => Value::from_json(other),
    };
    entries
        .into_iter()
        .map(|(key, value)| (key, decode(value)))
        .collect()
}

/// Both forms hold strings, so `5` may be a number or a text. The request id, present in nearly every span, tells: it
/// is quoted in one form only. Without it, one value that is not JSON text decides.
fn values_are_json_text(entries: &Map<String, Json>) -> bool {
    match entries.get(REQUEST_ID) {
        Some(Json::String(id)) => id.starts_with('"'),
        _ => entries
            .values()
            .all(|value| value.as_str().is_some_and(is_json)),
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() || python_double(text).is_some()
}

/// The value written as `text`; a text that is not JSON, or nested too deeply, stays a string.
fn from_json_text(text: String, max_depth: usize) -> Value {
    if let Some(number) = python_double(&text) {
        return Value::Double(number);
    }
    match serde_json::from_str(&text) {
        Ok(json) if depth_within(&json, max_depth) => Value::from_json(json),
        _ => Value::String(text),
    }
}

/// Lists and objects, and texts that would be taken for one of these without their quotes.
fn stays_text(text: &str) -> bool {
    match serde_json::from_str(text) {
        Ok(Json::Array(_) | Json::Object(_)) => true,
        Ok(Json::String(inner)) => inner.trim_start().starts_with(['{', '[', '"']),
        _ => false,
    }
}

/// Python writes these three although JSON has no such words.
fn python_double(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

pub(super) fn depth_within(json: &Json, levels: usize) -> bool {
    match json {
        Json::Array(items) => levels > 0 && items.iter().all(|item| depth_within(item, levels - 1)),
        Json::Object(entries) => {
            levels > 0
                && entries
                    .values()
                    .all(|value| depth_within(value, levels - 1))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: Json) -> Vec<(String, Value)> {
        let Json::Object(entries) = json else {
            panic!("not an object")
        };
        span_attributes(entries, 3, JsonTexts::Decoded).into_entries()
    }

    #[test]
    fn json_text_becomes_its_value() {
        let read = read(json!({
            "mlflow.traceRequestId": "\"tr-1\"", "n": "5", "s": "\"5\"", "nan": "Infinity", "bad": "{", "raw": 7,
            "deep": "[[[[1]]]]"
        }));
        let expected = [
            ("mlflow.traceRequestId", "tr-1".into()),
            ("n", 5.into()),
            ("s", "5".into()),
            ("nan", f64::INFINITY.into()),
            ("bad", "{".into()),
            ("raw", 7.into()),
            ("deep", "[[[[1]]]]".into()),
        ];
        assert_eq!(
            read,
            expected.map(|(key, value): (&str, Value)| (key.to_owned(), value))
        );
    }

    #[test]
    fn decoded_values_stay_as_they_are() {
        let read = read(json!({"mlflow.traceRequestId": "tr-1", "n": "5", "o": {"a": [1, null]}}));
        let list = Value::Array(vec![1.into(), Value::Null]);
        let expected = [
            ("mlflow.traceRequestId", "tr-1".into()),
            ("n", "5".into()),
            ("o", Value::Map(vec![("a".into(), list)])),
        ];
        assert_eq!(
            read,
            expected.map(|(key, value): (&str, Value)| (key.to_owned(), value))
        );
    }

    #[test]
    fn without_a_request_id_one_plain_text_decides() {
        assert_eq!(read(json!({"a": "1"})), [("a".to_owned(), 1.into())]);
        assert_eq!(
            read(json!({"a": "1", "b": "x"})),
            [("a".to_owned(), "1".into()), ("b".to_owned(), "x".into())]
        );
    }

    #[test]
    fn an_export_keeps_the_text_of_lists_and_objects() {
        let entries = [
            ("mlflow.traceRequestId", r#""tr-1""#),
            ("object", r#"{"n":1e400, "b":2}"#),
            ("quoted", r#""[1]""#),
            ("text", r#""plain""#),
            ("number", "5"),
        ];
        let entries = entries.map(|(key, text)| (key.to_owned(), Json::from(text)));
        let read = span_attributes(Map::from_iter(entries), 3, JsonTexts::Kept).into_entries();
        let expected = [
            ("mlflow.traceRequestId", "tr-1".into()),
            ("object", r#"{"n":1e400, "b":2}"#.into()),
            ("quoted", r#""[1]""#.into()),
            ("text", "plain".into()),
            ("number", 5.into()),
        ];
        assert_eq!(
            read,
            expected.map(|(key, value): (&str, Value)| (key.to_owned(), value))
        );
    }
}
