//! OTLP messages as they travel, protobuf and JSON at once.
//!
//! Field numbers are those of `opentelemetry-proto` 1.9. The JSON form follows OTLP's rules, not plain proto-JSON:
//! lowerCamelCase names, ids in hex, 64-bit integers as decimal text, enums as numbers, unknown fields ignored, and
//! `null` the same as absent. Reading is more tolerant than writing, see `json`.

mod any_value;
mod json;
pub(crate) use json::parse_hex;
mod logs;
mod traces;

use serde::{Deserialize, Serialize};

pub use any_value::{AnyValue, AnyValueKind, ArrayValue, KeyValue, KeyValueList};
pub use logs::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse, LogRecord,
    ResourceLogs, ScopeLogs,
};
pub use traces::{
    Event, ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse, Link,
    ResourceSpans, ScopeSpans, Span, Status,
};

/// Who produced the telemetry.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Resource {
    #[prost(message, repeated, tag = "1")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "2")]
    #[serde(
        deserialize_with = "json::integer",
        skip_serializing_if = "json::is_default"
    )]
    pub dropped_attributes_count: u32,
}

/// The library that produced the telemetry.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InstrumentationScope {
    #[prost(string, tag = "1")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    #[prost(string, tag = "2")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub version: String,
    #[prost(message, repeated, tag = "3")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "4")]
    #[serde(
        deserialize_with = "json::integer",
        skip_serializing_if = "json::is_default"
    )]
    pub dropped_attributes_count: u32,
}
