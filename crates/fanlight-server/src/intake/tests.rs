//! The intake against a stand-in for the engine, which the tests of the transports use too.

use std::collections::BTreeMap;

use fanlight_model::{
    Attributes, ErrorKind, ExperimentId, FixedClock, Nanos, Resource, Span, SpanId, SpanKind,
    TraceId, UnixNanos, Value, WorkspaceId,
};
use parking_lot::Mutex;

use super::*;
use fanlight_api::ApiError;

/// Remembers what it is given; refuses everything while `refuses` is set.
#[derive(Debug, Default)]
pub(crate) struct FakeSink {
    pub(crate) batches: Mutex<Vec<Batch>>,
    pub(crate) named: Mutex<BTreeMap<String, ExperimentId>>,
    pub(crate) links: Mutex<Vec<(Vec<TraceKey>, String)>>,
    pub(crate) refuses: Mutex<Option<ErrorKind>>,
}

impl FakeSink {
    fn refusal(&self) -> Result<(), ApiError> {
        self.refuses.lock().map_or(Ok(()), |kind| {
            Err(ApiError::new(kind, "refused by the test"))
        })
    }

    /// Experiment and names of the spans of each group of each batch.
    pub(crate) fn stored(&self) -> Vec<(u64, Vec<String>)> {
        let batches = self.batches.lock();
        let groups = batches.iter().flat_map(|batch| &batch.groups);
        groups
            .map(|group| {
                (
                    group.experiment.0,
                    group.spans.iter().map(|span| span.name.clone()).collect(),
                )
            })
            .collect()
    }
}

#[async_trait::async_trait]
impl Sink for FakeSink {
    async fn wait_for_room(&self) -> Result<(), ApiError> {
        Ok(())
    }

    async fn append(&self, batch: Batch) -> Result<(), ApiError> {
        self.refusal()?;
        self.batches.lock().push(batch);
        Ok(())
    }

    async fn has_experiment(&self, _: WorkspaceId, id: ExperimentId) -> Result<bool, ApiError> {
        Ok(id.0 < 10)
    }

    async fn experiment_named(&self, _: WorkspaceId, name: &str) -> Result<ExperimentId, ApiError> {
        let mut named = self.named.lock();
        let next = ExperimentId(100 + named.len() as u64);
        Ok(*named.entry(name.to_owned()).or_insert(next))
    }

    async fn link_run(&self, traces: &[TraceKey], run: &str) -> Result<(), ApiError> {
        self.refusal()?;
        self.links.lock().push((traces.to_vec(), run.to_owned()));
        Ok(())
    }

    async fn add_edits(
        &self,
        _edits: Vec<(TraceKey, fanlight_model::TraceEdits)>,
    ) -> Result<(), ApiError> {
        self.refusal()
    }
}

/// An intake with its stand-in.
pub(crate) fn intake(settings: &ServerSettings) -> (Arc<Intake>, Arc<FakeSink>) {
    let sink = Arc::new(FakeSink::default());
    let intake = Intake::new(
        Arc::clone(&sink) as Arc<_>,
        Arc::new(FixedClock::at(UnixNanos::from_millis(1_000))),
        settings,
        Budget::new(settings.max_inflight_bytes),
        Arc::new(Counters::default()),
    );
    (Arc::new(intake), sink)
}

pub(crate) fn trace(number: u8) -> TraceId {
    TraceId::from_bytes([number; 16]).unwrap()
}

/// A root span of trace `number`, sent by `service`.
pub(crate) fn span(number: u8, name: &str, service: &str) -> Span {
    let attributes: Attributes = [("service.name".to_owned(), Value::from(service))]
        .into_iter()
        .collect();
    Span {
        kind: SpanKind::Internal,
        start: UnixNanos::from_millis(10),
        end: Some(UnixNanos::from_millis(10).saturating_add(Nanos::from_millis(5))),
        attributes: Attributes::new(),
        resource: Arc::new(Resource { attributes }),
        ..Span::new(
            trace(number),
            SpanId::from_bytes([number; 8]).unwrap(),
            name,
        )
    }
}

async fn send(
    intake: &Intake,
    headers: &[(&'static str, &str)],
    spans: &[Span],
) -> Result<TraceOutcome, IntakeError> {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
    let target = intake.target(&headers).await?;
    let (bytes, reservation) = intake
        .read(&headers, Body::from(fanlight_ingest::encode_traces(spans)))
        .await?;
    let payload = Payload {
        bytes,
        encoding: Encoding::Protobuf,
        compression: String::new(),
        reservation,
    };
    intake.traces(&target, payload).await
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn each_service_gets_an_experiment_of_its_name() {
    let (intake, sink) = intake(&ServerSettings::default());
    let spans = [
        span(1, "a", "shop"),
        span(2, "b", "bank"),
        span(3, "c", "shop"),
        span(4, "d", "unknown_service"),
    ];
    assert_eq!(send(&intake, &[], &spans).await.unwrap().accepted, 4);
    assert_eq!(
        sink.stored(),
        [
            (100, names(&["a", "c"])),
            (101, names(&["b"])),
            (0, names(&["d"]))
        ]
    );
    assert_eq!(
        sink.batches.lock()[0].received_at,
        UnixNanos::from_millis(1_000)
    );
}

#[tokio::test]
async fn the_header_decides_for_all_resources() {
    let (intake, sink) = intake(&ServerSettings::default());
    let spans = [span(1, "a", "shop"), span(2, "b", "bank")];
    send(&intake, &[("x-mlflow-experiment-id", "7")], &spans)
        .await
        .unwrap();
    assert_eq!(sink.stored(), [(7, names(&["a", "b"]))]);
    assert!(sink.named.lock().is_empty());
}

#[tokio::test]
async fn a_header_that_names_no_experiment_is_an_error() {
    let (intake, sink) = intake(&ServerSettings::default());
    let spans = [span(1, "a", "shop")];
    let refused = async |value| {
        send(&intake, &[("x-mlflow-experiment-id", value)], &spans)
            .await
            .unwrap_err()
    };
    let (empty, word, unknown) = (
        refused("").await,
        refused("blue").await,
        refused("77").await,
    );
    assert_eq!(
        (empty.kind(), word.kind(), unknown.kind()),
        (
            ErrorKind::InvalidInput,
            ErrorKind::InvalidInput,
            ErrorKind::NotFound
        )
    );
    insta::assert_snapshot!(word, @"header `x-mlflow-experiment-id` has to be an integer, found `blue`");
    insta::assert_snapshot!(unknown, @"experiment 77 of header `x-mlflow-experiment-id` does not exist");
    assert!(sink.stored().is_empty());
}

#[tokio::test]
async fn a_workspace_is_refused_and_an_empty_one_is_none() {
    let (intake, _) = intake(&ServerSettings::default());
    let spans = [span(1, "a", "shop")];
    let refused = send(&intake, &[("x-mlflow-workspace", "team-a")], &spans)
        .await
        .unwrap_err();
    assert_eq!(
        refused.into_api().mlflow_body()["error_code"],
        "FEATURE_DISABLED"
    );
    assert!(
        send(&intake, &[("x-mlflow-workspace", "")], &spans)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn traces_with_their_root_here_are_linked_to_the_run() {
    let (intake, sink) = intake(&ServerSettings::default());
    let child = Span {
        parent_id: SpanId::from_bytes([9; 8]),
        ..span(2, "child", "shop")
    };
    send(
        &intake,
        &[("x-mlflow-run-id", "r1")],
        &[span(1, "root", "shop"), child],
    )
    .await
    .unwrap();
    let key = TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace: trace(1),
    };
    assert_eq!(*sink.links.lock(), [(vec![key], "r1".to_owned())]);
}

#[tokio::test]
async fn a_full_budget_refuses_and_is_whole_again_afterwards() {
    let settings = ServerSettings {
        max_inflight_bytes: 2048,
        ..ServerSettings::default()
    };
    let (intake, _) = intake(&settings);
    let large = [span(1, &"x".repeat(4096), "shop")];
    let refused = send(&intake, &[], &large).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Overloaded);
    assert!(
        send(&intake, &[], &[span(1, "small", "shop")])
            .await
            .is_ok()
    );
    assert_eq!(intake.budget.used(), 0);
}

#[tokio::test]
async fn a_body_that_unpacks_beyond_the_limit_is_too_large() {
    let settings = ServerSettings {
        max_decompressed_bytes: 1 << 20,
        ..ServerSettings::default()
    };
    let (intake, _) = intake(&settings);
    let unpack = async |bytes: usize| {
        let packed = zstd::encode_all(vec![0_u8; bytes].as_slice(), 3).unwrap();
        let (bytes, reservation) = intake
            .read(&HeaderMap::new(), Body::from(packed))
            .await
            .unwrap();
        let payload = Payload {
            bytes,
            encoding: Encoding::Protobuf,
            compression: "zstd".to_owned(),
            reservation,
        };
        intake
            .traces(&Target::default(), payload)
            .await
            .unwrap_err()
    };
    assert_eq!(unpack(2 << 20).await.kind(), ErrorKind::TooLarge);
    // Within the limit, though far more than first expected of so small a body; it is not protobuf.
    assert_eq!(unpack(1 << 20).await.kind(), ErrorKind::InvalidInput);
    assert_eq!(intake.budget.used(), 0);
}
