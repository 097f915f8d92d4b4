//! What is beyond the limits: the oldest traces, as many as are too old, too many or too large.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fanlight_model::{
    Attributes, Batch, ExperimentId, FixedClock, Nanos, Span, SpanGroup, SpanId, SpanKind, TraceId,
    TraceKey, UnixNanos, Value, WorkspaceId,
};
use fanlight_query::{BYTES_TAG, Engine, EngineSettings, Excess, Retention};

const MINUTE: u64 = 60_000_000_000;
const NOW: UnixNanos = UnixNanos(1_000_000 * MINUTE);

/// A directory that goes away.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        drop(std::fs::remove_dir_all(&path));
        Self(path)
    }

    async fn open(&self, retention: Retention, total: Option<u64>) -> Arc<Engine> {
        let settings = EngineSettings {
            retention,
            retention_total_bytes: total,
            ..EngineSettings::default()
        };
        loop {
            let clock = Arc::new(FixedClock::at(NOW));
            match Engine::open(&self.0, settings.clone(), clock).await {
                // The one that was closed before is still on its way out.
                Err(error) if error.to_string().contains("in use by another") => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                opened => return opened.unwrap(),
            }
        }
    }

    /// What the segments take on disk.
    fn bytes(&self) -> u64 {
        fn bytes_in(dir: &Path) -> u64 {
            let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
            let size = |entry: std::fs::DirEntry| {
                let metadata = entry.metadata().unwrap();
                if metadata.is_dir() {
                    bytes_in(&entry.path())
                } else {
                    metadata.len()
                }
            };
            entries.map(size).sum()
        }
        bytes_in(&self.0.join("segments"))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Ends of traces of so many spans, the trace's number minutes after the beginning of time. Nothing makes them small.
async fn append(engine: &Engine, experiment: ExperimentId, traces: &[(u64, u64)]) {
    let mut state = 1_u64;
    let mut noise = move || {
        let letter = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + (state >> 33 & 0x3f) as u8)
        };
        std::iter::repeat_with(letter)
            .take(4000)
            .collect::<String>()
    };
    let spans = traces.iter().flat_map(|(trace, spans)| {
        (1..=*spans)
            .map(|span| span_of(*trace, span))
            .collect::<Vec<_>>()
    });
    let spans = spans.map(|mut span| {
        span.attributes.insert("noise", Value::from(noise()));
        span
    });
    let group = SpanGroup {
        experiment,
        spans: spans.collect(),
    };
    let batch = Batch {
        groups: vec![group],
        ..Batch::default()
    };
    engine.append(batch).await.unwrap();
}

fn span_of(trace: u64, span: u64) -> Span {
    let start = UnixNanos(trace * MINUTE);
    Span {
        parent_id: (span > 1).then(|| SpanId::from_bytes(1_u64.to_be_bytes()).unwrap()),
        kind: SpanKind::Internal,
        start,
        end: Some(start.saturating_add(Nanos::from_millis(1))),
        attributes: Attributes::new(),
        ..Span::new(
            key(trace).trace,
            SpanId::from_bytes(span.to_be_bytes()).unwrap(),
            "call",
        )
    }
}

fn key(trace: u64) -> TraceKey {
    TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace: TraceId::from_bytes(u128::from(trace).to_be_bytes()).unwrap(),
    }
}

async fn close(engine: Arc<Engine>) {
    engine.close().await;
}

fn bytes(limit: u64) -> Retention {
    Retention {
        bytes: Some(limit),
        ..Retention::default()
    }
}

/// The ones of `traces` that are still there.
async fn left(engine: &Engine, traces: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let mut left = Vec::new();
    for trace in traces {
        if engine.record(key(trace)).await.unwrap().is_some() {
            left.push(trace);
        }
    }
    left
}

fn counts(excess: &[Excess]) -> Vec<(Option<&str>, u64)> {
    let counts = excess.iter();
    counts
        .map(|excess| (excess.experiment.as_deref(), excess.traces))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_go_until_the_rest_fits_on_the_disk() {
    let home = Home::new("retention-bytes");
    let engine = home.open(Retention::default(), None).await;
    // In no order, and in segments that overlap. The third one is as large as all others together.
    append(&engine, ExperimentId::DEFAULT, &[(5, 1), (1, 1), (3, 8)]).await;
    engine.seal().await.unwrap();
    append(&engine, ExperimentId::DEFAULT, &[(2, 1), (6, 1), (4, 1)]).await;
    engine.seal().await.unwrap();
    assert_eq!(engine.excess().await.unwrap(), [], "no limit");
    close(engine).await;

    let taken = home.bytes();
    for (limit, gone) in [
        (taken, 0),
        (taken - taken / 100, 1),
        // Without traces 1 and 2 it is still too much, and the next one is the large one.
        (taken * 3 / 5, 3),
        (1, 6),
    ] {
        let engine = home.open(bytes(limit), None).await;
        let excess = engine.excess().await.unwrap();
        assert_eq!(excess.iter().map(|excess| excess.traces).sum::<u64>(), gone);
        close(engine).await;
    }
    let engine = home.open(bytes(1), None).await;
    let all = engine.excess().await.unwrap()[0].bytes;
    assert!(all <= taken && all > taken * 9 / 10, "{all} of {taken}");
    close(engine).await;

    let engine = home.open(bytes(taken * 3 / 5), None).await;
    assert_eq!(engine.expire().await.unwrap(), 3);
    assert_eq!(left(&engine, 1..=6).await, [4, 5, 6]);
    assert_eq!(engine.expire().await.unwrap(), 0, "the rest fits");
    // Whatever is merged, what is left takes what it took.
    engine.compact(fanlight_query::Effort::All).await.unwrap();
    assert_eq!(engine.expire().await.unwrap(), 0);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_in_memory_count_as_well() {
    let home = Home::new("retention-hot");
    let engine = home.open(bytes(10_000), None).await;
    append(&engine, ExperimentId::DEFAULT, &[(1, 1), (2, 1), (3, 1)]).await;
    assert_eq!(engine.expire().await.unwrap(), 1);
    assert_eq!(left(&engine, 1..=3).await, [2, 3]);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_of_the_experiment_counts_more_than_the_setting() {
    let home = Home::new("retention-tag");
    let engine = home.open(bytes(5_000), None).await;
    append(&engine, ExperimentId::DEFAULT, &[(1, 1), (2, 1), (3, 1)]).await;
    let excess = async |tag: &str| {
        let catalog = engine.catalog();
        let set = catalog.set_experiment_tag(ExperimentId::DEFAULT, BYTES_TAG, tag);
        set.await.unwrap();
        let excess = engine.excess().await.unwrap();
        excess.first().map_or(0, |excess| excess.traces)
    };
    assert_eq!(excess("10KB").await, 1);
    assert_eq!(excess("10000").await, 1);
    assert_eq!(excess("1GiB").await, 0);
    assert_eq!(excess("0").await, 0, "no limit");
    assert_eq!(excess("a lot").await, 2, "the setting");
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_an_experiment_hold_together_and_for_it_alone() {
    let home = Home::new("retention-together");
    // Nothing from the first hours of time, and not more than six.
    let retention = Retention {
        days: Some(u32::try_from((NOW.0 - 3 * MINUTE) / (24 * 60 * MINUTE)).unwrap()),
        traces: Some(6),
        bytes: None,
    };
    let engine = home.open(retention, None).await;
    let other = engine
        .catalog()
        .find_or_create_experiment(WorkspaceId::DEFAULT, "other")
        .await
        .unwrap();
    let many: Vec<(u64, u64)> = (1000..1010).map(|trace| (trace * 1000, 1)).collect();
    append(&engine, ExperimentId::DEFAULT, &many).await;
    append(&engine, other, &[(1, 1), (900_000, 1)]).await;
    engine.seal().await.unwrap();
    let excess = engine.excess().await.unwrap();
    let mut found = counts(&excess);
    found.sort_unstable();
    assert_eq!(found, [(Some("Default"), 4), (Some("other"), 1)]);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_experiments_together_lose_their_oldest() {
    let home = Home::new("retention-total");
    let engine = home.open(Retention::default(), None).await;
    let other = engine
        .catalog()
        .find_or_create_experiment(WorkspaceId::DEFAULT, "other")
        .await
        .unwrap();
    append(&engine, ExperimentId::DEFAULT, &[(1, 1), (3, 1), (5, 1)]).await;
    append(&engine, other, &[(2, 1), (4, 1), (6, 1)]).await;
    engine.seal().await.unwrap();
    close(engine).await;

    let half = home.bytes() / 2;
    let engine = home.open(Retention::default(), Some(half)).await;
    assert_eq!(counts(&engine.excess().await.unwrap()), [(None, 3)]);
    close(engine).await;
    // What an experiment loses by its own limit counts first.
    let newest = Retention {
        traces: Some(1),
        ..Retention::default()
    };
    let engine = home.open(newest, Some(half)).await;
    let mut found = engine.excess().await.unwrap();
    found.sort_unstable_by_key(|excess| excess.experiment.clone());
    let expected = [(Some("Default"), 2), (Some("other"), 2)];
    assert_eq!(counts(&found), expected);
    close(engine).await;

    let engine = home.open(Retention::default(), Some(half)).await;
    assert_eq!(engine.expire().await.unwrap(), 3);
    assert_eq!(left(&engine, 1..=6).await, [4, 5, 6]);
    close(engine).await;
}
