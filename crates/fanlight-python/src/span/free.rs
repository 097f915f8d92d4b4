//! Spans that no context knows of.

use fanlight::attributes as key;
use fanlight::{Span, SpanBuilder, Text, UnixNanos, Value, global};
use pyo3::prelude::*;

use super::LiveSpan;
use crate::arguments::{attributes_of, experiment_of, link_of, parse_trace_id};
use crate::remote::Remote;
use crate::{json, tracing, values};

const UNKNOWN: &str = "\"UNKNOWN\"";

fn with_parent(builder: SpanBuilder, parent: Option<&Bound<'_, PyAny>>) -> SpanBuilder {
    let Some(parent) = parent else {
        return builder.root();
    };
    if let Ok(span) = parent.cast::<LiveSpan>() {
        builder.parent(span.get().span())
    } else if let Ok(remote) = parent.cast::<Remote>() {
        builder.remote_parent(Clone::clone(&remote.get().0))
    } else {
        builder.root()
    }
}

/// The type as JSON text.
pub(super) fn span_type_of(span_type: Option<&Bound<'_, PyAny>>) -> Value {
    Value::String(match span_type {
        Some(span_type) => json::quoted(&values::text(span_type)),
        None => UNKNOWN.to_owned(),
    })
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
        return Bound::new(py, LiveSpan::of(Span::none()));
    }
    let mut first = Vec::with_capacity(4);
    first.push((Text::from(key::SPAN_TYPE), span_type_of(span_type)));
    if let Some(inputs) = inputs {
        first.push((Text::from(key::INPUTS), values::content(inputs)));
    }
    let mut builder = global::span(values::text(name)).attributes(first);
    if attributes.is_some() {
        builder = builder.attributes(attributes_of(attributes));
    }
    if let Some(experiment) = experiment_of(experiment_name, experiment_id) {
        builder = builder.experiment(experiment);
    }
    if let Some(start) = start_time_ns {
        builder = builder.start_time(UnixNanos(start));
    }
    if let Some(ratio) = sampling_ratio {
        builder = builder.sampling_ratio(ratio);
    }
    if let Some(text) = trace_id {
        builder = builder.trace_id(parse_trace_id(text)?);
    }
    for link in links.iter().flatten() {
        let (trace_id, span_id) = link_of(link)?;
        builder = builder.link(trace_id, span_id);
    }
    begin(py, builder, parent)
}

/// Starts it under `parent`, and says so.
pub(crate) fn begin<'py>(
    py: Python<'py>,
    builder: SpanBuilder,
    parent: Option<&Bound<'_, PyAny>>,
) -> PyResult<Bound<'py, LiveSpan>> {
    let span = with_parent(builder, parent).start();
    let span = Bound::new(py, LiveSpan::of(span))?;
    span.get().begin_trace(py, span.as_any());
    Ok(span)
}

/// A span that records nothing.
#[pyfunction]
pub(crate) fn nothing() -> LiveSpan {
    LiveSpan::of(Span::none())
}
