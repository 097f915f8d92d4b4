//! An engine in a directory of its own, and what is sent to it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fanlight_model::{
    Assessment, AssessmentSource, Attributes, Batch, ExperimentId, FixedClock, Judgement, Nanos,
    SourceType, Span, SpanGroup, SpanId, SpanKind, Status, StatusCode, TraceFacts, TraceId,
    TraceKey, UnixNanos, WorkspaceId,
};
use fanlight_query::{Effort, Engine, EngineSettings};
use serde_json::json;
use tempfile::TempDir;

/// Few, so that steps meet.
pub(crate) const TRACES: u8 = 6;

pub(crate) struct Home {
    pub(crate) engine: Arc<Engine>,
    dir: TempDir,
}

impl Home {
    pub(crate) async fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap()).await
    }

    async fn open(dir: TempDir) -> Self {
        let clock = Arc::new(FixedClock::at(UnixNanos::from_millis(9_000_000)));
        let engine = Engine::open(dir.path(), EngineSettings::default(), clock);
        Self {
            engine: engine.await.unwrap(),
            dir,
        }
    }

    pub(crate) async fn reopen(self) -> Self {
        self.engine.close().await;
        let Self { engine, dir } = self;
        drop(engine);
        Self::open(dir).await
    }

    /// Goes on with what is on disk at this moment, as after a `kill -9`.
    pub(crate) async fn crash(self) -> Self {
        let left = tempfile::tempdir().unwrap();
        copy(self.dir.path(), left.path());
        self.engine.close().await;
        Self::open(left).await
    }

    pub(crate) async fn fold(&self) {
        self.engine.seal().await.unwrap();
        self.engine.compact(Effort::All).await.unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else if entry.file_name() != "lock"
            && !entry.file_name().to_string_lossy().ends_with("-shm")
        {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(crate) fn key(trace: u8) -> TraceKey {
    TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace: TraceId::from_bytes([trace + 1; 16]).unwrap(),
    }
}

/// Two sessions; some traces are named, tagged and made in a run by their client.
pub(crate) fn batch(trace: u8, number: u8) -> Batch {
    let start = UnixNanos::from_millis(1_000_000 + 1000 * u64::from(trace) + u64::from(number));
    let mut attributes = Attributes::new();
    let session = format!("s{}", trace % 2);
    attributes.insert("session.id", session.as_str().into());
    let span = Span {
        parent_id: (number > 0).then(|| SpanId::from_bytes([1; 8]).unwrap()),
        kind: SpanKind::Internal,
        start,
        end: Some(start.saturating_add(Nanos::from_millis(5))),
        status: Status {
            code: StatusCode::Ok,
            message: String::new(),
        },
        attributes,
        ..Span::new(
            key(trace).trace,
            SpanId::from_bytes([number + 1; 8]).unwrap(),
            format!("span {number}"),
        )
    };
    let mut facts = TraceFacts::new(key(trace).trace, ExperimentId::DEFAULT);
    if trace < 4 {
        facts.tags.insert("env".to_owned(), "recorded".to_owned());
    }
    if trace.is_multiple_of(2) {
        let name = format!("named {trace}");
        facts.tags.insert("mlflow.traceName".to_owned(), name);
    }
    if trace == 3 {
        let run = "r0".to_owned();
        facts.metadata.insert("mlflow.sourceRun".to_owned(), run);
    }
    Batch {
        groups: vec![SpanGroup {
            experiment: ExperimentId::DEFAULT,
            spans: vec![span],
        }],
        traces: vec![facts],
        ..Batch::default()
    }
}

/// Values of every kind, one of them too long to be listed.
pub(crate) fn judged(kind: u8) -> Judgement {
    let feedback = |value| Judgement::Feedback { value, error: None };
    match kind % 8 {
        0 => feedback(json!(true)),
        1 => feedback(json!(0.1)),
        2 => feedback(json!({"b": [1, 2.5], "a": null})),
        3 => feedback(json!("x".repeat(400))),
        4 => feedback(json!(null)),
        5 => Judgement::Expectation {
            value: json!("Paris"),
        },
        6 => Judgement::Issue {
            issue_name: "slow".to_owned(),
        },
        _ => feedback(json!(3)),
    }
}

pub(crate) fn assessment(id: &str, name: &str, judgement: Judgement) -> Assessment {
    Assessment {
        id: id.to_owned(),
        name: name.to_owned(),
        span_id: Some("0101010101010101".to_owned()),
        source: AssessmentSource {
            kind: SourceType::LlmJudge,
            id: Some("judge".to_owned()),
        },
        judgement,
        rationale: Some("it \"is\", so".to_owned()),
        metadata: BTreeMap::from([("m".to_owned(), "1".to_owned())]),
        created_at: UnixNanos(1_767_225_600_000_000_001),
        updated_at: UnixNanos(1_767_225_600_000_000_007),
        overrides: None,
        valid: true,
    }
}
