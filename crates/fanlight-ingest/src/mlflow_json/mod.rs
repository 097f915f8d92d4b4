//! `traces.json` documents: spans as `MLflow`'s clients upload them.
//!
//! One reader for three writers, which differ in names and forms:
//! - the npm client: base64 ids, nanoseconds, attribute values already decoded;
//! - Python 3.x: base64 ids, attribute values as JSON text;
//! - Python 2.x: hex ids under `context`, `start_time`, `status_code`, attribute values as JSON text.

mod attributes;
mod ids;
mod span;

use fanlight_model::{Span, TraceId};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{DecodeError, cut};
use crate::limits::Limits;

/// Everything else in the document (`request`, `response`, `info`) is derived from the spans or known from elsewhere.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    spans: Option<Vec<&'a RawValue>>,
    /// A whole trace, as `Trace.to_json` writes it, has its spans one level down.
    #[serde(borrow)]
    data: Option<Data<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    spans: Option<Vec<&'a RawValue>>,
}

/// Reads the spans of a `traces.json` document.
///
/// Their trace is `trace_id`, whatever the document says: the ids in it are not the trace's in two of the three
/// writers. The document is refused as a whole when a span of it cannot be read.
pub fn decode_spans_json(
    text: &[u8],
    trace_id: TraceId,
    limits: &Limits,
) -> Result<Vec<Span>, DecodeError> {
    decode(text, trace_id, limits, JsonTexts::Decoded)
}

/// The same of a trace that was exported: lists and objects that stand as text in attributes stay that text, so that it
/// is written again as it was read. Everybody who asks for them reads JSON inside a string as that JSON.
pub fn decode_exported_spans(
    text: &[u8],
    trace_id: TraceId,
    limits: &Limits,
) -> Result<Vec<Span>, DecodeError> {
    decode(text, trace_id, limits, JsonTexts::Kept)
}

/// What becomes of JSON text in attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JsonTexts {
    Decoded,
    Kept,
}

fn decode(
    text: &[u8],
    trace_id: TraceId,
    limits: &Limits,
    texts: JsonTexts,
) -> Result<Vec<Span>, DecodeError> {
    let document: Document<'_> =
        serde_json::from_slice(text).map_err(|cause| invalid(&cause.to_string()))?;
    let spans = document
        .spans
        .or_else(|| document.data?.spans)
        .ok_or_else(|| invalid("no list `spans`"))?;
    if spans.len() > limits.max_spans_per_request {
        return Err(DecodeError::TooManySpans {
            limit: limits.max_spans_per_request,
        });
    }
    let scope = std::sync::Arc::default();
    let resource = std::sync::Arc::default();
    let decode = |(index, raw): (usize, &RawValue)| {
        let wire =
            serde_json::from_str(raw.get()).map_err(|cause| cut(&cause.to_string()).to_owned());
        wire.and_then(|wire| span::decode(wire, trace_id, limits, texts, (&scope, &resource)))
            .map_err(|detail| DecodeError::TracesDocumentSpan { index, detail })
    };
    spans.into_iter().enumerate().map(decode).collect()
}

fn invalid(detail: &str) -> DecodeError {
    DecodeError::TracesDocument {
        detail: cut(detail).to_owned(),
    }
}
