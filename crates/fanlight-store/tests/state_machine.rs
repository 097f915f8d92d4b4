//! Any mix of appends, deletes, seals, failures and restarts keeps every acknowledged fact and invents none.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fanlight_model::{
    Addition, Attributes, Batch, Clock, Event, ExperimentId, FixedClock, Nanos, Resource, Scope,
    SegmentId, Span, SpanGroup, SpanId, Status, TraceFacts, TraceId, TraceKey, TraceState,
    UnixNanos, Value, WorkspaceId,
};
use fanlight_store::{
    Effort, MemoryRegistry, Registered, Registry, RegistryError, SegmentEntry, Settings, Store,
};
use proptest::prelude::*;

/// Traces and spans are few, so that steps meet.
const TRACES: u8 = 5;
const SPANS: u8 = 6;

#[derive(Clone, Debug)]
enum Step {
    /// Spans of one trace, by number; the first one is the root.
    Append {
        trace: u8,
        spans: Vec<u8>,
        version: u8,
    },
    Facts {
        trace: u8,
        tag: u8,
    },
    Delete {
        traces: Vec<u8>,
    },
    Seal,
    /// The registry says that it failed in the middle of a seal, before or after it took effect.
    FailedSeal {
        in_effect: bool,
    },
    Compact,
    /// The registry says that it failed while segments were merged, before or after it took effect.
    FailedCompact {
        in_effect: bool,
    },
    Restart,
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let trace = 0..TRACES;
    prop_oneof![
        6 => (trace.clone(), prop::collection::vec(0..SPANS, 1..4), any::<u8>())
            .prop_map(|(trace, spans, version)| Step::Append { trace, spans, version }),
        2 => (trace.clone(), any::<u8>()).prop_map(|(trace, tag)| Step::Facts { trace, tag }),
        1 => prop::collection::vec(trace, 1..3).prop_map(|traces| Step::Delete { traces }),
        2 => Just(Step::Seal),
        1 => any::<bool>().prop_map(|in_effect| Step::FailedSeal { in_effect }),
        3 => Just(Step::Compact),
        1 => any::<bool>().prop_map(|in_effect| Step::FailedCompact { in_effect }),
        2 => Just(Step::Restart),
        1 => Just(Step::Wait),
    ]
}

/// What must be visible: spans with their version, and the tag.
#[derive(Clone, Debug, Default, PartialEq)]
struct Expected {
    spans: BTreeMap<u8, u8>,
    tag: Option<u8>,
}

#[derive(Debug, Default)]
struct FailingRegistry {
    inner: MemoryRegistry,
    fail_next: AtomicBool,
    fail_after: AtomicBool,
}

impl Registry for FailingRegistry {
    fn load(&self) -> Result<Registered, RegistryError> {
        self.inner.load()
    }

    fn announce(
        &self,
        segment: &SegmentEntry,
        dead: &[(SegmentId, Vec<u8>)],
        log_position: u64,
    ) -> Result<(), RegistryError> {
        if self.fail_next.swap(false, Ordering::SeqCst) {
            return Err("the registry is out of order".into());
        }
        self.inner.announce(segment, dead, log_position)?;
        if self.fail_after.swap(false, Ordering::SeqCst) {
            return Err("the connection broke before the answer".into());
        }
        Ok(())
    }

    fn replace(
        &self,
        segment: Option<&SegmentEntry>,
        removed: &[SegmentId],
    ) -> Result<(), RegistryError> {
        if self.fail_next.swap(false, Ordering::SeqCst) {
            return Err("the registry is out of order".into());
        }
        self.inner.replace(segment, removed)?;
        if self.fail_after.swap(false, Ordering::SeqCst) {
            return Err("the connection broke before the answer".into());
        }
        Ok(())
    }

    fn record_deletes(
        &self,
        tombstones: &[(TraceKey, u64)],
        dead: &[(SegmentId, Vec<u8>)],
    ) -> Result<(), RegistryError> {
        self.inner.record_deletes(tombstones, dead)
    }

    fn prune_tombstones(&self, below: u64) -> Result<(), RegistryError> {
        self.inner.prune_tombstones(below)
    }
}

struct World {
    dir: tempfile::TempDir,
    registry: Arc<FailingRegistry>,
    clock: Arc<FixedClock>,
    runtime: tokio::runtime::Runtime,
    store: Option<Store>,
    expected: BTreeMap<u8, Expected>,
}

fn trace_id(number: u8) -> TraceId {
    TraceId::from_bytes([number + 1; 16]).unwrap()
}

fn key(number: u8) -> TraceKey {
    TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace: trace_id(number),
    }
}

fn span(trace: u8, number: u8, version: u8) -> Span {
    let attributes: Attributes = [
        ("version".to_owned(), Value::Int(version.into())),
        (
            "mlflow.spanInputs".to_owned(),
            Value::Map(vec![("q".into(), Value::Double(1.0))]),
        ),
        ("bytes".to_owned(), Value::Bytes(vec![version])),
    ]
    .into_iter()
    .collect();
    Span {
        trace_id: trace_id(trace),
        span_id: SpanId::from_bytes([number + 1; 8]).unwrap(),
        parent_id: (number > 0).then(|| SpanId::from_bytes([1; 8]).unwrap()),
        name: format!("span {number}"),
        kind: 3.into(),
        start: UnixNanos(1_000_000 * u64::from(trace) + u64::from(number)),
        end: Some(UnixNanos(9_000_000)),
        status: Status::default(),
        attributes,
        events: Vec::new(),
        links: Vec::new(),
        trace_state: String::new(),
        flags: 1,
        dropped: [0, 1, 2],
        scope: Arc::new(Scope {
            name: "test".into(),
            ..Scope::default()
        }),
        resource: Arc::new(Resource {
            attributes: [("service.name".to_owned(), "svc".into())]
                .into_iter()
                .collect(),
        }),
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
            expected: BTreeMap::new(),
        };
        world.restart();
        world
    }

    fn restart(&mut self) {
        if let Some(store) = self.store.take() {
            store.close();
        }
        let settings = Settings {
            log_file_bytes: 1500,
            quiet: Duration::from_secs(1),
            ..Settings::default()
        };
        let registry = Arc::clone(&self.registry) as Arc<dyn Registry>;
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        self.store = Some(Store::open(self.dir.path(), settings, registry, clock).unwrap());
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn fail_next(&self, in_effect: bool) {
        let registry = &self.registry;
        let fail = if in_effect {
            &registry.fail_after
        } else {
            &registry.fail_next
        };
        fail.store(true, Ordering::SeqCst);
    }

    fn mend_registry(&self) {
        self.registry.fail_next.store(false, Ordering::SeqCst);
        self.registry.fail_after.store(false, Ordering::SeqCst);
    }

    fn append(&self, batch: Batch) {
        self.runtime.block_on(self.store().append(batch)).unwrap();
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Append {
                trace,
                spans,
                version,
            } => {
                let group = SpanGroup {
                    experiment: ExperimentId(7),
                    spans: spans
                        .iter()
                        .map(|number| span(*trace, *number, *version))
                        .collect(),
                };
                self.append(Batch {
                    groups: vec![group],
                    ..Batch::default()
                });
                let expected = self.expected.entry(*trace).or_default();
                expected
                    .spans
                    .extend(spans.iter().map(|number| (*number, *version)));
            }
            Step::Facts { trace, tag } => {
                let mut facts = TraceFacts::new(trace_id(*trace), ExperimentId(7));
                facts.tags.insert("tag".into(), tag.to_string());
                facts.state = Some(TraceState::Ok);
                self.append(Batch {
                    traces: vec![facts],
                    ..Batch::default()
                });
                self.expected.entry(*trace).or_default().tag = Some(*tag);
            }
            Step::Delete { traces } => {
                let keys = traces.iter().map(|trace| key(*trace)).collect();
                let deleted = self.runtime.block_on(self.store().delete(keys)).unwrap();
                let known: BTreeSet<u8> = traces
                    .iter()
                    .filter(|trace| self.expected.remove(trace).is_some())
                    .copied()
                    .collect();
                assert_eq!(
                    deleted.iter().copied().collect::<BTreeSet<_>>(),
                    known.iter().map(|t| key(*t)).collect()
                );
            }
            Step::Seal => {
                self.store().seal_all().unwrap();
            }
            Step::FailedSeal { in_effect } => {
                self.fail_next(*in_effect);
                let sealed = self.store().seal_all();
                assert!(matches!(sealed, Ok(0) | Err(_)));
                self.mend_registry();
            }
            Step::Compact => {
                self.store().compact(Effort::All).unwrap();
            }
            Step::FailedCompact { in_effect } => {
                self.fail_next(*in_effect);
                let merged = self.store().compact(Effort::All);
                assert!(matches!(merged, Ok(0) | Err(_)));
                self.mend_registry();
            }
            Step::Restart => self.restart(),
            Step::Wait => {
                self.clock.advance(Nanos(2_000_000_000));
                self.store().seal_due().unwrap();
            }
        }
    }

    /// Every way of reading agrees with what is expected.
    fn check(&self) {
        let snapshot = self.store().snapshot();
        let hot = snapshot.hot.iter().map(|trace| trace.key());
        let sealed = snapshot.segments.iter().flat_map(|view| {
            view.live()
                .into_iter()
                .map(|row| view.segment.rows().key(row).unwrap())
                .collect::<Vec<_>>()
        });
        let mut listed: Vec<TraceKey> = hot.chain(sealed).collect();
        listed.sort_unstable();
        let wanted: Vec<TraceKey> = self.expected.keys().map(|trace| key(*trace)).collect();
        assert_eq!(listed, wanted, "each trace is listed exactly once");

        for number in 0..TRACES {
            let found = self.store().find(key(number));
            let Some(expected) = self.expected.get(&number) else {
                assert!(found.is_none());
                continue;
            };
            let found = found.unwrap();
            let stored = found.stored().unwrap();
            let tag = stored
                .facts
                .and_then(|facts| facts.tags.get("tag").cloned());
            assert_eq!(tag, expected.tag.map(|tag| tag.to_string()));
            let mut spans: Vec<Span> = found
                .spans()
                .unwrap()
                .iter()
                .map(|span| Span::clone(span))
                .collect();
            spans.sort_by_key(|span| span.span_id);
            for span in &mut spans {
                // Columns keep values, not their order.
                let mut entries = std::mem::take(&mut span.attributes).into_entries();
                entries.sort_by(|left, right| left.0.cmp(&right.0));
                span.attributes = Attributes::from_entries(entries);
            }
            let wanted: Vec<Span> = expected
                .spans
                .iter()
                .map(|(id, version)| {
                    let mut wanted = span(number, *id, *version);
                    let mut entries = std::mem::take(&mut wanted.attributes).into_entries();
                    entries.sort_by(|left, right| left.0.cmp(&right.0));
                    wanted.attributes = Attributes::from_entries(entries);
                    wanted
                })
                .collect();
            assert_eq!(
                spans, wanted,
                "spans of trace {number} are what was last appended"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn any_history_keeps_what_was_acknowledged(steps in prop::collection::vec(step(), 1..25)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.check();
        }
        world.restart();
        world.check();
    }
}

fn event(name: &str, time: u64) -> Event {
    Event {
        name: name.to_owned(),
        time: UnixNanos(time),
        ..Event::default()
    }
}

fn addition(trace: u8, number: u8, event: Event) -> Addition {
    let span = span(trace, number, 0);
    Addition {
        trace_id: span.trace_id,
        span_id: span.span_id,
        experiment: ExperimentId(7),
        event,
    }
}

#[test]
fn content_without_its_span_is_kept_and_joins_the_span_that_comes_after_sealing() {
    let mut world = World::new();
    let additions = vec![
        addition(0, 0, event("first", 5)),
        addition(0, 0, event("second", 6)),
    ];
    world.append(Batch {
        additions: additions.clone(),
        ..Batch::default()
    });
    // A retry adds nothing.
    world.append(Batch {
        additions,
        ..Batch::default()
    });
    let spans = world.store().find(key(0)).unwrap().spans().unwrap();
    assert_eq!(
        (spans.len(), spans[0].name.as_str(), spans[0].end),
        (1, "log records", None)
    );

    world.store().seal_all().unwrap();
    world.restart();
    world.append(Batch {
        groups: vec![SpanGroup {
            experiment: ExperimentId(7),
            spans: vec![span(0, 0, 1)],
        }],
        additions: vec![addition(0, 0, event("third", 7))],
        ..Batch::default()
    });
    let spans = world.store().find(key(0)).unwrap().spans().unwrap();
    let events: Vec<&str> = spans[0]
        .events
        .iter()
        .map(|event| event.name.as_str())
        .collect();
    assert_eq!(
        (spans.len(), spans[0].name.as_str(), events),
        (1, "span 0", vec!["first", "second", "third"])
    );
}

#[test]
fn a_second_server_on_the_same_directory_is_refused() {
    let world = World::new();
    let second = Store::open(
        world.dir.path(),
        Settings::default(),
        Arc::new(MemoryRegistry::default()),
        Arc::new(FixedClock::at(UnixNanos(1))),
    );
    let error = second.unwrap_err().to_string();
    assert!(
        error.ends_with("is in use by another fanlight server"),
        "{error}"
    );
}
