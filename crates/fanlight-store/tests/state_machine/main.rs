//! Any mix of appends, edits, deletes, seals, merges, failures and restarts keeps every acknowledged fact and invents
//! none.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod registry;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use fanlight_model::{
    Addition, Attributes, Batch, Clock, Event, ExperimentId, FixedClock, Nanos, Resource, Scope,
    Span, SpanGroup, SpanId, TraceEdits, TraceFacts, TraceId, TraceKey, TraceState, UnixNanos,
    Value, WorkspaceId,
};
use fanlight_store::{
    Effort, Found, MemoryRegistry, Property, Registry, Settings, Snapshot, Store, StoreError,
};
use proptest::prelude::*;

use crate::registry::FailingRegistry;

/// Traces and spans are few, so that steps meet.
const TRACES: u8 = 5;
const SPANS: u8 = 6;
const RUNS: u8 = 3;

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
    /// What people say of a trace; a tag is set, or removed with `None`.
    Tag {
        trace: u8,
        tag: Option<u8>,
    },
    /// A link that is taken back when it is there.
    Link {
        trace: u8,
        run: u8,
    },
    Compact {
        /// The registry says that it failed, before or after it took effect.
        failing: Option<bool>,
        /// Happens after edits were frozen, while the new segment is being written.
        meanwhile: Vec<Step>,
    },
    Restart,
    Wait,
    /// What happens after writes while there is much in memory.
    Upkeep,
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
        3 => edit(),
        4 => (
            prop_oneof![3 => Just(None), 1 => any::<bool>().prop_map(Some)],
            prop::collection::vec(while_merging(), 0..4),
        )
            .prop_map(|(failing, meanwhile)| Step::Compact { failing, meanwhile }),
        2 => Just(Step::Restart),
        1 => Just(Step::Wait),
        2 => Just(Step::Upkeep),
    ]
}

fn edit() -> impl Strategy<Value = Step> {
    let tag = prop::option::of(any::<u8>());
    prop_oneof![
        (0..TRACES, tag).prop_map(|(trace, tag)| Step::Tag { trace, tag }),
        (0..TRACES, 0..RUNS).prop_map(|(trace, run)| Step::Link { trace, run }),
    ]
}

fn while_merging() -> impl Strategy<Value = Step> {
    (0..TRACES).prop_flat_map(about)
}

/// What may happen to a trace.
fn about(trace: u8) -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..SPANS, any::<u8>())
            .prop_map(move |(span, version)| Step::Append { trace, spans: vec![span], version }),
        1 => Just(Step::Delete { traces: vec![trace] }),
        3 => Just(Step::Seal),
        1 => Just(Step::Upkeep),
        2 => prop::option::of(any::<u8>()).prop_map(move |tag| Step::Tag { trace, tag }),
        2 => (0..RUNS).prop_map(move |run| Step::Link { trace, run }),
    ]
}

/// A sealed trace is edited and merged, and goes on meanwhile.
fn busy() -> impl Strategy<Value = Vec<Step>> {
    (0..TRACES).prop_flat_map(|trace| {
        let failing = prop_oneof![3 => Just(None), 1 => any::<bool>().prop_map(Some)];
        let compact = (failing, prop::collection::vec(about(trace), 0..4))
            .prop_map(|(failing, meanwhile)| Step::Compact { failing, meanwhile });
        let append = Step::Append {
            trace,
            spans: vec![0],
            version: 0,
        };
        let edit = Step::Tag {
            trace,
            tag: Some(0),
        };
        (about(trace), compact, about(trace)).prop_map(move |(before, compact, after)| {
            let (append, edit) = (append.clone(), edit.clone());
            vec![append, before, Step::Seal, edit, compact, after]
        })
    })
}

fn history() -> impl Strategy<Value = Vec<Step>> {
    let some = prop_oneof![
        9 => step().prop_map(|step| vec![step]),
        1 => busy(),
    ];
    prop::collection::vec(some, 1..25).prop_map(|steps| steps.concat())
}

/// What must be visible: spans with their version, the tag that was recorded, and what people said since.
#[derive(Clone, Debug, Default, PartialEq)]
struct Expected {
    spans: BTreeMap<u8, u8>,
    tag: Option<u8>,
    edits: TraceEdits,
}

impl Expected {
    fn shown_tag(&self) -> Option<String> {
        let recorded = self.tag.map(|tag| tag.to_string());
        self.edits.tags.get("tag").cloned().unwrap_or(recorded)
    }
}

struct World {
    dir: tempfile::TempDir,
    registry: Arc<FailingRegistry>,
    clock: Arc<FixedClock>,
    runtime: tokio::runtime::Runtime,
    store: Option<Arc<Store>>,
    expected: BTreeMap<u8, Expected>,
    hot_limit_bytes: usize,
}

/// So little that traces leave memory, and plenty.
const LIMITS: [usize; 2] = [8 << 10, 128 << 20];

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
        parent_id: (number > 0).then(|| SpanId::from_bytes([1; 8]).unwrap()),
        kind: 3.into(),
        start: UnixNanos(1_000_000 * u64::from(trace) + u64::from(number)),
        end: Some(UnixNanos(9_000_000)),
        attributes,
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
        ..Span::new(
            trace_id(trace),
            SpanId::from_bytes([number + 1; 8]).unwrap(),
            format!("span {number}"),
        )
    }
}

impl World {
    fn new() -> Self {
        Self::with_limit(LIMITS[1])
    }

    fn with_limit(hot_limit_bytes: usize) -> Self {
        let mut world = Self {
            dir: tempfile::tempdir().unwrap(),
            registry: Arc::default(),
            clock: Arc::new(FixedClock::at(UnixNanos(1))),
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
            store: None,
            expected: BTreeMap::new(),
            hot_limit_bytes,
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
            hot_limit_bytes: self.hot_limit_bytes,
            ..Settings::default()
        };
        let registry = Arc::clone(&self.registry) as Arc<dyn Registry>;
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        self.registry.restart();
        let store = Store::open(self.dir.path(), settings, registry, clock).unwrap();
        self.store = Some(Arc::new(store));
    }

    fn store(&self) -> &Arc<Store> {
        self.store.as_ref().unwrap()
    }

    fn append(&self, batch: &Batch) {
        let append = || self.runtime.block_on(self.store().append(batch.clone()));
        let mut appended = append();
        // There is always a way to make room.
        for _ in 0..4 {
            if matches!(appended, Err(StoreError::Overloaded { .. })) {
                self.store().seal_due().unwrap();
                appended = append();
            }
        }
        appended.unwrap();
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
                self.append(&Batch {
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
                self.append(&Batch {
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
                self.registry.hide(&deleted);
                assert_eq!(
                    deleted.iter().copied().collect::<BTreeSet<_>>(),
                    known.iter().map(|t| key(*t)).collect()
                );
            }
            Step::Seal => {
                self.store().seal_all().unwrap();
            }
            Step::FailedSeal { in_effect } => {
                self.registry.fail_next(*in_effect);
                let sealed = self.store().seal_all();
                assert!(matches!(sealed, Ok(0) | Err(_)));
                self.registry.mend();
            }
            Step::Tag { trace, tag } => {
                let tag = tag.map(|tag| tag.to_string());
                self.edit(*trace, |edits| {
                    edits.tags.insert("tag".to_owned(), tag.clone());
                });
            }
            Step::Link { trace, run } => self.edit(*trace, |edits| {
                let run = run.to_string();
                if !edits.runs.remove(&run) {
                    edits.runs.insert(run);
                }
            }),
            Step::Compact { failing, meanwhile } => {
                let merged = self.compact(*failing, meanwhile);
                if failing.is_some() {
                    assert!(matches!(merged, Ok(0) | Err(_)));
                } else {
                    merged.unwrap();
                }
                self.registry.mend();
            }
            Step::Restart => self.restart(),
            Step::Wait => {
                self.clock.advance(Nanos(2_000_000_000));
                self.store().seal_due().unwrap();
            }
            Step::Upkeep => {
                self.store().seal_due().unwrap();
            }
        }
    }

    fn edit(&mut self, trace: u8, change: impl Fn(&mut TraceEdits)) {
        let Some(expected) = self.expected.get_mut(&trace) else {
            return;
        };
        change(&mut expected.edits);
        let known = self.edits_of(trace);
        self.registry.edit(key(trace), known, change);
    }

    /// Everything said about a trace, wherever it is kept.
    fn edits_of(&self, trace: u8) -> Option<Arc<TraceEdits>> {
        let kept = || self.store().find(key(trace))?.stored().unwrap().edits;
        self.registry.shown(key(trace)).or_else(kept)
    }

    fn compact(&mut self, failing: Option<bool>, meanwhile: &[Step]) -> Result<usize, StoreError> {
        let (frozen, when_frozen) = channel();
        let (go_on, may_go_on) = channel();
        *self.registry.gate.lock() = Some((frozen, may_go_on));
        let (store, registry) = (Arc::clone(self.store()), Arc::clone(&self.registry));
        let merging = std::thread::spawn(move || {
            let merged = store.compact(Effort::All);
            // When nothing was frozen, nobody waits for it.
            registry.gate.lock().take();
            merged
        });
        if when_frozen.recv().is_ok() {
            for step in meanwhile {
                self.take(step);
                self.check();
            }
            if let Some(in_effect) = failing {
                self.registry.fail_next(in_effect);
            }
            go_on.send(()).unwrap();
        }
        merging.join().unwrap()
    }

    /// Every way of reading agrees with what is expected.
    fn check(&self) {
        let snapshot = self.store().snapshot();
        self.check_terms(&snapshot);
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
            let edits = self.edits_of(number).unwrap_or_default();
            assert_eq!(*edits, expected.edits, "edits of trace {number}");
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

impl World {
    /// What the index says of rows that nobody edited since.
    fn check_terms(&self, snapshot: &Snapshot) {
        for number in 0..TRACES {
            if self.registry.shown(key(number)).is_some() {
                continue;
            }
            let Some(Found::Sealed(segment, row)) = self.store().find(key(number)) else {
                continue;
            };
            assert!(
                snapshot
                    .segments
                    .iter()
                    .any(|view| view.segment.id() == segment.id())
            );
            let expected = &self.expected[&number];
            let facets = segment.facets();
            let has = |property, value: &str| {
                let rows = facets.rows_of(property, value).unwrap();
                rows.contains(row)
            };
            for run in (0..RUNS).map(|run| run.to_string()) {
                let linked = expected.edits.runs.contains(&run);
                assert_eq!(has(Property::LinkedRun, &run), linked, "run {run}");
            }
            for tag in facets.values(Property::Tag("tag")) {
                let shown = expected.shown_tag().as_ref() == Some(&tag.value);
                assert_eq!(
                    has(Property::Tag("tag"), &tag.value),
                    shown,
                    "tag of {number}"
                );
            }
            let is_edited = expected.edits != TraceEdits::default();
            assert_eq!(has(Property::Edited, ""), is_edited, "trace {number}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn any_history_keeps_what_was_acknowledged(
        steps in history(),
        limit in prop::sample::select(LIMITS.to_vec()),
    ) {
        let mut world = World::with_limit(limit);
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
    world.append(&Batch {
        additions: additions.clone(),
        ..Batch::default()
    });
    // A retry adds nothing.
    world.append(&Batch {
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
    world.append(&Batch {
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

fn spans(trace: u8, spans: &[u8]) -> Step {
    Step::Append {
        trace,
        spans: spans.to_vec(),
        version: 1,
    }
}

fn tag(trace: u8, tag: u8) -> Step {
    Step::Tag {
        trace,
        tag: Some(tag),
    }
}

fn compact(meanwhile: &[Step]) -> Step {
    Step::Compact {
        failing: None,
        meanwhile: meanwhile.to_vec(),
    }
}

/// Takes the steps; answers of how many traces the registry still has edits.
fn edited_after(steps: &[Step]) -> usize {
    let mut world = World::new();
    for step in steps {
        world.take(step);
        world.check();
    }
    let left = world.registry.edited();
    world.restart();
    world.check();
    left
}

#[test]
fn edits_of_sealed_traces_become_part_of_their_rows() {
    let link = |trace| Step::Link { trace, run: 2 };
    let sealed = [spans(0, &[0, 1]), spans(1, &[0]), Step::Seal];
    let folded = [sealed.as_slice(), &[tag(0, 5), link(1), compact(&[])]].concat();
    assert_eq!(edited_after(&folded), 0);
    // Another edit of one, a late span for the other: each keeps what was said before.
    let went_on = [link(0), spans(1, &[3]), Step::Restart];
    let went_on = [folded.as_slice(), &went_on].concat();
    assert_eq!(edited_after(&went_on), 1);
    let again = [went_on.as_slice(), &[Step::Seal, compact(&[])]].concat();
    assert_eq!(edited_after(&again), 0);
}

#[test]
fn a_trace_that_goes_on_while_its_row_takes_over_edits_takes_them_over_too() {
    let sealed = [spans(0, &[0]), spans(1, &[0]), Step::Seal, tag(0, 5)];
    let merged = [sealed.as_slice(), &[compact(&[spans(0, &[1])])]].concat();
    assert_eq!(edited_after(&merged), 0);
    let again = [merged.as_slice(), &[Step::Seal, Step::Restart]].concat();
    assert_eq!(edited_after(&again), 0);
}

#[test]
fn a_trace_that_was_sealed_elsewhere_while_its_old_row_was_written_keeps_its_edits_outside() {
    let sealed = [spans(0, &[0]), spans(1, &[0]), Step::Seal, tag(0, 5)];
    let elsewhere = compact(&[spans(0, &[1]), Step::Seal]);
    let merged = [sealed.as_slice(), &[elsewhere]].concat();
    assert_eq!(edited_after(&merged), 1);
}

#[test]
fn an_edit_while_a_row_takes_over_an_earlier_one_counts() {
    let sealed = [spans(0, &[0]), spans(1, &[0]), Step::Seal, tag(0, 5)];
    let merged = [sealed.as_slice(), &[compact(&[tag(0, 6)])]].concat();
    assert_eq!(edited_after(&merged), 1);
}

#[test]
fn an_edit_after_a_merge_that_only_seemed_to_fail_is_not_lost() {
    for in_effect in [false, true] {
        let failed = Step::Compact {
            failing: Some(in_effect),
            meanwhile: Vec::new(),
        };
        let late = spans(0, &[1]);
        let steps = [
            spans(0, &[0]),
            spans(1, &[0]),
            Step::Seal,
            tag(0, 5),
            Step::Link { trace: 1, run: 1 },
            failed,
            Step::Link { trace: 0, run: 1 },
            late,
            Step::Seal,
        ];
        edited_after(&steps);
        edited_after(&[steps.as_slice(), &[Step::Restart, compact(&[])]].concat());
    }
}
