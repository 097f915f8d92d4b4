//! Lines of an import to traces.

use std::collections::BTreeMap;

use fanlight_api::mlflow::Fields;
use fanlight_api::v1::portable::{PortableTrace, parse_companion, parse_mlflow_dict};
use fanlight_api::v1::{Members, Refusal};
use fanlight_ingest::{
    DecodeError, Encoding, Limits, ResourceSpans, decode_exported_spans, decode_traces,
};
use serde_json::Value as Json;
use serde_json::value::RawValue;

/// A line that holds a trace, or should.
#[derive(Debug)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: usize,
    pub(super) read: Result<ReadTrace, String>,
}

/// What a line holds.
#[derive(Debug)]
pub(super) struct ReadTrace {
    /// `None` for plain OTLP, which may hold several traces.
    pub(super) portable: Option<PortableTrace>,
    pub(super) spans: Vec<ResourceSpans>,
}

/// Never fails as a whole: a bad line is told with its number. Empty lines, and those that an export adds about itself,
/// are passed over.
#[expect(
    clippy::unnecessary_wraps,
    reason = "decoders of other requests may fail as a whole"
)]
pub(super) fn read_lines(
    body: &[u8],
    _encoding: Encoding,
    limits: &Limits,
) -> Result<Vec<Line>, DecodeError> {
    let mut lines = Vec::new();
    for (at, text) in body.split(|byte| *byte == b'\n').enumerate() {
        if text.trim_ascii().is_empty() {
            continue;
        }
        if let Some(read) = read(text, limits).transpose() {
            let number = at + 1;
            lines.push(Line { number, read });
        }
    }
    Ok(lines)
}

fn read(text: &[u8], limits: &Limits) -> Result<Option<ReadTrace>, String> {
    let members: BTreeMap<String, &RawValue> =
        serde_json::from_slice(text).map_err(|cause| format!("not a JSON object: {cause}"))?;
    let is_there = |name: &str| members.contains_key(name);
    let beside = members.get("fanlight").map(|raw| beside(raw)).transpose()?;
    if is_there("resourceSpans") || is_there("resource_spans") {
        return read_otlp(text, beside, limits).map(Some);
    }
    match members.get("info") {
        Some(info) if is_there("data") => read_mlflow(text, info, beside, limits).map(Some),
        _ if is_there("export") && members.len() == 1 => Ok(None),
        _ => Err(
            "neither OTLP (`resourceSpans`) nor a trace of MLflow (`info` and `data`)".to_owned(),
        ),
    }
}

fn beside(raw: &RawValue) -> Result<Members, String> {
    let json = serde_json::from_str(raw.get()).map_err(|cause| cause.to_string())?;
    Members::from_json(json, "fanlight.".to_owned()).map_err(told)
}

fn told(refusal: Refusal) -> String {
    refusal.error.message
}

fn read_otlp(text: &[u8], beside: Option<Members>, limits: &Limits) -> Result<ReadTrace, String> {
    let decoded = decode_traces(text, Encoding::Json, limits).map_err(|error| error.to_string())?;
    if let Some(rejected) = decoded.rejected.first() {
        return Err(rejected.to_string());
    }
    let portable = beside.map(parse_companion).transpose().map_err(told)?;
    if let Some(portable) = &portable {
        let mut spans = decoded.groups.iter().flat_map(|group| &group.spans);
        if let Some(foreign) = spans.find(|span| span.trace_id != portable.trace.id) {
            return Err(format!(
                "a span belongs to trace {}, and `fanlight.trace_id` is `{}`",
                foreign.trace_id,
                portable.trace.text()
            ));
        }
    }
    Ok(ReadTrace {
        portable,
        spans: decoded.groups,
    })
}

fn read_mlflow(
    text: &[u8],
    info: &RawValue,
    beside: Option<Members>,
    limits: &Limits,
) -> Result<ReadTrace, String> {
    let info = match serde_json::from_str(info.get()) {
        Ok(Json::Object(members)) => Fields::from_object(members, "info"),
        _ => return Err("`info` is not an object".to_owned()),
    };
    let portable = parse_mlflow_dict(&info, beside).map_err(told)?;
    let spans = decode_exported_spans(text, portable.trace.id, limits);
    let spans = ResourceSpans {
        resource: std::sync::Arc::default(),
        spans: spans.map_err(|error| error.to_string())?,
    };
    Ok(ReadTrace {
        portable: Some(portable),
        spans: vec![spans],
    })
}
