//! What spans of one trace share while it runs: whether it is sent, and what is said of it as a whole.

use std::sync::Arc;

use fanlight_model::{StatusCode, TraceId};

use crate::attributes as key;
use crate::record::SpanRecord;
use crate::settings::Experiment;
use crate::sync::{Mutex, lock};

/// Spans of a trace that is not sampled are kept until it is known whether one of them failed; no more than these.
const MAX_HELD_SPANS: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) id: TraceId,
    pub(crate) experiment: Option<Arc<Experiment>>,
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
    Held(Vec<Arc<SpanRecord>>),
    SampledOut,
}

/// What is said of a trace as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub tags: Vec<(String, String)>,
    pub metadata: Vec<(String, String)>,
    pub request_preview: Option<String>,
    pub response_preview: Option<String>,
    /// `OK` or `ERROR`, where it is another one than that of the root span.
    pub state: Option<String>,
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
    pub(crate) fn new(id: TraceId, experiment: Option<Arc<Experiment>>, is_sampled: bool) -> Self {
        Self {
            id,
            experiment,
            state: Mutex::new(State {
                fate: if is_sampled {
                    Fate::Sent
                } else {
                    Fate::Held(Vec::new())
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
            Fate::Held(spans) => {
                let failed = span.status == StatusCode::Error;
                if failed || spans.len() < MAX_HELD_SPANS {
                    spans.push(span);
                }
                let has_failed = || spans.iter().any(|span| span.status == StatusCode::Error);
                if failed || is_local_root && has_failed() {
                    let held = std::mem::take(spans);
                    state.fate = Fate::Sent;
                    Ending::SendAll(held)
                } else if is_local_root {
                    let count = spans.len();
                    state.fate = Fate::SampledOut;
                    Ending::LeaveOut(count)
                } else {
                    Ending::Hold
                }
            }
        }
    }
}

impl Facts {
    pub fn set_tag(&mut self, name: impl Into<String>, value: impl Into<String>) {
        put(&mut self.tags, name.into(), value.into());
    }

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
