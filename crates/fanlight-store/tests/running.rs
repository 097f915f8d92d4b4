//! Traces that run for long, more of them than fit into memory: all of each is seen all the time, and what they cost
//! grows with their spans, not with the square.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fanlight_model::{
    Addition, Attributes, Batch, Clock, Event, ExperimentId, FixedClock, Nanos, Price, Priced,
    Rates, Repriced, Span, SpanGroup, SpanId, TraceFacts, TraceId, TraceKey, UnixNanos, Value,
    WorkspaceId,
};
use fanlight_store::{MemoryRegistry, Registry, Settings, Store};

const LIMIT: usize = 256 << 10;
const TRACES: u8 = 8;

struct World {
    dir: tempfile::TempDir,
    registry: Arc<MemoryRegistry>,
    clock: Arc<FixedClock>,
    runtime: tokio::runtime::Runtime,
    store: Option<Store>,
}

fn trace_id(trace: u8) -> TraceId {
    TraceId::from_bytes([trace + 1; 16]).unwrap()
}

fn key(trace: u8) -> TraceKey {
    TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace: trace_id(trace),
    }
}

fn span_id(number: u32) -> SpanId {
    SpanId::from_bytes((u64::from(number) + 1).to_be_bytes()).unwrap()
}

/// Span 0 is the root. Others have a kilobyte of text.
fn span(trace: u8, number: u32, version: i64) -> Span {
    let attributes: Attributes = [
        ("version".to_owned(), Value::Int(version)),
        ("text".to_owned(), "word ".repeat(200).into()),
    ]
    .into_iter()
    .collect();
    Span {
        parent_id: (number > 0).then(|| span_id(0)),
        start: UnixNanos(1_000 + u64::from(number)),
        end: Some(UnixNanos(1_000_000)),
        attributes,
        ..Span::new(trace_id(trace), span_id(number), format!("span {number}"))
    }
}

fn batch(spans: Vec<Span>) -> Batch {
    let experiment = ExperimentId(7);
    Batch {
        groups: vec![SpanGroup { experiment, spans }],
        ..Batch::default()
    }
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            dir: tempfile::tempdir().unwrap(),
            registry: Arc::default(),
            clock: Arc::new(FixedClock::at(UnixNanos(1))),
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
            store: None,
        };
        world.restart();
        world
    }

    fn restart(&mut self) {
        if let Some(store) = self.store.take() {
            store.close();
        }
        let settings = Settings {
            hot_limit_bytes: LIMIT,
            seal_bytes: LIMIT / 2,
            quiet: Duration::from_secs(1),
            ..Settings::default()
        };
        let registry = Arc::clone(&self.registry) as Arc<dyn Registry>;
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let store = Store::open(self.dir.path(), settings, registry, clock).unwrap();
        self.store = Some(store);
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// Appends, and does what happens in the background after that.
    fn append(&self, batch: Batch) {
        self.runtime.block_on(self.store().append(batch)).unwrap();
        self.upkeep();
    }

    fn upkeep(&self) {
        while self.store().sealing_may_be_due() && self.store().seal_due().unwrap() > 0 {}
    }

    /// All traces grow in turns, `spans` at a time, from `from` to `to`.
    fn grow(&self, from: u32, to: u32) {
        for first in (from..to).step_by(8) {
            for trace in 0..TRACES {
                let spans = (first..first + 8).map(|number| span(trace, number, 1));
                self.append(batch(spans.collect()));
                let (bytes, _) = self.store().hot_size();
                assert!(bytes <= LIMIT, "{bytes} bytes in memory");
            }
        }
    }

    /// Version of each span of a trace.
    fn versions(&self, trace: u8) -> BTreeMap<SpanId, i64> {
        let found = self.store().find(key(trace)).unwrap();
        let spans = found.spans().unwrap();
        let version = |span: &Span| match span.attributes.get("version") {
            Some(Value::Int(version)) => *version,
            other => panic!("{other:?}"),
        };
        let versions: BTreeMap<_, _> = spans
            .iter()
            .map(|span| (span.span_id, version(span)))
            .collect();
        assert_eq!(versions.len(), spans.len(), "each span once");
        let count = u32::try_from(spans.len()).unwrap();
        assert_eq!(found.stored().unwrap().summary.span_count, count);
        versions
    }

    /// Spans of all rows ever written, those too that do not count any more.
    fn written_spans(&self) -> u64 {
        let rows = self.store().snapshot().segments.into_iter().map(|view| {
            let rows = view.segment.rows();
            let spans = (0..view.segment.row_count()).map(|row| u64::from(rows.span_count(row)));
            spans.sum::<u64>()
        });
        rows.sum()
    }
}

fn all(numbers: std::ops::Range<u32>, version: i64) -> BTreeMap<SpanId, i64> {
    numbers.map(|number| (span_id(number), version)).collect()
}

#[test]
fn traces_that_do_not_fit_into_memory_together_are_written_about_twice() {
    let world = World::new();
    world.grow(1, 401);
    for trace in 0..TRACES {
        assert_eq!(world.versions(trace), all(1..401, 1));
    }
    let snapshot = world.store().snapshot();
    assert_eq!(snapshot.hot.len(), usize::from(TRACES));
    let on_disk = snapshot
        .hot
        .iter()
        .filter(|trace| trace.bytes() < 100 << 10);
    assert!(on_disk.count() > 0, "no trace of 400 KB left memory");

    for trace in 0..TRACES {
        world.append(batch(vec![span(trace, 0, 1)]));
    }
    world.clock.advance(Nanos(60_000_000_000));
    while world.store().seal_due().unwrap() > 0 {}
    assert_eq!(world.store().hot_size(), (0, 0));
    for trace in 0..TRACES {
        assert_eq!(world.versions(trace), all(0..401, 1));
    }
    let spans = u64::from(TRACES) * 401;
    assert!(
        world.written_spans() < 2 * spans,
        "{}",
        world.written_spans()
    );
}

#[test]
fn a_restart_brings_back_what_was_not_in_memory_and_does_not_exceed_it() {
    let mut world = World::new();
    world.grow(1, 201);
    world.restart();
    let (bytes, traces) = world.store().hot_size();
    assert!(bytes <= LIMIT && traces == usize::from(TRACES), "{bytes}");
    for trace in 0..TRACES {
        assert_eq!(world.versions(trace), all(1..201, 1));
    }
    world.grow(201, 241);
    world.store().seal_all().unwrap();
    world.restart();
    for trace in 0..TRACES {
        assert_eq!(world.versions(trace), all(1..241, 1));
    }
}

#[test]
fn what_arrives_for_spans_that_are_on_disk_counts_as_if_they_were_in_memory() {
    let mut world = World::new();
    world.grow(1, 201);
    let price = Arc::new(Price {
        table: "t".to_owned(),
        version: "1".to_owned(),
        provider: None,
        model: "m".to_owned(),
        from: None,
        above_input_tokens: None,
        batch: None,
        rates: Rates {
            input: 0.5,
            ..Rates::default()
        },
    });
    let open = Span {
        end: None,
        ..span(0, 7, 3)
    };
    let mut facts = TraceFacts::new(trace_id(0), ExperimentId(7));
    facts.tags.insert("tag".to_owned(), "set".to_owned());
    world.append(Batch {
        traces: vec![facts],
        additions: vec![Addition {
            trace_id: trace_id(0),
            span_id: span_id(6),
            experiment: ExperimentId(7),
            event: Event {
                name: "said".to_owned(),
                time: UnixNanos(5),
                ..Event::default()
            },
        }],
        repriced: vec![Repriced {
            trace_id: trace_id(0),
            span_id: span_id(8),
            was: Priced::Unasked,
            price: Priced::At(Arc::clone(&price)),
        }],
        // A later version counts, but for one that says the span still runs.
        ..batch(vec![span(0, 5, 2), open])
    });
    let check = |world: &World| {
        let mut expected = all(1..201, 1);
        expected.insert(span_id(5), 2);
        let versions = world.versions(0);
        let added: Vec<_> = versions
            .keys()
            .filter(|id| !expected.contains_key(id))
            .collect();
        assert!(added.is_empty() || added.len() == 80, "{added:?}");
        for (id, version) in &expected {
            assert_eq!(versions[id], *version, "{id}");
        }
        let found = world.store().find(key(0)).unwrap();
        let spans = found.spans().unwrap();
        let by_id = |number| {
            spans
                .iter()
                .find(|span| span.span_id == span_id(number))
                .unwrap()
        };
        let said: Vec<_> = by_id(6).events.iter().map(|event| &event.name).collect();
        assert_eq!(said, ["said"]);
        assert_eq!(by_id(8).price, Priced::At(Arc::clone(&price)));
        assert_eq!(by_id(9).price, Priced::Unasked);
        let tags = found.stored().unwrap().summary.tags;
        assert_eq!(tags.get("tag").map(String::as_str), Some("set"));
    };
    check(&world);
    // What changed leaves memory as well.
    world.grow(201, 281);
    check(&world);
    world.restart();
    check(&world);
    world.store().seal_all().unwrap();
    check(&world);
}

#[test]
fn a_deleted_trace_that_begins_anew_has_nothing_of_what_was_on_disk() {
    let mut world = World::new();
    world.grow(1, 201);
    let deleted = world.runtime.block_on(world.store().delete(vec![key(0)]));
    assert_eq!(deleted.unwrap(), [key(0)]);
    assert!(world.store().find(key(0)).is_none());
    world.append(batch(vec![span(0, 300, 1)]));
    assert_eq!(world.versions(0), all(300..301, 1));
    world.grow(201, 241);
    let mut expected = all(201..241, 1);
    expected.insert(span_id(300), 1);
    assert_eq!(world.versions(0), expected);
    world.restart();
    assert_eq!(world.versions(0), expected);
}
