//! Beside OpenTelemetry's SDK: its spans are sent by Fanlight too, and spans of both are each other's parents.
//!
//! ```
//! use opentelemetry_sdk::trace::SdkTracerProvider;
//!
//! let provider = SdkTracerProvider::builder()
//!     .with_span_processor(fanlight::opentelemetry::Processor::new())
//!     .build();
//! # let _ = provider;
//! ```
//!
//! From then on a span of Fanlight that is entered is the active span of OpenTelemetry's current context, and a span of
//! Fanlight without a parent is a child of the active one. Spans of OpenTelemetry are sampled by its own sampler.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use fanlight_model::{SpanId, SpanKind, StatusCode, TraceId, UnixNanos, Value};
use opentelemetry::trace::{
    SpanContext, SpanId as OtelSpanId, SpanKind as OtelKind, Status, TraceContextExt as _,
    TraceFlags, TraceId as OtelTraceId, TraceState,
};
use opentelemetry::{Array, Context, ContextGuard, KeyValue, Value as OtelValue};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span as OtelSpan, SpanData, SpanExporter, SpanProcessor};

use crate::propagation::RemoteParent;
use crate::record::{EventRecord, LinkRecord, SpanRecord, Text};
use crate::span::Span;
use crate::{attributes as key, global};

/// How long a flush that says no time may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether somebody shares spans with OpenTelemetry: asked whenever a span is entered.
static IS_SHARED: AtomicBool = AtomicBool::new(false);

/// Hands every span that ends to the tracer of this process; while there is none, spans go nowhere.
#[derive(Debug, Default)]
pub struct Processor(());

impl Processor {
    /// Begins to share the current span, for the rest of the process.
    pub fn new() -> Self {
        IS_SHARED.store(true, Ordering::Release);
        Self(())
    }
}

impl SpanProcessor for Processor {
    fn on_start(&self, _: &mut OtelSpan, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            send(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        flush(PATIENCE)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        flush(timeout)
    }
}

/// The same behind a processor of OpenTelemetry's own.
#[derive(Debug, Default)]
pub struct Exporter(());

impl Exporter {
    /// Begins to share the current span, for the rest of the process.
    pub fn new() -> Self {
        IS_SHARED.store(true, Ordering::Release);
        Self(())
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        batch.into_iter().for_each(send);
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        flush(timeout)
    }
}

fn flush(patience: Duration) -> OTelSdkResult {
    let Some(tracer) = global::tracer() else {
        return Ok(());
    };
    tracer
        .flush(patience)
        .map_err(|_| OTelSdkError::Timeout(patience))
}

fn send(span: SpanData) {
    if global::is_recording()
        && let Some(tracer) = global::tracer()
        && let Some(record) = record(span)
    {
        tracer.send_record(record);
    }
}

fn record(span: SpanData) -> Option<SpanRecord> {
    let context = &span.span_context;
    let (status, status_message) = match span.status {
        Status::Unset => (StatusCode::Unset, String::new()),
        Status::Ok => (StatusCode::Ok, String::new()),
        Status::Error { description } => (StatusCode::Error, description.into_owned()),
    };
    let mut attributes = attributes(span.attributes);
    let scope = span.instrumentation_scope.name();
    if !scope.is_empty() {
        crate::record::set(&mut attributes, key::SCOPE_NAME.into(), scope.into());
    }
    let events = span.events.events.into_iter().map(|event| EventRecord {
        name: event.name,
        time: nanos(event.timestamp),
        attributes: self::attributes(event.attributes),
    });
    let links = span.links.links.into_iter().filter_map(|link| {
        Some(LinkRecord {
            trace_id: TraceId::from_bytes(link.span_context.trace_id().to_bytes())?,
            span_id: SpanId::from_bytes(link.span_context.span_id().to_bytes())?,
            attributes: self::attributes(link.attributes),
        })
    });
    Some(SpanRecord {
        trace_id: TraceId::from_bytes(context.trace_id().to_bytes())?,
        span_id: SpanId::from_bytes(context.span_id().to_bytes())?,
        parent_id: SpanId::from_bytes(span.parent_span_id.to_bytes()),
        name: span.name,
        kind: match span.span_kind {
            OtelKind::Client => SpanKind::Client,
            OtelKind::Server => SpanKind::Server,
            OtelKind::Producer => SpanKind::Producer,
            OtelKind::Consumer => SpanKind::Consumer,
            OtelKind::Internal => SpanKind::Internal,
        },
        start: nanos(span.start_time),
        end: Some(nanos(span.end_time)),
        status,
        status_message,
        attributes,
        events: events.collect(),
        links: links.collect(),
        experiment: None,
    })
}

fn nanos(time: SystemTime) -> UnixNanos {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    UnixNanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

fn attributes(pairs: Vec<KeyValue>) -> Vec<(Text, Value)> {
    pairs
        .into_iter()
        .map(|pair| (Text::Owned(pair.key.as_str().to_owned()), value(pair.value)))
        .collect()
}

fn value(value: OtelValue) -> Value {
    let list = |items: Vec<Value>| Value::Array(items);
    match value {
        OtelValue::Bool(flag) => flag.into(),
        OtelValue::I64(number) => number.into(),
        OtelValue::F64(number) => number.into(),
        OtelValue::String(text) => String::from(text).into(),
        OtelValue::Array(Array::Bool(items)) => list(items.into_iter().map(Value::from).collect()),
        OtelValue::Array(Array::I64(items)) => list(items.into_iter().map(Value::from).collect()),
        OtelValue::Array(Array::F64(items)) => list(items.into_iter().map(Value::from).collect()),
        OtelValue::Array(Array::String(items)) => list(
            items
                .into_iter()
                .map(|text| String::from(text).into())
                .collect(),
        ),
        // What later versions add is text until it is known here.
        other => other.to_string().into(),
    }
}

/// The active span of OpenTelemetry's context, where spans are shared.
pub(crate) fn active_span() -> Option<RemoteParent> {
    if !IS_SHARED.load(Ordering::Acquire) {
        return None;
    }
    Context::map_current(|context| {
        if !context.has_active_span() {
            return None;
        }
        let span = context.span();
        let context = span.span_context();
        Some(RemoteParent {
            trace_id: TraceId::from_bytes(context.trace_id().to_bytes())?,
            span_id: SpanId::from_bytes(context.span_id().to_bytes())?,
            is_sampled: context.is_sampled(),
        })
    })
}

/// Makes `span` the active one there, where spans are shared.
pub(crate) fn activate(span: &Span) -> Option<ContextGuard> {
    if !IS_SHARED.load(Ordering::Acquire) {
        return None;
    }
    let span = span.as_remote_parent()?;
    let flags = if span.is_sampled {
        TraceFlags::SAMPLED
    } else {
        TraceFlags::default()
    };
    let context = SpanContext::new(
        OtelTraceId::from_bytes(span.trace_id.to_bytes()),
        OtelSpanId::from_bytes(span.span_id.to_bytes()),
        flags,
        false,
        TraceState::default(),
    );
    Some(
        Context::current()
            .with_remote_span_context(context)
            .attach(),
    )
}
