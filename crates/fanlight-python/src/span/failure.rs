//! How exceptions are written down.

use fanlight::Span;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::values;

/// Sets the status to error and adds the event of the exception.
pub(super) fn record(span: &Span, error: &Bound<'_, PyAny>) {
    let message = values::text(error);
    let stacktrace = stacktrace(error).unwrap_or_default();
    span.record_exception(&full_name_of(error), &message, &stacktrace);
    span.set_error(summary_of(error, &message));
}

/// `json.decoder.JSONDecodeError`, `ValueError`.
fn full_name_of(error: &Bound<'_, PyAny>) -> String {
    let kind = error.get_type();
    let name = kind.qualname().map(|name| name.to_string());
    let name = name.unwrap_or_else(|_| String::from("Exception"));
    match kind.module().map(|module| module.to_string()) {
        Ok(module) if module != "builtins" && module != "__main__" => format!("{module}.{name}"),
        _ => name,
    }
}

/// `ValueError: no`.
fn summary_of(error: &Bound<'_, PyAny>, message: &str) -> String {
    let name = error.get_type().name();
    let name = name.map_or_else(|_| String::from("Exception"), |name| name.to_string());
    if message.is_empty() {
        name
    } else {
        format!("{name}: {message}")
    }
}

fn stacktrace(error: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = error.py();
    let lines = py.import("traceback")?.call_method1(
        "format_exception",
        (error.get_type(), error, error.getattr("__traceback__")?),
    )?;
    PyString::new(py, "")
        .call_method1("join", (lines,))?
        .extract()
}
