//! Attribute values between wire and model. Strings are moved, never copied.

use fanlight_model::{Attributes, Value};

use crate::wire::{AnyValue, AnyValueKind, ArrayValue, KeyValue, KeyValueList};

/// An attribute value is nested deeper than the limit.
#[derive(Debug)]
pub(crate) struct TooDeep {
    pub(crate) key: String,
}

/// Attributes of the wire; of a repeated key the last value stays.
pub(crate) fn attributes(entries: Vec<KeyValue>, max_depth: usize) -> Result<Attributes, TooDeep> {
    // Flat values, nearly all there are, cannot be too deep: no check and no `Result` in the hot loop.
    if let Some(entry) = entries.iter().find(|entry| {
        entry
            .value
            .as_ref()
            .is_some_and(|value| exceeds(value, max_depth))
    }) {
        return Err(TooDeep {
            key: crate::error::cut(&entry.key).to_owned(),
        });
    }
    let entries = entries
        .into_iter()
        .map(|entry| (entry.key, entry.value.map_or(Value::Null, value)));
    Ok(Attributes::from_entries(entries.collect()))
}

/// Whether arrays and maps are nested more than `levels` deep. Recursion is bounded by `levels`.
fn exceeds(value: &AnyValue, levels: usize) -> bool {
    match &value.kind {
        Some(AnyValueKind::Array(array)) => {
            levels == 0 || array.values.iter().any(|value| exceeds(value, levels - 1))
        }
        Some(AnyValueKind::Map(list)) => {
            levels == 0
                || list.values.iter().any(|entry| {
                    entry
                        .value
                        .as_ref()
                        .is_some_and(|value| exceeds(value, levels - 1))
                })
        }
        _ => false,
    }
}

/// The parsers bound the nesting, and with it this recursion.
pub(crate) fn value(wire: AnyValue) -> Value {
    match wire.kind {
        None => Value::Null,
        Some(AnyValueKind::String(text)) => Value::String(text),
        Some(AnyValueKind::Bool(flag)) => Value::Bool(flag),
        Some(AnyValueKind::Int(number)) => Value::Int(number),
        Some(AnyValueKind::Double(number)) => Value::Double(number),
        Some(AnyValueKind::Bytes(bytes)) => Value::Bytes(bytes),
        Some(AnyValueKind::Array(array)) => {
            Value::Array(array.values.into_iter().map(value).collect())
        }
        Some(AnyValueKind::Map(list)) => Value::Map(
            list.values
                .into_iter()
                .map(|entry| (entry.key, entry.value.map_or(Value::Null, value)))
                .collect(),
        ),
    }
}

pub(crate) fn to_wire_attributes(attributes: &Attributes) -> Vec<KeyValue> {
    attributes
        .iter()
        .map(|(key, value)| to_wire_entry(key, value))
        .collect()
}

fn to_wire_entry(key: &str, value: &Value) -> KeyValue {
    let value = (*value != Value::Null).then(|| to_wire_value(value));
    KeyValue {
        key: key.to_owned(),
        value,
    }
}

fn to_wire_value(value: &Value) -> AnyValue {
    let kind = match value {
        Value::Null => None,
        Value::Bool(flag) => Some(AnyValueKind::Bool(*flag)),
        Value::Int(number) => Some(AnyValueKind::Int(*number)),
        Value::Double(number) => Some(AnyValueKind::Double(*number)),
        Value::String(text) => Some(AnyValueKind::String(text.clone())),
        Value::Bytes(bytes) => Some(AnyValueKind::Bytes(bytes.clone())),
        Value::Array(items) => Some(AnyValueKind::Array(ArrayValue {
            values: items.iter().map(to_wire_value).collect(),
        })),
        Value::Map(entries) => Some(AnyValueKind::Map(KeyValueList {
            values: entries
                .iter()
                .map(|(key, value)| to_wire_entry(key, value))
                .collect(),
        })),
    };
    AnyValue { kind }
}
