//! What Python code reads of a span, running or ended. No span is locked meanwhile: making Python's values may run
//! other code.

use fanlight::{EventRecord, SpanRecord, StatusCode, Text, Value};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::values;

/// Attributes that carry what is said of a whole trace: not said of the span.
const OF_TRACE: &str = "fanlight.trace.";

pub(super) fn attributes<'py>(
    py: Python<'py>,
    attributes: &[(Text, Value)],
) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    for (name, value) in attributes {
        if !name.starts_with(OF_TRACE) {
            found.set_item(name.as_ref(), values::to_python(py, value)?)?;
        }
    }
    Ok(found)
}

/// A `fanlight.entities.SpanStatus`.
pub(super) fn status<'py>(
    py: Python<'py>,
    code: StatusCode,
    message: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let code = match code {
        StatusCode::Ok => "OK",
        StatusCode::Error => "ERROR",
        StatusCode::Unset => "UNSET",
    };
    entities(py)?.getattr("SpanStatus")?.call1((code, message))
}

/// A list of `fanlight.entities.SpanEvent`.
pub(super) fn events<'py>(py: Python<'py>, events: &[EventRecord]) -> PyResult<Bound<'py, PyList>> {
    let make = entities(py)?.getattr("SpanEvent")?;
    let found = PyList::empty(py);
    for event in events {
        let attributes = PyDict::new(py);
        for (name, value) in &event.attributes {
            attributes.set_item(name.as_ref(), values::to_python(py, value)?)?;
        }
        found.append(make.call1((event.name.as_ref(), event.time.0, attributes))?)?;
    }
    Ok(found)
}

/// A `fanlight.entities.Span`.
pub(crate) fn entity<'py>(py: Python<'py>, span: &SpanRecord) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("name", span.name.as_ref())?;
    fields.set_item("trace_id", format!("tr-{}", span.trace_id))?;
    fields.set_item("span_id", span.span_id.to_string())?;
    fields.set_item("parent_id", span.parent_id.map(|id| id.to_string()))?;
    fields.set_item("start_time_ns", span.start.0)?;
    fields.set_item("end_time_ns", span.end.map(|end| end.0))?;
    fields.set_item("status", status(py, span.status, &span.status_message)?)?;
    fields.set_item("attributes", attributes(py, &span.attributes)?)?;
    fields.set_item("events", events(py, &span.events)?)?;
    entities(py)?.getattr("Span")?.call((), Some(&fields))
}

fn entities(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("fanlight.entities")
}
