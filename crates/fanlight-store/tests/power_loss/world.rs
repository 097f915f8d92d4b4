//! A store on a disk that fails, beside a model of what it may show.

use std::collections::BTreeMap;
use std::sync::Arc;

use fanlight_model::{
    Attributes, Batch, Clock, ErrorKind, ExperimentId, FixedClock, SegmentId, Span, SpanGroup,
    SpanId, TraceId, TraceKey, UnixNanos, Value, WorkspaceId,
};
use fanlight_store::{
    Disk, Effort, MemoryRegistry, Registered, Registry, RegistryError, SegmentEntry, Settings,
    Store,
};

use crate::sim_disk::{Fault, SimDisk};

/// Few, so that steps meet.
pub(crate) const TRACES: u8 = 4;
pub(crate) const SPANS: u8 = 4;

/// Spans of one batch, by trace and number.
pub(crate) type Put = Vec<(u8, u8)>;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Batches sent at the same time.
    Append(Vec<Put>),
    Delete(Vec<u8>),
    Seal,
    Fail(Fault),
    Compact,
    Fill(usize),
    MakeRoom,
    PowerOffAfter(u32),
    PowerLoss(u64),
    /// The process ends, the machine does not.
    Restart,
}

/// Trace and number of a span to the batch that it is from.
type Shown = BTreeMap<(u8, u8), i64>;

/// A batch, numbered, and what came of it.
#[derive(Clone, Debug)]
struct Sent {
    number: i64,
    put: Put,
}

/// The registry is durable by itself, as long as the machine runs.
#[derive(Debug)]
struct Powered {
    inner: MemoryRegistry,
    disk: SimDisk,
}

impl Powered {
    fn check(&self) -> Result<(), RegistryError> {
        if self.disk.is_off() {
            return Err("the machine is off".into());
        }
        Ok(())
    }
}

impl Registry for Powered {
    fn load(&self) -> Result<Registered, RegistryError> {
        self.inner.load()
    }

    fn announce(
        &self,
        segment: &SegmentEntry,
        dead: &[(SegmentId, Vec<u8>)],
        log_position: u64,
    ) -> Result<(), RegistryError> {
        self.check()?;
        self.inner.announce(segment, dead, log_position)
    }

    fn replace(
        &self,
        segment: Option<&SegmentEntry>,
        removed: &[SegmentId],
        folded: &[u64],
    ) -> Result<(), RegistryError> {
        self.check()?;
        self.inner.replace(segment, removed, folded)
    }

    fn record_deletes(
        &self,
        tombstones: &[(TraceKey, u64)],
        dead: &[(SegmentId, Vec<u8>)],
    ) -> Result<(), RegistryError> {
        self.check()?;
        self.inner.record_deletes(tombstones, dead)
    }

    fn prune_tombstones(&self, below: u64) -> Result<(), RegistryError> {
        self.check()?;
        self.inner.prune_tombstones(below)
    }
}

pub(crate) struct World {
    dir: tempfile::TempDir,
    pub(crate) disk: SimDisk,
    pub(crate) clock: Arc<FixedClock>,
    registry: Arc<Powered>,
    runtime: tokio::runtime::Runtime,
    store: Option<Arc<Store>>,
    sent: i64,
    /// What reads show while the process runs.
    shown: Shown,
    /// Refused since the last acknowledgement: after a start they may be there, each of them wholly.
    refused: Vec<Sent>,
}

fn key(number: u8) -> TraceKey {
    TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace: TraceId::from_bytes([number + 1; 16]).unwrap(),
    }
}

fn span(trace: u8, number: u8, batch: i64) -> Span {
    Span {
        parent_id: (number > 0).then(|| SpanId::from_bytes([1; 8]).unwrap()),
        kind: 1.into(),
        start: UnixNanos(u64::from(trace)),
        end: Some(UnixNanos(9)),
        attributes: Attributes::from_entries(vec![("batch".to_owned(), Value::Int(batch))]),
        ..Span::new(
            key(trace).trace,
            SpanId::from_bytes([number + 1; 8]).unwrap(),
            format!("{number}"),
        )
    }
}

impl Sent {
    fn apply(&self, shown: &mut Shown) {
        shown.extend(self.put.iter().map(|place| (*place, self.number)));
    }

    fn batch(&self) -> Batch {
        let spans = self
            .put
            .iter()
            .map(|(trace, number)| span(*trace, *number, self.number));
        Batch {
            groups: vec![SpanGroup {
                experiment: ExperimentId(7),
                spans: spans.collect(),
            }],
            ..Batch::default()
        }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let disk = SimDisk::default();
        let mut world = Self {
            dir: tempfile::tempdir().unwrap(),
            registry: Arc::new(Powered {
                inner: MemoryRegistry::default(),
                disk: disk.clone(),
            }),
            disk,
            clock: Arc::new(FixedClock::at(UnixNanos(1))),
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
            store: None,
            sent: 0,
            shown: Shown::new(),
            refused: Vec::new(),
        };
        world.open();
        world
    }

    fn open(&mut self) {
        let settings = Settings {
            log_file_bytes: 400,
            ..Settings::default()
        };
        let store = Store::open_on(
            Arc::new(self.disk.clone()) as Arc<dyn Disk>,
            self.dir.path(),
            settings,
            Arc::clone(&self.registry) as Arc<dyn Registry>,
            Arc::clone(&self.clock) as Arc<dyn Clock>,
        );
        self.store = Some(Arc::new(store.unwrap()));
    }

    fn close(&mut self) {
        if let Some(store) = self.store.take() {
            store.close();
        }
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        self.store.as_ref().unwrap()
    }

    /// Sends batches at once; answers which were acknowledged.
    pub(crate) fn append(&mut self, puts: &[Put]) -> Vec<bool> {
        let batches: Vec<Sent> = puts
            .iter()
            .map(|put| {
                self.sent += 1;
                Sent {
                    number: self.sent,
                    put: put.clone(),
                }
            })
            .collect();
        let store = self.store();
        let outcomes = self.runtime.block_on(async {
            let tasks: Vec<_> = batches
                .iter()
                .map(|sent| {
                    let (store, batch) = (Arc::clone(store), sent.batch());
                    async move { store.append(batch).await }
                })
                .collect();
            let local = tokio::task::LocalSet::new();
            let running: Vec<_> = tasks
                .into_iter()
                .map(|task| local.spawn_local(task))
                .collect();
            local
                .run_until(async {
                    let mut outcomes = Vec::new();
                    for task in running {
                        outcomes.push(task.await.unwrap());
                    }
                    outcomes
                })
                .await
        });
        let mut acknowledged = Vec::new();
        for (sent, outcome) in batches.into_iter().zip(outcomes) {
            match outcome {
                Ok(()) => {
                    sent.apply(&mut self.shown);
                    // Whoever comes after a refused batch makes sure that it does not come back.
                    self.refused.clear();
                    acknowledged.push(true);
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                    self.refused.push(sent);
                    acknowledged.push(false);
                }
            }
        }
        assert_eq!(self.read(), self.shown);
        acknowledged
    }

    pub(crate) fn take(&mut self, step: &Step) {
        match step {
            Step::Append(puts) => {
                self.append(puts);
            }
            Step::Delete(traces) => {
                let keys = traces.iter().map(|trace| key(*trace)).collect();
                let deleted = self.runtime.block_on(self.store().delete(keys));
                if let Ok(deleted) = deleted {
                    let is_deleted = |trace: u8| traces.contains(&trace);
                    assert!(
                        deleted
                            .iter()
                            .all(|key| is_deleted(key.trace.to_bytes()[0] - 1))
                    );
                    self.shown.retain(|(trace, _), _| !is_deleted(*trace));
                    self.refused.clear();
                }
                assert_eq!(self.read(), self.shown);
            }
            Step::Seal => {
                let failures = self.disk.failures();
                if let Err(error) = self.store().seal_all() {
                    assert!(
                        self.disk.failures() > failures || self.disk.is_off(),
                        "{error}"
                    );
                }
                assert_eq!(self.read(), self.shown);
            }
            Step::Compact => {
                let failures = self.disk.failures();
                if let Err(error) = self.store().compact(Effort::All) {
                    assert!(
                        self.disk.failures() > failures || self.disk.is_off(),
                        "{error}"
                    );
                }
                assert_eq!(self.read(), self.shown);
            }
            Step::Fail(fault) => self.disk.arm(*fault),
            Step::Fill(room) => self.disk.set_room(Some(*room)),
            Step::MakeRoom => self.disk.set_room(None),
            Step::PowerOffAfter(operations) => self.disk.power_off_after(*operations),
            Step::PowerLoss(seed) => {
                self.disk.power_off_after(0);
                self.close();
                self.disk.power_on(*seed);
                self.open();
                self.settle();
            }
            Step::Restart => {
                self.close();
                self.disk.repair();
                self.open();
                self.settle();
            }
        }
    }

    /// After a start: one of the states that the model allows, and it is that one from now on.
    fn settle(&mut self) {
        assert_eq!(self.store().damage(), [], "nothing was damaged");
        let read = self.read();
        let refused = std::mem::take(&mut self.refused);
        let possible = (0_u64..1 << refused.len()).any(|chosen| {
            let mut shown = self.shown.clone();
            for (index, sent) in refused.iter().enumerate() {
                if chosen & (1 << index) != 0 {
                    sent.apply(&mut shown);
                }
            }
            shown == read
        });
        assert!(
            possible,
            "read {read:?}\nacknowledged {:?}\nrefused {refused:?}",
            self.shown
        );
        self.shown = read;
    }

    /// Names in the directory of segments.
    pub(crate) fn segment_dirs(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path().join("segments")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn assert_writes_work(&mut self) {
        assert_eq!(self.append(&[vec![(0, 0), (1, 1)]]), [true]);
    }

    /// Everything in the store, which has nothing twice.
    fn read(&self) -> Shown {
        let snapshot = self.store().snapshot();
        let mut listed: Vec<TraceKey> = snapshot.hot.iter().map(|trace| trace.key()).collect();
        for view in &snapshot.segments {
            let rows = view.segment.rows();
            listed.extend(view.live().into_iter().map(|row| rows.key(row).unwrap()));
        }
        listed.sort_unstable();
        let mut shown = Shown::new();
        for pair in listed.windows(2) {
            assert_ne!(pair[0], pair[1], "a trace counts twice");
        }
        for trace in listed {
            let spans = self.store().find(trace).unwrap().spans().unwrap();
            for span in spans {
                let trace = trace.trace.to_bytes()[0] - 1;
                let number = span.span_id.to_bytes()[0] - 1;
                let Some(Value::Int(batch)) = span.attributes.get("batch") else {
                    panic!("{:?}", span.attributes)
                };
                let twice = shown.insert((trace, number), *batch);
                assert_eq!(twice, None, "a span is there twice");
            }
        }
        shown
    }
}
