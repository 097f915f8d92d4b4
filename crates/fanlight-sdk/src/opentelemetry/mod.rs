//! Beside OpenTelemetry's SDK: its spans are sent by Fanlight too, and spans of both are each other's parents.
//!
//! ```
//! use opentelemetry_sdk::trace::SdkTracerProvider;
//!
//! let provider = SdkTracerProvider::builder()
//!     .with_sampler(fanlight::opentelemetry::Sampler::new())
//!     .with_span_processor(fanlight::opentelemetry::Processor::new())
//!     .build();
//! # let _ = provider;
//! ```
//!
//! From then on a span of Fanlight that is entered is the active span of OpenTelemetry's current context, and a span of
//! Fanlight without a parent is a child of the active one. A trace is sent, or left out, with the spans of both.
//!
//! [`Sampler`] samples as Fanlight does, and records what is not sampled, which is sent when the trace fails. Another
//! sampler decides for the traces that OpenTelemetry begins; what it drops is in no trace, also of those that fail.

mod joined;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use fanlight_model::{SpanId, SpanKind, StatusCode, TraceId, UnixNanos, Value};
use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId as OtelSpanId, SpanKind as OtelKind, Status,
    TraceContextExt as _, TraceFlags, TraceId as OtelTraceId, TraceState,
};
use opentelemetry::{Array, Context, ContextGuard, KeyValue, Value as OtelValue};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{
    SamplingDecision, SamplingResult, ShouldSample, Span as OtelSpan, SpanData, SpanExporter,
    SpanProcessor,
};

use crate::propagation::RemoteParent;
use crate::record::{EventRecord, LinkRecord, SpanRecord, Text};
use crate::span::Span;
use crate::trace::Trace;
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
    fn on_start(&self, span: &mut OtelSpan, parent: &Context) {
        if let Some(span) = ids_of(span.span_context()) {
            joined::begin(&span, parent);
        }
    }

    fn on_end(&self, span: SpanData) {
        if let Some(record) = record(span) {
            joined::end(record);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        flush(PATIENCE)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        flush(timeout)
    }
}

/// Samples the traces that OpenTelemetry begins by Fanlight's settings, and everything else as its parent is. What is not
/// sampled is recorded all the same.
#[derive(Clone, Debug, Default)]
pub struct Sampler(());

impl Sampler {
    /// By the settings of the tracer of this process; while there is none, nothing is sampled.
    pub fn new() -> Self {
        Self::default()
    }
}

impl ShouldSample for Sampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: OtelTraceId,
        _: &str,
        _: &OtelKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let parent = parent.map(|context| context.span().span_context().clone());
        let parent = parent.filter(SpanContext::is_valid);
        let begins = || {
            let id = TraceId::from_bytes(trace_id.to_bytes());
            let tracer = global::tracer();
            id.zip(tracer)
                .is_some_and(|(id, tracer)| tracer.samples(id))
        };
        let is_sampled = parent.as_ref().map_or_else(begins, SpanContext::is_sampled);
        SamplingResult {
            decision: if is_sampled {
                SamplingDecision::RecordAndSample
            } else {
                SamplingDecision::RecordOnly
            },
            attributes: Vec::new(),
            trace_state: parent
                .map_or_else(TraceState::default, |parent| parent.trace_state().clone()),
        }
    }
}

/// The same behind a processor of OpenTelemetry's own: what that hands on is sent, and nothing else.
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
        trace_state: crate::TraceState::from_headers([context.trace_state().header().as_str()]),
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
        ids_of(context.span().span_context())
    })
}

fn ids_of(context: &SpanContext) -> Option<RemoteParent> {
    Some(RemoteParent {
        trace_id: TraceId::from_bytes(context.trace_id().to_bytes())?,
        span_id: SpanId::from_bytes(context.span_id().to_bytes())?,
        is_sampled: context.is_sampled(),
        trace_state: crate::TraceState::from_headers([context.trace_state().header().as_str()]),
    })
}

/// The trace of that id, where spans of OpenTelemetry that run are in it.
pub(crate) fn trace_of(id: TraceId) -> Option<Arc<Trace>> {
    joined::trace_of(id)
}

/// Makes `span` the active one there, where spans are shared.
pub(crate) fn activate(span: &Span) -> Option<ContextGuard> {
    if !IS_SHARED.load(Ordering::Acquire) {
        return None;
    }
    let current = joined::with_trace(&Context::current(), span);
    let span = span.as_remote_parent()?;
    let flags = if span.is_sampled {
        TraceFlags::SAMPLED
    } else {
        TraceFlags::default()
    };
    let state = span.trace_state.as_ref();
    let state = state.and_then(|state| state.as_str().parse::<TraceState>().ok());
    let context = SpanContext::new(
        OtelTraceId::from_bytes(span.trace_id.to_bytes()),
        OtelSpanId::from_bytes(span.span_id.to_bytes()),
        flags,
        false,
        state.unwrap_or_default(),
    );
    Some(current.with_remote_span_context(context).attach())
}
