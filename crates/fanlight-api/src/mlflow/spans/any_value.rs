//! Attribute values in the JSON form of OpenTelemetry's `AnyValue`, with `snake_case` names.

use fanlight_model::{Attributes, Value};
use serde_json::{Value as Json, json};

/// A list of attributes.
pub(super) fn key_values(attributes: &Attributes) -> Json {
    attributes
        .iter()
        .map(|(key, value)| key_value(key, value))
        .collect()
}

/// One attribute. A null value is left out.
fn key_value(key: &str, value: &Value) -> Json {
    match value {
        Value::Null => json!({"key": key}),
        value => json!({"key": key, "value": any_value(value)}),
    }
}

/// Recursion ends with the nesting of `value`, which the decoders bound.
fn any_value(value: &Value) -> Json {
    match value {
        Value::Null => json!({}),
        Value::Bool(flag) => json!({"bool_value": flag}),
        Value::Int(number) => json!({"int_value": number}),
        // The names of NaN and infinities are the protocol's own way to write them.
        Value::Double(_) => json!({"double_value": value.to_json()}),
        Value::String(text) => json!({"string_value": text}),
        Value::Bytes(_) => json!({"string_value": value.to_json()}),
        Value::Array(items) => {
            json!({"array_value": {"values": items.iter().map(any_value).collect::<Json>()}})
        }
        Value::Map(entries) => {
            let values: Json = entries
                .iter()
                .map(|(key, value)| key_value(key, value))
                .collect();
            json!({"kvlist_value": {"values": values}})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_has_its_member() {
        let value = Value::Map(vec![
            ("s".into(), "x".into()),
            ("i".into(), 5.into()),
            ("d".into(), 1.0.into()),
            ("nan".into(), f64::NAN.into()),
            ("b".into(), true.into()),
            ("y".into(), Value::Bytes(vec![0, 1])),
            ("l".into(), Value::Array(vec!["a".into(), Value::Null])),
            ("n".into(), Value::Null),
        ]);
        insta::assert_snapshot!(
            key_value("k", &value),
            @r#"{"key":"k","value":{"kvlist_value":{"values":[{"key":"s","value":{"string_value":"x"}},{"key":"i","value":{"int_value":5}},{"key":"d","value":{"double_value":1.0}},{"key":"nan","value":{"double_value":"NaN"}},{"key":"b","value":{"bool_value":true}},{"key":"y","value":{"string_value":"AAE="}},{"key":"l","value":{"array_value":{"values":[{"string_value":"a"},{}]}}},{"key":"n"}]}}}"#
        );
        insta::assert_snapshot!(key_value("k", &Value::Null), @r#"{"key":"k"}"#);
    }
}
