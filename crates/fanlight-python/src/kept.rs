//! The newest spans, kept for notebooks: what a cell made is shown without a server.
//!
//! Nobody else pays for it: while nothing is to be kept, the thread that encodes reads one flag a span.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use fanlight::{Processor, SpanRecord};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::arguments::parse_trace_id;
use crate::context::lock;
use crate::span::read;
use crate::tracing;

/// Of more, those that ended first are gone: a parent ends after its children, so what stays is the top of a tree.
const MAX_SPANS: usize = 2_000;
const MAX_BYTES: usize = 16 << 20;

/// Asked at every span, on the thread that encodes.
static IS_ON: AtomicBool = AtomicBool::new(false);
static KEPT: Mutex<Kept> = Mutex::new(Kept {
    spans: VecDeque::new(),
    bytes: 0,
});

struct Kept {
    spans: VecDeque<SpanRecord>,
    bytes: usize,
}

impl Kept {
    fn add(&mut self, span: SpanRecord) {
        self.bytes += span.size_bytes();
        self.spans.push_back(span);
        while self.spans.len() > MAX_SPANS || self.bytes > MAX_BYTES {
            let Some(oldest) = self.spans.pop_front() else {
                break;
            };
            self.bytes -= oldest.size_bytes();
        }
    }

    /// Those that are wanted, in the order of their ends.
    fn take(&mut self, is_wanted: impl Fn(&SpanRecord) -> bool) -> Vec<SpanRecord> {
        let spans = std::mem::take(&mut self.spans).into_iter();
        let (taken, rest): (Vec<_>, Vec<_>) = spans.partition(is_wanted);
        self.bytes = rest.iter().map(SpanRecord::size_bytes).sum();
        self.spans = rest.into();
        taken
    }
}

/// What every tracer runs last: spans are kept as they leave the process.
pub(crate) fn processor() -> Processor {
    Processor::new(|span| {
        if IS_ON.load(Ordering::Relaxed) {
            lock(&KEPT).add(span.clone());
        }
    })
}

/// Whether the newest spans are kept from now on. Turning it off forgets them.
#[pyfunction]
pub(crate) fn keep_spans(enabled: bool) {
    IS_ON.store(enabled, Ordering::Relaxed);
    if !enabled {
        lock(&KEPT).take(|_| true);
    }
}

/// Takes what is kept of these traces, as `fanlight.entities.Span`, in the order of their ends. Waits at most `seconds`
/// for spans that have ended and are not encoded yet; sends nothing.
#[pyfunction]
#[expect(
    clippy::needless_pass_by_value,
    reason = "Python hands over its arguments"
)]
pub(crate) fn take_kept_spans(
    py: Python<'_>,
    trace_ids: Vec<String>,
    seconds: f64,
) -> PyResult<Bound<'_, PyList>> {
    let ids = trace_ids.iter().map(|id| parse_trace_id(id));
    let ids = ids.collect::<PyResult<Vec<_>>>()?;
    tracing::wait_until_encoded(py, seconds);
    let taken = lock(&KEPT).take(|span| ids.contains(&span.trace_id));
    let found = PyList::empty(py);
    for span in &taken {
        found.append(read::entity(py, span)?)?;
    }
    Ok(found)
}

/// A child shows nothing; the lock may be held by a thread that the child does not have.
pub(crate) fn after_fork_in_child() {
    IS_ON.store(false, Ordering::Relaxed);
}
