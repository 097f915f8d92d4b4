//! One pass over the attributes of a span: which of the known keys it has.

use std::borrow::Cow;

use fanlight_model::{Span, Value};

use crate::json_text;
use crate::keys::{Key, LIVEKIT, TRACELOOP_COMPLETIONS, TRACELOOP_PROMPTS, key_of};

/// The known attributes of one span, each at its own place.
#[derive(Clone, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) span: &'a Span,
    values: [Option<&'a Value>; Key::COUNT],
    /// There are `gen_ai.prompt.<n>` or `gen_ai.completion.<n>` attributes.
    pub(crate) has_numbered_messages: bool,
    /// There is any `lk.` attribute.
    pub(crate) is_livekit: bool,
}

impl<'a> Found<'a> {
    pub(crate) fn of(span: &'a Span) -> Self {
        let mut found = Self {
            span,
            values: [None; Key::COUNT],
            has_numbered_messages: false,
            is_livekit: false,
        };
        for (name, value) in span.attributes.iter() {
            found.is_livekit |= name.starts_with(LIVEKIT);
            match key_of(name) {
                Some(key) => found.values[key as usize] = Some(value),
                None => {
                    found.has_numbered_messages |= name.starts_with(TRACELOOP_PROMPTS)
                        || name.starts_with(TRACELOOP_COMPLETIONS);
                }
            }
        }
        found
    }

    pub(crate) fn get(&self, key: Key) -> Option<&'a Value> {
        self.values[key as usize]
    }

    pub(crate) fn has(&self, key: Key) -> bool {
        self.get(key).is_some()
    }

    /// The text at `key`; old clients wrote it as JSON, so `"\"LLM\""` is `LLM`. Empty text counts as absent.
    pub(crate) fn text(&self, key: Key) -> Option<Cow<'a, str>> {
        let text = json_text::plain(self.get(key)?.as_str()?);
        (!text.is_empty()).then_some(text)
    }

    /// The first of `keys` that has a text.
    pub(crate) fn first_text(&self, keys: &[Key]) -> Option<Cow<'a, str>> {
        keys.iter().find_map(|key| self.text(*key))
    }

    /// The first of `keys` whose value says something, with its name.
    pub(crate) fn first_content(&self, keys: &[Key]) -> Option<(&'static str, &'a Value)> {
        keys.iter().find_map(|key| {
            let value = self.get(*key)?;
            has_content(value).then_some((key.name(), value))
        })
    }

    /// The first of `keys` that holds a count: an integer, an integral double or decimal text.
    pub(crate) fn first_count(&self, keys: &[Key]) -> Option<u64> {
        keys.iter().find_map(|key| count(self.get(*key)?))
    }
}

/// A count of tokens, however it was written.
pub(crate) fn count(value: &Value) -> Option<u64> {
    value
        .as_integer()
        .and_then(|number| u64::try_from(number).ok())
}

/// False for what instrumentation writes when it has nothing to say: empty text, lists and objects (as JSON text too),
/// null, zero and false.
pub(crate) fn has_content(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Int(number) => *number != 0,
        Value::Double(number) => *number != 0.0,
        Value::String(text) => !matches!(text.as_str(), "" | "{}" | "[]" | "\"\""),
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::span;

    #[test]
    fn a_value_of_the_wrong_type_is_skipped() {
        let span = span([
            (Key::OpenInferenceResponseModel.name(), Value::Int(4)),
            (Key::OpenInferenceModel.name(), "".into()),
            (Key::GenAiResponseModel.name(), "gpt-4o".into()),
        ]);
        let keys = [
            Key::OpenInferenceResponseModel,
            Key::OpenInferenceModel,
            Key::GenAiResponseModel,
        ];
        assert_eq!(
            Found::of(&span).first_text(&keys).as_deref(),
            Some("gpt-4o")
        );
    }

    #[test]
    fn counts_are_integers_in_any_spelling() {
        assert_eq!(count(&Value::Int(12)), Some(12));
        assert_eq!(count(&Value::Double(12.0)), Some(12));
        assert_eq!(count(&"12".into()), Some(12));
        assert_eq!(count(&Value::Double(12.5)), None);
        assert_eq!(count(&Value::Int(-1)), None);
        assert_eq!(count(&"x".into()), None);
    }
}
