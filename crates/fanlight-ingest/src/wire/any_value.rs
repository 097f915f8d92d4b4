//! OTLP's universal value.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::json;

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyValue {
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "json::nullable")]
    pub key: String,
    /// Absent for a null.
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<AnyValue>,
}

/// A value of any kind, or none: then it is null.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AnyValue {
    #[prost(oneof = "AnyValueKind", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub kind: Option<AnyValueKind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum AnyValueKind {
    #[prost(string, tag = "1")]
    String(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(message, tag = "5")]
    Array(ArrayValue),
    #[prost(message, tag = "6")]
    Map(KeyValueList),
    #[prost(bytes = "vec", tag = "7")]
    Bytes(Vec<u8>),
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "json::nullable")]
    pub values: Vec<AnyValue>,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyValueList {
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "json::nullable")]
    pub values: Vec<KeyValue>,
}

impl Serialize for AnyValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(usize::from(self.kind.is_some())))?;
        match &self.kind {
            None => {}
            Some(AnyValueKind::String(text)) => map.serialize_entry("stringValue", text)?,
            Some(AnyValueKind::Bool(flag)) => map.serialize_entry("boolValue", flag)?,
            Some(AnyValueKind::Int(number)) => {
                map.serialize_entry("intValue", &number.to_string())?;
            }
            Some(AnyValueKind::Double(number)) => {
                map.serialize_entry("doubleValue", &json::Double(*number))?;
            }
            Some(AnyValueKind::Array(array)) => map.serialize_entry("arrayValue", array)?,
            Some(AnyValueKind::Map(list)) => map.serialize_entry("kvlistValue", list)?,
            Some(AnyValueKind::Bytes(bytes)) => {
                map.serialize_entry("bytesValue", &json::Base64(bytes.clone()))?;
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValueVisitor)
    }
}

struct AnyValueVisitor;

impl<'de> Visitor<'de> for AnyValueVisitor {
    type Value = AnyValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object such as {\"stringValue\": \"text\"}")
    }

    fn visit_unit<E>(self) -> Result<AnyValue, E> {
        Ok(AnyValue::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AnyValue, A::Error> {
        let mut kind = None;
        while let Some(name) = map.next_key::<Member>()? {
            let found = match name {
                Member::String => map
                    .next_value::<Option<String>>()?
                    .map(AnyValueKind::String),
                Member::Bool => map.next_value::<Option<bool>>()?.map(AnyValueKind::Bool),
                Member::Int => map
                    .next_value::<Option<json::Integer<i64>>>()?
                    .map(|int| AnyValueKind::Int(int.0)),
                Member::Double => map
                    .next_value::<Option<json::Double>>()?
                    .map(|double| AnyValueKind::Double(double.0)),
                Member::Array => map
                    .next_value::<Option<ArrayValue>>()?
                    .map(AnyValueKind::Array),
                Member::Map => map
                    .next_value::<Option<KeyValueList>>()?
                    .map(AnyValueKind::Map),
                Member::Bytes => map
                    .next_value::<Option<json::Base64>>()?
                    .map(|bytes| AnyValueKind::Bytes(bytes.0)),
                Member::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
            kind = found.or(kind);
        }
        Ok(AnyValue { kind })
    }
}

/// Names of the members of an `AnyValue` object. Protobuf's own names (`string_value`) are accepted too.
#[derive(Deserialize)]
enum Member {
    #[serde(rename = "stringValue", alias = "string_value")]
    String,
    #[serde(rename = "boolValue", alias = "bool_value")]
    Bool,
    #[serde(rename = "intValue", alias = "int_value")]
    Int,
    #[serde(rename = "doubleValue", alias = "double_value")]
    Double,
    #[serde(rename = "arrayValue", alias = "array_value")]
    Array,
    #[serde(rename = "kvlistValue", alias = "kvlist_value")]
    Map,
    #[serde(rename = "bytesValue", alias = "bytes_value")]
    Bytes,
    #[serde(other)]
    Unknown,
}
