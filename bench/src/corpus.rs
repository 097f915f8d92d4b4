//! The traces that are sent: agents of ten spans with a few kilobytes of text, long-running ones, small ones, or such that
//! all grow at the same time.

mod history;
mod running;
mod small;

use std::sync::Arc;

use fanlight_ingest::encode_traces;
use fanlight_model::{
    Attributes, Event, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode, TraceId,
    UnixNanos, Value,
};

use crate::patch::{self, Body, Turn, mix};

/// Distinct traces that are prepared; further ones differ in ids, times, sessions, users and ticket numbers, so no two
/// texts are the same.
const TEMPLATES: u64 = 2_000;
const SPANS_PER_TRACE: u64 = 10;

/// What some templates have, and which.
const ERROR_EVERY: u64 = 50;
const SLOW_EVERY: u64 = 100;
const NOTE_EVERY: u64 = 1_000;
const LEGACY_EVERY: u64 = 200;

#[derive(Debug)]
pub(crate) struct Corpus {
    pub(crate) bodies: Vec<Body>,
    /// A large trace is sent in several bodies, one after the other.
    pub(crate) bodies_per_trace: u64,
    /// Whether all traces grow at the same time, body by body, instead of one after the other.
    pub(crate) in_turns: bool,
    pub(crate) spans_per_trace: u64,
}

impl Corpus {
    /// Bodies of `batch` traces each.
    pub(crate) fn build(batch: usize) -> Self {
        Self::of_templates(batch, SPANS_PER_TRACE, Template::spans)
    }

    /// `spans` makes a template the trace at a place of its body.
    fn of_templates(
        batch: usize,
        spans_per_trace: u64,
        spans: fn(Template, u64, &Source) -> Vec<Span>,
    ) -> Self {
        let batch = batch as u64;
        let source = Source::new();
        let body = |first: u64| {
            let all: Vec<Span> = (0..batch)
                .flat_map(|place| spans(Template::new(first + place), place, &source))
                .collect();
            Body::new(encode_traces(&all), batch)
        };
        Self {
            bodies: (0..TEMPLATES.div_ceil(batch))
                .map(|number| body(number * batch))
                .collect(),
            bodies_per_trace: 1,
            in_turns: false,
            spans_per_trace,
        }
    }

    /// The body to send as number `number` for `traces` traces, and whose turn it is; `None` when all were sent.
    pub(crate) fn at(&self, number: u64, traces: u64) -> Option<(&Body, Turn)> {
        if self.in_turns {
            return self.in_turns_at(number, traces);
        }
        let bodies = self.bodies.len() as u64;
        let body = &self.bodies[usize::try_from(number % bodies).unwrap_or(0)];
        let first = number / self.bodies_per_trace * body.traces;
        (first < traces).then_some((body, Turn { first, part: 0 }))
    }

    pub(crate) fn trace_count(&self) -> u64 {
        self.bodies.iter().map(|body| body.traces).sum::<u64>() / self.bodies_per_trace
    }

    pub(crate) fn span_count(&self) -> u64 {
        self.bodies.iter().map(Body::spans).sum()
    }

    pub(crate) fn raw_bytes(&self) -> u64 {
        self.bodies.iter().map(|body| body.len() as u64).sum()
    }
}

struct Source {
    resource: Arc<Resource>,
    scope: Arc<Scope>,
    words: Vec<String>,
}

impl Source {
    fn new() -> Self {
        let attributes = [
            ("service.name", "bench-agent"),
            ("service.version", "1.0.0"),
            ("telemetry.sdk.language", "python"),
        ];
        let attributes = attributes
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.into()))
            .collect();
        let scope = Scope {
            name: "bench".to_owned(),
            version: "1".to_owned(),
            attributes: Attributes::new(),
        };
        Self {
            resource: Arc::new(Resource { attributes }),
            scope: Arc::new(scope),
            words: words(),
        }
    }
}

/// Eight thousand made-up words of two to four syllables.
fn words() -> Vec<String> {
    const SYLLABLES: [&str; 24] = [
        "ba", "cor", "den", "el", "fi", "gra", "hul", "in", "ja", "kel", "lo", "mer", "na", "or",
        "pli", "qua", "ri", "sta", "tor", "ul", "ven", "wi", "xa", "zen",
    ];
    let word = |number: u64| {
        let random = mix(number);
        (0..2 + random % 3)
            .map(|part| SYLLABLES[usize::try_from(random >> (8 + 8 * part)).unwrap_or(0) % 24])
            .collect()
    };
    (0..8_000).map(word).collect()
}

/// A span below the root: its name, when it runs in per cent of the root's time, its attributes.
type Step = (&'static str, (u64, u64), Attributes);

const SYSTEM: &str = "You are a support agent. Be brief, use the tools, name your sources, and never promise a refund.";

/// The texts of one trace. Most appear in several spans, as messages do in real traces.
struct Texts {
    question: String,
    context: String,
    plan: String,
    draft: String,
    answer: String,
}

impl Texts {
    fn throw(template: &mut Template, words: &[String]) -> Self {
        let more = usize::try_from(template.next(1_500)).unwrap_or(0);
        let mut text = |bytes| format!("Ticket {}: {}", patch::TICKET, template.text(bytes, words));
        Self {
            question: text(340),
            context: text(1_300 + more),
            plan: text(700),
            draft: format!("{} {}", patch::WORD, text(1_400)),
            answer: text(1_500),
        }
    }
}

/// One trace before it gets its ids.
struct Template {
    number: u64,
    random: u64,
    spans: Vec<Span>,
}

impl Template {
    fn new(number: u64) -> Self {
        Self {
            number,
            random: mix(number ^ 0xbe7c),
            spans: Vec::new(),
        }
    }

    fn next(&mut self, below: u64) -> u64 {
        self.random = mix(self.random);
        self.random % below
    }

    fn is_every(&self, every: u64) -> bool {
        self.number % every == every / 2
    }

    /// Running text; frequent words are frequent, as in speech.
    fn text(&mut self, bytes: usize, words: &[String]) -> String {
        let mut text = String::with_capacity(bytes + 20);
        while text.len() < bytes {
            let spread = [40, 400, 8_000][usize::try_from(self.next(3)).unwrap_or(0)];
            let word = self.next(spread);
            text.push_str(&words[usize::try_from(word).unwrap_or(0)]);
            text.push_str(if self.next(11) == 0 { ". " } else { " " });
        }
        text
    }

    /// The ten spans, as the trace at `place` of its body.
    fn spans(mut self, place: u64, source: &Source) -> Vec<Span> {
        let texts = Texts::throw(&mut self, &source.words);
        let total = if self.is_every(SLOW_EVERY) {
            31_000_000 + self.next(9_000_000)
        } else {
            900_000 + self.next(5_000_000)
        };
        let mut root = span_attributes("AGENT");
        root.insert("mlflow.spanInputs", messages(&[("user", &texts.question)]));
        root.insert(
            "mlflow.spanOutputs",
            messages(&[("assistant", &texts.answer)]),
        );
        root.insert("session.id", format!("session-{}", patch::SESSION).into());
        root.insert("user.id", format!("user-{}", patch::USER).into());
        root.insert(
            "mlflow.traceTag.release",
            format!("release-{}", patch::RELEASE).into(),
        );
        self.push(place, None, "support_agent", (0, total), source, root);
        let parent = Some(self.spans[0].span_id);
        let mut steps = self.research(&texts);
        steps.extend(self.conclude(&texts));
        for (name, (from, to), attributes) in steps {
            let times = (total * from / 100, total * to / 100);
            self.push(place, parent, name, times, source, attributes);
        }
        if self.is_every(ERROR_EVERY) {
            self.fail(5);
        }
        self.spans
    }

    /// What the agent does to find out, a tool at the end.
    fn research(&mut self, texts: &Texts) -> Vec<Step> {
        let Texts {
            question,
            context,
            plan,
            ..
        } = texts;
        let call = llm(
            "gpt-4o-mini",
            &[("system", SYSTEM), ("user", question)],
            plan,
        );
        let mut embed = span_attributes("EMBEDDING");
        embed.insert("mlflow.spanInputs", question.as_str().into());
        embed.insert("mlflow.llm.model", "text-embedding-3-small".into());
        let mut retrieve = span_attributes("RETRIEVER");
        retrieve.insert("mlflow.spanInputs", plan.as_str().into());
        retrieve.insert(
            "mlflow.spanOutputs",
            Value::Array(vec![context.as_str().into()]),
        );
        retrieve.insert(
            "retriever.index",
            format!("idx-{:02}", self.next(20)).into(),
        );
        let mut rerank = span_attributes("RERANKER");
        rerank.insert("mlflow.spanInputs", plan.as_str().into());
        rerank.insert("top_k", 3.into());
        let arguments = vec![
            ("ticket".to_owned(), patch::TICKET.into()),
            ("verbose".to_owned(), false.into()),
        ];
        let mut tool = span_attributes("TOOL");
        tool.insert("mlflow.spanInputs", Value::Map(arguments));
        tool.insert("mlflow.spanOutputs", plan.as_str().into());
        let tool_name = if self.is_every(LEGACY_EVERY) {
            "fetch_invoice_legacy"
        } else {
            "fetch_order"
        };
        vec![
            ("plan", (1, 25), call),
            ("embed_query", (25, 28), embed),
            ("retrieve", (28, 34), retrieve),
            ("rerank", (34, 38), rerank),
            (tool_name, (38, 48), tool),
        ]
    }

    /// What it does to answer.
    fn conclude(&self, texts: &Texts) -> Vec<Step> {
        let Texts {
            question,
            context,
            plan,
            draft,
            answer,
        } = texts;
        let asked = [
            ("system", SYSTEM),
            ("user", question),
            ("assistant", plan),
            ("tool", context),
        ];
        let first = llm("gpt-4o", &asked, draft);
        let mut guardrail = span_attributes("GUARDRAIL");
        guardrail.insert("mlflow.spanInputs", draft.as_str().into());
        guardrail.insert(
            "mlflow.spanOutputs",
            Value::Map(vec![("passed".to_owned(), true.into())]),
        );
        let asked = [
            ("system", SYSTEM),
            ("user", question),
            ("tool", context),
            ("assistant", draft),
        ];
        let second = llm("claude-sonnet-4-5", &asked, answer);
        let noted = self.is_every(NOTE_EVERY);
        let note = if noted {
            "handed over to the escalation desk at night"
        } else {
            "closed in the usual way"
        };
        let mut outcome = span_attributes("TASK");
        outcome.insert("outcome.note", note.into());
        outcome.insert("mlflow.spanOutputs", "done".into());
        vec![
            ("draft", (48, 72), first),
            ("guardrail", (72, 76), guardrail),
            ("answer", (76, 97), second),
            ("log_outcome", (97, 99), outcome),
        ]
    }

    /// A span of the trace at `place`, from and to given microseconds after its start.
    fn push(
        &mut self,
        place: u64,
        parent_id: Option<SpanId>,
        name: &str,
        (from, to): (u64, u64),
        source: &Source,
        attributes: Attributes,
    ) {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&patch::TRACE_ID);
        id[8..].copy_from_slice(&place.to_be_bytes());
        self.random = mix(self.random);
        // Without upper bits no byte of an id looks like a place to patch; with the lowest it is never zero.
        let span_id = (self.random & 0x7f7f_7f7f_7f7f_7f7f) | 1;
        self.spans.push(Span {
            parent_id,
            kind: SpanKind::Internal,
            start: UnixNanos(patch::TIME | from),
            end: Some(UnixNanos(patch::TIME | to)),
            status: Status {
                code: StatusCode::Ok,
                message: String::new(),
            },
            attributes,
            scope: Arc::clone(&source.scope),
            resource: Arc::clone(&source.resource),
            ..Span::new(
                TraceId::from_bytes(id).expect("the pattern is not zero"),
                SpanId::from_bytes(span_id.to_be_bytes()).expect("the lowest bit is set"),
                name,
            )
        });
    }

    /// The span at `place` fails, and with it the root.
    fn fail(&mut self, place: usize) {
        let message = "TimeoutError: the order service did not answer";
        for place in [0, place] {
            let span = &mut self.spans[place];
            span.status = Status {
                code: StatusCode::Error,
                message: message.to_owned(),
            };
            let attributes = [
                ("exception.type", "TimeoutError"),
                ("exception.message", message),
            ];
            span.events.push(Event {
                name: "exception".to_owned(),
                time: span.end.unwrap_or(span.start),
                attributes: attributes
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value.into()))
                    .collect(),
                dropped_attributes: 0,
            });
        }
    }
}

fn messages(messages: &[(&str, &str)]) -> Value {
    let message = |(role, content): &(&str, &str)| {
        Value::Map(vec![
            ("role".to_owned(), (*role).into()),
            ("content".to_owned(), (*content).into()),
        ])
    };
    Value::Map(vec![(
        "messages".to_owned(),
        Value::Array(messages.iter().map(message).collect()),
    )])
}

fn span_attributes(span_type: &str) -> Attributes {
    Attributes::from_entries(vec![("mlflow.spanType".to_owned(), span_type.into())])
}

fn llm(model: &str, asked: &[(&str, &str)], reply: &str) -> Attributes {
    let tokens = |bytes: usize| i64::try_from(bytes / 4).unwrap_or(i64::MAX);
    let input = tokens(asked.iter().map(|(_, text)| text.len()).sum());
    let output = tokens(reply.len());
    let usage = [
        ("input_tokens", input),
        ("output_tokens", output),
        ("total_tokens", input + output),
    ];
    let usage = usage
        .into_iter()
        .map(|(key, count)| (key.to_owned(), count.into()))
        .collect();
    let mut attributes = span_attributes("LLM");
    attributes.insert("mlflow.spanInputs", messages(asked));
    attributes.insert("mlflow.spanOutputs", messages(&[("assistant", reply)]));
    attributes.insert("mlflow.llm.model", model.into());
    attributes.insert("mlflow.chat.tokenUsage", Value::Map(usage));
    attributes
}

#[cfg(test)]
mod tests;
