//! The span that Python code holds while it runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use fanlight::attributes as key;
use fanlight::{
    Experiment, Facts, RemoteParent, Span, SpanBuilder, SpanId, SpanRecord, StatusCode, Text,
    TraceId, UnixNanos, Value, global,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};

use crate::context::{self, lock};
use crate::{json, tracing, values};

/// What MLflow calls a span's trace when there is none.
const NO_TRACE: &str = "MLFLOW_NO_OP_SPAN_TRACE_ID";

/// A span, and what is left of it for those who still hold it when it has ended.
#[derive(Debug)]
pub(crate) struct Shared {
    span: Span,
    /// User code may hold it: it is found by its id, and can be read after its end.
    is_exposed: AtomicBool,
    ended: OnceLock<Box<SpanRecord>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let (true, Some(id)) = (*self.is_exposed.get_mut(), self.span.span_id()) {
            context::forget(id);
        }
    }
}

impl Shared {
    fn expose(self: &Arc<Self>) {
        if !self.is_exposed.swap(true, Ordering::Relaxed)
            && let Some(id) = self.span.span_id()
        {
            context::expose(id, self);
        }
    }

    /// Reads the span, also after its end. `None` for one that is not recorded.
    fn read<T>(&self, read: impl Fn(&SpanRecord) -> T) -> Option<T> {
        self.span
            .with_record(|record| read(record))
            .or_else(|| self.ended.get().map(|record| read(record)))
    }
}

/// A running span. Everything set after its end is ignored, and nothing it does raises because of a value.
///
/// Times are nanoseconds since 1970. `inputs`, `outputs` and attributes are what a reader of the trace will see:
/// JSON values.
#[pyclass(frozen, name = "Span", module = "fanlight._core", weakref)]
pub(crate) struct LiveSpan {
    pub(crate) shared: Arc<Shared>,
    /// What makes the span before current again.
    token: Mutex<Option<Py<PyAny>>>,
}

/// What is known of a span at its start.
pub(crate) struct Beginning<'a> {
    pub(crate) name: Text,
    pub(crate) parent: Option<&'a Bound<'a, PyAny>>,
    pub(crate) attributes: Vec<(Text, Value)>,
    pub(crate) experiment: Option<Experiment>,
    pub(crate) trace_id: Option<TraceId>,
    pub(crate) sampling_ratio: Option<f64>,
    pub(crate) start: Option<UnixNanos>,
    pub(crate) links: Vec<(TraceId, SpanId)>,
}

impl<'a> Beginning<'a> {
    pub(crate) fn new(name: Text, parent: Option<&'a Bound<'a, PyAny>>) -> Self {
        Self {
            name,
            parent,
            attributes: Vec::new(),
            experiment: None,
            trace_id: None,
            sampling_ratio: None,
            start: None,
            links: Vec::new(),
        }
    }

    pub(crate) fn start(self) -> LiveSpan {
        let mut builder = global::span(self.name);
        builder = with_parent(builder, self.parent);
        for (key, value) in self.attributes {
            builder = builder.attribute(key, value);
        }
        if let Some(experiment) = self.experiment {
            builder = builder.experiment(experiment);
        }
        if let Some(id) = self.trace_id {
            builder = builder.trace_id(id);
        }
        if let Some(ratio) = self.sampling_ratio {
            builder = builder.sampling_ratio(ratio);
        }
        if let Some(start) = self.start {
            builder = builder.start_time(start);
        }
        for (trace_id, span_id) in self.links {
            builder = builder.link(trace_id, span_id);
        }
        LiveSpan::of(builder.start())
    }
}

fn with_parent(builder: SpanBuilder, parent: Option<&Bound<'_, PyAny>>) -> SpanBuilder {
    let Some(parent) = parent else {
        return builder;
    };
    if let Ok(span) = parent.cast::<LiveSpan>() {
        builder.parent(&span.get().shared.span)
    } else if let Ok(remote) = parent.cast::<Remote>() {
        builder.remote_parent(remote.get().0.clone())
    } else {
        builder
    }
}

/// A span of another process, as a parent.
#[pyclass(frozen, name = "RemoteParent", module = "fanlight._core")]
pub(crate) struct Remote(RemoteParent);

#[pymethods]
impl Remote {
    /// From the value of a `traceparent` header. Raises `ValueError` when it is not valid.
    #[new]
    fn new(traceparent: &str) -> PyResult<Self> {
        traceparent
            .parse()
            .map(Self)
            .map_err(|error| PyValueError::new_err(format!("not a traceparent: {error}")))
    }

    #[getter]
    fn trace_id(&self) -> String {
        format!("tr-{}", self.0.trace_id)
    }

    #[getter]
    fn span_id(&self) -> String {
        self.0.span_id.to_string()
    }

    #[getter]
    fn traceparent(&self) -> String {
        self.0.to_string()
    }
}

impl LiveSpan {
    fn of(span: Span) -> Self {
        Self {
            shared: Arc::new(Shared {
                span,
                is_exposed: AtomicBool::new(false),
                ended: OnceLock::new(),
            }),
            token: Mutex::new(None),
        }
    }

    pub(crate) fn from_shared(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            token: Mutex::new(None),
        }
    }

    pub(crate) fn none() -> Self {
        Self::of(Span::none())
    }

    fn span(&self) -> &Span {
        &self.shared.span
    }

    fn set(&self, key: impl Into<Text>, value: impl fanlight::IntoValue) {
        self.span().set_attribute(key, value);
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        self.shared.read(|record| record.get(name).cloned())?
    }

    /// Tells a new trace what holds for all, and those who wait for new traces.
    pub(crate) fn begin_trace(&self, py: Python<'_>, this: &Bound<'_, PyAny>) {
        if !self.span().is_local_root() {
            return;
        }
        if context::is_set(&context::HAS_AMBIENT) {
            let ambient = lock(&context::AMBIENT);
            self.span().edit_trace(|facts| {
                for (name, value) in &ambient.tags {
                    facts.set_tag(name.as_str(), value.as_str());
                }
                for (name, value) in &ambient.metadata {
                    facts.set_metadata(name.as_str(), value.as_str());
                }
            });
        }
        if context::is_set(&context::HAS_ROOT_STARTED)
            && let Some(hook) = context::hook(py, &context::ROOT_STARTED)
        {
            let _ = hook.bind(py).call1((this,));
        }
    }

    pub(crate) fn make_current(&self, py: Python<'_>, this: &Bound<'_, PyAny>) {
        if self.span().trace_id().is_some() {
            *lock(&self.token) = context::set_current(py, this);
        }
    }

    fn leave(&self, py: Python<'_>) {
        let token = lock(&self.token).take();
        if let Some(token) = token {
            context::reset_current(py, token);
        }
    }

    pub(crate) fn finish(&self, py: Python<'_>, this: &Bound<'_, PyAny>, end: Option<UnixNanos>) {
        let span = self.span();
        let Some(trace_id) = span.trace_id() else {
            return;
        };
        if context::is_set(&context::HAS_PROCESSORS) && span.is_recording() {
            let processors: Vec<_> = {
                let processors = lock(&context::PROCESSORS);
                processors.iter().map(|one| one.clone_ref(py)).collect()
            };
            for processor in processors {
                if let Err(error) = processor.bind(py).call1((this,)) {
                    let name = error.get_type(py).name();
                    let name = name.map_or_else(|_| String::new(), |name| name.to_string());
                    tracing::warn(py, &format!("a span processor raised {name}"));
                }
            }
        }
        if self.shared.is_exposed.load(Ordering::Relaxed) {
            let copy = span.with_record(|record| record.clone());
            if let Some(mut copy) = copy {
                copy.end = Some(end.unwrap_or_else(now));
                let _ = self.shared.ended.set(Box::new(copy));
            }
        }
        let was_running = span.is_recording();
        match end {
            Some(end) => span.end_at(end),
            None => span.end(),
        }
        if was_running && span.is_local_root() {
            context::set_last_trace(trace_id);
            if context::is_set(&context::HAS_ROOT_ENDED)
                && let Some(hook) = context::hook(py, &context::ROOT_ENDED)
            {
                let _ = hook.bind(py).call1((format!("tr-{trace_id}"),));
            }
        }
    }

    fn fail(&self, py: Python<'_>, error: &Bound<'_, PyAny>) {
        if !self.span().is_recording() {
            return;
        }
        self.add_exception(py, error);
        self.span().set_error(message_of(error));
    }

    fn add_exception(&self, py: Python<'_>, error: &Bound<'_, PyAny>) {
        let kind = error.get_type();
        let name = kind.qualname().map(|name| name.to_string());
        let name = name.unwrap_or_else(|_| String::from("Exception"));
        let module = kind.module().map(|module| module.to_string());
        let name = match module {
            Ok(module) if module != "builtins" && module != "__main__" => {
                format!("{module}.{name}")
            }
            _ => name,
        };
        let message = values::text(error);
        let stacktrace = stacktrace(py, error).unwrap_or_default();
        self.span().record_exception(&name, &message, &stacktrace);
    }
}

/// `ValueError: no`.
fn message_of(error: &Bound<'_, PyAny>) -> String {
    let name = error.get_type().name();
    let name = name.map_or_else(|_| String::from("Exception"), |name| name.to_string());
    let message = values::text(error);
    if message.is_empty() {
        name
    } else {
        format!("{name}: {message}")
    }
}

fn stacktrace(py: Python<'_>, error: &Bound<'_, PyAny>) -> PyResult<String> {
    let lines = py.import("traceback")?.call_method1(
        "format_exception",
        (error.get_type(), error, error.getattr("__traceback__")?),
    )?;
    PyString::new(py, "")
        .call_method1("join", (lines,))?
        .extract()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a span that is kept for its holder ends about now; the one that is sent has the core's own time"
)]
fn now() -> UnixNanos {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = since.map_or(0, |since| since.as_nanos());
    UnixNanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[pymethods]
impl LiveSpan {
    #[getter]
    fn trace_id(&self) -> String {
        self.span()
            .trace_id()
            .map_or_else(|| NO_TRACE.to_owned(), |id| format!("tr-{id}"))
    }

    /// The same as `trace_id`: its name in MLflow 2.
    #[getter]
    fn request_id(&self) -> String {
        self.trace_id()
    }

    /// 16 hex digits, or `None` when it is not recorded.
    #[getter]
    fn span_id(&self) -> Option<String> {
        self.span().span_id().map(|id| id.to_string())
    }

    #[getter]
    fn parent_id(&self) -> Option<String> {
        self.shared
            .read(|record| record.parent_id)?
            .map(|id| id.to_string())
    }

    #[getter]
    fn name(&self) -> Option<String> {
        self.shared.read(|record| record.name.to_string())
    }

    #[getter]
    fn start_time_ns(&self) -> Option<u64> {
        self.shared.read(|record| record.start.0)
    }

    #[getter]
    fn end_time_ns(&self) -> Option<u64> {
        self.shared.read(|record| record.end)?.map(|end| end.0)
    }

    #[getter]
    fn start_time_unix_ms(&self) -> Option<u64> {
        self.start_time_ns().map(|ns| ns / 1_000_000)
    }

    #[getter]
    fn end_time_unix_ms(&self) -> Option<u64> {
        self.end_time_ns().map(|ns| ns / 1_000_000)
    }

    #[getter]
    fn span_type(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.attribute(key::SPAN_TYPE) {
            Some(value) => values::to_python(py, &value),
            None => Ok(PyString::new(py, "UNKNOWN").into_any().unbind()),
        }
    }

    #[getter]
    fn inputs(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let value = self.attribute(key::INPUTS);
        value.map(|value| values::to_python(py, &value)).transpose()
    }

    #[getter]
    fn outputs(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let value = self.attribute(key::OUTPUTS);
        value.map(|value| values::to_python(py, &value)).transpose()
    }

    #[getter]
    fn attributes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        let attributes = self.shared.read(|record| record.attributes.clone());
        for (name, value) in attributes.into_iter().flatten() {
            found.set_item(name.as_ref(), values::to_python(py, &value)?)?;
        }
        Ok(found)
    }

    fn get_attribute(&self, py: Python<'_>, key: &str) -> PyResult<Option<Py<PyAny>>> {
        let value = self.attribute(key);
        value.map(|value| values::to_python(py, &value)).transpose()
    }

    /// A `fanlight.entities.SpanStatus`.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let status = self
            .shared
            .read(|record| (record.status, record.status_message.clone()));
        let (code, message) = status.unwrap_or((StatusCode::Unset, String::new()));
        let code = match code {
            StatusCode::Ok => "OK",
            StatusCode::Error => "ERROR",
            StatusCode::Unset => "UNSET",
        };
        py.import("fanlight.entities")?
            .getattr("SpanStatus")?
            .call1((code, message))
    }

    /// A list of `fanlight.entities.SpanEvent`.
    #[getter]
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let make = py.import("fanlight.entities")?.getattr("SpanEvent")?;
        let found = PyList::empty(py);
        let events = self.shared.read(|record| record.events.clone());
        for event in events.into_iter().flatten() {
            let attributes = PyDict::new(py);
            for (name, value) in &event.attributes {
                attributes.set_item(name.as_ref(), values::to_python(py, value)?)?;
            }
            found.append(make.call1((event.name.as_ref(), event.time.0, attributes))?)?;
        }
        Ok(found)
    }

    /// Whether anything set has an effect.
    fn is_recording(&self) -> bool {
        self.span().is_recording()
    }

    /// Whether it is the first span of its trace in this process.
    #[getter]
    fn is_root(&self) -> bool {
        self.span().is_local_root()
    }

    fn set_name(&self, name: &Bound<'_, PyAny>) {
        self.span().set_name(values::text(name));
    }

    /// `LLM`, `TOOL`, … : see `SpanType`, or a word of your own.
    fn set_span_type(&self, span_type: &Bound<'_, PyAny>) {
        self.set(key::SPAN_TYPE, json::quoted(&values::text(span_type)));
    }

    /// Any value; it is written as JSON at once, so later changes of it are not seen.
    fn set_inputs(&self, inputs: &Bound<'_, PyAny>) {
        if self.span().is_recording() {
            self.set(key::INPUTS, values::content(inputs));
        }
    }

    /// Any value; it is written as JSON at once, so later changes of it are not seen.
    fn set_outputs(&self, outputs: &Bound<'_, PyAny>) {
        if self.span().is_recording() {
            self.set(key::OUTPUTS, values::content(outputs));
        }
    }

    /// Sets one attribute, replacing an earlier value.
    fn set_attribute(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) {
        if self.span().is_recording() {
            let key = values::text(key);
            let value = attribute_of(&key, value);
            self.set(key, value);
        }
    }

    /// Sets several attributes from a mapping. Anything else is ignored.
    fn set_attributes(&self, attributes: &Bound<'_, PyAny>) {
        if self.span().is_recording() {
            for (key, value) in attributes_of(Some(attributes)) {
                self.set(key, value);
            }
        }
    }

    /// `"OK"`, `"ERROR"`, `"UNSET"`, a `SpanStatusCode`, or an object with `status_code` and `description`.
    ///
    /// Raises `ValueError` for another word.
    #[pyo3(signature = (status, description=None))]
    fn set_status(&self, status: &Bound<'_, PyAny>, description: Option<&str>) -> PyResult<()> {
        let inner = status.getattr("status_code").ok();
        let described = inner.as_ref().and_then(|_| {
            let text = status.getattr("description").ok()?;
            (!text.is_none()).then(|| values::text(&text))
        });
        let word = inner.as_ref().unwrap_or(status);
        // An enum's member: ours holds its name as value, OpenTelemetry's a number.
        let word = match word.getattr("name") {
            Ok(name) if name.is_instance_of::<PyString>() => values::text(&name),
            _ => values::text(word),
        };
        let description = described
            .or(description.map(str::to_owned))
            .unwrap_or_default();
        let code = match word.trim_start_matches("STATUS_CODE_") {
            "OK" => StatusCode::Ok,
            "ERROR" => StatusCode::Error,
            "UNSET" => StatusCode::Unset,
            other => {
                return Err(PyValueError::new_err(format!(
                    "a status is OK, ERROR or UNSET, not {other:?}"
                )));
            }
        };
        self.span().with_record(|record| {
            record.status = code;
            record.status_message = description;
        });
        Ok(())
    }

    /// Adds the event of an exception, or of a text, and sets the status to `ERROR`.
    fn record_exception(&self, py: Python<'_>, exception: &Bound<'_, PyAny>) {
        if exception.is_instance_of::<PyString>() {
            let message = values::text(exception);
            self.span().record_exception("Exception", &message, "");
            self.span().set_error(message);
        } else {
            self.fail(py, exception);
        }
    }

    /// Adds a `SpanEvent`, or one made of a name and attributes. `timestamp` is in nanoseconds.
    #[pyo3(signature = (event, attributes=None, timestamp=None))]
    fn add_event(
        &self,
        event: &Bound<'_, PyAny>,
        attributes: Option<&Bound<'_, PyAny>>,
        timestamp: Option<u64>,
    ) {
        if !self.span().is_recording() {
            return;
        }
        let (name, attributes, time) = match event.getattr("name") {
            Ok(name) => {
                let own = event.getattr("attributes").ok();
                let time = event.getattr("timestamp").ok();
                let time = time.and_then(|time| time.extract().ok());
                (values::text(&name), event_attributes(own.as_ref()), time)
            }
            Err(_) => (values::text(event), event_attributes(attributes), timestamp),
        };
        match time {
            Some(time) => self.span().add_event_at(name, UnixNanos(time), attributes),
            None => self.span().add_event(name, attributes),
        }
    }

    /// Says that the work has to do with a span of another trace.
    fn add_link(&self, link: &Bound<'_, PyAny>) -> PyResult<()> {
        let (trace_id, span_id) = link_of(link)?;
        self.span().add_link(trace_id, span_id);
        Ok(())
    }

    /// Ends it, now or at `end_time_ns`. A second end has no effect. Without a status it is `OK`.
    #[pyo3(signature = (outputs=None, attributes=None, status=None, end_time_ns=None))]
    fn end(
        slf: &Bound<'_, Self>,
        outputs: Option<&Bound<'_, PyAny>>,
        attributes: Option<&Bound<'_, PyAny>>,
        status: Option<&Bound<'_, PyAny>>,
        end_time_ns: Option<u64>,
    ) -> PyResult<()> {
        let this = slf.get();
        if !this.span().is_recording() {
            return Ok(());
        }
        if let Some(outputs) = outputs {
            this.set_outputs(outputs);
        }
        if let Some(attributes) = attributes {
            this.set_attributes(attributes);
        }
        // An unknown status must not keep the span from its end.
        let wrong = status.and_then(|status| this.set_status(status, None).err());
        this.default_to_ok();
        this.leave(slf.py());
        this.finish(slf.py(), slf.as_any(), end_time_ns.map(UnixNanos));
        wrong.map_or(Ok(()), Err)
    }

    /// Changes what is said of the whole trace, as long as its first span runs: dicts of texts, and single texts.
    #[pyo3(signature = (*, tags=None, metadata=None, request_preview=None, response_preview=None, state=None, client_request_id=None))]
    fn edit_trace(
        &self,
        tags: Option<&Bound<'_, PyDict>>,
        metadata: Option<&Bound<'_, PyDict>>,
        request_preview: Option<String>,
        response_preview: Option<String>,
        state: Option<String>,
        client_request_id: Option<String>,
    ) {
        let tags = texts(tags);
        let metadata = texts(metadata);
        self.span().edit_trace(|facts: &mut Facts| {
            for (name, value) in tags {
                facts.set_tag(name, value);
            }
            for (name, value) in metadata {
                facts.set_metadata(name, value);
            }
            let single = [
                (&mut facts.request_preview, request_preview),
                (&mut facts.response_preview, response_preview),
                (&mut facts.state, state),
                (&mut facts.client_request_id, client_request_id),
            ];
            for (slot, value) in single {
                if value.is_some() {
                    *slot = value;
                }
            }
        });
    }

    /// Tags of the trace, as far as this process set them.
    #[getter]
    fn trace_tags(&self) -> Vec<(String, String)> {
        self.span().trace_facts().tags
    }

    /// Metadata of the trace, as far as this process set them.
    #[getter]
    fn trace_metadata(&self) -> Vec<(String, String)> {
        self.span().trace_facts().metadata
    }

    /// The value of a `traceparent` header for a request made under this span. `None` when it is not recorded.
    #[getter]
    fn traceparent(&self) -> Option<String> {
        self.span()
            .as_remote_parent()
            .map(|parent| parent.to_string())
    }

    /// The end of a call: its result as outputs, status `OK`.
    fn _done(slf: &Bound<'_, Self>, result: &Bound<'_, PyAny>) {
        let this = slf.get();
        this.set(key::OUTPUTS, values::content(result));
        this.default_to_ok();
        this.leave(slf.py());
        this.finish(slf.py(), slf.as_any(), None);
    }

    /// The end of a call by an exception.
    fn _fail(slf: &Bound<'_, Self>, error: &Bound<'_, PyAny>) {
        let this = slf.get();
        this.fail(slf.py(), error);
        this.leave(slf.py());
        this.finish(slf.py(), slf.as_any(), None);
    }

    /// Makes it the current span of this context, until `_deactivate`.
    fn _activate(slf: &Bound<'_, Self>) {
        slf.get().make_current(slf.py(), slf.as_any());
    }

    fn _deactivate(&self, py: Python<'_>) {
        self.leave(py);
    }

    /// User code may hold it from now on: it is found by its id, and can be read after its end.
    fn _expose(&self) {
        self.shared.expose();
    }

    fn __repr__(&self) -> String {
        format!(
            "Span(name={:?}, trace_id={:?}, span_id={:?})",
            self.name().unwrap_or_default(),
            self.trace_id(),
            self.span_id().unwrap_or_default(),
        )
    }
}

impl LiveSpan {
    fn default_to_ok(&self) {
        self.span().with_record(|record| {
            if record.status == StatusCode::Unset {
                record.status = StatusCode::Ok;
            }
        });
    }
}

/// Spans' own keys hold JSON.
fn attribute_of(name: &str, value: &Bound<'_, PyAny>) -> Value {
    match name {
        key::INPUTS | key::OUTPUTS => values::content(value),
        key::SPAN_TYPE => Value::String(json::quoted(&values::text(value))),
        _ => values::attribute(value),
    }
}

pub(crate) fn attributes_of(attributes: Option<&Bound<'_, PyAny>>) -> Vec<(Text, Value)> {
    entries_of(attributes, attribute_of)
}

fn event_attributes(attributes: Option<&Bound<'_, PyAny>>) -> Vec<(Text, Value)> {
    entries_of(attributes, |_, value| values::structured(value))
}

/// Anything but a mapping has none.
fn entries_of(
    attributes: Option<&Bound<'_, PyAny>>,
    convert: impl Fn(&str, &Bound<'_, PyAny>) -> Value,
) -> Vec<(Text, Value)> {
    let Some(attributes) = attributes.filter(|attributes| !attributes.is_none()) else {
        return Vec::new();
    };
    let items = match attributes.cast::<PyDict>() {
        Ok(dict) => dict.items(),
        Err(_) => {
            let copy = attributes.py().get_type::<PyDict>().call1((attributes,));
            match copy.map(Bound::cast_into::<PyDict>) {
                Ok(Ok(dict)) => dict.items(),
                _ => return Vec::new(),
            }
        }
    };
    let mut found = Vec::with_capacity(items.len());
    for item in items.iter() {
        if let (Ok(name), Ok(value)) = (item.get_item(0), item.get_item(1)) {
            let name = values::text(&name);
            let value = convert(&name, &value);
            found.push((Text::from(name), value));
        }
    }
    found
}

fn texts(dict: Option<&Bound<'_, PyDict>>) -> Vec<(String, String)> {
    let Some(dict) = dict else {
        return Vec::new();
    };
    let items = dict.items();
    let mut found = Vec::with_capacity(items.len());
    for item in items.iter() {
        if let (Ok(name), Ok(value)) = (item.get_item(0), item.get_item(1)) {
            let value = match value.cast::<PyString>() {
                Ok(text) => values::text(text),
                Err(_) => values::text(&value),
            };
            found.push((values::text(&name), value));
        }
    }
    found
}

pub(crate) fn parse_trace_id(text: &str) -> PyResult<TraceId> {
    let hex = text.strip_prefix("tr-").unwrap_or(text);
    hex.parse()
        .map_err(|error| PyValueError::new_err(format!("{text:?} is not a trace id: {error}")))
}

pub(crate) fn link_of(link: &Bound<'_, PyAny>) -> PyResult<(TraceId, SpanId)> {
    let trace_id = parse_trace_id(&values::text(&link.getattr("trace_id")?))?;
    let span_id = values::text(&link.getattr("span_id")?);
    let span_id = span_id
        .parse()
        .map_err(|error| PyValueError::new_err(format!("{span_id:?} is not a span id: {error}")))?;
    Ok((trace_id, span_id))
}

pub(crate) fn experiment_of(name: Option<String>, id: Option<String>) -> Option<Experiment> {
    id.map(Experiment::Id).or(name.map(Experiment::Name))
}

/// Starts a span that no context knows of. `parent` is a span, a remote parent, or `None` for a new trace.
#[pyfunction]
#[pyo3(signature = (name, parent=None, *, span_type=None, inputs=None, attributes=None, start_time_ns=None, experiment_name=None, experiment_id=None, trace_id=None, sampling_ratio=None, links=None))]
#[expect(
    clippy::too_many_arguments,
    clippy::needless_pass_by_value,
    reason = "each is one keyword in Python, converted for this call"
)]
pub(crate) fn start<'py>(
    py: Python<'py>,
    name: &Bound<'py, PyAny>,
    parent: Option<&Bound<'py, PyAny>>,
    span_type: Option<&Bound<'py, PyAny>>,
    inputs: Option<&Bound<'py, PyAny>>,
    attributes: Option<&Bound<'py, PyAny>>,
    start_time_ns: Option<u64>,
    experiment_name: Option<String>,
    experiment_id: Option<String>,
    trace_id: Option<&str>,
    sampling_ratio: Option<f64>,
    links: Option<Vec<Bound<'py, PyAny>>>,
) -> PyResult<Bound<'py, LiveSpan>> {
    if !tracing::is_on(py) {
        return Bound::new(py, LiveSpan::none());
    }
    let mut beginning = Beginning::new(Text::from(values::text(name)), parent);
    let span_type = span_type.map_or_else(|| String::from("UNKNOWN"), values::text);
    beginning.attributes = vec![(
        Text::from(key::SPAN_TYPE),
        Value::String(json::quoted(&span_type)),
    )];
    if let Some(inputs) = inputs {
        beginning
            .attributes
            .push((Text::from(key::INPUTS), values::content(inputs)));
    }
    beginning.attributes.extend(attributes_of(attributes));
    beginning.experiment = experiment_of(experiment_name, experiment_id);
    beginning.start = start_time_ns.map(UnixNanos);
    beginning.sampling_ratio = sampling_ratio;
    if let Some(text) = trace_id {
        beginning.trace_id = Some(parse_trace_id(text)?);
    }
    for link in links.iter().flatten() {
        beginning.links.push(link_of(link)?);
    }
    let span = Bound::new(py, beginning.start())?;
    span.get().shared.expose();
    span.get().begin_trace(py, span.as_any());
    Ok(span)
}

/// `with start_span(…)`: the span starts with the block and ends with it.
#[pyclass(frozen, name = "Scope", module = "fanlight._core")]
pub(crate) struct Scope {
    name: Py<PyAny>,
    span_type: Option<Py<PyAny>>,
    attributes: Option<Py<PyAny>>,
    experiment_name: Option<String>,
    experiment_id: Option<String>,
    sampling_ratio: Option<f64>,
    metadata: Option<Py<PyDict>>,
    links: Option<Vec<Py<PyAny>>>,
    span: Mutex<Option<Py<LiveSpan>>>,
}

#[pymethods]
impl Scope {
    #[new]
    #[pyo3(signature = (name, span_type=None, attributes=None, experiment_name=None, experiment_id=None, sampling_ratio=None, metadata=None, links=None))]
    #[expect(clippy::too_many_arguments, reason = "each is one keyword in Python")]
    fn new(
        name: Py<PyAny>,
        span_type: Option<Py<PyAny>>,
        attributes: Option<Py<PyAny>>,
        experiment_name: Option<String>,
        experiment_id: Option<String>,
        sampling_ratio: Option<f64>,
        metadata: Option<Py<PyDict>>,
        links: Option<Vec<Py<PyAny>>>,
    ) -> Self {
        Self {
            name,
            span_type,
            attributes,
            experiment_name,
            experiment_id,
            sampling_ratio,
            metadata,
            links,
            span: Mutex::new(None),
        }
    }

    fn __enter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, LiveSpan>> {
        let parent = if tracing::is_on(py) {
            context::current(py)
        } else {
            None
        };
        let links = self
            .links
            .as_ref()
            .map(|links| links.iter().map(|link| link.bind(py).clone()).collect());
        let span = start(
            py,
            self.name.bind(py),
            parent.as_ref(),
            self.span_type.as_ref().map(|it| it.bind(py)),
            None,
            self.attributes.as_ref().map(|it| it.bind(py)),
            None,
            self.experiment_name.clone(),
            self.experiment_id.clone(),
            None,
            self.sampling_ratio,
            links,
        )?;
        if let Some(metadata) = &self.metadata {
            span.get()
                .edit_trace(None, Some(metadata.bind(py)), None, None, None, None);
        }
        span.get().make_current(py, span.as_any());
        *lock(&self.span) = Some(span.clone().unbind());
        Ok(span)
    }

    #[pyo3(signature = (exc_type, exc, traceback))]
    fn __exit__(
        &self,
        py: Python<'_>,
        exc_type: Option<&Bound<'_, PyType>>,
        exc: Option<&Bound<'_, PyAny>>,
        traceback: Option<&Bound<'_, PyAny>>,
    ) -> bool {
        let _ = (exc_type, traceback);
        let span = lock(&self.span).take();
        if let Some(span) = span {
            let span = span.bind(py);
            let this = span.get();
            match exc {
                Some(error) => this.fail(py, error),
                None => this.default_to_ok(),
            }
            this.leave(py);
            this.finish(py, span.as_any(), None);
        }
        false
    }
}

/// A span that records nothing.
#[pyfunction]
pub(crate) fn nothing() -> LiveSpan {
    LiveSpan::none()
}

/// The current span, for user code; `None` when there is none.
#[pyfunction]
pub(crate) fn current_span(py: Python<'_>) -> Option<Bound<'_, LiveSpan>> {
    let span = context::current(py)?.cast_into::<LiveSpan>().ok()?;
    span.get().shared.expose();
    Some(span)
}

/// The current span or remote parent, as it is.
#[pyfunction]
pub(crate) fn current_parent(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    context::current(py)
}

/// Makes a span or remote parent current and answers the token for `reset_current`.
#[pyfunction]
pub(crate) fn set_current(py: Python<'_>, span: &Bound<'_, PyAny>) -> PyResult<Option<Py<PyAny>>> {
    if !span.is_none() && !span.is_instance_of::<LiveSpan>() && !span.is_instance_of::<Remote>() {
        return Err(PyTypeError::new_err(
            "expected a span, a remote parent or None",
        ));
    }
    Ok(context::set_current(py, span))
}

#[pyfunction]
pub(crate) fn reset_current(py: Python<'_>, token: Option<Py<PyAny>>) {
    if let Some(token) = token {
        context::reset_current(py, token);
    }
}

/// A running span by its id; only those that were handed to user code are found.
#[pyfunction]
pub(crate) fn find_span(span_id: &str) -> Option<LiveSpan> {
    let id = span_id.parse().ok()?;
    context::exposed(id).map(LiveSpan::from_shared)
}

/// `tr-…` of the trace that ended last, in this process or in this thread.
#[pyfunction]
#[pyo3(signature = (thread_local=false))]
pub(crate) fn last_trace_id(thread_local: bool) -> Option<String> {
    context::last_trace(thread_local).map(|id| format!("tr-{id}"))
}

#[pyfunction]
pub(crate) fn set_last_trace_id(trace_id: &str) -> PyResult<()> {
    context::set_last_trace(parse_trace_id(trace_id)?);
    Ok(())
}

/// What every new trace is told: replaces what was said before.
#[pyfunction]
pub(crate) fn set_ambient(tags: Option<&Bound<'_, PyDict>>, metadata: Option<&Bound<'_, PyDict>>) {
    let (tags, metadata) = (texts(tags), texts(metadata));
    let is_any = !tags.is_empty() || !metadata.is_empty();
    *lock(&context::AMBIENT) = context::Ambient { tags, metadata };
    context::HAS_AMBIENT.store(is_any, Ordering::Relaxed);
}

/// Functions called with each new trace's first span, and with the id of each trace that ended.
#[pyfunction]
pub(crate) fn set_trace_hooks(started: Option<Py<PyAny>>, ended: Option<Py<PyAny>>) {
    context::HAS_ROOT_STARTED.store(started.is_some(), Ordering::Relaxed);
    context::HAS_ROOT_ENDED.store(ended.is_some(), Ordering::Relaxed);
    let before = (
        std::mem::replace(&mut *lock(&context::ROOT_STARTED), started),
        std::mem::replace(&mut *lock(&context::ROOT_ENDED), ended),
    );
    drop(before);
}

/// Functions called with each span before it ends, on the thread that ends it.
#[pyfunction]
pub(crate) fn set_processors(processors: &Bound<'_, PyTuple>) {
    let processors: Vec<_> = processors.iter().map(Bound::unbind).collect();
    context::HAS_PROCESSORS.store(!processors.is_empty(), Ordering::Relaxed);
    let before = std::mem::replace(&mut *lock(&context::PROCESSORS), processors);
    drop(before);
}
