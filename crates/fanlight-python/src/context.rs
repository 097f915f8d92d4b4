//! What is current: the span of a context, the trace that ended last, spans that user code holds by their ids.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use fanlight::{Span, SpanId, TraceId};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

/// One `contextvars.ContextVar`: `PyContextVar_*` is outside the stable ABI, so its methods are called.
struct Variable {
    whole: Py<PyAny>,
    get: Py<PyAny>,
    set: Py<PyAny>,
    reset: Py<PyAny>,
}

static CURRENT: PyOnceLock<Variable> = PyOnceLock::new();

fn variable(py: Python<'_>) -> PyResult<&Variable> {
    CURRENT.get_or_try_init(py, || {
        let settings = PyDict::new(py);
        settings.set_item("default", py.None())?;
        let variable = py
            .import("contextvars")?
            .getattr("ContextVar")?
            .call(("fanlight_span",), Some(&settings))?;
        Ok(Variable {
            get: variable.getattr("get")?.unbind(),
            set: variable.getattr("set")?.unbind(),
            reset: variable.getattr("reset")?.unbind(),
            whole: variable.unbind(),
        })
    })
}

/// The variable itself.
pub(crate) fn context_variable(py: Python<'_>) -> PyResult<Py<PyAny>> {
    Ok(variable(py)?.whole.clone_ref(py))
}

/// A span, a remote parent, or `None`.
pub(crate) fn current(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    let value = variable(py).ok()?.get.bind(py).call0().ok()?;
    (!value.is_none()).then_some(value)
}

/// Answers the token that undoes it.
pub(crate) fn set_current(py: Python<'_>, value: &Bound<'_, PyAny>) -> Option<Py<PyAny>> {
    let token = variable(py).ok()?.set.bind(py).call1((value,)).ok()?;
    Some(token.unbind())
}

/// In another context than the one it was set in, for example when the garbage collector closes a generator, nothing
/// is to undo.
pub(crate) fn reset_current(py: Python<'_>, token: Py<PyAny>) {
    if let Ok(variable) = variable(py) {
        let _ = variable.reset.bind(py).call1((token,));
    }
}

static LAST_TRACE: Mutex<Option<TraceId>> = Mutex::new(None);

thread_local! {
    static LAST_TRACE_OF_THREAD: Cell<Option<TraceId>> = const { Cell::new(None) };
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

pub(crate) fn set_last_trace(id: TraceId) {
    *lock(&LAST_TRACE) = Some(id);
    LAST_TRACE_OF_THREAD.set(Some(id));
}

pub(crate) fn last_trace(of_this_thread: bool) -> Option<TraceId> {
    if of_this_thread {
        LAST_TRACE_OF_THREAD.get()
    } else {
        *lock(&LAST_TRACE)
    }
}

static EXPOSED: Mutex<Option<HashMap<SpanId, Span>>> = Mutex::new(None);

/// From now on the span is found by its id, until it is forgotten.
pub(crate) fn expose(id: SpanId, span: &Span) {
    lock(&EXPOSED)
        .get_or_insert_default()
        .insert(id, span.clone());
}

pub(crate) fn forget(id: SpanId) {
    let span = lock(&EXPOSED)
        .as_mut()
        .and_then(|exposed| exposed.remove(&id));
    // Outside of the lock: it may be the last handle, and end the span.
    drop(span);
}

pub(crate) fn exposed(id: SpanId) -> Option<Span> {
    lock(&EXPOSED).as_ref()?.get(&id).cloned()
}

/// What every new trace is told.
#[derive(Default)]
pub(crate) struct Ambient {
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) metadata: Vec<(String, String)>,
}

pub(crate) static AMBIENT: Mutex<Ambient> = Mutex::new(Ambient {
    tags: Vec::new(),
    metadata: Vec::new(),
});
/// Whether there is anything ambient: asked for every trace.
pub(crate) static HAS_AMBIENT: AtomicBool = AtomicBool::new(false);

/// A Python function `(span)` called when a trace starts, and one `(trace_id)` when one has ended.
pub(crate) static ROOT_STARTED: Mutex<Option<Py<PyAny>>> = Mutex::new(None);
pub(crate) static ROOT_ENDED: Mutex<Option<Py<PyAny>>> = Mutex::new(None);
pub(crate) static HAS_ROOT_STARTED: AtomicBool = AtomicBool::new(false);
pub(crate) static HAS_ROOT_ENDED: AtomicBool = AtomicBool::new(false);

/// Python functions `(span)` called before a span ends.
pub(crate) static PROCESSORS: Mutex<Vec<Py<PyAny>>> = Mutex::new(Vec::new());
pub(crate) static HAS_PROCESSORS: AtomicBool = AtomicBool::new(false);

pub(crate) fn is_set(flag: &AtomicBool) -> bool {
    flag.load(Ordering::Relaxed)
}

/// The function of a slot. No lock is held while Python runs.
pub(crate) fn hook(py: Python<'_>, slot: &Mutex<Option<Py<PyAny>>>) -> Option<Py<PyAny>> {
    lock(slot).as_ref().map(|hook| hook.clone_ref(py))
}
