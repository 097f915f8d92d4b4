//! JSON inside attribute values: reading it, and writing values the way MLflow's clients spell them.

use std::borrow::Cow;
use std::fmt::{self, Write};

use fanlight_model::Value;

/// What a value means once JSON inside a string is taken at its word: a string whose content is itself a JSON string,
/// object or array means that JSON; anything else is itself. So `"{\"a\":1}"` is an object, but `"5"` stays text.
pub fn decode_json_text(value: &Value) -> Cow<'_, Value> {
    match value {
        Value::String(text) => decode(text).map_or(Cow::Borrowed(value), Cow::Owned),
        _ => Cow::Borrowed(value),
    }
}

/// The JSON string, object or array that `text` is, if it is one.
pub(crate) fn decode(text: &str) -> Option<Value> {
    looks_like_json(text)
        .then(|| serde_json::from_str(text).ok().map(Value::from_json))
        .flatten()
}

/// `text` itself, or the text inside it when it is a JSON string.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.starts_with('"')
        && let Ok(inner) = serde_json::from_str::<String>(text)
    {
        return Cow::Owned(inner);
    }
    Cow::Borrowed(text)
}

/// Prose may start with a quote or a bracket: looking at both ends spares most of it a parse.
fn looks_like_json(text: &str) -> bool {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    matches!(
        (text.as_bytes().first(), text.as_bytes().last()),
        (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']'))
    ) || (text.len() > 1 && text.starts_with('"') && text.ends_with('"'))
}

/// `value` as JSON text with Python's separators. Stops soon after `max_chars` characters, so that a preview of a
/// large value costs little; text that is itself JSON stays as it is.
pub(crate) fn render(value: &Value, max_chars: usize) -> String {
    let mut sink = Sink {
        text: String::new(),
        left: max_chars,
    };
    match value {
        Value::String(text) if decode(text).is_some() => sink.write_str(text),
        other => write_value(&mut sink, other),
    }
    // The only possible failure is that the sink is full, which is what was asked for.
    .ok();
    sink.text
}

/// Collects text until it is full.
struct Sink {
    text: String,
    left: usize,
}

impl Write for Sink {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for character in part.chars() {
            if self.left == 0 {
                return Err(fmt::Error);
            }
            self.left -= 1;
            self.text.push(character);
        }
        Ok(())
    }
}

fn write_value(sink: &mut Sink, value: &Value) -> fmt::Result {
    match value {
        Value::String(text) => write_string(sink, text),
        Value::Array(items) => {
            sink.write_char('[')?;
            for (place, item) in items.iter().enumerate() {
                sink.write_str(if place == 0 { "" } else { ", " })?;
                write_value(sink, item)?;
            }
            sink.write_char(']')
        }
        Value::Map(entries) => {
            sink.write_char('{')?;
            for (place, (key, item)) in entries.iter().enumerate() {
                sink.write_str(if place == 0 { "" } else { ", " })?;
                write_string(sink, key)?;
                sink.write_str(": ")?;
                write_value(sink, item)?;
            }
            sink.write_char('}')
        }
        scalar => write!(sink, "{}", scalar.to_json()),
    }
}

fn write_string(sink: &mut Sink, text: &str) -> fmt::Result {
    sink.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => sink.write_str("\\\"")?,
            '\\' => sink.write_str("\\\\")?,
            '\n' => sink.write_str("\\n")?,
            '\r' => sink.write_str("\\r")?,
            '\t' => sink.write_str("\\t")?,
            control if control < ' ' => write!(sink, "\\u{:04x}", u32::from(control))?,
            other => sink.write_char(other)?,
        }
    }
    sink.write_char('"')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decoded(text: &str) -> Value {
        decode_json_text(&text.into()).into_owned()
    }

    #[test]
    fn text_that_is_a_json_string_object_or_array_means_that_json() {
        assert_eq!(decoded(r#"{"a":1}"#), Value::from_json(json!({"a": 1})));
        assert_eq!(decoded("[1]"), Value::from_json(json!([1])));
        assert_eq!(decoded("\"quoted\""), "quoted".into());
    }

    #[test]
    fn other_text_is_itself() {
        for text in [
            "str",
            "5",
            "true",
            "1.5",
            "null",
            "",
            "\"",
            "[not json]",
            "{\"a\":1",
            "\"a\" and \"b\"",
        ] {
            assert_eq!(decoded(text), text.into());
        }
    }

    #[test]
    fn json_that_is_nested_too_deeply_stays_text() {
        let text = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(decoded(&text), text.as_str().into());
    }

    #[test]
    fn values_are_written_with_python_separators() {
        let value =
            Value::from_json(json!({"a": [1, 1.0, null, true], "ü": "line\n\"quoted\" \u{1}"}));
        assert_eq!(
            render(&value, 1000),
            r#"{"a": [1, 1.0, null, true], "ü": "line\n\"quoted\" \u0001"}"#
        );
        assert_eq!(render(&"answer".into(), 1000), r#""answer""#);
        assert_eq!(render(&r#"{"a":1}"#.into(), 1000), r#"{"a":1}"#);
        assert_eq!(render(&value, 8), r#"{"a": [1"#);
    }
}
