//! Traces that spans of OpenTelemetry's SDK are in: sent, held and left out together with those of Fanlight.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use fanlight_model::{SpanId, TraceId};
use opentelemetry::Context;

use crate::global;
use crate::propagation::RemoteParent;
use crate::record::SpanRecord;
use crate::span::Span;
use crate::sync::{Mutex, lock};
use crate::trace::Trace;
use crate::tracer::Tracer;

/// As long as one of OpenTelemetry's spans of them runs.
static RUNNING: LazyLock<Mutex<HashMap<TraceId, Joined>>> = LazyLock::new(Mutex::default);

#[derive(Clone, Debug)]
struct Joined {
    tracer: Tracer,
    trace: Arc<Trace>,
    /// The first span of the trace in this process, where that is one of OpenTelemetry's.
    root: Option<SpanId>,
    spans: usize,
}

/// In a context of OpenTelemetry: the trace of the span of Fanlight that is the active one there.
#[derive(Debug)]
struct OfFanlight(Tracer, Arc<Trace>);

/// `context`, for spans of OpenTelemetry within `span`.
pub(super) fn with_trace(context: &Context, span: &Span) -> Context {
    match span.tracer_and_trace() {
        Some((tracer, trace)) => context.with_value(OfFanlight(tracer.clone(), Arc::clone(trace))),
        None => context.clone(),
    }
}

/// A span of OpenTelemetry has started.
pub(super) fn begin(span: &RemoteParent, parent: &Context) {
    let Some(tracer) = global::tracer().filter(|_| global::is_recording()) else {
        return;
    };
    let mut running = lock(&RUNNING);
    let joined = running.entry(span.trace_id).or_insert_with(|| {
        let known = parent.get::<OfFanlight>();
        match known.filter(|OfFanlight(_, trace)| trace.id == span.trace_id) {
            Some(OfFanlight(tracer, trace)) => Joined {
                tracer: tracer.clone(),
                trace: Arc::clone(trace),
                root: None,
                spans: 0,
            },
            None => Joined {
                trace: tracer.continued_trace(span, None),
                tracer,
                root: Some(span.span_id),
                spans: 0,
            },
        }
    });
    joined.spans += 1;
}

/// And has ended.
pub(super) fn end(mut span: SpanRecord) {
    let mut running = lock(&RUNNING);
    let Some(joined) = running.get_mut(&span.trace_id) else {
        return;
    };
    joined.spans -= 1;
    let joined = if joined.spans == 0 {
        running.remove(&span.trace_id)
    } else {
        Some(joined.clone())
    };
    drop(running);
    if let Some(Joined {
        tracer,
        trace,
        root,
        ..
    }) = joined
    {
        let is_root = root == Some(span.span_id);
        span.experiment.clone_from(&trace.experiment);
        if is_root {
            trace.write_facts_to(&mut span);
        }
        let ending = trace.end(Arc::new(span), is_root);
        global::with_tracer_of(&tracer, |tracer| tracer.finish(ending));
    }
}

/// The trace of a span of OpenTelemetry that runs.
pub(super) fn trace_of(id: TraceId) -> Option<Arc<Trace>> {
    lock(&RUNNING)
        .get(&id)
        .map(|joined| Arc::clone(&joined.trace))
}
