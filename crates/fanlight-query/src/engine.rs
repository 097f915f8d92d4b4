//! The one door to stored traces: everything a protocol can ask or tell goes through [`Engine`].

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fanlight_catalog::Catalog;
use fanlight_model::{
    Assessment, Batch, Clock, ExperimentId, LinkedPrompt, SegmentId, Span, TraceEdits, TraceKey,
    TraceSummary, UnixNanos, WorkspaceId,
};
use fanlight_normalize::PriceTable;
use fanlight_store::{Contents, Effort, Found, Part, Snapshot, Store, StoreError};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::edits::EditLocks;
use crate::export::MAX_EXPORTS;
use crate::filter::Filter;
use crate::ordered::{count, ordered};
use crate::overlay::Overlay;
use crate::prices::PriceBook;
use crate::registry::CatalogRegistry;
use crate::reprice;
use crate::retention;
use crate::search::{Context, is_time_order, newest};
use crate::subject::edited;
use crate::unreadable::Unreadable;
use crate::upkeep;
use crate::{OrderBy, QueryError, Retention};

/// A trace without its spans, edits applied.
#[derive(Clone, Debug)]
pub struct TraceRecord {
    pub summary: TraceSummary,
    /// In order of creation, superseded ones (`valid == false`) included.
    pub assessments: Vec<Assessment>,
    pub runs: BTreeSet<String>,
    pub prompts: BTreeSet<LinkedPrompt>,
}

/// A trace with its spans: roots first, then by start time.
#[derive(Clone, Debug)]
pub struct FullTrace {
    pub record: TraceRecord,
    pub spans: Vec<Arc<Span>>,
}

/// What to search for.
#[derive(Clone, Debug)]
pub struct Search {
    pub workspace: WorkspaceId,
    /// Traces of these only; none finds nothing.
    pub experiments: Vec<ExperimentId>,
    pub filter: Filter,
    /// Empty: newest first.
    pub order_by: Vec<OrderBy>,
    pub limit: usize,
    /// From the page before; opaque. `None` or empty: the first page.
    pub page_token: Option<String>,
}

/// One page of a search.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub traces: Vec<TraceRecord>,
    /// Present when the page is full, or when the time budget ended before the search did.
    pub next_page_token: Option<String>,
}

/// Which traces to delete.
#[derive(Clone, Debug)]
pub enum Doomed {
    /// These, as far as they belong to the experiment.
    Ids(Vec<TraceKey>),
    /// The oldest ones that started at or before the instant, at most so many.
    UpTo {
        until: UnixNanos,
        at_most: Option<usize>,
    },
}

/// How the engine is run.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    pub store: fanlight_store::Settings,
    /// How long a search may look at traces one by one before it answers with what it has and a page token.
    /// Default 10 s.
    pub scan_budget: Duration,
    /// Searches and reads that run at the same time; more wait. Default twice the number of cores.
    pub concurrent_reads: usize,
    /// What experiments keep that say nothing of their own. Default everything.
    pub retention: Retention,
    /// Bytes on disk that all experiments together keep, estimated. Default everything.
    pub retention_total_bytes: Option<u64>,
    /// How often what is beyond that is deleted. Default 10 minutes.
    pub retention_every: Duration,
    /// What models cost where a workspace's own table does not say. Default: only what comes with the program.
    pub prices: Option<Arc<PriceTable>>,
}

impl Default for EngineSettings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            store: fanlight_store::Settings::default(),
            scan_budget: Duration::from_secs(10),
            concurrent_reads: cores * 2,
            retention: Retention::default(),
            retention_total_bytes: None,
            retention_every: Duration::from_mins(10),
            prices: None,
        }
    }
}

/// Every protocol's way to traces. Cheap to share behind an [`Arc`].
#[derive(Debug)]
pub struct Engine {
    pub(crate) catalog: Catalog,
    pub(crate) store: Arc<Store>,
    pub(crate) overlay: Arc<Overlay>,
    pub(crate) edit_locks: EditLocks,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) unreadable: Arc<Unreadable>,
    pub(crate) settings: EngineSettings,
    pub(crate) prices: PriceBook,
    reads: Semaphore,
    pub(crate) exports: Arc<Semaphore>,
    pub(crate) upkeep: Mutex<Vec<JoinHandle<()>>>,
}

impl Engine {
    /// Opens everything kept in `data_dir`, creating it when empty. Must be called on a multi-threaded runtime.
    pub async fn open(
        data_dir: &Path,
        settings: EngineSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, QueryError> {
        std::fs::create_dir_all(data_dir).map_err(|cause| StoreError::Io {
            action: "creating",
            path: data_dir.to_owned(),
            cause,
        })?;
        let catalog = Catalog::open(&data_dir.join("catalog.sqlite"), Arc::clone(&clock)).await?;
        let overlay = Arc::new(Overlay::load(catalog.load_edits().await?));
        let registry = Arc::new(CatalogRegistry {
            catalog: catalog.clone(),
            overlay: Arc::clone(&overlay),
            runtime: Handle::current(),
        });
        let (dir, store_settings) = (data_dir.to_owned(), settings.store.clone());
        let store_clock = Arc::clone(&clock);
        let open = move || Store::open(&dir, store_settings, registry, store_clock);
        let store = tokio::task::spawn_blocking(open)
            .await
            .map_err(|_| QueryError::ShuttingDown)??;
        let store = Arc::new(store);
        let upkeep = [
            tokio::task::spawn(upkeep::seal_when_due(Arc::clone(&store))),
            tokio::task::spawn(upkeep::compact_when_due(Arc::clone(&store))),
        ];
        let prices = PriceBook::load(&catalog, settings.prices.clone()).await?;
        let engine = Arc::new(Self {
            catalog,
            prices,
            clock,
            store,
            overlay,
            unreadable: Arc::default(),
            edit_locks: EditLocks::default(),
            reads: Semaphore::new(settings.concurrent_reads),
            exports: Arc::new(Semaphore::new(MAX_EXPORTS)),
            settings,
            upkeep: Mutex::new(upkeep.into()),
        });
        let expire = retention::expire_again_and_again(Arc::downgrade(&engine));
        engine.upkeep.lock().push(tokio::task::spawn(expire));
        reprice::go_on(&engine).await?;
        Ok(engine)
    }

    /// Experiments, runs and everything else that is not a trace.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Returns once the batch is on disk and every read shows it; also keeps the assessments its traces bring.
    ///
    /// Repeating a batch is harmless. When the store is overloaded nothing of its spans is kept.
    pub async fn append(&self, mut batch: Batch) -> Result<(), QueryError> {
        let workspace = batch.workspace;
        let assessed: Vec<_> = batch
            .traces
            .iter_mut()
            .map(|facts| {
                (
                    TraceKey {
                        workspace,
                        trace: facts.trace_id,
                    },
                    std::mem::take(&mut facts.assessments),
                )
            })
            .filter(|(_, assessments)| !assessments.is_empty())
            .collect();
        for (key, assessments) in assessed {
            self.put_assessments(key, assessments).await?;
        }
        // Held until they are kept: who changes a table afterwards finds all that have a price of the old one.
        let _appending = self.prices.priced(&mut batch).await;
        Ok(self.store.append(batch).await?)
    }

    /// Returns when the store has room for more; ask before decoding a request. Fails as overloaded after a second.
    pub async fn wait_for_room(&self) -> Result<(), QueryError> {
        Ok(self.store.wait_for_room().await?)
    }

    /// A trace without its spans.
    pub async fn record(&self, key: TraceKey) -> Result<Option<TraceRecord>, QueryError> {
        let (found, edits) = self.overlay.seen_with(key, || self.store.find(key));
        let Some(found) = found else {
            return Ok(None);
        };
        self.read(move || Ok(Some(record_of(&found, edits)?))).await
    }

    /// A trace with its spans.
    pub async fn trace(&self, key: TraceKey) -> Result<Option<FullTrace>, QueryError> {
        let (found, edits) = self.overlay.seen_with(key, || self.store.find(key));
        let Some(found) = found else {
            return Ok(None);
        };
        let read = move || {
            Ok(Some(FullTrace {
                record: record_of(&found, edits)?,
                spans: found.spans()?,
            }))
        };
        self.read(read).await
    }

    /// As [`Self::trace`], without those that are damaged: for who asks for many and wants the others.
    pub async fn readable_trace(&self, key: TraceKey) -> Result<Option<FullTrace>, QueryError> {
        match self.trace(key).await {
            Err(error) if self.unreadable.is_damage(&error) => Ok(None),
            found => found,
        }
    }

    /// In the order of `keys`; unknown and damaged ones are left out.
    pub async fn records(&self, keys: &[TraceKey]) -> Result<Vec<TraceRecord>, QueryError> {
        let seen = keys.iter().filter_map(|key| {
            let (found, edits) = self.overlay.seen_with(*key, || self.store.find(*key));
            Some((found?, edits))
        });
        let seen: Vec<_> = seen.collect();
        let unreadable = Arc::clone(&self.unreadable);
        let read = move || {
            let mut records = Vec::with_capacity(seen.len());
            for (found, edits) in seen {
                let add = || {
                    records.push(record_of(&found, edits)?);
                    Ok(())
                };
                unreadable.pass_over(add)?;
            }
            Ok(records)
        };
        self.read(read).await
    }

    /// One page of matching traces.
    ///
    /// A search that has to look at traces one by one stops when its time is over; the page then holds what was found
    /// so far, and its token goes on from there.
    pub async fn search(&self, search: &Search) -> Result<Page, QueryError> {
        if search.limit == 0 || search.experiments.is_empty() {
            return Ok(Page::default());
        }
        self.look(search, |context, snapshot| {
            if is_time_order(&context.search.order_by) {
                newest(context, snapshot)
            } else {
                ordered(context, snapshot)
            }
        })
        .await
    }

    /// How many traces match; `limit`, order and token do not matter.
    pub async fn count(&self, search: &Search) -> Result<u64, QueryError> {
        self.look(search, count).await
    }

    pub(crate) async fn look<T: Send + 'static>(
        &self,
        search: &Search,
        look: impl FnOnce(&Context<'_>, &Snapshot) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, QueryError> {
        let search = search.clone();
        let (store, overlay) = (Arc::clone(&self.store), Arc::clone(&self.overlay));
        let unreadable = Arc::clone(&self.unreadable);
        let budget = self.settings.scan_budget;
        self.read(move || {
            // Of one moment: rows take over edits. What was acknowledged before the search began is seen by it.
            let (snapshot, overlay) = overlay.freeze(|| store.snapshot());
            let context = Context {
                search: &search,
                overlay: &overlay,
                unreadable: &unreadable,
                deadline: Instant::now() + budget,
            };
            look(&context, &snapshot)
        })
        .await
    }

    /// Runs a read that may touch the disk, away from the threads that serve requests.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, QueryError> {
        let _permit = self
            .reads
            .acquire()
            .await
            .map_err(|_| QueryError::ShuttingDown)?;
        tokio::task::spawn_blocking(read)
            .await
            .map_err(|_| QueryError::ShuttingDown)?
    }

    /// Removes traces of one experiment with everything people said about them; answers those that existed.
    pub async fn delete(
        &self,
        workspace: WorkspaceId,
        experiment: ExperimentId,
        which: Doomed,
    ) -> Result<Vec<TraceKey>, QueryError> {
        let keys = match which {
            Doomed::Ids(keys) => {
                let mut keys: Vec<_> = keys
                    .into_iter()
                    .filter(|key| key.workspace == workspace)
                    .collect();
                keys.sort_unstable();
                keys.dedup();
                keys.retain(|key| self.experiment_of(*key) == Some(experiment));
                keys
            }
            Doomed::UpTo { until, at_most } => {
                let snapshot = self.store.snapshot();
                self.read(move || Ok(oldest(&snapshot, workspace, experiment, until, at_most)))
                    .await?
            }
        };
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        // An edit under way would otherwise write what it brings along after the delete.
        let _locks = self.edit_locks.of_all(&keys).await;
        let deleted = self.store.delete(keys).await?;
        self.overlay.remove(&deleted);
        Ok(deleted)
    }

    fn experiment_of(&self, key: TraceKey) -> Option<ExperimentId> {
        match self.store.find(key)? {
            Found::Hot(trace) => Some(trace.experiment()),
            Found::Sealed(segment, row) => Some(segment.rows().experiment(row)),
        }
    }

    /// How many places of the log and of segments were found unreadable since the start.
    pub fn damaged_places(&self) -> [usize; 2] {
        let of = |part: Part| {
            let damage = self.store.damage().iter();
            damage.filter(|damage| damage.part == part).count()
        };
        [of(Part::Log), of(Part::Segment) + self.unreadable.places()]
    }

    /// How many traces have edits that no segment keeps yet.
    pub fn edited_traces(&self) -> usize {
        self.overlay.len()
    }

    /// Bytes of traces in memory, and how many traces.
    pub fn hot_size(&self) -> (usize, usize) {
        self.store.hot_size()
    }

    /// Seals everything in memory into a segment; answers how many traces that were.
    pub async fn seal(&self) -> Result<usize, QueryError> {
        let store = Arc::clone(&self.store);
        self.read(move || Ok(store.seal_all()?)).await
    }

    /// Merges segments, and lets rows take over edits, until nothing is left to do; answers how many segments were
    /// written anew or merged.
    pub async fn compact(&self, effort: Effort) -> Result<usize, QueryError> {
        let store = Arc::clone(&self.store);
        let compact = move || {
            let mut merged = 0;
            loop {
                match store.compact(effort)? {
                    0 => return Ok(merged),
                    sources => merged += sources,
                }
            }
        };
        self.read(compact).await
    }

    /// Reads everything that is sealed; answers what each segment holds, or how it is damaged.
    pub async fn verify(
        &self,
    ) -> Result<Vec<(SegmentId, Result<Contents, StoreError>)>, QueryError> {
        let segments = self.store.snapshot().segments;
        let verify = move || {
            let checked = segments
                .iter()
                .map(|view| (view.segment.id(), view.segment.verify()));
            Ok(checked.collect())
        };
        self.read(verify).await
    }

    /// Refuses further work and waits until accepted writes are durable.
    pub async fn close(&self) {
        self.reads.close();
        for task in self.upkeep.lock().drain(..) {
            task.abort();
        }
        let store = Arc::clone(&self.store);
        if tokio::task::spawn_blocking(move || store.close())
            .await
            .is_err()
        {
            tracing::error!("closing the store failed");
        }
        self.catalog.close().await;
    }
}

fn record_of(found: &Found, edits: Option<Arc<TraceEdits>>) -> Result<TraceRecord, QueryError> {
    let stored = found.stored()?;
    let edits = edits.or(stored.edits);
    Ok(edited(stored.summary, edits.as_deref()))
}

fn oldest(
    snapshot: &Snapshot,
    workspace: WorkspaceId,
    experiment: ExperimentId,
    until: UnixNanos,
    at_most: Option<usize>,
) -> Vec<TraceKey> {
    let mut found = Vec::new();
    for trace in &snapshot.hot {
        let start = trace.summary().start;
        if trace.key().workspace == workspace
            && trace.experiment() == experiment
            && start.as_millis() <= until.as_millis()
        {
            found.push((start, trace.key()));
        }
    }
    for view in &snapshot.segments {
        let rows = view.segment.rows();
        let wanted = view.live().into_iter().filter(|row| {
            rows.workspace(*row) == workspace
                && rows.experiment(*row) == experiment
                && rows.start(*row).as_millis() <= until.as_millis()
        });
        found.extend(wanted.filter_map(|row| Some((rows.start(row), rows.key(row)?))));
    }
    found.sort_unstable();
    found.truncate(at_most.unwrap_or(usize::MAX));
    found.into_iter().map(|(_, key)| key).collect()
}
