//! Makes spans and owns the way they take.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use fanlight_model::{TraceId, Value};

use crate::encode::Source;
use crate::export::{NotSent, Pipeline};
use crate::fork;
use crate::propagation::RemoteParent;
use crate::random;
use crate::record::{SpanRecord, Text};
use crate::settings::{Experiment, Settings};
use crate::span::SpanBuilder;
use crate::stats::{Counter, Stats};
use crate::sync::{Mutex, lock};
use crate::trace::{Budget, Ending, Trace};

/// A handle; clones share everything.
#[derive(Clone, Debug)]
pub struct Tracer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pipeline: Pipeline,
    settings: Settings,
    /// What can be changed while it runs.
    live: Mutex<Live>,
    /// For spans of traces that are not sampled.
    held_bytes: Arc<Budget>,
    /// The process it belongs to, counted in forks.
    born: u32,
    ended: Counter,
    sampled_out: Counter,
    dropped: Counter,
    held: Counter,
    released: Counter,
}

#[derive(Debug)]
struct Live {
    experiment: Option<Arc<Experiment>>,
    sampling_ratio: f64,
}

impl Tracer {
    /// Starts the threads that send. Fails when the system gives no thread.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let source = Source {
            resource: resource_of(&settings),
        };
        let pipeline = Pipeline::start(&settings, source)?;
        let live = Live {
            experiment: settings.experiment.clone().map(Arc::new),
            sampling_ratio: settings.sampling_ratio,
        };
        Ok(Self(Arc::new(Inner {
            pipeline,
            held_bytes: Arc::new(Budget::new(settings.max_held_bytes)),
            settings,
            live: Mutex::new(live),
            born: fork::count(),
            ended: Counter::default(),
            sampled_out: Counter::default(),
            dropped: Counter::default(),
            held: Counter::default(),
            released: Counter::default(),
        })))
    }

    /// A span of this tracer, by default a child of the thread's current span, and else the root of a new trace.
    pub fn span(&self, name: impl Into<Text>) -> SpanBuilder {
        let tracer = self.0.settings.enabled.then(|| self.clone());
        SpanBuilder::new(tracer, name.into())
    }

    /// What it was started with, as changed since.
    pub fn settings(&self) -> Settings {
        let live = lock(&self.0.live);
        Settings {
            experiment: live.experiment.as_deref().cloned(),
            sampling_ratio: live.sampling_ratio,
            ..self.0.settings.clone()
        }
    }

    /// For traces that start from now on.
    pub fn set_experiment(&self, experiment: Option<Experiment>) {
        lock(&self.0.live).experiment = experiment.map(Arc::new);
    }

    /// For traces that start from now on: the share that is sent, 0 to 1.
    pub fn set_sampling_ratio(&self, ratio: f64) {
        lock(&self.0.live).sampling_ratio = ratio.clamp(0.0, 1.0);
    }

    /// Waits until every span that has ended is acknowledged by every destination, or refused for good.
    ///
    /// Fails with [`NotSent`] when `patience` ends first; what is not sent is not lost by that.
    pub fn flush(&self, patience: Duration) -> Result<(), NotSent> {
        self.0.pipeline.flush(patience)
    }

    /// Waits until every span that has ended went through the processors, whether a destination takes it or not. Answers
    /// whether all did before `patience` ended.
    pub fn wait_until_encoded(&self, patience: Duration) -> bool {
        self.0.pipeline.wait_until_all_encoded(patience)
    }

    /// Sends what is here as long as `patience` lasts; the rest goes to the spool, or is counted as dropped. Spans that
    /// end later are dropped.
    pub fn shut_down(&self, patience: Duration) {
        self.0.pipeline.shut_down(patience);
    }

    /// What became of spans so far.
    pub fn stats(&self) -> Stats {
        let inner = &self.0;
        Stats {
            ended: inner.ended.get(),
            sampled_out: inner.sampled_out.get(),
            dropped: inner.dropped.get(),
            queued: inner.pipeline.queued() + inner.held.get().saturating_sub(inner.released.get()),
            destinations: inner.pipeline.destination_stats(),
        }
    }

    /// Sends a span that was made elsewhere, as it is: neither sampling nor what is said of its trace applies.
    pub fn send_record(&self, mut span: SpanRecord) {
        if span.experiment.is_none() {
            span.experiment.clone_from(&lock(&self.0.live).experiment);
        }
        self.finish(Ending::Send(Arc::new(span)));
    }

    /// How many handles there are: every span that runs has one.
    pub fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Whether both are handles to one.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn is_of_this_process(&self) -> bool {
        self.0.born == fork::count()
    }

    /// Whether a trace of that id is sent by the share that is.
    #[cfg(feature = "opentelemetry")]
    pub(crate) fn samples(&self, id: TraceId) -> bool {
        is_within(id, lock(&self.0.live).sampling_ratio)
    }

    /// One that begins here.
    pub(crate) fn new_trace(
        &self,
        id: Option<TraceId>,
        experiment: Option<Experiment>,
        ratio: Option<f64>,
    ) -> Arc<Trace> {
        let id = id.unwrap_or_else(random::trace_id);
        let (current, of_settings) = {
            let live = lock(&self.0.live);
            (live.experiment.clone(), live.sampling_ratio)
        };
        let experiment = experiment.map(Arc::new).or(current);
        let is_sampled = is_within(id, ratio.unwrap_or(of_settings));
        Arc::new(Trace::new(id, experiment, is_sampled, &self.0.held_bytes))
    }

    /// One that began in another process, which decided whether it is sampled.
    pub(crate) fn continued_trace(
        &self,
        remote: &RemoteParent,
        experiment: Option<Experiment>,
    ) -> Arc<Trace> {
        let current = lock(&self.0.live).experiment.clone();
        let experiment = experiment.map(Arc::new).or(current);
        let held = &self.0.held_bytes;
        let mut trace = Trace::new(remote.trace_id, experiment, remote.is_sampled, held);
        trace.told.clone_from(&remote.trace_state);
        Arc::new(trace)
    }

    pub(crate) fn finish(&self, ending: Ending) {
        self.0.ended.add(1);
        match ending {
            Ending::Hold => self.0.held.add(1),
            Ending::LeaveOut(count) => {
                self.0.released.add(count - 1);
                self.0.sampled_out.add(count);
            }
            Ending::Send(span) => self.send(span),
            Ending::SendAll(spans) => {
                self.0.released.add(spans.len() - 1);
                for span in spans {
                    self.send(span);
                }
            }
        }
    }

    fn send(&self, span: Arc<SpanRecord>) {
        if self.0.pipeline.push(span).is_err() {
            self.0.dropped.add(1);
        }
    }
}

/// The same answer in every process, because it depends on the id alone. Source: `OpenTelemetry`, `TraceIdRatioBased`.
fn is_within(id: TraceId, ratio: f64) -> bool {
    if ratio >= 1.0 {
        return true;
    }
    let low = u128::from_be_bytes(id.to_bytes()) & ((1 << 56) - 1);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a ratio has no more digits than that"
    )]
    let place = low as f64;
    place < ratio * 72_057_594_037_927_936.0
}

/// What the settings say, and the name of this SDK.
fn resource_of(settings: &Settings) -> Vec<(Text, Value)> {
    let mut resource = settings.resource.clone();
    let sdk = [
        ("telemetry.sdk.name", "fanlight"),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
        ("telemetry.sdk.language", "rust"),
    ];
    for (key, value) in sdk {
        if !resource.iter().any(|(known, _)| known == key) {
            resource.push((key.into(), value.into()));
        }
    }
    resource
}
