//! What spans of one trace share while it runs: whether it is sent, and what is said of it as a whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fanlight_model::{StatusCode, TraceId};

use crate::attributes as key;
use crate::propagation::TraceState;
use crate::record::SpanRecord;
use crate::settings::Experiment;
use crate::sync::{Mutex, lock};

#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) id: TraceId,
    pub(crate) experiment: Option<Arc<Experiment>>,
    /// What a caller in another process said of it.
    pub(crate) told: Option<TraceState>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    fate: Fate,
    facts: Facts,
}

/// Whether the spans of a trace are sent.
#[derive(Debug)]
enum Fate {
    Sent,
    /// Not sampled: sent after all if one fails.
    Held(Held),
    SampledOut,
}

/// Spans that wait until it is known whether their trace is sent.
#[derive(Debug)]
struct Held {
    spans: Vec<Arc<SpanRecord>>,
    bytes: usize,
    budget: Arc<Budget>,
}

/// How much all traces of a tracer may hold.
#[derive(Debug)]
pub(crate) struct Budget {
    max_bytes: usize,
    used: AtomicUsize,
}

impl Budget {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            used: AtomicUsize::new(0),
        }
    }

    fn take(&self, bytes: usize) -> bool {
        let more = |used: usize| Some(used + bytes).filter(|used| *used <= self.max_bytes);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .is_ok()
    }
}

impl Held {
    /// Whether there was room.
    fn keep(&mut self, span: Arc<SpanRecord>) -> bool {
        // The list grows by doubling: up to three places are in memory for each of its spans.
        let bytes = span.size_bytes() + 3 * size_of::<Arc<SpanRecord>>();
        let fits = self.budget.take(bytes);
        if fits {
            self.bytes += bytes;
            self.spans.push(span);
        }
        fits
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What is said of a trace as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Can be changed later on.
    pub tags: Vec<(String, String)>,
    /// Cannot.
    pub metadata: Vec<(String, String)>,
    /// In place of the beginning of the root's inputs.
    pub request_preview: Option<String>,
    /// In place of the beginning of the root's outputs.
    pub response_preview: Option<String>,
    /// `OK` or `ERROR`, where it is another one than that of the root span.
    pub state: Option<String>,
    /// What the application calls the request.
    pub client_request_id: Option<String>,
}

/// What becomes of a span that ends.
#[derive(Debug)]
pub(crate) enum Ending {
    Send(Arc<SpanRecord>),
    /// This one, and those that were held.
    SendAll(Vec<Arc<SpanRecord>>),
    Hold,
    /// That many are left out, this one among them.
    LeaveOut(usize),
}

impl Trace {
    /// `held` is where spans of traces that are not sampled wait.
    pub(crate) fn new(
        id: TraceId,
        experiment: Option<Arc<Experiment>>,
        is_sampled: bool,
        held: &Arc<Budget>,
    ) -> Self {
        Self {
            id,
            experiment,
            told: None,
            state: Mutex::new(State {
                fate: if is_sampled {
                    Fate::Sent
                } else {
                    Fate::Held(Held {
                        spans: Vec::new(),
                        bytes: 0,
                        budget: Arc::clone(held),
                    })
                },
                facts: Facts::default(),
            }),
        }
    }

    /// Whether other processes should send their spans of it.
    pub(crate) fn is_sampled(&self) -> bool {
        matches!(lock(&self.state).fate, Fate::Sent)
    }

    pub(crate) fn edit(&self, edit: impl FnOnce(&mut Facts)) {
        edit(&mut lock(&self.state).facts);
    }

    pub(crate) fn facts(&self) -> Facts {
        lock(&self.state).facts.clone()
    }

    /// What is said of the trace goes out with its local root.
    pub(crate) fn write_facts_to(&self, root: &mut SpanRecord) {
        lock(&self.state).facts.write_to(root);
    }

    /// The span has ended. With the local root the trace is decided.
    pub(crate) fn end(&self, span: Arc<SpanRecord>, is_local_root: bool) -> Ending {
        let mut state = lock(&self.state);
        match &mut state.fate {
            Fate::Sent => Ending::Send(span),
            Fate::SampledOut => Ending::LeaveOut(1),
            Fate::Held(held) => {
                if span.status == StatusCode::Error {
                    let mut spans = std::mem::take(&mut held.spans);
                    spans.push(span);
                    state.fate = Fate::Sent;
                    Ending::SendAll(spans)
                } else if is_local_root {
                    let count = held.spans.len() + 1;
                    state.fate = Fate::SampledOut;
                    Ending::LeaveOut(count)
                } else if held.keep(span) {
                    Ending::Hold
                } else {
                    Ending::LeaveOut(1)
                }
            }
        }
    }
}

impl Facts {
    /// In place of an earlier value.
    pub fn set_tag(&mut self, name: impl Into<String>, value: impl Into<String>) {
        put(&mut self.tags, name.into(), value.into());
    }

    /// In place of an earlier value.
    pub fn set_metadata(&mut self, name: impl Into<String>, value: impl Into<String>) {
        put(&mut self.metadata, name.into(), value.into());
    }

    /// The conversation the trace is a part of.
    pub fn set_session(&mut self, session: impl Into<String>) {
        self.set_metadata(key::SESSION, session);
    }

    /// On whose behalf it was done.
    pub fn set_user(&mut self, user: impl Into<String>) {
        self.set_metadata(key::USER, user);
    }

    /// The run it belongs to, by its id.
    pub fn set_run(&mut self, run: impl Into<String>) {
        self.set_metadata(key::RUN, run);
    }

    fn write_to(&self, span: &mut SpanRecord) {
        for (name, value) in &self.tags {
            span.set(format!("{}{name}", key::TAG_PREFIX), value.as_str());
        }
        for (name, value) in &self.metadata {
            span.set(format!("{}{name}", key::METADATA_PREFIX), value.as_str());
        }
        let single = [
            (key::REQUEST_PREVIEW, &self.request_preview),
            (key::RESPONSE_PREVIEW, &self.response_preview),
            (key::STATE, &self.state),
            (key::CLIENT_REQUEST_ID, &self.client_request_id),
        ];
        for (name, value) in single {
            if let Some(value) = value {
                span.set(name, value.as_str());
            }
        }
    }
}

fn put(entries: &mut Vec<(String, String)>, name: String, value: String) {
    match entries.iter_mut().find(|(known, _)| *known == name) {
        Some(entry) => entry.1 = value,
        None => entries.push((name, value)),
    }
}
