//! What Python code can do with a span.

use fanlight::attributes as key;
use fanlight::{Facts, StatusCode, UnixNanos, Value};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::{LiveSpan, default_to_ok, read};
use crate::arguments::{LOG_LEVEL, attribute_of, attributes_of, event_attributes, link_of, texts};
use crate::{json, values};

/// What MLflow calls a span's trace when there is none.
const NO_TRACE: &str = "MLFLOW_NO_OP_SPAN_TRACE_ID";

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
        let id = self.span().span_id()?;
        self.expose(id);
        Some(id.to_string())
    }

    #[getter]
    fn parent_id(&self) -> Option<String> {
        self.read(|record| record.parent_id)?
            .map(|id| id.to_string())
    }

    #[getter]
    fn name(&self) -> Option<String> {
        self.read(|record| record.name.to_string())
    }

    #[getter]
    fn start_time_ns(&self) -> Option<u64> {
        self.read(|record| record.start.0)
    }

    #[getter]
    fn end_time_ns(&self) -> Option<u64> {
        self.read(|record| record.end)?.map(|end| end.0)
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
        let attributes = self.read(|record| record.attributes.clone());
        read::attributes(py, &attributes.unwrap_or_default())
    }

    /// A `fanlight.entities.SpanLogLevel`, or `None` when nothing was said.
    #[getter]
    fn log_level<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(Value::Int(level)) = self.attribute(LOG_LEVEL) else {
            return Ok(None);
        };
        let levels = py.import("fanlight.entities")?.getattr("SpanLogLevel")?;
        levels.call1((level,)).map(Some)
    }

    fn get_attribute(&self, py: Python<'_>, key: &str) -> PyResult<Option<Py<PyAny>>> {
        let value = self.attribute(key);
        value.map(|value| values::to_python(py, &value)).transpose()
    }

    /// A `fanlight.entities.SpanStatus`.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let status = self.read(|record| (record.status, record.status_message.clone()));
        let (code, message) = status.unwrap_or((StatusCode::Unset, String::new()));
        read::status(py, code, &message)
    }

    /// A list of `fanlight.entities.SpanEvent`.
    #[getter]
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let events = self.read(|record| record.events.clone());
        read::events(py, &events.unwrap_or_default())
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

    /// How much it matters: a `SpanLogLevel`, or its name.
    fn set_log_level(&self, level: &Bound<'_, PyAny>) {
        self.set(LOG_LEVEL, attribute_of(LOG_LEVEL, level));
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
    fn record_exception(&self, exception: &Bound<'_, PyAny>) {
        if exception.is_instance_of::<PyString>() {
            let message = values::text(exception);
            self.span().record_exception("Exception", &message, "");
            self.span().set_error(message);
        } else {
            self.fail(exception);
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
        this.span().with_record(default_to_ok);
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
        let outputs = values::content(result);
        this.span().with_record(|record| {
            record.set(key::OUTPUTS, outputs);
            default_to_ok(record);
        });
        this.leave(slf.py());
        this.finish(slf.py(), slf.as_any(), None);
    }

    /// The end of a call by an exception.
    fn _fail(slf: &Bound<'_, Self>, error: &Bound<'_, PyAny>) {
        let this = slf.get();
        this.fail(error);
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

    fn __repr__(&self) -> String {
        format!(
            "Span(name={:?}, trace_id={:?}, span_id={:?})",
            self.name().unwrap_or_default(),
            self.trace_id(),
            self.span_id().unwrap_or_default(),
        )
    }
}
