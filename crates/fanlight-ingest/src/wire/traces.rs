//! The traces signal.

use serde::{Deserialize, Serialize};

use super::{InstrumentationScope, KeyValue, Resource, json};

/// What an exporter sends.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExportTraceServiceRequest {
    #[prost(message, repeated, tag = "1")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub resource_spans: Vec<ResourceSpans>,
}

/// What it gets back; empty when every span was accepted.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExportTraceServiceResponse {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial_success: Option<ExportTracePartialSuccess>,
}

/// How many spans were refused, and why.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExportTracePartialSuccess {
    #[prost(int64, tag = "1")]
    #[serde(with = "json::decimal", skip_serializing_if = "json::is_default")]
    pub rejected_spans: i64,
    #[prost(string, tag = "2")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub error_message: String,
}

/// Spans of one resource.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub scope_spans: Vec<ScopeSpans>,
    #[prost(string, tag = "3")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub schema_url: String,
}

/// Spans of one instrumentation library.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<InstrumentationScope>,
    #[prost(message, repeated, tag = "2")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub spans: Vec<Span>,
    #[prost(string, tag = "3")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub schema_url: String,
}

/// One operation of a trace.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Span {
    #[prost(bytes = "vec", tag = "1")]
    #[serde(with = "json::trace_id", skip_serializing_if = "Vec::is_empty")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    #[serde(with = "json::span_id", skip_serializing_if = "Vec::is_empty")]
    pub span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub trace_state: String,
    #[prost(bytes = "vec", tag = "4")]
    #[serde(with = "json::span_id", skip_serializing_if = "Vec::is_empty")]
    pub parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    #[prost(int32, tag = "6")]
    #[serde(
        deserialize_with = "json::span_kind",
        skip_serializing_if = "json::is_default"
    )]
    pub kind: i32,
    #[prost(fixed64, tag = "7")]
    #[serde(with = "json::decimal", skip_serializing_if = "json::is_default")]
    pub start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    #[serde(with = "json::decimal", skip_serializing_if = "json::is_default")]
    pub end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "10")]
    #[serde(
        deserialize_with = "json::integer",
        skip_serializing_if = "json::is_default"
    )]
    pub dropped_attributes_count: u32,
    #[prost(message, repeated, tag = "11")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub events: Vec<Event>,
    #[prost(uint32, tag = "12")]
    #[serde(
        deserialize_with = "json::integer",
        skip_serializing_if = "json::is_default"
    )]
    pub dropped_events_count: u32,
    #[prost(message, repeated, tag = "13")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub links: Vec<Link>,
    #[prost(uint32, tag = "14")]
    #[serde(
        deserialize_with = "json::integer",
        skip_serializing_if = "json::is_default"
    )]
    pub dropped_links_count: u32,
    #[prost(message, optional, tag = "15")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    #[prost(fixed32, tag = "16")]
    #[serde(
        deserialize_with = "json::integer",
        skip_serializing_if = "json::is_default"
    )]
    pub flags: u32,
}

/// Something that happened during a span.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    #[prost(fixed64, tag = "1")]
    #[serde(with = "json::decimal", skip_serializing_if = "json::is_default")]
    pub time_unix_nano: u64,
    #[prost(string, tag = "2")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
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

/// A pointer to a span of this or another trace.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Link {
    #[prost(bytes = "vec", tag = "1")]
    #[serde(with = "json::trace_id", skip_serializing_if = "Vec::is_empty")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    #[serde(with = "json::span_id", skip_serializing_if = "Vec::is_empty")]
    pub span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub trace_state: String,
    #[prost(message, repeated, tag = "4")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "5")]
    #[serde(
        deserialize_with = "json::integer",
        skip_serializing_if = "json::is_default"
    )]
    pub dropped_attributes_count: u32,
    #[prost(fixed32, tag = "6")]
    #[serde(
        deserialize_with = "json::integer",
        skip_serializing_if = "json::is_default"
    )]
    pub flags: u32,
}

/// How a span ended.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status {
    #[prost(string, tag = "2")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub message: String,
    #[prost(int32, tag = "3")]
    #[serde(
        deserialize_with = "json::status_code",
        skip_serializing_if = "json::is_default"
    )]
    pub code: i32,
}
