//! Tables of figures from memory and from segments, with and without the columns that make them fast.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fanlight_model::{
    Attributes, Batch, ExperimentId, FixedClock, Nanos, Span, SpanGroup, SpanId, SpanKind, Status,
    StatusCode, TraceId, TraceKey, UnixNanos, Value, WorkspaceId,
};
use fanlight_query::filter::parse;
use fanlight_query::stats::{Dimension, Keep, Measure, Rows, SpanProperty, Table, Tabulation};
use fanlight_query::{
    Count, Doomed, Engine, EngineSettings, Facet, FacetRequest, OverviewRequest, QueryError, Search,
};

/// A directory that goes away.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        drop(std::fs::remove_dir_all(&path));
        Self(path)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A call of a model that took `number` milliseconds, with a long name every third time.
fn call(number: u64) -> Span {
    let mut attributes = Attributes::new();
    attributes.insert("mlflow.spanType", Value::from("\"LLM\""));
    attributes.insert("gen_ai.request.model", Value::from("gpt-4o"));
    let numbers = [
        ("gen_ai.usage.input_tokens", number * 10),
        ("gen_ai.usage.output_tokens", number),
        ("gen_ai.usage.cache_read_input_tokens", number * 2),
    ];
    for (key, count) in numbers {
        attributes.insert(key, Value::Int(i64::try_from(count).unwrap()));
    }
    let name = if number.is_multiple_of(3) {
        "n".repeat(300)
    } else {
        "short".to_owned()
    };
    attributes.insert("mlflow.traceTag.mlflow.traceName", Value::from(name));
    let start = UnixNanos::from_millis(1_000_000 + number * 1000);
    Span {
        kind: SpanKind::Internal,
        start,
        end: Some(start.saturating_add(Nanos::from_millis(number))),
        status: Status {
            code: if number.is_multiple_of(5) {
                StatusCode::Error
            } else {
                StatusCode::Ok
            },
            message: String::new(),
        },
        attributes,
        ..Span::new(
            TraceId::from_bytes(u128::from(number).to_be_bytes()).unwrap(),
            SpanId::from_bytes(1_u64.to_be_bytes()).unwrap(),
            format!("call {}", number % 2),
        )
    }
}

async fn open(home: &Home) -> Arc<Engine> {
    open_with(home, EngineSettings::default()).await
}

async fn open_with(home: &Home, settings: EngineSettings) -> Arc<Engine> {
    let clock = Arc::new(FixedClock::at(UnixNanos::from_millis(9_000_000)));
    Engine::open(&home.0, settings, clock).await.unwrap()
}

async fn append(engine: &Engine, numbers: std::ops::Range<u64>) {
    let group = SpanGroup {
        experiment: ExperimentId::DEFAULT,
        spans: numbers.map(call).collect(),
    };
    let batch = Batch {
        groups: vec![group],
        ..Batch::default()
    };
    engine.append(batch).await.unwrap();
}

fn everything() -> Search {
    Search {
        workspace: WorkspaceId::DEFAULT,
        experiments: vec![ExperimentId::DEFAULT],
        filter: parse("").unwrap(),
        order_by: Vec::new(),
        limit: 0,
        page_token: None,
    }
}

/// Values, rows, failures and sums.
type Summed = (Vec<Option<String>>, u64, u64, Vec<String>);

/// Groups in order, with the sums of their measures.
fn sums(table: &Table) -> Vec<Summed> {
    let groups = table.groups.iter().map(|group| {
        let figures = group
            .figures
            .iter()
            .map(|figure| format!("{:.6}", figure.sum));
        (
            group.values.clone(),
            group.count,
            group.errors,
            figures.collect(),
        )
    });
    let mut sums: Vec<_> = groups.collect();
    sums.sort();
    sums
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_narrow_columns_and_whole_traces_give_the_same_figures() {
    let home = Home::new("stats-same");
    let engine = open(&home).await;
    append(&engine, 1..40).await;
    let all = [
        Measure::Duration,
        Measure::InputTokens,
        Measure::OutputTokens,
        Measure::TotalTokens,
        Measure::TotalCost,
    ];
    // Neither file has a column for all of these: whole traces and spans have to be read.
    let traces_only = Measure::CacheReadTokens;
    let spans_only = Measure::InputCost;
    let request = |of, extra: &[Measure]| Tabulation {
        measures: all.iter().chain(extra).copied().collect(),
        dimensions: vec![Dimension::Trace(Facet::Name)],
        keep: Keep::Values(1000),
        ..Tabulation::new(of)
    };
    let by_name = Tabulation {
        dimensions: vec![
            Dimension::Span(SpanProperty::Name),
            Dimension::Span(SpanProperty::Model),
        ],
        spans: vec![(SpanProperty::Status, "OK".to_owned())],
        ..request(Rows::Spans, &[])
    };
    let requests = [
        request(Rows::Traces, &[]),
        request(Rows::Traces, &[traces_only]),
        request(Rows::Traces, &[spans_only]),
        request(Rows::Spans, &[]),
        request(Rows::Spans, &[spans_only]),
        request(Rows::Spans, &[traces_only]),
        by_name,
    ];
    let mut in_memory = Vec::new();
    for request in &requests {
        let table = engine
            .tabulate(&everything(), request.clone())
            .await
            .unwrap();
        in_memory.push(sums(&table));
    }
    assert_eq!(in_memory[0].len(), 2, "a long name is a name");
    assert_eq!(in_memory[0][0].1 + in_memory[0][1].1, 39);
    engine.seal().await.unwrap();
    for (request, expected) in requests.iter().zip(&in_memory) {
        let table = engine
            .tabulate(&everything(), request.clone())
            .await
            .unwrap();
        assert_eq!(&sums(&table), expected, "{request:?}");
    }
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_errors_that_name_them() {
    let home = Home::new("stats-limits");
    let engine = open(&home).await;
    append(&engine, 1..20).await;
    let mut request = Tabulation {
        interval: Some(Nanos::from_millis(1000)),
        max_groups: 10,
        ..Tabulation::new(Rows::Traces)
    };
    let refused = engine.tabulate(&everything(), request.clone()).await;
    assert!(matches!(
        refused,
        Err(QueryError::TooManyGroups { limit: 10 })
    ));
    request.interval = None;
    request.measures = vec![Measure::Duration];
    request.keep = Keep::Values(10);
    let refused = engine.tabulate(&everything(), request.clone()).await;
    assert!(matches!(
        refused,
        Err(QueryError::TooManyValues { limit: 10 })
    ));
    request.keep = Keep::Values(100);
    let table = engine.tabulate(&everything(), request).await.unwrap();
    assert_eq!(table.groups[0].figures[0].percentile(50.0), Some(10.0));
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_time_is_over_counts_say_between_which_bounds_they_lie() {
    let home = Home::new("stats-late");
    let settings = EngineSettings {
        scan_budget: Duration::ZERO,
        ..EngineSettings::default()
    };
    let engine = open_with(&home, settings).await;
    append(&engine, 1..20).await;
    engine.seal().await.unwrap();
    // In memory everything is known.
    append(&engine, 20..30).await;
    let mut search = everything();
    search.filter = parse("trace.text ILIKE '%shor_%' AND status = 'OK'").unwrap();
    let request = || OverviewRequest {
        facets: vec![FacetRequest {
            facet: Facet::State,
            limit: 5,
        }],
        histogram: Some(10),
    };
    let (_, overview) = engine
        .search_with_overview(&search, request())
        .await
        .unwrap();
    let in_memory =
        (20..30_u64).filter(|number| !number.is_multiple_of(3) && !number.is_multiple_of(5));
    let least = in_memory.count() as u64;
    let sealed = (1..20_u64)
        .filter(|number| !number.is_multiple_of(5))
        .count() as u64;
    let expected = Count {
        least,
        most: least + sealed,
    };
    assert_eq!(overview.count, expected);
    assert_eq!(overview.facets[0].values, [("OK".to_owned(), expected)]);
    let histogram = overview.histogram.unwrap();
    let mut sum = Count::default();
    for count in histogram.buckets.iter().flatten() {
        sum.least += count.least;
        sum.most += count.most;
    }
    assert_eq!(sum, expected);
    // What the indexes answer takes no time.
    search.filter = parse("status = 'OK'").unwrap();
    let (_, overview) = engine
        .search_with_overview(&search, request())
        .await
        .unwrap();
    let all = (1..30_u64)
        .filter(|number| !number.is_multiple_of(5))
        .count() as u64;
    assert_eq!(overview.count, Count::exactly(all));
    engine.close().await;
}

/// Changes one byte of a file that is open.
fn flip(path: &std::path::Path, place: u64) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, place).unwrap();
    file.write_all_at(&[byte[0] ^ 0x20], place).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_costs_the_figures_of_the_rows_around_it() {
    const ALL: u64 = 9000;
    let home = Home::new("stats-damage");
    let engine = open(&home).await;
    append(&engine, 1..ALL + 1).await;
    engine.seal().await.unwrap();
    // In memory, and never damaged.
    append(&engine, 1_000_000..1_000_010).await;
    let file = home.0.join("segments/0000000000000000/spans.parquet");
    let request = Tabulation {
        // Times are packed so well that a block of the file holds all of them.
        measures: vec![Measure::InputCost],
        dimensions: vec![Dimension::Span(SpanProperty::Name)],
        keep: Keep::Buckets,
        ..Tabulation::new(Rows::Spans)
    };
    let count = async || {
        let table = engine.tabulate(&everything(), request.clone()).await;
        let groups = table.unwrap().groups;
        groups.iter().map(|group| group.count).sum::<u64>() - 10
    };
    assert_eq!(count().await, ALL);
    let length = std::fs::metadata(&file).unwrap().len();
    let mut left = Vec::new();
    for place in (0..100).map(|part| length * part / 100) {
        flip(&file, place);
        left.push(count().await);
        flip(&file, place);
    }
    assert!(left.iter().all(|count| *count <= ALL), "{left:?}");
    let costs_some = |count: &&u64| (1..ALL).contains(*count);
    assert!(left.iter().any(|count| costs_some(&count)), "{left:?}");
    assert_eq!(count().await, ALL, "as soon as it can be read");
    assert_ne!(engine.damaged_places()[1], 0);
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn activity_is_exact_in_memory_and_in_segments_and_after_deletes() {
    let home = Home::new("stats-activity");
    let engine = open(&home).await;
    let other = ExperimentId(7);
    let add = async |experiment: ExperimentId, numbers: std::ops::Range<u64>| {
        let group = SpanGroup {
            experiment,
            spans: numbers.map(call).collect(),
        };
        let batch = Batch {
            groups: vec![group],
            ..Batch::default()
        };
        engine.append(batch).await.unwrap();
    };
    let known = async || {
        let ids = vec![ExperimentId::DEFAULT, other, ExperimentId(99)];
        let found = engine.activity(WorkspaceId::DEFAULT, ids).await.unwrap();
        let rows = found.into_iter().map(|(id, activity)| {
            let last = activity.last_start.map(UnixNanos::as_millis);
            (id.0, activity.traces, activity.errors, last)
        });
        rows.collect::<Vec<_>>()
    };
    let at = |number: u64| Some(1_000_000 + number * 1000);
    assert_eq!(known().await, []);
    // Every fifth call failed.
    add(ExperimentId::DEFAULT, 1..21).await;
    add(other, 21..24).await;
    let expected = vec![(0, 20, 4, at(20)), (7, 3, 0, at(23))];
    assert_eq!(known().await, expected, "in memory");
    engine.seal().await.unwrap();
    assert_eq!(known().await, expected, "sealed");

    add(other, 24..31).await;
    let expected = vec![(0, 20, 4, at(20)), (7, 10, 2, at(30))];
    assert_eq!(known().await, expected, "both");
    // The newest of each, one of them failed and one of them only in memory.
    for (experiment, number) in [(ExperimentId::DEFAULT, 20_u128), (other, 30)] {
        let workspace = WorkspaceId::DEFAULT;
        let trace = TraceId::from_bytes(number.to_be_bytes()).unwrap();
        let doomed = Doomed::Ids(vec![TraceKey { workspace, trace }]);
        let gone = engine.delete(workspace, experiment, doomed).await.unwrap();
        assert_eq!(gone.len(), 1);
    }
    let expected = vec![(0, 19, 3, at(19)), (7, 9, 1, at(29))];
    assert_eq!(known().await, expected, "after deletes");
    engine.seal().await.unwrap();
    assert_eq!(known().await, expected, "all sealed");

    // A trace of a segment goes on: its row is shadowed, and it still counts once.
    let mut late = call(5);
    late.span_id = SpanId::from_bytes(2_u64.to_be_bytes()).unwrap();
    late.parent_id = Some(SpanId::from_bytes(1_u64.to_be_bytes()).unwrap());
    let batch = Batch {
        groups: vec![SpanGroup {
            experiment: ExperimentId::DEFAULT,
            spans: vec![late],
        }],
        ..Batch::default()
    };
    engine.append(batch).await.unwrap();
    assert_eq!(known().await, expected, "after a late span");
    engine.close().await;
}
