//! The tracer of this process.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::record::Text;
use crate::span::SpanBuilder;
use crate::tracer::Tracer;

static TRACER: RwLock<Option<Tracer>> = RwLock::new(None);

/// Whether there is one, and it is enabled: asked at every span, so it takes no lock.
static RECORDS: AtomicBool = AtomicBool::new(false);

/// Makes `tracer` the one that [`span`] uses. Answers the one before.
pub fn set_tracer(tracer: Option<Tracer>) -> Option<Tracer> {
    let records = tracer
        .as_ref()
        .is_some_and(|tracer| tracer.settings().enabled);
    let mut current = TRACER
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    RECORDS.store(records, Ordering::Release);
    std::mem::replace(&mut *current, tracer)
}

/// The tracer of this process, once there is one.
pub fn tracer() -> Option<Tracer> {
    TRACER
        .read()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .clone()
}

/// Takes `tracer` away if it is the one of this process.
pub(crate) fn remove_tracer(tracer: &Tracer) {
    let mut current = TRACER
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if current.as_ref().is_some_and(|known| known.is_same(tracer)) {
        RECORDS.store(false, Ordering::Release);
        *current = None;
    }
}

/// Whether spans are recorded. Costs about a nanosecond.
#[inline]
pub fn is_recording() -> bool {
    RECORDS.load(Ordering::Acquire)
}

/// A span of the tracer of this process; not recorded while there is none.
#[inline]
pub fn span(name: impl Into<Text>) -> SpanBuilder {
    let tracer = if is_recording() { tracer() } else { None };
    SpanBuilder::new(tracer, name.into())
}

/// In a child process: a new tracer like the one before, whose threads are the parent's.
pub(crate) fn restart() {
    let Some(before) = tracer() else {
        return;
    };
    // Without threads nothing can be sent: tracing is off then.
    let after = Tracer::start(before.settings()).ok();
    // Dropped here, the old one would wait for locks that threads of the parent hold.
    std::mem::forget(set_tracer(after));
    std::mem::forget(before);
}

/// Uses the tracer a span was started with; in a child process, for a span from before the fork, that of this process.
pub(crate) fn with_tracer_of(span: &Tracer, use_it: impl FnOnce(&Tracer)) {
    if span.is_of_this_process() {
        use_it(span);
    } else if let Some(tracer) = tracer() {
        use_it(&tracer);
    }
}
