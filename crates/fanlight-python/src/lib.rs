//! The native half of Fanlight's Python package, the module `fanlight._core`.
//!
//! Owns what costs time: spans while they run, arguments and results as JSON, the tracer and its settings, requests to
//! the server. Decorators, signatures and entities are Python, in `python/fanlight`. Start reading at
//! `span::LiveSpan`, then `recipe::Recipe`, which is what a decorated function calls.

mod arguments;
mod context;
mod current;
mod http;
mod json;
mod kept;
mod recipe;
mod redaction;
mod remote;
mod span;
mod tracing;
mod values;

use std::sync::OnceLock;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

/// `value` as JSON text; never raises, whatever the value does.
#[pyfunction]
fn to_json(value: &Bound<'_, PyAny>) -> String {
    json::text_of(value)
}

/// The first interpreter of this process that imports the module has it, known by its table of modules: what is kept
/// here are objects of that interpreter, which another one must not touch.
fn refuse_other_interpreters(py: Python<'_>) -> PyResult<()> {
    static OWNER: OnceLock<usize> = OnceLock::new();
    let modules = py.import("sys")?.getattr("modules")?.as_ptr() as usize;
    if *OWNER.get_or_init(|| modules) == modules {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "fanlight is already used by another interpreter of this process; it does not work in subinterpreters",
    ))
}

/// Spans, and the way they take.
#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    refuse_other_interpreters(py)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("context_variable", context::context_variable(py)?)?;
    module.add_class::<span::LiveSpan>()?;
    module.add_class::<remote::Remote>()?;
    module.add_class::<span::block::Block>()?;
    module.add_class::<recipe::Recipe>()?;
    let functions = [
        wrap_pyfunction!(to_json, module)?,
        wrap_pyfunction!(span::block::start_span, module)?,
        wrap_pyfunction!(span::free::start, module)?,
        wrap_pyfunction!(span::free::nothing, module)?,
        wrap_pyfunction!(current::current_span, module)?,
        wrap_pyfunction!(current::current_parent, module)?,
        wrap_pyfunction!(current::set_current, module)?,
        wrap_pyfunction!(current::reset_current, module)?,
        wrap_pyfunction!(current::find_span, module)?,
        wrap_pyfunction!(current::last_trace_id, module)?,
        wrap_pyfunction!(current::set_last_trace_id, module)?,
        wrap_pyfunction!(current::set_ambient, module)?,
        wrap_pyfunction!(current::set_trace_hooks, module)?,
        wrap_pyfunction!(current::set_processors, module)?,
        wrap_pyfunction!(tracing::configure, module)?,
        wrap_pyfunction!(tracing::server_url, module)?,
        wrap_pyfunction!(tracing::experiment, module)?,
        wrap_pyfunction!(tracing::set_enabled, module)?,
        wrap_pyfunction!(tracing::is_enabled, module)?,
        wrap_pyfunction!(tracing::flush, module)?,
        wrap_pyfunction!(tracing::shut_down, module)?,
        wrap_pyfunction!(tracing::stats, module)?,
        wrap_pyfunction!(tracing::after_fork_in_child, module)?,
        wrap_pyfunction!(redaction::set_redaction, module)?,
        wrap_pyfunction!(redaction::clear_redaction, module)?,
        wrap_pyfunction!(redaction::redacted, module)?,
        wrap_pyfunction!(kept::keep_spans, module)?,
        wrap_pyfunction!(kept::take_kept_spans, module)?,
        wrap_pyfunction!(http::request, module)?,
    ];
    for function in functions {
        module.add_function(function)?;
    }
    Ok(())
}
