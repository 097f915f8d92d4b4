//! Attribute values and their text form.

use serde::{Deserialize, Serialize};

/// One attribute value, as rich as OpenTelemetry's `AnyValue`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    String(String),
    Bytes(Vec<u8>),
    Array(Vec<Value>),
    Map(Vec<(String, Value)>),
}

/// Attributes in the order they arrived, each key once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attributes(Vec<(String, Value)>);

impl Attributes {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes entries as they came. Of a repeated key the last value stays, at the first one's place.
    pub fn from_entries(entries: Vec<(String, Value)>) -> Self {
        // Real spans have about fifteen keys: comparing them is cheaper than hashing them. Large sets are hashed,
        // because a client may send thousands.
        const COMPARE_UP_TO: usize = 32;
        if entries.len() > COMPARE_UP_TO {
            return Self::from_many_entries(entries);
        }
        let mut kept: Vec<(String, Value)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            match kept.iter_mut().find(|(known, _)| *known == key) {
                Some(slot) => slot.1 = value,
                None => kept.push((key, value)),
            }
        }
        Self(kept)
    }

    fn from_many_entries(entries: Vec<(String, Value)>) -> Self {
        let mut places = std::collections::HashMap::with_capacity(entries.len());
        let mut kept: Vec<(String, Value)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            match places.get(&key) {
                Some(&place) => {
                    let slot: &mut (String, Value) = &mut kept[place];
                    slot.1 = value;
                }
                None => {
                    places.insert(key.clone(), kept.len());
                    kept.push((key, value));
                }
            }
        }
        Self(kept)
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value)
    }

    /// The value when it is a string, whatever else it may be otherwise.
    pub fn get_str(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_str)
    }

    /// Sets `key`, replacing an earlier value.
    pub fn insert(&mut self, key: impl Into<String>, value: Value) {
        let key = key.into();
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some(slot) => slot.1 = value,
            None => self.0.push((key, value)),
        }
    }

    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let place = self.0.iter().position(|(known, _)| known == key)?;
        Some(self.0.remove(place).1)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn into_entries(self) -> Vec<(String, Value)> {
        self.0
    }

    /// Bytes of text held, roughly: what memory budgets count.
    pub fn size_bytes(&self) -> usize {
        self.0
            .iter()
            .map(|(key, value)| key.len() + value.size_bytes() + 56)
            .sum()
    }
}

impl FromIterator<(String, Value)> for Attributes {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(entries: T) -> Self {
        Self::from_entries(entries.into_iter().collect())
    }
}

impl Value {
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// An integer, also when it came as an integral double or as decimal text, as several instrumentations send it.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "integral and within 2^53, checked in the guard"
            )]
            Self::Double(number)
                if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 =>
            {
                Some(*number as i64)
            }
            Self::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// Natural JSON, as MLflow and people expect it. Not reversible: bytes become base64 text, NaN becomes `"NaN"`.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Int(number) => Json::from(*number),
            // JSON has no NaN or infinity; their names as text keep them visible.
            Self::Double(number) => serde_json::Number::from_f64(*number).map_or_else(
                || Json::String(double_name(*number).to_owned()),
                Json::Number,
            ),
            Self::String(text) => Json::String(text.clone()),
            Self::Bytes(bytes) => Json::String(base64_text(bytes)),
            Self::Array(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(entries) => Json::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), value.to_json()))
                    .collect(),
            ),
        }
    }

    /// The value of a JSON document: integers stay integers, other numbers become doubles.
    pub fn from_json(json: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(flag),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => Self::Int(integer),
                None => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::String(text),
            Json::Array(items) => Self::Array(items.into_iter().map(Self::from_json).collect()),
            Json::Object(entries) => Self::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, Self::from_json(value)))
                    .collect(),
            ),
        }
    }

    /// What filters compare and people read: a string as it is, everything else as compact JSON.
    pub fn to_text(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::String(text) => text.as_str().into(),
            // What most attributes are, without a detour.
            Self::Null => "null".into(),
            Self::Bool(flag) => if *flag { "true" } else { "false" }.into(),
            Self::Int(number) => number.to_string().into(),
            other => other.to_json().to_string().into(),
        }
    }

    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Double(_) => 8,
            Self::String(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Array(items) => items.iter().map(|item| item.size_bytes() + 32).sum(),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| key.len() + value.size_bytes() + 56)
                .sum(),
        }
    }
}

fn double_name(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// Standard base64 with padding (RFC 4648 §4), the text form of bytes and of ids in OTLP's proto-JSON.
pub(crate) fn base64_text(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0_u32, |word, (at, byte)| {
            word | u32::from(*byte) << (16 - 8 * at)
        });
        for at in 0..4 {
            if at <= chunk.len() {
                let index = (word >> (18 - 6 * at)) & 63;
                text.push(char::from(ALPHABET[index as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_repeated_key_the_last_value_stays() {
        let few = Attributes::from_entries(vec![
            ("a".into(), 1.into()),
            ("b".into(), 2.into()),
            ("a".into(), 3.into()),
        ]);
        assert_eq!(
            few.iter().collect::<Vec<_>>(),
            [("a", &Value::Int(3)), ("b", &Value::Int(2))]
        );

        let many = (0..100)
            .map(|n| (format!("k{}", n % 50), Value::Int(n)))
            .collect::<Attributes>();
        assert_eq!(many.len(), 50);
        assert_eq!(many.get("k7"), Some(&Value::Int(57)));
    }

    #[test]
    fn bytes_are_padded_base64() {
        assert_eq!(base64_text(b""), "");
        assert_eq!(base64_text(b"f"), "Zg==");
        assert_eq!(base64_text(b"fo"), "Zm8=");
        assert_eq!(base64_text(b"foo"), "Zm9v");
        assert_eq!(base64_text(b"\xff\xfe\xfd\xfc"), "//79/A==");
    }

    #[test]
    fn numbers_keep_their_kind_through_json() {
        let json = Value::Array(vec![1.into(), 1.0.into(), f64::NAN.into()]).to_json();
        assert_eq!(json.to_string(), r#"[1,1.0,"NaN"]"#);
        assert_eq!(
            Value::from_json(serde_json::json!([1, 1.0])),
            Value::Array(vec![1.into(), 1.0.into()])
        );
    }
}
