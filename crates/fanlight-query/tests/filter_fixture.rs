//! Filters over three traces with known answers. `A`, `B` and `C` are the traces; a row is a filter and the
//! traces it finds.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fanlight_model::{
    Assessment, AssessmentSource, Attributes, Cost, Event, ExperimentId, Judgement, LinkedPrompt,
    Nanos, Span, SpanId, SpanKind, Status, StatusCode, TokenUsage, TraceId, TraceKey, TraceState,
    TraceSummary, UnixNanos, Value, WorkspaceId,
};
use fanlight_query::filter::{FilterSubject, parse};
use serde_json::json;

const NEW_YEAR_2026_MS: u64 = 1_767_225_600_000;

struct Trace {
    label: &'static str,
    summary: TraceSummary,
    assessments: Vec<Assessment>,
    session_assessments: Vec<Assessment>,
    runs: BTreeSet<String>,
    prompts: BTreeSet<LinkedPrompt>,
    spans: Vec<Arc<Span>>,
    span_reads: Cell<usize>,
}

impl FilterSubject for Trace {
    fn summary(&self) -> &TraceSummary {
        &self.summary
    }

    fn trace_id_text(&self) -> Cow<'_, str> {
        Cow::Owned(format!("tr-{}", self.summary.key.trace))
    }

    fn assessments(&self) -> &[Assessment] {
        &self.assessments
    }

    fn session_assessments(&self) -> &[Assessment] {
        &self.session_assessments
    }

    fn runs(&self) -> &BTreeSet<String> {
        &self.runs
    }

    fn prompts(&self) -> &BTreeSet<LinkedPrompt> {
        &self.prompts
    }

    fn spans(&self) -> &[Arc<Span>] {
        self.span_reads.set(self.span_reads.get() + 1);
        &self.spans
    }
}

fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn trace(label: &'static str, number: u8, state: TraceState) -> Trace {
    Trace {
        label,
        summary: TraceSummary {
            key: TraceKey {
                workspace: WorkspaceId::DEFAULT,
                trace: TraceId::from_bytes([number; 16]).unwrap(),
            },
            alias: None,
            experiment: ExperimentId(1),
            client_request_id: None,
            start: UnixNanos::from_millis(NEW_YEAR_2026_MS + 10_000 * (u64::from(number) - 1)),
            duration: Some(Nanos::from_millis(1000 * u64::from(number))),
            state,
            name: None,
            root_name: None,
            request_preview: None,
            response_preview: None,
            session: None,
            user: None,
            source_run: None,
            usage: None,
            cost: None,
            models: Vec::new(),
            span_count: 0,
            error_count: 0,
            tags: BTreeMap::new(),
            metadata: BTreeMap::new(),
        },
        assessments: Vec::new(),
        session_assessments: Vec::new(),
        runs: BTreeSet::new(),
        prompts: BTreeSet::new(),
        spans: Vec::new(),
        span_reads: Cell::new(0),
    }
}

fn span(
    name: &str,
    span_type: &str,
    status: StatusCode,
    attributes: Vec<(&str, Value)>,
) -> Arc<Span> {
    let mut all = Attributes::from_entries(vec![("mlflow.spanType".into(), span_type.into())]);
    for (key, value) in attributes {
        all.insert(key, value);
    }
    Arc::new(Span {
        kind: SpanKind::Internal,
        start: UnixNanos(0),
        end: Some(UnixNanos(1)),
        status: Status {
            code: status,
            message: String::new(),
        },
        attributes: all,
        ..Span::new(
            TraceId::from_bytes([1; 16]).unwrap(),
            SpanId::from_bytes([1; 8]).unwrap(),
            name,
        )
    })
}

fn assessment(name: &str, judgement: Judgement) -> Assessment {
    Assessment {
        id: format!("a-{name}"),
        name: name.into(),
        span_id: None,
        source: AssessmentSource::default(),
        judgement,
        rationale: None,
        metadata: BTreeMap::new(),
        created_at: UnixNanos(0),
        updated_at: UnixNanos(0),
        overrides: None,
        valid: true,
    }
}

fn feedback(name: &str, value: serde_json::Value) -> Assessment {
    assessment(name, Judgement::Feedback { value, error: None })
}

fn expectation(name: &str, value: serde_json::Value) -> Assessment {
    assessment(name, Judgement::Expectation { value })
}

fn trace_a() -> Trace {
    let mut a = trace("A", 1, TraceState::Ok);
    a.summary.name = Some("chat".into());
    a.summary.tags = map(&[("env", "prod"), ("team", "a")]);
    a.summary.metadata = map(&[("m", "1")]);
    a.summary.session = Some("s1".into());
    a.summary.user = Some("u1".into());
    let question = Value::Map(vec![("q".into(), "Hello World".into())]);
    a.spans = vec![
        span(
            "root",
            "AGENT",
            StatusCode::Unset,
            vec![("mlflow.spanInputs", question)],
        ),
        span(
            "llm call",
            "LLM",
            StatusCode::Unset,
            vec![
                ("mlflow.llm.model", "gpt-4o".into()),
                ("temp", 0.5.into()),
                ("n", 5.into()),
                ("flag", true.into()),
            ],
        ),
    ];
    let superseded = Assessment {
        valid: false,
        ..feedback("ov", json!("no"))
    };
    a.assessments = vec![
        feedback("ok", json!(true)),
        feedback("score", json!(0.75)),
        feedback("rel", json!("yes")),
        feedback("obj", json!({"a": 1})),
        feedback("lst", json!(["x", "y"])),
        superseded,
        feedback("ov", json!("yes")),
        expectation("exp", json!("paris")),
        expectation("expn", json!(3)),
    ];
    a
}

fn trace_b() -> Trace {
    let mut b = trace("B", 2, TraceState::Error);
    b.summary.name = Some("Chat2".into());
    b.summary.tags = map(&[("env", "dev")]);
    b.summary.session = Some("s1".into());
    b.spans = vec![span(
        "root",
        "CHAIN",
        StatusCode::Error,
        vec![("mlflow.spanInputs", "hello 100% done_x".into())],
    )];
    b.assessments = vec![
        feedback("ok", json!(false)),
        feedback("score", json!(1)),
        feedback("rel", json!("no")),
        feedback("strnum", json!("5")),
        feedback("nul", json!(null)),
    ];
    b
}

fn trace_c() -> Trace {
    let mut c = trace("C", 3, TraceState::Ok);
    c.summary.client_request_id = Some("cr-1".into());
    c.spans = vec![span("tool", "TOOL", StatusCode::Unset, Vec::new())];
    c
}

fn found(filter: &str, traces: &[Trace]) -> String {
    let filter = parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    traces
        .iter()
        .filter(|trace| filter.matches(*trace))
        .map(|trace| trace.label)
        .collect()
}

fn assert_rows(rows: &[(&str, &str)]) {
    let traces = [trace_a(), trace_b(), trace_c()];
    let wrong = rows
        .iter()
        .map(|(filter, expected)| (filter, expected, found(filter, &traces)))
        .filter(|(_, expected, found)| found != *expected)
        .collect::<Vec<_>>();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn trace_fields() {
    assert_rows(&[
        ("", "ABC"),
        ("tags.env = 'prod'", "A"),
        ("tags.env != 'prod'", "B"),
        ("tags.env IS NULL", "C"),
        ("tags.env LIKE 'p%'", "A"),
        ("tags.env LIKE 'P%'", ""),
        ("tags.env ILIKE 'P%'", "A"),
        ("tags.env RLIKE 'p.*d'", "A"),
        ("name = 'chat'", "A"),
        ("name != 'chat'", "B"),
        ("name IS NULL", "C"),
        ("name ILIKE 'chat%'", "AB"),
        ("name LIKE 'chat'", "A"),
        ("name RLIKE 'hat'", "AB"),
        ("metadata.m != '1'", ""),
        ("metadata.m IS NULL", "BC"),
        ("client_request_id = 'cr-1'", "C"),
        ("client_request_id != 'x'", "C"),
        ("client_request_id NOT IN ('cr-1')", ""),
        ("status != 'OK'", "B"),
        ("status IN ('OK','IN_PROGRESS')", "AC"),
        ("execution_time > 1000", "BC"),
        ("execution_time >= 1000 AND execution_time <= 2000", "AB"),
        ("end_time > 1767225611000", "BC"),
        ("timestamp = 1767225600000", "A"),
        ("timestamp_ms < 1767225610000", "A"),
        ("request_id NOT IN ('x')", "ABC"),
        ("request_id LIKE 'TR-%'", ""),
        ("run_id IS NULL", "ABC"),
        ("run_id != 'x'", ""),
        ("metadata.mlflow.trace.session = 's1'", "AB"),
        ("request_metadata.mlflow.trace.session != 's1'", ""),
        ("metadata.mlflow.trace.session IS NULL", "C"),
        ("metadata.mlflow.trace.user = 'u1'", "A"),
        ("prompt = 'p/1'", ""),
    ]);
}

#[test]
fn span_fields() {
    assert_rows(&[
        ("span.name = 'root'", "AB"),
        ("span.name != 'root'", "AC"),
        ("span.name ILIKE 'LLM CALL'", "A"),
        ("span.type = 'LLM' AND span.name = 'root'", ""),
        ("span.type = 'LLM' AND span.name LIKE 'llm%'", "A"),
        ("span.type NOT IN ('LLM')", "ABC"),
        ("span.status = 'ERROR'", "B"),
        ("span.status = 'UNSET'", "AC"),
        ("span.status = 'STATUS_CODE_ERROR'", ""),
        ("span.attributes.mlflow.llm.model = 'gpt-4o'", "A"),
        ("span.attributes.mlflow.llm.model != 'x'", "A"),
        ("span.attributes.mlflow.llm.model LIKE '%gpt%'", "A"),
        ("span.attributes.mlflow.llm.model LIKE 'gpt%'", "A"),
        ("span.attributes.mlflow.llm.model IN ('gpt-4o')", "A"),
        ("span.attributes.n LIKE '%5%'", "A"),
        ("span.attributes.n = '5'", "A"),
        ("span.attributes.flag LIKE '%true%'", "A"),
        ("span.attributes.temp RLIKE '0.5'", "A"),
        ("span.content LIKE '%Hello%'", "A"),
        ("span.content LIKE '%hello%'", "B"),
        ("trace.text ILIKE '%hello%'", "AB"),
        ("trace.text LIKE '%100%%'", "B"),
        ("trace.text ILIKE '%done_x%'", "B"),
        (r"trace.text LIKE '%100\%%'", ""),
        ("tags.env != 'prod' AND span.name = 'root'", "B"),
    ]);
}

#[test]
fn judgements() {
    assert_rows(&[
        ("feedback.ok = 'true'", "A"),
        ("feedback.ok = 'True'", ""),
        ("feedback.ok != 'true'", "B"),
        ("feedback.score > 0.5", "AB"),
        ("feedback.score >= 1", "B"),
        ("feedback.score < 1", "A"),
        ("feedback.score = '0.75'", "A"),
        ("feedback.score = '1.0'", "B"),
        ("feedback.score = '1'", "B"),
        ("feedback.rel = 'yes'", "A"),
        ("feedback.rel != 'yes'", "B"),
        ("feedback.rel LIKE '%e%'", "A"),
        ("feedback.rel LIKE 'y%'", "A"),
        ("feedback.rel ILIKE 'YES'", "A"),
        ("feedback.rel RLIKE '^y'", "A"),
        ("feedback.rel IS NOT NULL", "AB"),
        ("feedback.missing IS NULL", "ABC"),
        ("feedback.ok IS NULL", "C"),
        ("feedback.nul IS NULL", "AC"),
        ("feedback.nul = 'null'", "B"),
        ("feedback.strnum = '5'", "B"),
        ("feedback.strnum > 3", ""),
        ("feedback.obj LIKE '%a%'", "A"),
        ("feedback.ov = 'no'", ""),
        ("feedback.ov = 'yes'", "A"),
        ("feedback.exp IS NOT NULL", ""),
        ("feedback.score > 0.5 AND feedback.rel = 'no'", "B"),
        ("expectation.exp = 'paris'", "A"),
        ("expectation.expn > 2", "A"),
        ("expectation.expn = '3'", "A"),
    ]);
}

#[test]
fn boolean_operators() {
    assert_rows(&[
        ("name = 'chat' OR client_request_id = 'cr-1'", "AC"),
        ("NOT tags.env = 'prod'", "BC"),
        ("NOT span.name = 'root'", "C"),
        (
            "status = 'OK' AND (tags.env = 'prod' OR name IS NULL)",
            "AC",
        ),
        ("name = 'chat' OR name = 'Chat2' AND status = 'OK'", "A"),
        ("NOT name = 'chat' AND status = 'OK'", "C"),
        ("NOT (name = 'chat' OR status = 'ERROR')", "C"),
        ("(span.type = 'LLM') AND (span.name = 'root')", ""),
        ("NOT NOT span.type = 'LLM' AND span.name = 'root'", "A"),
        (
            "span.type IN ('AGENT') OR span.type = 'TOOL' AND span.status = 'UNSET'",
            "AC",
        ),
        (
            "(span.type = 'AGENT' OR span.type = 'CHAIN') AND span.status = 'ERROR'",
            "B",
        ),
    ]);
}

#[test]
fn promoted_keys() {
    let mut a = trace_a();
    a.summary.source_run = Some("made-in".into());
    a.runs = BTreeSet::from(["linked".to_owned()]);
    a.prompts = BTreeSet::from([LinkedPrompt {
        name: "greet".into(),
        version: "2".into(),
    }]);
    a.summary.usage = Some(TokenUsage {
        input: Some(10),
        output: Some(5),
        total: Some(15),
        ..TokenUsage::default()
    });
    a.summary.cost = Some(Cost {
        input: 1.5e-6,
        output: 3e-6,
        total: 4.5e-6,
    });
    a.session_assessments = vec![feedback("whole", json!("good"))];
    a.assessments.push(assessment(
        "iss-1",
        Judgement::Issue {
            issue_name: "slow".into(),
        },
    ));
    let traces = [a, trace_b()];
    for (filter, expected) in [
        ("run_id = 'linked'", "A"),
        ("metadata.mlflow.sourceRun = 'made-in'", "A"),
        ("run_id != 'linked'", "A"),
        ("run_id LIKE 'link%'", ""),
        ("run_id IS NULL", "B"),
        ("prompt = 'greet/2'", "A"),
        ("prompt = 'greet/1'", ""),
        ("tags.mlflow.traceName = 'chat'", "A"),
        ("tags.mlflow.trace.spansLocation = 'TRACKING_STORE'", "AB"),
        (
            r#"metadata.mlflow.trace.tokenUsage = '{"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}'"#,
            "A",
        ),
        (
            r#"metadata.mlflow.trace.cost = '{"input_cost": 1.5e-06, "output_cost": 3e-06, "total_cost": 4.5e-06}'"#,
            "A",
        ),
        ("metadata.mlflow.trace.cost IS NULL", "B"),
        ("feedback.whole = 'good'", "A"),
        ("feedback.whole IS NULL", "B"),
        ("issue.id = 'iss-1'", "A"),
        ("issue.id = 'slow'", ""),
        (
            "execution_duration >= 1000 AND execution_duration_ms < 1000.5",
            "A",
        ),
        ("execution_time > '1000'", "B"),
    ] {
        assert_eq!(found(filter, &traces), expected, "{filter}");
    }
}

#[test]
fn attributes_and_texts_are_decoded() {
    let mut a = trace_a();
    let message = r#"{"content": "say \"hi\"\nthen", "n": 1}"#;
    let mut asked = Span::clone(&a.spans[0]);
    asked.attributes.insert("message", message.into());
    asked.attributes.insert("quoted", r#""plain""#.into());
    asked.events = vec![Event {
        name: "exception".into(),
        attributes: Attributes::from_entries(vec![("exception.message".into(), "Boom".into())]),
        ..Event::default()
    }];
    a.spans = vec![Arc::new(asked)];
    let traces = [a];
    for filter in [
        "span.attributes.quoted = 'plain'",
        "span.attributes.message LIKE '%\"n\":1}'",
        "span.content LIKE '%say \"hi\"\nthen%'",
        r#"span.content LIKE '%say \"hi\"\nthen%'"#,
        "span.content LIKE '%\"n\":1%'",
        "span.content LIKE 'say%'",
        "span.content LIKE 'exception'",
        "trace.text ILIKE '%boom%'",
    ] {
        assert_eq!(found(filter, &traces), "A", "{filter}");
    }
}

#[test]
fn spans_are_read_only_when_nothing_cheaper_decides() {
    let a = trace_a();
    for (filter, needed) in [
        ("status = 'OK'", false),
        ("span.name = 'root' AND status = 'ERROR'", true),
        ("trace.text LIKE '%x%' OR status = 'OK'", true),
    ] {
        let filter = parse(filter).unwrap();
        filter.matches(&a);
        assert_eq!(filter.needs_spans(), needed);
    }
    assert_eq!(a.span_reads.get(), 0);
}
