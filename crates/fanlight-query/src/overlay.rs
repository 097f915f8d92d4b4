//! Edits in memory: what the catalog holds about traces, ready to be laid over them.
//!
//! Where a trace has an entry, that is everything people said about it, and what its row keeps of edits does not count.
//! Where it has none, the row is all there is. Entries go in the moment in which rows take them over, so readers take
//! rows and edits of one moment: [`Overlay::freeze`] and [`Overlay::seen_with`].
//!
//! Order of locks: this one, then the store's. Nobody asks the overlay while the store's state is locked.

use std::sync::{Arc, Weak};

use fanlight_catalog::EditedTrace;
use fanlight_model::{Assessment, TraceEdits, TraceKey, WorkspaceId};
use fanlight_store::{HotTrace, RowEdits, Segment, StoredTrace};
use parking_lot::RwLock;
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

/// Metadata of an assessment that counts for every trace of a session.
const SESSION_KEY: &str = "mlflow.trace.session";
/// Edits are kept in so many parts. Whoever froze them shares the parts; an edit copies the one it changes.
const PARTS: usize = 256;

/// The edits that no segment keeps yet.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    inner: RwLock<Inner>,
    /// Of a frozen one: that which goes on.
    live: Option<Arc<Overlay>>,
}

#[derive(Clone, Debug)]
struct Inner {
    edits: Vec<Arc<FxHashMap<TraceKey, Entry>>>,
    /// Traces that carry assessments of their whole session.
    sessions: Arc<FxHashMap<(WorkspaceId, String), Vec<TraceKey>>>,
    /// Rows with edits of each segment that was searched; kept up as edits come.
    edited_rows: FxHashMap<fanlight_model::SegmentId, (Weak<Segment>, Arc<RoaringBitmap>)>,
}

#[derive(Clone, Debug)]
struct Entry {
    revision: u64,
    edits: Arc<TraceEdits>,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            edits: vec![Arc::default(); PARTS],
            sessions: Arc::default(),
            edited_rows: FxHashMap::default(),
        }
    }
}

impl Overlay {
    pub(crate) fn load(edits: Vec<EditedTrace>) -> Self {
        let overlay = Self::default();
        for edited in edits {
            overlay.put(edited);
        }
        overlay
    }

    /// What `look` sees, and the edits of the same moment, which later ones do not change. Takes time with the number
    /// of segments, not of edits.
    pub(crate) fn freeze<T>(self: &Arc<Self>, look: impl FnOnce() -> T) -> (T, Self) {
        let inner = self.inner.read();
        // A trace that is deleted loses its edits afterwards, and one that comes with assessments has them before:
        // while edits wait, what is seen has the edits that belong to it.
        let frozen = Self {
            inner: RwLock::new(inner.clone()),
            live: Some(Arc::clone(self)),
        };
        (look(), frozen)
    }

    /// What `look` sees, and the entry of a trace at the same moment.
    pub(crate) fn seen_with<T>(
        &self,
        key: TraceKey,
        look: impl FnOnce() -> T,
    ) -> (T, Option<Arc<TraceEdits>>) {
        let inner = self.inner.read();
        (look(), inner.get(key).cloned())
    }

    /// The entry of a trace; what its row keeps is not asked.
    pub(crate) fn get(&self, key: TraceKey) -> Option<Arc<TraceEdits>> {
        self.inner.read().get(key).cloned()
    }

    /// Everything said about a trace.
    pub(crate) fn of_stored(&self, trace: &StoredTrace) -> Option<Arc<TraceEdits>> {
        self.get(trace.summary.key).or_else(|| trace.edits.clone())
    }

    /// Everything said about a trace in memory.
    pub(crate) fn of_hot(&self, trace: &HotTrace) -> Option<Arc<TraceEdits>> {
        self.get(trace.key()).or_else(|| trace.folded().cloned())
    }

    pub(crate) fn put(&self, edited: EditedTrace) {
        let EditedTrace {
            trace: key,
            revision,
            edits,
        } = edited;
        let mut inner = self.inner.write();
        inner.forget_sessions(key);
        for session in scoped_sessions(&edits) {
            Arc::make_mut(&mut inner.sessions)
                .entry((key.workspace, session))
                .or_default()
                .push(key);
        }
        inner.edited_rows.retain(|_, (segment, rows)| {
            // Segments go when they are merged.
            let Some(segment) = segment.upgrade() else {
                return false;
            };
            if let Some(row) = segment.rows().find(key) {
                Arc::make_mut(rows).insert(row);
            }
            true
        });
        let edits = Arc::new(edits);
        inner.part_mut(key).insert(key, Entry { revision, edits });
    }

    pub(crate) fn remove(&self, keys: &[TraceKey]) {
        let mut inner = self.inner.write();
        for key in keys {
            inner.remove(*key);
        }
    }

    /// What rows of `segment` can take over, in their order.
    ///
    /// Assessments that count for a whole session are found here by their session, so traces that have some keep their
    /// entry.
    pub(crate) fn foldable(&self, segment: &Arc<Segment>) -> Vec<RowEdits> {
        let rows = self.edited_rows(segment);
        let inner = self.inner.read();
        let found = rows.iter().filter_map(|row| {
            let entry = inner.entry(segment.rows().key(row)?)?;
            Some(RowEdits {
                row,
                revision: entry.revision,
                edits: Arc::clone(&entry.edits),
            })
        });
        found
            .filter(|of| scoped_sessions(&of.edits).is_empty())
            .collect()
    }

    /// Calls `swap`, which lets rows take over these entries, and drops those that still have the revision; readers see
    /// both or neither.
    pub(crate) fn fold(&self, folded: &[(TraceKey, u64)], swap: &mut dyn FnMut()) {
        let mut inner = self.inner.write();
        swap();
        for (key, revision) in folded {
            if inner
                .entry(*key)
                .is_some_and(|entry| entry.revision == *revision)
            {
                inner.remove(*key);
            }
        }
    }

    /// How many traces have an entry.
    pub(crate) fn len(&self) -> usize {
        let inner = self.inner.read();
        inner.edits.iter().map(|part| part.len()).sum()
    }

    /// Rows of `segment` that have an entry, some of them maybe of traces that moved on or have none any more.
    pub(crate) fn edited_rows(&self, segment: &Arc<Segment>) -> Arc<RoaringBitmap> {
        if let Some((_, rows)) = self.inner.read().edited_rows.get(&segment.id()) {
            return Arc::clone(rows);
        }
        if let Some(live) = &self.live {
            // Who freezes it next need not look for them.
            live.edited_rows(segment);
        }
        let mut inner = self.inner.write();
        let edits: usize = inner.edits.iter().map(|part| part.len()).sum();
        let rows: RoaringBitmap = if edits < segment.row_count() as usize {
            let keys = inner.edits.iter().flat_map(|part| part.keys());
            keys.filter_map(|key| segment.rows().find(*key)).collect()
        } else {
            let known = |row: &u32| {
                let key = segment.rows().key(*row);
                key.is_some_and(|key| inner.get(key).is_some())
            };
            (0..segment.row_count()).filter(known).collect()
        };
        let rows = Arc::new(rows);
        inner
            .edited_rows
            .insert(segment.id(), (Arc::downgrade(segment), Arc::clone(&rows)));
        rows
    }

    /// Assessments of other traces that count for `key` because they share its session.
    pub(crate) fn session_assessments(
        &self,
        key: TraceKey,
        session: Option<&str>,
    ) -> Vec<Assessment> {
        let Some(session) = session else {
            return Vec::new();
        };
        let inner = self.inner.read();
        if inner.sessions.is_empty() {
            return Vec::new();
        }
        let traces = inner
            .sessions
            .get(&(key.workspace, session.to_owned()))
            .into_iter()
            .flatten();
        let others = traces
            .filter(|trace| **trace != key)
            .filter_map(|trace| inner.get(*trace));
        others
            .flat_map(|edits| &edits.assessments)
            .filter(|assessment| {
                assessment
                    .metadata
                    .get(SESSION_KEY)
                    .is_some_and(|scoped| scoped == session)
            })
            .cloned()
            .collect()
    }

    /// Sessions that have assessments of their own.
    pub(crate) fn assessed_sessions(&self, workspace: WorkspaceId) -> Vec<String> {
        let inner = self.inner.read();
        inner
            .sessions
            .keys()
            .filter(|(of, _)| *of == workspace)
            .map(|(_, session)| session.clone())
            .collect()
    }
}

impl Inner {
    fn entry(&self, key: TraceKey) -> Option<&Entry> {
        self.edits[part_of(key)].get(&key)
    }

    fn get(&self, key: TraceKey) -> Option<&Arc<TraceEdits>> {
        self.entry(key).map(|entry| &entry.edits)
    }

    fn part_mut(&mut self, key: TraceKey) -> &mut FxHashMap<TraceKey, Entry> {
        Arc::make_mut(&mut self.edits[part_of(key)])
    }

    fn remove(&mut self, key: TraceKey) {
        self.forget_sessions(key);
        self.part_mut(key).remove(&key);
    }

    fn forget_sessions(&mut self, key: TraceKey) {
        let Some(known) = self.get(key) else {
            return;
        };
        let scoped = scoped_sessions(known);
        if scoped.is_empty() {
            return;
        }
        let sessions = Arc::make_mut(&mut self.sessions);
        for session in scoped {
            if let Some(traces) = sessions.get_mut(&(key.workspace, session)) {
                traces.retain(|trace| *trace != key);
            }
        }
    }
}

fn part_of(key: TraceKey) -> usize {
    // The last byte of an id is as good as any: clients choose ids at random.
    usize::from(key.trace.to_bytes()[15]) % PARTS
}

fn scoped_sessions(edits: &TraceEdits) -> Vec<String> {
    let mut sessions: Vec<_> = edits
        .assessments
        .iter()
        .filter_map(|assessment| assessment.metadata.get(SESSION_KEY).cloned())
        .collect();
    sessions.sort_unstable();
    sessions.dedup();
    sessions
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicBool, Ordering};

    use fanlight_model::TraceId;

    use super::*;

    fn edited(revision: u64) -> EditedTrace {
        EditedTrace {
            trace: TraceKey {
                workspace: WorkspaceId::DEFAULT,
                trace: TraceId::from_bytes([1; 16]).unwrap(),
            },
            revision,
            edits: TraceEdits {
                runs: BTreeSet::from(["r".to_owned()]),
                ..TraceEdits::default()
            },
        }
    }

    #[test]
    fn rows_take_over_entries_in_one_moment() {
        let overlay = Arc::new(Overlay::load(vec![edited(1)]));
        let key = edited(1).trace;
        let (has_row, begun) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                overlay.fold(&[(key, 1)], &mut || {
                    begun.store(true, Ordering::SeqCst);
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    has_row.store(true, Ordering::SeqCst);
                });
            });
            let (before, frozen) = overlay.freeze(|| has_row.load(Ordering::SeqCst));
            assert_eq!(frozen.get(key).is_some(), !before);
            while !begun.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            // The swap is under way.
            let look = || has_row.load(Ordering::SeqCst);
            let (sees_row, edits) = overlay.seen_with(key, look);
            assert_eq!((sees_row, edits), (true, None));
            let (sees_row, frozen) = overlay.freeze(look);
            assert_eq!((sees_row, frozen.get(key)), (true, None));
        });
    }

    #[test]
    fn a_later_edit_keeps_its_entry_and_what_is_frozen_keeps_all() {
        let overlay = Arc::new(Overlay::load(vec![edited(1)]));
        let key = edited(1).trace;
        let ((), frozen) = overlay.freeze(|| ());
        overlay.put(edited(2));
        overlay.fold(&[(key, 1)], &mut || {});
        assert_eq!(overlay.len(), 1);
        overlay.fold(&[(key, 2)], &mut || {});
        assert_eq!(overlay.len(), 0);
        assert_eq!(frozen.len(), 1);
    }
}
