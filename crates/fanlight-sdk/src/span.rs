//! A span while it runs.

use std::sync::Arc;

use serde::Serialize;

use fanlight_model::{SpanId, SpanKind, StatusCode, TraceId, UnixNanos, Value};

use crate::attributes as key;
use crate::clock::{Start, wall_now};
use crate::propagation::RemoteParent;
use crate::record::{EventRecord, LinkRecord, SpanRecord, Text};
use crate::settings::Experiment;
use crate::sync::{Mutex, lock};
use crate::trace::{Facts, Trace};
use crate::tracer::Tracer;
use crate::value::IntoValue;
use crate::{context, global, random};

/// A handle to a running span; clones are handles to the same one.
///
/// The span ends with [`end`](Self::end), or else when its last handle is dropped. After that, and on a span that is
/// not recorded (see [`Span::none`]), everything set is ignored: tracing never fails the application.
#[derive(Clone, Debug, Default)]
pub struct Span(Option<Arc<Running>>);

#[derive(Debug)]
struct Running {
    tracer: Tracer,
    trace: Arc<Trace>,
    span_id: SpanId,
    /// The first span of its trace in this process.
    is_local_root: bool,
    start: Start,
    collected: Mutex<Collected>,
}

#[derive(Debug)]
struct Collected {
    /// Shared, once it has ended, with the thread that sends it.
    record: Arc<SpanRecord>,
    has_ended: bool,
}

impl Collected {
    /// `None` once it has ended.
    fn running(&mut self) -> Option<&mut SpanRecord> {
        if self.has_ended {
            None
        } else {
            Arc::get_mut(&mut self.record)
        }
    }
}

/// A span about to start.
#[derive(Debug)]
pub struct SpanBuilder {
    tracer: Option<Tracer>,
    name: Text,
    parent: Parent,
    kind: SpanKind,
    experiment: Option<Experiment>,
    start: Option<UnixNanos>,
    trace_id: Option<TraceId>,
    sampling_ratio: Option<f64>,
    attributes: Vec<(Text, Value)>,
    links: Vec<LinkRecord>,
}

#[derive(Debug)]
enum Parent {
    /// The current span of the thread, where that is one of the same tracer.
    Current,
    None,
    Span(Span),
    Remote(RemoteParent),
}

impl SpanBuilder {
    /// Without a tracer, what it starts is not recorded.
    pub(crate) fn new(tracer: Option<Tracer>, name: Text) -> Self {
        Self {
            tracer,
            name,
            parent: Parent::Current,
            kind: SpanKind::Internal,
            experiment: None,
            start: None,
            trace_id: None,
            sampling_ratio: None,
            attributes: Vec::new(),
            links: Vec::new(),
        }
    }

    /// In place of the thread's current span. When that is not recorded, the span is the root of a new trace.
    #[must_use]
    pub fn parent(mut self, parent: &Span) -> Self {
        self.parent = Parent::Span(parent.clone());
        self
    }

    /// The root of a new trace, whatever span is current.
    #[must_use]
    pub fn root(mut self) -> Self {
        self.parent = Parent::None;
        self
    }

    /// Goes on with a trace that began in another process.
    #[must_use]
    pub fn remote_parent(mut self, parent: RemoteParent) -> Self {
        self.parent = Parent::Remote(parent);
        self
    }

    /// Which side of a call it is. An internal step unless told otherwise.
    #[must_use]
    pub fn kind(mut self, kind: SpanKind) -> Self {
        self.kind = kind;
        self
    }

    /// `LLM`, `TOOL`, `AGENT`, `RETRIEVER`, … or a word of your own.
    #[must_use]
    pub fn span_type(self, span_type: &str) -> Self {
        self.attribute(key::SPAN_TYPE, json_text(span_type))
    }

    /// Sets `key`, replacing an earlier value.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<Text>, value: impl IntoValue) -> Self {
        crate::record::set(&mut self.attributes, key.into(), value.into_value());
        self
    }

    /// Several at once, each key once.
    #[must_use]
    pub fn attributes(mut self, attributes: Vec<(Text, Value)>) -> Self {
        if self.attributes.is_empty() {
            self.attributes = attributes;
            return self;
        }
        attributes
            .into_iter()
            .fold(self, |builder, (key, value)| builder.attribute(key, value))
    }

    /// Says that the work has to do with a span of another trace.
    #[must_use]
    pub fn link(mut self, trace_id: TraceId, span_id: SpanId) -> Self {
        self.links.push(LinkRecord {
            trace_id,
            span_id,
            attributes: Vec::new(),
        });
        self
    }

    /// For a root: another experiment than that of the settings.
    #[must_use]
    pub fn experiment(mut self, experiment: Experiment) -> Self {
        self.experiment = Some(experiment);
        self
    }

    /// For a root: another id than a random one.
    #[must_use]
    pub fn trace_id(mut self, trace_id: TraceId) -> Self {
        self.trace_id = Some(trace_id);
        self
    }

    /// For a root: another share of traces than that of the settings, 0 to 1.
    #[must_use]
    pub fn sampling_ratio(mut self, ratio: f64) -> Self {
        self.sampling_ratio = Some(ratio);
        self
    }

    /// Another start than now.
    #[must_use]
    pub fn start_time(mut self, start: UnixNanos) -> Self {
        self.start = Some(start);
        self
    }

    /// What goes in, written as JSON.
    #[must_use]
    pub fn inputs<T: Serialize + ?Sized>(self, inputs: &T) -> Self {
        if self.tracer.is_none() {
            return self;
        }
        self.attribute(key::INPUTS, to_json(inputs))
    }

    #[cfg_attr(
        not(feature = "opentelemetry"),
        expect(unused_mut, reason = "changed there alone")
    )]
    /// Starts it. Without a tracer, the span is not recorded.
    pub fn start(mut self) -> Span {
        let Some(tracer) = self.tracer else {
            return Span::none();
        };
        let local_parent = match &self.parent {
            Parent::Current => current_of(&tracer),
            Parent::Span(Span(Some(parent))) => Some((Arc::clone(&parent.trace), parent.span_id)),
            _ => None,
        };
        #[cfg(feature = "opentelemetry")]
        let local_parent = match (&self.parent, crate::opentelemetry::active_span()) {
            // A span of OpenTelemetry was entered since.
            (Parent::Current, Some(active)) => match local_parent {
                Some((trace, _)) if trace.id == active.trace_id => Some((trace, active.span_id)),
                _ => match crate::opentelemetry::trace_of(active.trace_id) {
                    Some(trace) => Some((trace, active.span_id)),
                    None => {
                        self.parent = Parent::Remote(active);
                        None
                    }
                },
            },
            _ => local_parent,
        };
        let (trace, parent_id, is_local_root) = match (local_parent, &self.parent) {
            (Some((trace, span_id)), _) => (trace, Some(span_id), false),
            (None, Parent::Remote(remote)) => {
                let trace = tracer.continued_trace(remote, self.experiment);
                (trace, Some(remote.span_id), true)
            }
            (None, _) => {
                let trace = tracer.new_trace(self.trace_id, self.experiment, self.sampling_ratio);
                (trace, None, true)
            }
        };
        let start = Start::now();
        let span_id = random::span_id();
        let record = SpanRecord {
            trace_id: trace.id,
            span_id,
            parent_id,
            trace_state: trace.told.clone(),
            name: self.name,
            kind: self.kind,
            start: self.start.unwrap_or(start.wall),
            end: None,
            status: StatusCode::Unset,
            status_message: String::new(),
            attributes: self.attributes,
            events: Vec::new(),
            links: self.links,
            experiment: trace.experiment.clone(),
        };
        Span(Some(Arc::new(Running {
            tracer,
            trace,
            span_id,
            is_local_root,
            start,
            collected: Mutex::new(Collected {
                record: Arc::new(record),
                has_ended: false,
            }),
        })))
    }
}

/// The trace and the id of the thread's current span, where that is one of this tracer.
fn current_of(tracer: &Tracer) -> Option<(Arc<Trace>, SpanId)> {
    context::with_current(|span| {
        let current = span.0.as_ref();
        current
            .filter(|current| current.tracer.is_same(tracer))
            .map(|current| (Arc::clone(&current.trace), current.span_id))
    })
    .flatten()
}

impl Span {
    /// A span of the tracer of this process, about to start: a child of the current span, unless told otherwise.
    pub fn builder(name: impl Into<Text>) -> SpanBuilder {
        global::span(name)
    }

    /// A span that records nothing: what is started while tracing is off.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Whether anything set on it has an effect: it was started while tracing was on, and has not ended.
    pub fn is_recording(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|running| !lock(&running.collected).has_ended)
    }

    /// Whether it never was recorded: what is started while tracing is off.
    #[inline]
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// `None` for a span that is not recorded.
    pub fn trace_id(&self) -> Option<TraceId> {
        self.0.as_ref().map(|running| running.trace.id)
    }

    /// `None` for a span that is not recorded.
    pub fn span_id(&self) -> Option<SpanId> {
        self.0.as_ref().map(|running| running.span_id)
    }

    #[cfg(feature = "opentelemetry")]
    pub(crate) fn tracer_and_trace(&self) -> Option<(&Tracer, &Arc<Trace>)> {
        self.0
            .as_ref()
            .map(|running| (&running.tracer, &running.trace))
    }

    /// Whether it is the first span of its trace in this process.
    pub fn is_local_root(&self) -> bool {
        self.0.as_ref().is_some_and(|running| running.is_local_root)
    }

    /// What another process needs to go on with this trace. `None` for a span that is not recorded.
    pub fn as_remote_parent(&self) -> Option<RemoteParent> {
        self.0.as_ref().map(|running| RemoteParent {
            trace_id: running.trace.id,
            span_id: running.span_id,
            is_sampled: running.trace.is_sampled(),
            trace_state: running.trace.told.clone(),
        })
    }

    /// Reads or changes everything about the span. `None` once it has ended.
    pub fn with_record<T>(&self, use_it: impl FnOnce(&mut SpanRecord) -> T) -> Option<T> {
        lock(&self.0.as_ref()?.collected).running().map(use_it)
    }

    /// Sets `key`, replacing an earlier value.
    pub fn set_attribute(&self, key: impl Into<Text>, value: impl IntoValue) {
        self.with_record(|record| record.set(key, value));
    }

    /// In place of the name it was started with.
    pub fn set_name(&self, name: impl Into<Text>) {
        self.with_record(|record| record.name = name.into());
    }

    /// `LLM`, `TOOL`, `AGENT`, `RETRIEVER`, … or a word of your own.
    pub fn set_span_type(&self, span_type: &str) {
        self.set_attribute(key::SPAN_TYPE, json_text(span_type));
    }

    /// What goes in, as JSON text.
    pub fn set_inputs_json(&self, json: impl Into<String>) {
        self.set_attribute(key::INPUTS, json.into());
    }

    /// What comes out, as JSON text.
    pub fn set_outputs_json(&self, json: impl Into<String>) {
        self.set_attribute(key::OUTPUTS, json.into());
    }

    /// What goes in, written as JSON. A value that cannot be is described instead.
    pub fn set_inputs<T: Serialize + ?Sized>(&self, inputs: &T) {
        if self.0.is_some() {
            self.set_inputs_json(to_json(inputs));
        }
    }

    /// What comes out, written as JSON. A value that cannot be is described instead.
    pub fn set_outputs<T: Serialize + ?Sized>(&self, outputs: &T) {
        if self.0.is_some() {
            self.set_outputs_json(to_json(outputs));
        }
    }

    /// Sets the status to error, with what `error` says, and adds the event of an exception. Its causes, one a line, are
    /// the stack trace of that event.
    pub fn record_error(&self, error: &(dyn std::error::Error + 'static)) {
        self.record_error_of_type("error", error);
    }

    pub(crate) fn record_error_of_type(
        &self,
        type_name: &str,
        error: &(dyn std::error::Error + 'static),
    ) {
        if self.0.is_none() {
            return;
        }
        let message = error.to_string();
        self.record_exception(type_name, &message, &with_causes(error));
        self.set_error(message);
    }

    /// Sets the status to OK, whatever it was.
    pub fn set_ok(&self) {
        self.with_record(|record| {
            record.status = StatusCode::Ok;
            record.status_message.clear();
        });
    }

    /// Sets the status to error, and what there is to say about it.
    pub fn set_error(&self, message: impl Into<String>) {
        self.with_record(|record| {
            record.status = StatusCode::Error;
            record.status_message = message.into();
        });
    }

    /// Adds the event of an exception. The status is set apart, with [`set_error`](Self::set_error).
    pub fn record_exception(&self, exception_type: &str, message: &str, stacktrace: &str) {
        let attributes = [
            (key::EXCEPTION_TYPE, exception_type),
            (key::EXCEPTION_MESSAGE, message),
            (key::EXCEPTION_STACKTRACE, stacktrace),
        ];
        self.add_event(
            key::EXCEPTION,
            attributes
                .into_iter()
                .map(|(key, value)| (Text::from(key), Value::from(value)))
                .collect(),
        );
    }

    /// Something that happened now.
    pub fn add_event(&self, name: impl Into<Text>, attributes: Vec<(Text, Value)>) {
        self.add_event_at(name, wall_now(), attributes);
    }

    /// Something that happened at that time.
    pub fn add_event_at(
        &self,
        name: impl Into<Text>,
        time: UnixNanos,
        attributes: Vec<(Text, Value)>,
    ) {
        self.with_record(|record| {
            record.events.push(EventRecord {
                name: name.into(),
                time,
                attributes,
            });
        });
    }

    /// Says that the work has to do with a span of another trace.
    pub fn add_link(&self, trace_id: TraceId, span_id: SpanId) {
        self.with_record(|record| {
            record.links.push(LinkRecord {
                trace_id,
                span_id,
                attributes: Vec::new(),
            });
        });
    }

    /// Changes what is said of the whole trace. It is sent with the trace's first span, when that ends; later changes
    /// are not.
    pub fn edit_trace(&self, edit: impl FnOnce(&mut Facts)) {
        if let Some(running) = &self.0 {
            running.trace.edit(edit);
        }
    }

    /// What was said of the whole trace so far, in this process.
    pub fn trace_facts(&self) -> Facts {
        self.0
            .as_ref()
            .map_or_else(Facts::default, |running| running.trace.facts())
    }

    /// Ends it now. A second end has no effect.
    pub fn end(&self) {
        if let Some(running) = &self.0 {
            running.end(None);
        }
    }

    /// Ends it at another time than now.
    pub fn end_at(&self, end: UnixNanos) {
        if let Some(running) = &self.0 {
            running.end(Some(end));
        }
    }

    /// What it had become when it ended, before anything was taken out or cut for sending. `None` while it runs.
    pub fn ended(&self) -> Option<Arc<SpanRecord>> {
        let collected = lock(&self.0.as_ref()?.collected);
        collected.has_ended.then(|| Arc::clone(&collected.record))
    }
}

impl Running {
    fn end(&self, end: Option<UnixNanos>) {
        let mut collected = lock(&self.collected);
        let Some(record) = collected.running() else {
            return;
        };
        record.end =
            Some(end.unwrap_or_else(|| self.start.wall.saturating_add(self.start.elapsed())));
        // A start of its own may lie later than the clock says.
        if let Some(end) = record.end {
            record.start = record.start.min(end);
        }
        if self.is_local_root {
            self.trace.write_facts_to(record);
        }
        collected.has_ended = true;
        let record = Arc::clone(&collected.record);
        drop(collected);
        let ending = self.trace.end(record, self.is_local_root);
        global::with_tracer_of(&self.tracer, |tracer| tracer.finish(ending));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end(None);
    }
}

/// What an error says, and then each of its causes, one a line.
pub(crate) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |chain, cause| {
        chain + "\ncaused by: " + &cause.to_string()
    })
}

/// A value that cannot be written as JSON leaves a note in its place: tracing never fails the application.
pub(crate) fn write_json<T: Serialize + ?Sized>(value: &T, json: &mut Vec<u8>) {
    let before = json.len();
    if let Err(error) = serde_json::to_writer(&mut *json, value) {
        json.truncate(before);
        json.extend_from_slice(json_text(&format!("[not written as JSON: {error}]")).as_bytes());
    }
}

/// As [`write_json`], into a place of its own.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    let mut json = Vec::with_capacity(32);
    write_json(value, &mut json);
    text_of(json)
}

/// A text as JSON: attributes of MLflow hold JSON.
pub(crate) fn json_text(text: &str) -> String {
    let mut json = Vec::with_capacity(text.len() + 2);
    serde_json::to_writer(&mut json, text).expect("memory takes what is written to it");
    text_of(json)
}

/// JSON is text.
pub(crate) fn text_of(json: Vec<u8>) -> String {
    String::from_utf8(json)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
