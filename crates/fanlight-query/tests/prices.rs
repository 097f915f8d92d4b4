//! Whatever table priced a trace: its spans, its sums, statistics, and searches say the same, before and after it is
//! priced again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fanlight_model::{
    Attributes, Batch, ExperimentId, FixedClock, Span, SpanGroup, SpanId, SpanKind, TraceId,
    TraceKey, UnixNanos, Value, WorkspaceId,
};
use fanlight_normalize::{Derivation, derivation, meaning};
use fanlight_query::filter::parse;
use fanlight_query::stats::{Measure, Rows, Tabulation};
use fanlight_query::{Doomed, Effort, Engine, EngineSettings, Search};
use tempfile::TempDir;

const WORKSPACE: WorkspaceId = WorkspaceId::DEFAULT;
/// Of 1,000 tokens in and 1,000 out of `gpt-4o`, by the built-in table.
const BUILT_IN: f64 = 0.0125;

fn key(number: u8) -> TraceKey {
    TraceKey {
        workspace: WORKSPACE,
        trace: TraceId::from_bytes([number; 16]).unwrap(),
    }
}

/// Root and one model call below it.
fn trace(number: u8, model: &str) -> Vec<Span> {
    let id = |id: u64| SpanId::from_bytes(id.to_be_bytes()).unwrap();
    let start = UnixNanos::from_millis(1_764_000_000_000 + u64::from(number) * 1000);
    let root = Span {
        kind: SpanKind::Internal,
        start,
        end: Some(start),
        ..Span::new(key(number).trace, id(1), "root")
    };
    let mut attributes = Attributes::default();
    attributes.insert("gen_ai.request.model", Value::from(model));
    attributes.insert("gen_ai.usage.input_tokens", Value::Int(1000));
    attributes.insert("gen_ai.usage.output_tokens", Value::Int(1000));
    let call = Span {
        span_id: id(2),
        parent_id: Some(id(1)),
        attributes,
        ..root.clone()
    };
    vec![root, call]
}

async fn open(dir: &Path) -> Arc<Engine> {
    let clock = Arc::new(FixedClock::at(UnixNanos::from_millis(1_764_100_000_000)));
    Engine::open(dir, EngineSettings::default(), clock)
        .await
        .unwrap()
}

async fn append(engine: &Engine, spans: Vec<Span>) {
    let group = SpanGroup {
        experiment: ExperimentId::DEFAULT,
        spans,
    };
    let batch = Batch {
        workspace: WORKSPACE,
        groups: vec![group],
        ..Batch::default()
    };
    engine.append(batch).await.unwrap();
}

fn search(filter: &str) -> Search {
    Search {
        workspace: WORKSPACE,
        experiments: vec![ExperimentId::DEFAULT],
        filter: parse(filter).unwrap(),
        order_by: Vec::new(),
        limit: 100,
        page_token: None,
    }
}

/// The cost of each trace, after making sure that everything that knows it says the same.
async fn costs(engine: &Engine, numbers: std::ops::RangeInclusive<u8>) -> Vec<Option<f64>> {
    let mut costs = Vec::new();
    for number in numbers {
        let full = engine.trace(key(number)).await.unwrap().unwrap();
        let cost = full.record.summary.cost.map(|cost| cost.total);
        let of_spans: Vec<f64> = full
            .spans
            .iter()
            .filter_map(|span| Some(meaning(span).cost?.total))
            .collect();
        assert_eq!(of_spans.first().copied(), cost, "spans of {number}");
        let row = engine.record(key(number)).await.unwrap().unwrap();
        assert_eq!(row.summary.cost.map(|cost| cost.total), cost);
        costs.push(cost);
    }
    let sum: f64 = costs.iter().flatten().sum();
    for rows in [Rows::Traces, Rows::Spans] {
        for measure in [Measure::TotalCost, Measure::InputCost, Measure::OutputCost] {
            let tabulation = Tabulation {
                measures: vec![measure],
                ..Tabulation::new(rows)
            };
            let table = engine.tabulate(&search(""), tabulation).await.unwrap();
            let found: f64 = table.groups.iter().map(|group| group.figures[0].sum).sum();
            if measure == Measure::TotalCost {
                assert!(
                    (found - sum).abs() < 1e-12,
                    "{rows:?}: {found} is not {sum}"
                );
            } else {
                assert!(found < sum || sum == 0.0);
            }
        }
    }
    let unknown = engine
        .count(&search("metadata.mlflow.trace.cost IS NULL"))
        .await
        .unwrap();
    assert_eq!(
        unknown,
        costs.iter().filter(|cost| cost.is_none()).count() as u64
    );
    costs
}

async fn put(engine: &Engine, input: f64) {
    let sheet = format!(
        r#"{{"version": "v{input}", "prices": [{{"models": ["gpt-4o", "mine"],
            "per_million": {{"input": {input}, "output": {input}}}}}]}}"#
    );
    let sheet = serde_json::from_str(&sheet).unwrap();
    engine.put_prices(WORKSPACE, sheet).await.unwrap();
}

async fn repriced(engine: &Arc<Engine>) -> u64 {
    engine.reprice(WORKSPACE).await.unwrap();
    settled(engine).await
}

async fn settled(engine: &Engine) -> u64 {
    for _ in 0..1000 {
        let status = engine.repricing(WORKSPACE);
        if !status.running {
            assert_eq!(status.failure, None);
            assert_eq!(status.looked_at, status.traces);
            return status.changed;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not end");
}

/// Three sealed in two merged segments, one sealed alone, one in memory: the last of them of a model of ours.
async fn five(engine: &Engine) {
    for number in 1..=4 {
        append(engine, trace(number, "gpt-4o")).await;
        engine.seal().await.unwrap();
        if number == 3 {
            engine.compact(Effort::All).await.unwrap();
        }
    }
    append(engine, trace(5, "mine")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_has_the_price_of_its_time_until_it_is_priced_again() {
    let dir = TempDir::new().unwrap();
    let engine = open(dir.path()).await;
    five(&engine).await;
    let before = [
        Some(BUILT_IN),
        Some(BUILT_IN),
        Some(BUILT_IN),
        Some(BUILT_IN),
        None,
    ];
    assert_eq!(costs(&engine, 1..=5).await, before);

    put(&engine, 1.0).await;
    assert_eq!(costs(&engine, 1..=5).await, before);
    append(&engine, trace(6, "mine")).await;
    assert_eq!(costs(&engine, 1..=6).await[5], Some(0.002));

    assert_eq!(repriced(&engine).await, 5);
    assert_eq!(costs(&engine, 1..=6).await, [Some(0.002); 6]);
    let full = engine.trace(key(1)).await.unwrap().unwrap();
    let Some(Derivation::Computed { price, lines }) = derivation(&full.spans[1]) else {
        panic!("no derivation")
    };
    assert_eq!(
        (price.table.as_str(), price.version.as_str()),
        ("workspace", "v1")
    );
    assert_eq!(lines.len(), 2);
    assert_eq!(repriced(&engine).await, 0, "nothing is left to do");

    engine.seal().await.unwrap();
    assert_eq!(costs(&engine, 1..=6).await, [Some(0.002); 6]);
    engine.compact(Effort::All).await.unwrap();
    assert_eq!(costs(&engine, 1..=6).await, [Some(0.002); 6]);
    engine.close().await;
    drop(engine);

    let engine = open(dir.path()).await;
    assert_eq!(costs(&engine, 1..=6).await, [Some(0.002); 6]);
    assert!(engine.delete_prices(WORKSPACE).await.unwrap());
    assert!(!engine.delete_prices(WORKSPACE).await.unwrap());
    assert_eq!(repriced(&engine).await, 6);
    let [of_4o, mine] = [Some(BUILT_IN), None];
    let after = [of_4o, of_4o, of_4o, of_4o, mine, mine];
    assert_eq!(costs(&engine, 1..=6).await, after);
    engine.close().await;
    drop(engine);
    // From the log alone: nothing was sealed since.
    let engine = open(dir.path()).await;
    assert_eq!(costs(&engine, 1..=6).await, after);
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_is_gone_does_not_come_back_and_edits_stay() {
    let dir = TempDir::new().unwrap();
    let engine = open(dir.path()).await;
    five(&engine).await;
    engine.set_tag(key(2), "team", "blue").await.unwrap();
    engine.compact(Effort::All).await.unwrap();
    engine
        .delete(
            WORKSPACE,
            ExperimentId::DEFAULT,
            Doomed::Ids(vec![key(1), key(5)]),
        )
        .await
        .unwrap();
    put(&engine, 3.0).await;
    assert_eq!(repriced(&engine).await, 3);
    engine.seal().await.unwrap();
    engine.compact(Effort::All).await.unwrap();
    assert!(engine.trace(key(1)).await.unwrap().is_none());
    assert!(engine.trace(key(5)).await.unwrap().is_none());
    assert_eq!(costs(&engine, 2..=4).await, [Some(0.006); 3]);
    let tagged = engine.count(&search("tag.team = 'blue'")).await.unwrap();
    assert_eq!(tagged, 1);
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stop_interrupted_goes_on_at_the_next_start() {
    let dir = TempDir::new().unwrap();
    let engine = open(dir.path()).await;
    five(&engine).await;
    put(&engine, 2.0).await;
    // As a stop leaves it that came before the first trace.
    engine.catalog().begin_repricing(WORKSPACE).await.unwrap();
    engine.close().await;
    drop(engine);
    let engine = open(dir.path()).await;
    assert_eq!(settled(&engine).await, 5);
    assert_eq!(costs(&engine, 1..=5).await, [Some(0.004); 5]);
    assert_eq!(engine.catalog().load_repricings().await.unwrap(), []);
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_that_arrive_while_a_table_changes_have_the_one_price_or_the_other() {
    let dir = TempDir::new().unwrap();
    let engine = open(dir.path()).await;
    put(&engine, 1.0).await;
    let sending = {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move {
            for number in 1..=120 {
                append(&engine, trace(number, "mine")).await;
                if number % 40 == 0 {
                    engine.seal().await.unwrap();
                }
            }
        })
    };
    for input in [2.0, 3.0, 4.0] {
        tokio::time::sleep(Duration::from_millis(20)).await;
        put(&engine, input).await;
        engine.reprice(WORKSPACE).await.unwrap();
    }
    sending.await.unwrap();
    settled(&engine).await;
    assert_eq!(costs(&engine, 1..=120).await, [Some(0.008); 120]);
    engine.close().await;
}
