//! One span as conditions see it. Meaning and derived attributes are worked out when first asked for.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::ControlFlow;

use fanlight_model::{Attributes, Event, Span, Value};
use fanlight_normalize::{decode_json_text, meaning, mlflow_attributes};

use super::{SpanCondition, SpanField, Test};

/// Always the trace's id, whatever was sent.
const TRACE_REQUEST_ID: &str = "mlflow.traceRequestId";

/// Looks at the name of a field and a text of it. Says whether that was what it looks for, and whether it wants more.
pub(super) type Take<'a> = dyn FnMut(&str, &str) -> (bool, ControlFlow<()>) + 'a;

pub(super) struct SpanTexts<'a> {
    span: &'a Span,
    /// Of its trace, as MLflow writes it: a derived attribute.
    trace_id_text: &'a str,
    meant: OnceCell<Meant<'a>>,
    /// Raw and derived.
    attributes: OnceCell<Attributes>,
}

/// The part of a span's meaning that conditions ask for.
struct Meant<'a> {
    span_type: Option<Cow<'a, str>>,
    model: Option<Cow<'a, str>>,
}

impl<'a> SpanTexts<'a> {
    pub(super) fn new(span: &'a Span, trace_id_text: &'a str) -> Self {
        Self {
            span,
            trace_id_text,
            meant: OnceCell::new(),
            attributes: OnceCell::new(),
        }
    }

    pub(super) fn fulfils(&self, condition: &SpanCondition) -> bool {
        match condition {
            SpanCondition::All(parts) => by_cost(parts).all(|part| self.fulfils(part)),
            SpanCondition::Any(parts) => by_cost(parts).any(|part| self.fulfils(part)),
            SpanCondition::Is(field, test) => self.passes(field, test),
        }
    }

    /// Whether the text of `field` passes; of [`SpanField::Content`], any of them.
    pub(super) fn passes(&self, field: &SpanField, test: &Test) -> bool {
        match field {
            SpanField::Name => test.accepts_text(Some(&self.span.name)),
            SpanField::Status => test.accepts_text(Some(self.span.status.code.as_str())),
            SpanField::Type => test.accepts_text(self.meant().span_type.as_deref()),
            SpanField::Model => test.accepts_text(self.meant().model.as_deref()),
            SpanField::Attribute(key) => test.accepts_text(self.attribute(key).as_deref()),
            SpanField::Content => self.any_text(test),
        }
    }

    /// Hands the texts of `field` to `take`, inputs and outputs first, with the names that a reader knows them by.
    ///
    /// Of [`SpanField::Content`], strings inside a list or an object come before its whole text, and values as they
    /// were sent come where nothing else is what `take` looks for.
    pub(super) fn each_text(&self, field: &SpanField, take: &mut Take<'_>) -> ControlFlow<()> {
        match field {
            SpanField::Name => take("name", &self.span.name).1,
            SpanField::Status | SpanField::Type | SpanField::Model => ControlFlow::Continue(()),
            SpanField::Attribute(key) => match self.attribute(key) {
                Some(text) => take(&shown_key(key), &text).1,
                None => ControlFlow::Continue(()),
            },
            SpanField::Content => {
                let mut found = false;
                self.each_content(&mut |name, text| {
                    let (is_found, room) = take(name, text);
                    found |= is_found;
                    (is_found, room)
                })?;
                if found {
                    return ControlFlow::Continue(());
                }
                self.each_as_sent(take)
            }
        }
    }

    fn each_as_sent(&self, take: &mut Take<'_>) -> ControlFlow<()> {
        for (key, text) in self.texts_as_sent() {
            take(&shown_key(key), text).1?;
        }
        ControlFlow::Continue(())
    }

    fn each_content(&self, take: &mut Take<'_>) -> ControlFlow<()> {
        take("name", &self.span.name).1?;
        let is_main = |key: &str| INPUTS == key || OUTPUTS == key;
        let attributes = || self.attributes().iter();
        let main = attributes().filter(|(key, _)| is_main(key));
        for (key, value) in main.chain(attributes().filter(|(key, _)| !is_main(key))) {
            each_of_value(&shown_key(key), value, take)?;
        }
        for event in &self.span.events {
            take("event", &event.name).1?;
            for (key, value) in event.attributes.iter() {
                let name = format!("event.{key}");
                each_of_value(&name, &decode_json_text(value), take)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn meant(&self) -> &Meant<'a> {
        self.meant.get_or_init(|| {
            let meaning = meaning(self.span);
            Meant {
                span_type: meaning.span_type,
                model: meaning.model,
            }
        })
    }

    fn attributes(&self) -> &Attributes {
        self.attributes
            .get_or_init(|| mlflow_attributes(self.span, self.trace_id_text))
    }

    /// JSON inside a string counts as that JSON, as it does for clients.
    fn attribute(&self, key: &str) -> Option<Cow<'_, str>> {
        // Other names than these are never derived: the raw value spares the derivation.
        let raw_only = !key.starts_with("mlflow.") && key != "service.name";
        if !raw_only {
            return Some(self.attributes().get(key)?.to_text());
        }
        Some(match decode_json_text(self.span.attributes.get(key)?) {
            Cow::Borrowed(value) => value.to_text(),
            Cow::Owned(value) => Cow::Owned(value.to_text().into_owned()),
        })
    }

    /// Whether its name, or a text as it was sent, passes a test that asks for something.
    pub(super) fn passes_as_sent(&self, test: &Test) -> bool {
        let accepts = |text: &str| test.accepts_text(Some(text));
        !test.is_negative()
            && (accepts(&self.span.name)
                || self.texts_as_sent().any(|(_, text)| accepts(text))
                || is_open(test)
                    && self
                        .values_as_sent()
                        .any(|(_, value)| any_key(value, accepts)))
    }

    /// Strings among the values of attributes and events, each with the key of its value.
    fn texts_as_sent(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values_as_sent()
            .flat_map(|(key, value)| strings_inside(value).map(move |text| (key, text)))
    }

    fn values_as_sent(&self) -> impl Iterator<Item = (&str, &Value)> {
        let of_events = self.span.events.iter();
        let of_events = of_events.flat_map(|event| event.attributes.iter());
        let own = self.span.attributes.iter();
        own.filter(|(key, _)| *key != TRACE_REQUEST_ID)
            .chain(of_events)
    }

    /// Each text is asked by itself: the name, every attribute value, the names and attribute values of events. Values
    /// count as they were sent and as they are shown.
    fn any_text(&self, test: &Test) -> bool {
        if self.passes_as_sent(test) {
            return true;
        }
        let event_passes = |event: &Event| {
            let mut values = event
                .attributes
                .iter()
                .map(|(_, value)| decode_json_text(value));
            test.accepts_text(Some(&event.name)) || values.any(|value| value_passes(&value, test))
        };
        test.accepts_text(Some(&self.span.name))
            || self
                .attributes()
                .iter()
                .any(|(_, value)| value_passes(value, test))
            || self.span.events.iter().any(event_passes)
    }
}

/// The text of an attribute of a span, as conditions on it see it.
pub(crate) fn attribute_text(span: &Span, key: &str) -> Option<String> {
    let id = format!("tr-{}", span.trace_id);
    let texts = SpanTexts::new(span, &id);
    texts.attribute(key).map(Cow::into_owned)
}

/// What is read off the span comes before what has to be worked out.
fn by_cost(parts: &[SpanCondition]) -> impl Iterator<Item = &SpanCondition> {
    let cheap = parts.iter().filter(|part| is_cheap(part));
    cheap.chain(parts.iter().filter(|part| !is_cheap(part)))
}

fn is_cheap(condition: &SpanCondition) -> bool {
    matches!(
        condition,
        SpanCondition::Is(SpanField::Name | SpanField::Status, _)
    )
}

/// Asks about the text of a decoded value and, since JSON escapes hide quotes and line ends, about every string inside.
fn value_passes(value: &Value, test: &Test) -> bool {
    let whole = value.to_text();
    if test.accepts_text(Some(&whole)) {
        return true;
    }
    if !matches!(value, Value::Array(_) | Value::Map(_)) {
        return false;
    }
    // Without an escape, every string stands in the JSON text as it is, and `%…%` has looked at it already.
    (!is_open(test) || whole.contains('\\'))
        && strings_inside(value).any(|inner| test.accepts_text(Some(inner)))
}

/// Whether a text passes as soon as a part of it does.
fn is_open(test: &Test) -> bool {
    matches!(test, Test::Like(pattern) | Test::ILike(pattern) if pattern.is_open())
}

/// Keys of objects count as parts of the text that the whole value is. That text has the last of equal keys alone.
fn any_key(value: &Value, accepts: impl Fn(&str) -> bool) -> bool {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Map(entries) => {
                if entries.iter().any(|(key, _)| accepts(key)) {
                    return true;
                }
                waiting.extend(entries.iter().map(|(_, value)| value));
            }
            _ => {}
        }
    }
    false
}

const INPUTS: &str = "mlflow.spanInputs";
const OUTPUTS: &str = "mlflow.spanOutputs";

fn shown_key(key: &str) -> Cow<'_, str> {
    match key {
        INPUTS => "inputs".into(),
        OUTPUTS => "outputs".into(),
        key => format!("attribute.{key}").into(),
    }
}

/// A string inside is easier to read than the JSON around it; where none is looked for, that is.
fn each_of_value(name: &str, value: &Value, take: &mut Take<'_>) -> ControlFlow<()> {
    let mut found = false;
    if matches!(value, Value::Array(_) | Value::Map(_)) {
        for inner in strings_inside(value) {
            let (is_found, room) = take(name, inner);
            found |= is_found;
            room?;
        }
    }
    if found {
        return ControlFlow::Continue(());
    }
    take(name, &value.to_text()).1
}

/// Without recursion: values nest as deep as a client likes.
fn strings_inside(value: &Value) -> impl Iterator<Item = &str> {
    let mut waiting = vec![value];
    std::iter::from_fn(move || {
        loop {
            match waiting.pop()? {
                Value::String(text) => return Some(text.as_str()),
                Value::Array(items) => waiting.extend(items.iter().rev()),
                Value::Map(entries) => waiting.extend(entries.iter().rev().map(|(_, value)| value)),
                _ => {}
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::LikePattern;
    use super::*;

    fn passes(value: &Value, pattern: &str) -> bool {
        value_passes(
            value,
            &Test::Like(LikePattern::new(pattern, false).unwrap()),
        )
    }

    #[test]
    fn nested_strings_are_searched_without_their_escapes() {
        let message = Value::Map(vec![("content".into(), "say \"hi\"\nthen".into())]);
        let value = Value::Array(vec![1.into(), message]);
        assert!(passes(&value, "%say \"hi\"\nthen%"));
        assert!(passes(&value, r#"%"content":"say%"#));
        assert!(passes(&value, "say%"));
        assert!(!passes(&value, "%other%"));
    }
}
