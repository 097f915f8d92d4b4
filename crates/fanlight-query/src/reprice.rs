//! Another price for traces that are kept already, after a table changed.
//!
//! A price is a fact like those that arrive: the change goes through the log, opens the trace again, and is sealed with
//! it. So its spans, its sums and every index change at once, and a crash leaves each trace with the one price or the
//! other (`docs/decisions/0014-prices-are-kept-with-spans.md`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use fanlight_model::{Batch, Priced, Repriced, Span, TraceKey, WorkspaceId};
use fanlight_normalize::Prices;
use fanlight_store::{Segment, SegmentView, StoreError};

use crate::upkeep::{aside, chain};
use crate::{Engine, QueryError};

/// Traces that are looked at together.
const LOT: usize = 64;
/// Before asking again a store that has no room.
const PAUSE: Duration = Duration::from_secs(1);
/// Rest after a lot, in times of what it took: requests come first.
const REST: u32 = 1;

/// How far pricing again has come, of the last time it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repricing {
    pub running: bool,
    /// Traces that there were when it began, those that were looked at, and those that could not be read.
    pub traces: u64,
    pub looked_at: u64,
    pub unreadable: u64,
    /// Spans whose price changed.
    pub changed: u64,
    /// Why it stopped before the end. It goes on when asked again, and at the next start.
    pub failure: Option<String>,
}

impl Engine {
    pub fn repricing(&self, workspace: WorkspaceId) -> Repricing {
        let repricings = self.prices.repricings.lock();
        repricings.get(&workspace).cloned().unwrap_or_default()
    }

    /// Begins to give all traces of `workspace` the prices that hold now; answers at once. When it is under way
    /// already, it begins anew once it is done, for the sake of a table that changed meanwhile.
    pub async fn reprice(self: &Arc<Self>, workspace: WorkspaceId) -> Result<(), QueryError> {
        self.catalog.begin_repricing(workspace).await?;
        {
            let mut repricings = self.prices.repricings.lock();
            let known = repricings.entry(workspace).or_default();
            if known.running {
                self.prices.again.lock().insert(workspace);
                return Ok(());
            }
            *known = Repricing {
                running: true,
                ..Repricing::default()
            };
        }
        let engine = Arc::downgrade(self);
        let task = tokio::task::spawn(async move {
            let Some(engine) = engine.upgrade() else {
                return;
            };
            engine.reprice_until_done(workspace).await;
        });
        let mut upkeep = self.upkeep.lock();
        upkeep.retain(|task| !task.is_finished());
        upkeep.push(task);
        Ok(())
    }

    async fn reprice_until_done(&self, workspace: WorkspaceId) {
        loop {
            let ended = self.reprice_once(workspace).await;
            let mut repricings = self.prices.repricings.lock();
            let status = repricings.entry(workspace).or_default();
            if self.prices.again.lock().remove(&workspace) {
                *status = Repricing {
                    running: true,
                    ..Repricing::default()
                };
                continue;
            }
            status.running = false;
            if let Err(error) = ended {
                let failure = chain(&error);
                tracing::error!("pricing traces again stopped: {failure}");
                status.failure = Some(failure);
            }
            return;
        }
    }

    /// What is noted in the catalog is gone on with after a crash.
    async fn reprice_once(&self, workspace: WorkspaceId) -> Result<(), QueryError> {
        self.catalog.begin_repricing(workspace).await?;
        self.reprice_all(workspace).await?;
        Ok(self.catalog.end_repricing(workspace).await?)
    }

    async fn reprice_all(&self, workspace: WorkspaceId) -> Result<(), QueryError> {
        // Taken while nothing is on its way: what arrives later has the new prices.
        let (prices, snapshot) = self
            .prices
            .settled(workspace, || self.store.snapshot())
            .await;
        let prices = Arc::new(prices);
        let mut hot: Vec<TraceKey> = snapshot.hot.iter().map(|trace| trace.key()).collect();
        hot.retain(|key| key.workspace == workspace);
        let segments: Vec<(Arc<Segment>, Vec<u32>)> = snapshot
            .segments
            .iter()
            .map(|view| (Arc::clone(&view.segment), rows_of(view, workspace)))
            .collect();
        drop(snapshot);
        let sealed: usize = segments.iter().map(|(_, rows)| rows.len()).sum();
        self.note(workspace, |status| {
            status.traces = (hot.len() + sealed) as u64;
        });

        // A trace in memory may be sealed meanwhile; it is found wherever it is.
        for keys in hot.chunks(LOT) {
            let keys = keys.to_vec();
            let (store, prices) = (Arc::clone(&self.store), Arc::clone(&prices));
            self.reprice_lot(workspace, keys.len(), move || {
                let found = keys.iter().filter_map(|key| store.find(*key));
                found
                    .map(|found| Ok(changes(&found.spans()?, &prices)))
                    .collect()
            })
            .await?;
        }
        for (segment, rows) in segments {
            for rows in rows.chunks(LOT) {
                let rows = rows.to_vec();
                let (segment, prices) = (Arc::clone(&segment), Arc::clone(&prices));
                self.reprice_lot(workspace, rows.len(), move || {
                    let spans = rows.iter().map(|row| segment.spans(&[*row]));
                    spans
                        .map(|spans| {
                            let spans = spans?.pop().unwrap_or_default();
                            Ok(changes(&spans, &prices))
                        })
                        .collect()
                })
                .await?;
            }
        }
        Ok(())
    }

    /// Looks with `look` at `count` traces, keeps what has to change, and rests.
    async fn reprice_lot(
        &self,
        workspace: WorkspaceId,
        count: usize,
        look: impl FnOnce() -> Vec<Result<Vec<Repriced>, StoreError>> + Send + 'static,
    ) -> Result<(), QueryError> {
        let began = Instant::now();
        let looked = aside("reprice", look)
            .await
            .map_err(|_| QueryError::ShuttingDown)?;
        let unreadable = looked.iter().filter(|result| result.is_err()).count();
        let repriced: Vec<_> = looked.into_iter().flatten().flatten().collect();
        let changed = repriced.len();
        if changed > 0 {
            self.append_repriced(workspace, repriced).await?;
        }
        self.note(workspace, |status| {
            status.looked_at += count as u64;
            status.unreadable += unreadable as u64;
            status.changed += changed as u64;
        });
        tokio::time::sleep(began.elapsed() * REST).await;
        Ok(())
    }

    async fn append_repriced(
        &self,
        workspace: WorkspaceId,
        repriced: Vec<Repriced>,
    ) -> Result<(), QueryError> {
        let batch = Batch {
            workspace,
            received_at: self.clock.now(),
            repriced,
            ..Batch::default()
        };
        loop {
            let kept = match self.store.wait_for_room().await {
                Ok(()) => self.store.append(batch.clone()).await,
                full => full,
            };
            match kept {
                Err(StoreError::Overloaded { .. }) => tokio::time::sleep(PAUSE).await,
                kept => return Ok(kept?),
            }
        }
    }

    fn note(&self, workspace: WorkspaceId, change: impl FnOnce(&mut Repricing)) {
        change(self.prices.repricings.lock().entry(workspace).or_default());
    }
}

/// What a stop or a crash interrupted.
pub(crate) async fn go_on(engine: &Arc<Engine>) -> Result<(), QueryError> {
    for workspace in engine.catalog.load_repricings().await? {
        engine.reprice(workspace).await?;
    }
    Ok(())
}

fn rows_of(view: &SegmentView, workspace: WorkspaceId) -> Vec<u32> {
    let rows = view.segment.rows();
    let is_ours = |row: &u32| rows.key(*row).is_some_and(|key| key.workspace == workspace);
    view.live().into_iter().filter(is_ours).collect()
}

/// A price is another one when it makes another cost: the same in a later table is not.
fn changes(spans: &[Arc<Span>], prices: &Prices) -> Vec<Repriced> {
    let changed = spans.iter().filter_map(|span| {
        let price = prices.of(span);
        // What nobody asked about counts as the built-in table says.
        let counts = match &span.price {
            Priced::Unasked => Prices::default().of(span),
            known => known.clone(),
        };
        let is_same = match (&counts, &price) {
            (Priced::At(counts), Priced::At(price)) => counts.rates == price.rates,
            (counts, price) => counts == price,
        };
        (!is_same).then(|| Repriced {
            trace_id: span.trace_id,
            span_id: span.span_id,
            was: span.price.clone(),
            price,
        })
    });
    changed.collect()
}
