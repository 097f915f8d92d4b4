//! Attribute values as JSON text that comes back exactly: what the Parquet columns hold.
//!
//! Plain JSON wherever JSON can say it, so that other tools can read the columns. Integers have no fraction, doubles
//! always have one or an exponent. What JSON cannot say is an object with one key that starts with a dollar sign:
//! `{"$bytes": "<base64>"}`, `{"$double": "NaN"}`; a real object whose first key starts so is wrapped in
//! `{"$map": …}`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fanlight_model::{Attributes, Value};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::json_text::write_string;

/// Appends the text of `value`. Values are refused on arrival long before their depth matters here.
pub(super) fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Int(number) => write_display(out, number),
        Value::Double(number) => match serde_json::Number::from_f64(*number) {
            Some(finite) => write_display(out, &finite),
            None => write_dollar(out, "$double", |out| {
                write_string(out, &number.to_string());
            }),
        },
        Value::String(text) => write_string(out, text),
        Value::Bytes(bytes) => write_dollar(out, "$bytes", |out| {
            write_string(out, &BASE64.encode(bytes));
        }),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Map(entries) => match entries.as_slice() {
            [(key, _), ..] if key.starts_with('$') => {
                write_dollar(out, "$map", |out| write_entries(out, pairs(entries)));
            }
            _ => write_entries(out, pairs(entries)),
        },
    }
}

fn pairs(entries: &[(String, Value)]) -> impl Iterator<Item = (&str, &Value)> {
    entries.iter().map(|(key, value)| (key.as_str(), value))
}

fn write_display(out: &mut String, value: &impl fmt::Display) {
    use fmt::Write;
    write!(out, "{value}").expect("writing to memory does not fail");
}

/// An object with one key, which says what JSON cannot.
fn write_dollar(out: &mut String, key: &str, write: impl FnOnce(&mut String)) {
    out.push('{');
    write_string(out, key);
    out.push(':');
    write(out);
    out.push('}');
}

fn write_entries<'a>(out: &mut String, entries: impl Iterator<Item = (&'a str, &'a Value)>) {
    out.push('{');
    for (place, (key, value)) in entries.enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_string(out, key);
        out.push(':');
        write_value(out, value);
    }
    out.push('}');
}

pub(super) fn value_from_text(text: &str) -> Result<Value, String> {
    read::<In>(text).map(|value| value.0)
}

/// Appends `attributes` without the keys in `left_out`, as one object. False when nothing remains.
pub(super) fn write_attributes(
    out: &mut String,
    attributes: &Attributes,
    left_out: &[&str],
) -> bool {
    let mut kept = attributes
        .iter()
        .filter(|(key, _)| !left_out.contains(key))
        .peekable();
    let remains = kept.peek().is_some();
    if remains {
        write_entries(out, kept);
    }
    remains
}

/// The same as a text of its own.
pub(super) fn attributes_to_text(attributes: &Attributes) -> Option<String> {
    let mut text = String::new();
    write_attributes(&mut text, attributes, &[]).then_some(text)
}

pub(super) fn attributes_from_text(text: &str) -> Result<Attributes, String> {
    read::<Entries>(text).map(|entries| Attributes::from_entries(entries.0))
}

fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|cause| cause.to_string())
}

struct In(Value);

impl<'de> Deserialize<'de> for In {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(In)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(Value::Int).map_err(E::custom)
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Double(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(In(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let Some(first) = entries.next_key::<String>()? else {
            return Ok(Value::Map(Vec::new()));
        };
        let bad =
            |what: &str| serde::de::Error::custom(format!("an escaped {what} does not parse"));
        match first.as_str() {
            "$map" => entries
                .next_value::<Entries>()
                .map(|entries| Value::Map(entries.0)),
            "$bytes" => {
                let text = entries.next_value::<String>()?;
                BASE64
                    .decode(text)
                    .map(Value::Bytes)
                    .map_err(|_| bad("byte string"))
            }
            "$double" => entries
                .next_value::<String>()?
                .parse()
                .map(Value::Double)
                .map_err(|_| bad("number")),
            _ => {
                let In(value) = entries.next_value()?;
                collect(vec![(first, value)], entries).map(Value::Map)
            }
        }
    }
}

struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Entries, A::Error> {
                collect(Vec::new(), entries).map(Entries)
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}

fn collect<'de, A: MapAccess<'de>>(
    mut list: Vec<(String, Value)>,
    mut entries: A,
) -> Result<Vec<(String, Value)>, A::Error> {
    while let Some((key, In(value))) = entries.next_entry()? {
        list.push((key, value));
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<f64>().prop_map(Value::Double),
            ".*".prop_map(Value::String),
            any::<Vec<u8>>().prop_map(Value::Bytes),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::vec(("[$a-c]{0,2}|\\$bytes|\\$map", inner), 0..4)
                    .prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_comes_back_exactly(value in any_value()) {
            let mut text = String::new();
            write_value(&mut text, &value);
            let back = value_from_text(&text).unwrap();
            // NaN differs from itself, so the texts are compared.
            prop_assert_eq!(format!("{back:?}"), format!("{value:?}"));
        }
    }

    #[test]
    fn attributes_leave_out_what_has_its_own_column() {
        let attributes: Attributes = [
            ("a".to_owned(), Value::Double(1.0)),
            ("in".to_owned(), Value::Int(2)),
        ]
        .into_iter()
        .collect();
        let mut text = String::new();
        assert!(write_attributes(&mut text, &attributes, &["in"]));
        assert_eq!(text, r#"{"a":1.0}"#);
        assert!(!write_attributes(&mut text, &attributes, &["in", "a"]));
        assert_eq!(text, r#"{"a":1.0}"#);
        assert_eq!(
            attributes_from_text(r#"{"a":1.0,"in":2}"#).unwrap(),
            attributes
        );
    }
}
