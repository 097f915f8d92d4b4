//! What is current, and what holds for all traces, as Python code asks for it and sets it.

use std::sync::atomic::Ordering;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::arguments::{parse_trace_id, texts};
use crate::context::{self, lock};
use crate::remote::Remote;
use crate::span::LiveSpan;

/// The current span, for user code; `None` when there is none.
#[pyfunction]
pub(crate) fn current_span(py: Python<'_>) -> Option<Bound<'_, LiveSpan>> {
    context::current(py)?.cast_into::<LiveSpan>().ok()
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

/// A running span by its id; only those whose id was asked for are found.
#[pyfunction]
pub(crate) fn find_span(span_id: &str) -> Option<LiveSpan> {
    let id = span_id.parse().ok()?;
    context::exposed(id).map(LiveSpan::of)
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
