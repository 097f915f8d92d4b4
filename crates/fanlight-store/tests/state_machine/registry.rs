//! A registry that fails on demand, with edits: some durable ones, and what readers see of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender};

use fanlight_model::{SegmentId, TraceEdits, TraceKey};
use fanlight_store::{
    MemoryRegistry, Registered, Registry, RegistryError, RowEdits, Segment, SegmentEntry,
};
use parking_lot::Mutex;
use roaring::RoaringBitmap;

/// Edits with their revision.
pub(crate) type Said = BTreeMap<TraceKey, (u64, Arc<TraceEdits>)>;

/// Tells that edits were frozen, and waits until it may go on.
pub(crate) type Gate = (Sender<()>, Receiver<()>);

#[derive(Debug, Default)]
pub(crate) struct FailingRegistry {
    inner: MemoryRegistry,
    fail_next: AtomicBool,
    fail_after: AtomicBool,
    /// What would be there after a crash.
    durable: Mutex<Said>,
    /// What readers see.
    shown: Mutex<Said>,
    last_revision: AtomicU64,
    pub(crate) gate: Mutex<Option<Gate>>,
}

impl FailingRegistry {
    /// The next announcement says that it failed, before or after it took effect.
    pub(crate) fn fail_next(&self, in_effect: bool) {
        let fail = if in_effect {
            &self.fail_after
        } else {
            &self.fail_next
        };
        fail.store(true, Ordering::SeqCst);
    }

    pub(crate) fn mend(&self) {
        self.fail_next.store(false, Ordering::SeqCst);
        self.fail_after.store(false, Ordering::SeqCst);
    }

    /// Changes what is said about a trace. `known` is what readers see: it is written when nothing durable is there.
    pub(crate) fn edit(
        &self,
        key: TraceKey,
        known: Option<Arc<TraceEdits>>,
        change: impl FnOnce(&mut TraceEdits),
    ) {
        let mut durable = self.durable.lock();
        let before = durable.get(&key).map(|(_, edits)| Arc::clone(edits));
        let mut edits = before
            .or(known)
            .map_or_else(TraceEdits::default, |edits| TraceEdits::clone(&edits));
        change(&mut edits);
        let revision = self.last_revision.fetch_add(1, Ordering::SeqCst) + 1;
        let said = (revision, Arc::new(edits));
        durable.insert(key, said.clone());
        self.shown.lock().insert(key, said);
    }

    pub(crate) fn shown(&self, key: TraceKey) -> Option<Arc<TraceEdits>> {
        let shown = self.shown.lock();
        shown.get(&key).map(|(_, edits)| Arc::clone(edits))
    }

    pub(crate) fn hide(&self, keys: &[TraceKey]) {
        self.shown.lock().retain(|key, _| !keys.contains(key));
    }

    /// Memory is what is durable.
    pub(crate) fn restart(&self) {
        *self.shown.lock() = self.durable.lock().clone();
    }

    pub(crate) fn edited(&self) -> usize {
        self.shown.lock().len()
    }

    fn fail_before_effect(&self) -> Result<(), RegistryError> {
        if self.fail_next.swap(false, Ordering::SeqCst) {
            return Err("the registry is out of order".into());
        }
        Ok(())
    }

    fn fail_after_effect(&self) -> Result<(), RegistryError> {
        if self.fail_after.swap(false, Ordering::SeqCst) {
            return Err("the connection broke before the answer".into());
        }
        Ok(())
    }
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
        self.fail_before_effect()?;
        self.inner.announce(segment, dead, log_position)?;
        self.fail_after_effect()
    }

    fn replace(
        &self,
        segment: Option<&SegmentEntry>,
        removed: &[SegmentId],
        folded: &[u64],
    ) -> Result<(), RegistryError> {
        self.fail_before_effect()?;
        self.inner.replace(segment, removed, folded)?;
        let is_folded = |revision: &u64| folded.contains(revision);
        self.durable
            .lock()
            .retain(|_, (revision, _)| !is_folded(revision));
        self.fail_after_effect()
    }

    fn edited_rows(&self, segment: &Arc<Segment>) -> RoaringBitmap {
        let shown = self.shown.lock();
        let rows = shown.keys().filter_map(|key| segment.rows().find(*key));
        rows.collect()
    }

    fn edits_of(&self, segment: &Arc<Segment>) -> Vec<RowEdits> {
        let mut found: Vec<RowEdits> = {
            let shown = self.shown.lock();
            let of_rows = shown.iter().filter_map(|(key, (revision, edits))| {
                Some(RowEdits {
                    row: segment.rows().find(*key)?,
                    revision: *revision,
                    edits: Arc::clone(edits),
                })
            });
            of_rows.collect()
        };
        found.sort_unstable_by_key(|of| of.row);
        let gate = self.gate.lock().take();
        if let Some((frozen, go_on)) = gate {
            frozen.send(()).unwrap();
            go_on.recv().unwrap();
        }
        found
    }

    fn fold(&self, folded: &[(TraceKey, u64)], swap: &mut dyn FnMut()) {
        let mut shown = self.shown.lock();
        swap();
        shown.retain(|key, (revision, _)| !folded.contains(&(*key, *revision)));
    }

    fn record_deletes(
        &self,
        tombstones: &[(TraceKey, u64)],
        dead: &[(SegmentId, Vec<u8>)],
    ) -> Result<(), RegistryError> {
        let is_deleted = |key: &TraceKey| tombstones.iter().any(|(deleted, _)| deleted == key);
        self.durable.lock().retain(|key, _| !is_deleted(key));
        self.inner.record_deletes(tombstones, dead)
    }

    fn prune_tombstones(&self, below: u64) -> Result<(), RegistryError> {
        self.inner.prune_tombstones(below)
    }
}
