//! The logs signal.

use serde::{Deserialize, Serialize};

use super::{AnyValue, InstrumentationScope, KeyValue, Resource, json};

/// What an exporter sends.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExportLogsServiceRequest {
    #[prost(message, repeated, tag = "1")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub resource_logs: Vec<ResourceLogs>,
}

/// What it gets back; empty when every record was accepted.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExportLogsServiceResponse {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial_success: Option<ExportLogsPartialSuccess>,
}

/// How many records were refused, and why.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExportLogsPartialSuccess {
    #[prost(int64, tag = "1")]
    #[serde(with = "json::decimal", skip_serializing_if = "json::is_default")]
    pub rejected_log_records: i64,
    #[prost(string, tag = "2")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub error_message: String,
}

/// Records of one resource.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ResourceLogs {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub scope_logs: Vec<ScopeLogs>,
    #[prost(string, tag = "3")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub schema_url: String,
}

/// Records of one instrumentation library.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ScopeLogs {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<InstrumentationScope>,
    #[prost(message, repeated, tag = "2")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub log_records: Vec<LogRecord>,
    #[prost(string, tag = "3")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub schema_url: String,
}

/// One log record or event.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LogRecord {
    #[prost(fixed64, tag = "1")]
    #[serde(with = "json::decimal", skip_serializing_if = "json::is_default")]
    pub time_unix_nano: u64,
    #[prost(fixed64, tag = "11")]
    #[serde(with = "json::decimal", skip_serializing_if = "json::is_default")]
    pub observed_time_unix_nano: u64,
    #[prost(int32, tag = "2")]
    #[serde(
        deserialize_with = "json::severity",
        skip_serializing_if = "json::is_default"
    )]
    pub severity_number: i32,
    #[prost(string, tag = "3")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub severity_text: String,
    #[prost(message, optional, tag = "5")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<AnyValue>,
    #[prost(message, repeated, tag = "6")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "7")]
    #[serde(
        deserialize_with = "json::integer",
        skip_serializing_if = "json::is_default"
    )]
    pub dropped_attributes_count: u32,
    #[prost(fixed32, tag = "8")]
    #[serde(
        deserialize_with = "json::integer",
        skip_serializing_if = "json::is_default"
    )]
    pub flags: u32,
    #[prost(bytes = "vec", tag = "9")]
    #[serde(with = "json::trace_id", skip_serializing_if = "Vec::is_empty")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "10")]
    #[serde(with = "json::span_id", skip_serializing_if = "Vec::is_empty")]
    pub span_id: Vec<u8>,
    #[prost(string, tag = "12")]
    #[serde(
        deserialize_with = "json::nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub event_name: String,
}
