//! A trace told as a tree of steps, each with the time it takes itself; starts and ends follow from that.

use std::sync::Arc;

use fanlight_model::{
    Attributes, Event, Nanos, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode, TraceId,
    UnixNanos, Value,
};

use super::dice::Dice;
use super::failure::Failure;

/// One span to be.
#[derive(Debug)]
pub(super) struct Step {
    name: String,
    kind: SpanKind,
    status: StatusCode,
    attributes: Attributes,
    own: Nanos,
    children: Vec<Step>,
    concurrent: bool,
    failure: Option<Failure>,
}

/// Who reports the trace.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) resource: Arc<Resource>,
    pub(super) scope: Arc<Scope>,
    /// `MLflow`'s SDK writes the name of the trace into every span.
    pub(super) writes_request_id: bool,
}

/// What a failed step never came to report.
const RESULTS: [&str; 2] = ["mlflow.spanOutputs", "output.value"];

impl Step {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: SpanKind::Internal,
            status: StatusCode::Ok,
            attributes: Attributes::new(),
            own: Nanos::from_millis(3),
            children: Vec::new(),
            concurrent: false,
            failure: None,
        }
    }

    pub(super) fn kind(mut self, kind: SpanKind) -> Self {
        self.kind = kind;
        self
    }

    pub(super) fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.attributes.insert(key, value.into());
        self
    }

    /// An attribute with a structured value.
    pub(super) fn with_json(self, key: impl Into<String>, value: serde_json::Value) -> Self {
        self.with(key, Value::from_json(value))
    }

    /// An attribute with a structured value written as text, as exporters without structured attributes do.
    pub(super) fn with_json_text(self, key: impl Into<String>, value: &serde_json::Value) -> Self {
        self.with(key, value.to_string())
    }

    /// Time spent in the step itself, beside its children.
    pub(super) fn lasting_ms(mut self, millis: u64) -> Self {
        self.own = Nanos::from_millis(millis);
        self
    }

    pub(super) fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// Children begin together instead of one after another.
    pub(super) fn concurrent(mut self) -> Self {
        self.concurrent = true;
        self
    }

    /// The exception leaves this step and every step around it; what would have followed does not happen.
    pub(super) fn failing(mut self, failure: &Failure) -> Self {
        self.failure = Some(failure.clone());
        self
    }

    /// The spans of the trace, the root first.
    pub(super) fn record(
        mut self,
        start: UnixNanos,
        source: &Source,
        dice: &mut Dice,
    ) -> Vec<Span> {
        self.spread_failure();
        let mut recorder = Recorder {
            trace_id: dice.trace_id(),
            source,
            dice,
            spans: Vec::new(),
        };
        recorder.record(self, None, start);
        recorder.spans
    }

    fn spread_failure(&mut self) {
        let failed = self.children.iter_mut().position(|child| {
            child.spread_failure();
            child.failure.is_some()
        });
        if let Some(place) = failed {
            self.children.truncate(place + 1);
            self.failure.clone_from(&self.children[place].failure);
        }
        if self.failure.is_some() {
            for key in RESULTS {
                self.attributes.remove(key);
            }
        }
    }
}

struct Recorder<'a> {
    trace_id: TraceId,
    source: &'a Source,
    dice: &'a mut Dice,
    spans: Vec<Span>,
}

impl Recorder<'_> {
    /// Records the step and everything below it; returns when it ended.
    fn record(&mut self, step: Step, parent_id: Option<SpanId>, start: UnixNanos) -> UnixNanos {
        let span_id = self.dice.span_id();
        let place = self.spans.len();
        let span = self.span(&step, span_id, parent_id, start);
        self.spans.push(span);

        let before = Nanos(step.own.0 / 3);
        let after = Nanos(step.own.0 - before.0);
        let children_start = start.saturating_add(before);
        let (mut next, mut last) = (children_start, children_start);
        for child in step.children {
            let end = self.record(child, Some(span_id), next);
            last = last.max(end);
            if !step.concurrent {
                next = end.saturating_add(Nanos(self.dice.between(150_000, 900_000)));
            }
        }
        let end = last
            .saturating_add(after)
            .saturating_add(Nanos(self.dice.between(1_000, 999_999)));
        let span = &mut self.spans[place];
        span.end = Some(end);
        if let Some(failure) = &step.failure {
            span.events.push(exception(failure, end));
        }
        end
    }

    fn span(
        &self,
        step: &Step,
        span_id: SpanId,
        parent_id: Option<SpanId>,
        start: UnixNanos,
    ) -> Span {
        let mut attributes = Attributes::new();
        if self.source.writes_request_id {
            attributes.insert(
                "mlflow.traceRequestId",
                format!("tr-{}", self.trace_id).into(),
            );
        }
        attributes = attributes
            .into_entries()
            .into_iter()
            .chain(step.attributes.clone().into_entries())
            .collect();
        let status = step.failure.as_ref().map_or_else(
            || Status {
                code: step.status,
                message: String::new(),
            },
            |failure| Status {
                code: StatusCode::Error,
                message: format!("{}: {}", failure.exception, failure.message),
            },
        );
        Span {
            parent_id,
            kind: step.kind,
            start,
            status,
            attributes,
            scope: Arc::clone(&self.source.scope),
            resource: Arc::clone(&self.source.resource),
            ..Span::new(self.trace_id, span_id, step.name.clone())
        }
    }
}

fn exception(failure: &Failure, time: UnixNanos) -> Event {
    let attributes = [
        ("exception.type", Value::from(failure.exception)),
        ("exception.message", failure.message.into()),
        ("exception.stacktrace", failure.stacktrace().into()),
        ("exception.escaped", "False".into()),
    ];
    let attributes = attributes
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    Event {
        name: "exception".to_owned(),
        time,
        attributes,
        dropped_attributes: 0,
    }
}

impl Source {
    /// An application that reports through the library `scope`.
    pub(super) fn new(service: &str, version: &str, scope: (&str, &str)) -> Self {
        let attributes = [
            ("service.name", service),
            ("service.version", version),
            ("deployment.environment.name", "production"),
            ("telemetry.sdk.language", "python"),
            ("telemetry.sdk.name", "opentelemetry"),
            ("telemetry.sdk.version", "1.38.0"),
        ];
        let attributes = attributes
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.into()))
            .collect();
        let scope = Scope {
            name: scope.0.to_owned(),
            version: scope.1.to_owned(),
            attributes: Attributes::new(),
        };
        Self {
            resource: Arc::new(Resource { attributes }),
            scope: Arc::new(scope),
            writes_request_id: false,
        }
    }
}

/// What a tokeniser would count, roughly: four characters of English are a token.
pub(super) fn tokens_of(text: &str) -> u64 {
    text.len() as u64 / 4 + 3
}

/// How long a model takes for an answer, in milliseconds.
pub(super) fn answer_time_ms(output_tokens: u64, per_token_ms: u64, dice: &mut Dice) -> u64 {
    dice.between(240, 620) + output_tokens * per_token_ms * dice.between(80, 140) / 100
}
