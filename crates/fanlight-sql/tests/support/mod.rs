//! Traces of many shapes in a real engine, and questions about them.
#![allow(dead_code, reason = "every test file uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use fanlight_model::{
    Assessment, AssessmentSource, Attributes, Batch, Event, ExperimentId, FixedClock, Judgement,
    Nanos, SourceType, Span, SpanGroup, SpanId, SpanKind, Status, StatusCode, TraceFacts, TraceId,
    TraceKey, UnixNanos, Value, WorkspaceId,
};
use fanlight_query::{Engine, EngineSettings};
use fanlight_sql::{Format, Sql, SqlError, SqlSettings};
use serde_json::Value as Json;
use tempfile::TempDir;

pub(crate) struct Home {
    pub(crate) engine: Arc<Engine>,
    pub(crate) sql: Sql,
    _dir: TempDir,
}

impl Home {
    pub(crate) async fn new(settings: SqlSettings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::at(UnixNanos::from_millis(9_000_000)));
        let engine = Engine::open(dir.path(), EngineSettings::default(), clock);
        let engine = engine.await.unwrap();
        Self {
            sql: Sql::new(Arc::clone(&engine), settings).unwrap(),
            engine,
            _dir: dir,
        }
    }

    pub(crate) async fn append(&self, numbers: std::ops::Range<u64>) {
        for number in numbers {
            let experiment = ExperimentId(number % 3);
            let group = SpanGroup {
                experiment,
                spans: spans(number),
            };
            let mut facts = TraceFacts::new(trace_id(number), experiment);
            facts.alias = number.is_multiple_of(11).then(|| format!("req-{number}"));
            let batch = Batch {
                groups: vec![group],
                traces: facts.alias.is_some().then_some(facts).into_iter().collect(),
                ..Batch::default()
            };
            self.engine.append(batch).await.unwrap();
        }
    }

    /// The answer's bytes.
    pub(crate) async fn bytes(&self, query: &str, format: Format) -> Result<Vec<u8>, SqlError> {
        let mut answer = self.sql.run(query, format).await?;
        let mut bytes = Vec::new();
        while let Some(part) = answer.next().await? {
            bytes.extend(part);
        }
        Ok(bytes)
    }

    pub(crate) async fn try_rows(&self, query: &str) -> Result<Json, SqlError> {
        let bytes = self.bytes(query, Format::Json).await?;
        let mut answer: Json = serde_json::from_slice(&bytes).unwrap();
        Ok(answer["rows"].take())
    }

    pub(crate) async fn rows(&self, query: &str) -> Json {
        self.try_rows(query)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// What is wrong with the query.
    pub(crate) async fn error(&self, query: &str) -> String {
        match self.try_rows(query).await {
            Ok(rows) => panic!("{query} answered {rows}"),
            Err(error) => error.to_string(),
        }
    }

    pub(crate) async fn number(&self, query: &str) -> u64 {
        let rows = self.rows(query).await;
        rows[0][0]
            .as_u64()
            .unwrap_or_else(|| panic!("{query}: {rows}"))
    }
}

pub(crate) fn trace_id(number: u64) -> TraceId {
    TraceId::from_bytes(u128::from(number).to_be_bytes()).unwrap()
}

pub(crate) fn key(number: u64) -> TraceKey {
    TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace: trace_id(number),
    }
}

pub(crate) fn assessment(number: u64, name: &str, value: Json) -> Assessment {
    Assessment {
        id: format!("a-{number:032x}"),
        name: name.to_owned(),
        span_id: number.is_multiple_of(2).then(|| format!("{number:016x}")),
        source: AssessmentSource {
            kind: SourceType::Human,
            id: Some("ann".to_owned()),
        },
        judgement: Judgement::Feedback { value, error: None },
        rationale: Some("it \"is\", so".to_owned()),
        metadata: BTreeMap::new(),
        created_at: UnixNanos::from_millis(number),
        updated_at: UnixNanos::from_millis(number + 1),
        overrides: None,
        valid: true,
    }
}

fn span(number: u64, id: u64, parent: Option<u64>, name: &str) -> Span {
    let start = UnixNanos(1_767_225_600_000_000_001 + number / 2 * 1_000_000_000 + id);
    Span {
        parent_id: parent.map(|id| SpanId::from_bytes((number * 100 + id).to_be_bytes()).unwrap()),
        kind: SpanKind::from(i32::try_from(number % 8).unwrap()),
        start,
        end: (number % 13 != 1).then(|| start.saturating_add(Nanos(number * 1_000_001))),
        status: Status {
            code: match number % 5 {
                0 => StatusCode::Error,
                1 => StatusCode::Unset,
                _ => StatusCode::Ok,
            },
            message: if number.is_multiple_of(10) {
                "it \"broke\"\nhere".to_owned()
            } else {
                String::new()
            },
        },
        attributes: Attributes::new(),
        ..Span::new(
            trace_id(number),
            SpanId::from_bytes((number * 100 + id).to_be_bytes()).unwrap(),
            name,
        )
    }
}

/// A root, a call of a model, and sometimes a tool; with texts that are short, long and strange.
fn spans(number: u64) -> Vec<Span> {
    let mut root = span(number, 1, None, &format!("agent {}", number % 4));
    let text = format!("question {number} \u{1f600} ")
        .repeat(1 + usize::try_from(number % 7).unwrap() * 40);
    root.attributes
        .insert("input.value", Value::from(text.as_str()));
    root.attributes.insert("count", Value::Int(i64::MAX - 1));
    if number % 4 != 1 {
        root.attributes
            .insert("session.id", Value::from(format!("s{}", number % 9)));
    }
    if number % 3 != 1 {
        root.attributes
            .insert("user.id", Value::from(format!("u{}", number % 5)));
    }
    if number % 6 < 4 {
        let name = Value::from(format!("named {}", number % 3));
        root.attributes
            .insert("mlflow.traceTag.mlflow.traceName", name);
    }
    root.attributes.insert(
        "mlflow.traceTag.env",
        Value::from(["prod", "dev"][usize::try_from(number % 2).unwrap()]),
    );
    let mut call = span(number, 2, Some(1), "call");
    call.attributes
        .insert("mlflow.spanType", Value::from("\"LLM\""));
    if !number.is_multiple_of(7) {
        let model = ["gpt-4o", "small, \"1\""][usize::try_from(number / 2 % 2).unwrap()];
        call.attributes
            .insert("gen_ai.request.model", Value::from(model));
        call.attributes.insert(
            "gen_ai.usage.input_tokens",
            Value::Int(i64::try_from(number * 10).unwrap()),
        );
        call.attributes.insert(
            "gen_ai.usage.output_tokens",
            Value::Int(i64::try_from(number).unwrap()),
        );
    }
    if number.is_multiple_of(5) {
        let mut event = Event {
            name: "exception".to_owned(),
            time: call.start,
            ..Event::default()
        };
        event
            .attributes
            .insert("exception.type", Value::from("Oops"));
        call.events = vec![
            event.clone(),
            Event {
                name: "retry".to_owned(),
                ..event
            },
        ];
    }
    let mut spans = vec![root, call];
    if number.is_multiple_of(2) {
        let mut tool = span(number, 3, Some(2), &format!("tool {}", number % 3));
        tool.attributes
            .insert("mlflow.spanType", Value::from("\"TOOL\""));
        spans.push(tool);
    }
    spans
}
