//! Spans around `with` blocks.

use std::sync::Mutex;

use fanlight::attributes as key;
use fanlight::{SpanBuilder, Text, Value, global};
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::free::{begin, span_type_of};
use super::{LiveSpan, default_to_ok};
use crate::arguments::{LOG_LEVEL, attribute_of, attributes_of, link_of};
use crate::context::{self, lock};
use crate::{tracing, values};

/// What a span is about. Source: MLflow.
const DESCRIPTION: &str = "mlflow.spanDescription";

/// `with start_span(…)`: the span starts with the block and ends with it.
#[pyclass(frozen, name = "Block", module = "fanlight._core")]
pub(crate) struct Block {
    name: Option<Py<PyAny>>,
    span_type: Option<Py<PyAny>>,
    /// What few spans have.
    more: Option<Box<More>>,
    span: Mutex<Option<Py<LiveSpan>>>,
}

struct More {
    attributes: Option<Py<PyAny>>,
    destination: Option<Py<PyAny>>,
    run_id: Option<Py<PyAny>>,
    log_level: Option<Py<PyAny>>,
    links: Option<Vec<Py<PyAny>>>,
    description: Option<Py<PyAny>>,
    sampling_ratio: Option<f64>,
}

/// A span around a `with` block: `with start_span("search") as span: …`.
///
/// A child of the current span, or the root of a new trace. An exception passes through and leaves the status
/// `ERROR`. `run_id` says what run a new trace belongs to, `trace_destination` has an `experiment_id`.
#[pyfunction]
#[pyo3(signature = (name=None, span_type=None, attributes=None, trace_destination=None, run_id=None, log_level=None, links=None, description=None, sampling_ratio_override=None), text_signature = "(name='span', span_type='UNKNOWN', attributes=None, trace_destination=None, run_id=None, log_level=None, links=None, description=None, sampling_ratio_override=None)")]
#[expect(clippy::too_many_arguments, reason = "each is one keyword in Python")]
pub(crate) fn start_span(
    name: Option<Py<PyAny>>,
    span_type: Option<Py<PyAny>>,
    attributes: Option<Py<PyAny>>,
    trace_destination: Option<Py<PyAny>>,
    run_id: Option<Py<PyAny>>,
    log_level: Option<Py<PyAny>>,
    links: Option<&Bound<'_, PyAny>>,
    description: Option<Py<PyAny>>,
    sampling_ratio_override: Option<f64>,
) -> PyResult<Block> {
    let links = match links {
        Some(links) => Some(
            links
                .try_iter()?
                .map(|link| link.map(Bound::unbind))
                .collect::<PyResult<_>>()?,
        ),
        None => None,
    };
    let more = More {
        attributes,
        destination: trace_destination,
        run_id,
        log_level,
        links,
        description,
        sampling_ratio: sampling_ratio_override,
    };
    Ok(Block {
        name,
        span_type,
        more: more.says_anything().then(|| Box::new(more)),
        span: Mutex::new(None),
    })
}

impl More {
    fn says_anything(&self) -> bool {
        self.attributes.is_some()
            || self.destination.is_some()
            || self.run_id.is_some()
            || self.log_level.is_some()
            || self.links.is_some()
            || self.description.is_some()
            || self.sampling_ratio.is_some()
    }

    fn apply(&self, py: Python<'_>, mut builder: SpanBuilder) -> PyResult<SpanBuilder> {
        if let Some(attributes) = &self.attributes {
            builder = builder.attributes(attributes_of(Some(attributes.bind(py))));
        }
        if let Some(level) = &self.log_level {
            builder = builder.attribute(LOG_LEVEL, attribute_of(LOG_LEVEL, level.bind(py)));
        }
        if let Some(description) = &self.description {
            builder = builder.attribute(DESCRIPTION, values::attribute(description.bind(py)));
        }
        let id = self.destination.as_ref().and_then(|destination| {
            let id = destination.bind(py).getattr("experiment_id").ok()?;
            (!id.is_none()).then(|| values::text(&id))
        });
        if let Some(id) = id {
            builder = builder.experiment(fanlight::Experiment::Id(id));
        }
        if let Some(ratio) = self.sampling_ratio {
            builder = builder.sampling_ratio(ratio);
        }
        for link in self.links.iter().flatten() {
            let (trace_id, span_id) = link_of(link.bind(py))?;
            builder = builder.link(trace_id, span_id);
        }
        Ok(builder)
    }
}

#[pymethods]
impl Block {
    fn __enter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, LiveSpan>> {
        let span = self.start(py)?;
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
                Some(error) => this.fail(error),
                None => {
                    this.span().with_record(default_to_ok);
                }
            }
            this.leave(py);
            this.finish(py, span.as_any(), None);
        }
        false
    }
}

impl Block {
    fn start<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, LiveSpan>> {
        if !tracing::is_on(py) {
            return Bound::new(py, super::free::nothing());
        }
        let name = match &self.name {
            Some(name) => Text::from(values::text(name.bind(py))),
            None => Text::from("span"),
        };
        // Room for what most blocks set: inputs and outputs.
        let mut first: Vec<(Text, Value)> = Vec::with_capacity(4);
        let span_type = self.span_type.as_ref().map(|it| it.bind(py));
        first.push((Text::from(key::SPAN_TYPE), span_type_of(span_type)));
        let mut builder = global::span(name).attributes(first);
        if let Some(more) = &self.more {
            builder = more.apply(py, builder)?;
        }
        let span = begin(py, builder, context::current(py).as_ref())?;
        if let Some(run_id) = self.more.as_ref().and_then(|more| more.run_id.as_ref()) {
            let run_id = values::text(run_id.bind(py));
            span.get().span().edit_trace(|facts| facts.set_run(run_id));
        }
        Ok(span)
    }
}
