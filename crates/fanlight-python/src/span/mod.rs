//! The span that Python code holds while it runs.

pub(crate) mod block;
mod failure;
pub(crate) mod free;
mod methods;
pub(crate) mod read;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use fanlight::{Span, SpanId, SpanRecord, StatusCode, UnixNanos, Value};
use pyo3::prelude::*;

use crate::context::{self, lock};
use crate::tracing;

/// A running span. Everything set after its end is ignored, and nothing it does raises because of a value.
///
/// Times are nanoseconds since 1970. `inputs`, `outputs` and attributes are what a reader of the trace will see:
/// JSON values.
#[pyclass(frozen, name = "Span", module = "fanlight._core", weakref)]
pub(crate) struct LiveSpan {
    span: Span,
    /// User code knows its id, and may ask for it by that.
    is_exposed: AtomicBool,
    /// What makes the span before current again.
    token: Mutex<Option<Py<PyAny>>>,
}

impl Drop for LiveSpan {
    fn drop(&mut self) {
        if let (true, Some(id)) = (*self.is_exposed.get_mut(), self.span.span_id()) {
            context::forget(id);
        }
    }
}

impl LiveSpan {
    pub(crate) fn of(span: Span) -> Self {
        Self {
            span,
            is_exposed: AtomicBool::new(false),
            token: Mutex::new(None),
        }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    fn expose(&self, id: SpanId) {
        if !self.is_exposed.swap(true, Ordering::Relaxed) {
            context::expose(id, &self.span);
        }
    }

    /// Reads the span, also after its end. `None` for one that is not recorded.
    fn read<T>(&self, read: impl Fn(&SpanRecord) -> T) -> Option<T> {
        self.span
            .with_record(|record| read(record))
            .or_else(|| self.span.ended().map(|record| read(&record)))
    }

    fn set(&self, key: impl Into<fanlight::Text>, value: impl fanlight::IntoValue) {
        self.span.set_attribute(key, value);
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        self.read(|record| record.get(name).cloned())?
    }

    /// Tells a new trace what holds for all, and those who wait for new traces.
    pub(crate) fn begin_trace(&self, py: Python<'_>, this: &Bound<'_, PyAny>) {
        if !self.span.is_local_root() {
            return;
        }
        if context::is_set(&context::HAS_AMBIENT) {
            let ambient = lock(&context::AMBIENT);
            self.span.edit_trace(|facts| {
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
        if !self.span.is_none() {
            *lock(&self.token) = context::set_current(py, this);
        }
    }

    fn leave(&self, py: Python<'_>) {
        let token = lock(&self.token).take();
        if let Some(token) = token {
            context::reset_current(py, token);
        }
    }

    fn finish(&self, py: Python<'_>, this: &Bound<'_, PyAny>, end: Option<UnixNanos>) {
        if !self.span.is_recording() {
            return;
        }
        if context::is_set(&context::HAS_PROCESSORS) {
            process(py, this);
        }
        match end {
            Some(end) => self.span.end_at(end),
            None => self.span.end(),
        }
        if self.span.is_local_root()
            && let Some(trace_id) = self.span.trace_id()
        {
            context::set_last_trace(trace_id);
            if context::is_set(&context::HAS_ROOT_ENDED)
                && let Some(hook) = context::hook(py, &context::ROOT_ENDED)
            {
                let _ = hook.bind(py).call1((format!("tr-{trace_id}"),));
            }
        }
    }

    fn fail(&self, error: &Bound<'_, PyAny>) {
        if self.span.is_recording() {
            failure::record(&self.span, error);
        }
    }
}

/// Lets the application's processors see a span before it ends.
fn process(py: Python<'_>, span: &Bound<'_, PyAny>) {
    let processors: Vec<_> = {
        let processors = lock(&context::PROCESSORS);
        processors.iter().map(|one| one.clone_ref(py)).collect()
    };
    for processor in processors {
        if let Err(error) = processor.bind(py).call1((span,)) {
            let name = error.get_type(py).name();
            let name = name.map_or_else(|_| String::new(), |name| name.to_string());
            tracing::warn(py, &format!("a span processor raised {name}"));
        }
    }
}

fn default_to_ok(record: &mut SpanRecord) {
    if record.status == StatusCode::Unset {
        record.status = StatusCode::Ok;
    }
}
