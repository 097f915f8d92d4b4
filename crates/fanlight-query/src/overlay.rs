//! Edits in memory: what the catalog holds about traces, ready to be laid over them.

use std::sync::{Arc, Weak};

use fanlight_model::{Assessment, TraceEdits, TraceKey, TraceSummary, WorkspaceId};
use fanlight_store::Segment;
use parking_lot::RwLock;
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

/// Metadata of an assessment that counts for every trace of a session.
const SESSION_KEY: &str = "mlflow.trace.session";
/// The tag that is a trace's name.
pub(crate) const NAME_TAG: &str = "mlflow.traceName";

/// Edits are kept in so many parts. Whoever froze them shares the parts; an edit copies the one it changes.
const PARTS: usize = 256;

/// Every trace's edits. Grows with edits, not with traces.
#[derive(Debug, Default)]
pub(crate) struct Overlay(RwLock<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    edits: Vec<Arc<FxHashMap<TraceKey, Arc<TraceEdits>>>>,
    /// Traces that carry assessments of their whole session.
    sessions: Arc<FxHashMap<(WorkspaceId, String), Vec<TraceKey>>>,
    /// Rows with edits of each segment that was searched; kept up as edits come.
    edited_rows: FxHashMap<fanlight_model::SegmentId, (Weak<Segment>, Arc<RoaringBitmap>)>,
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
    pub(crate) fn load(edits: Vec<(TraceKey, TraceEdits)>) -> Self {
        let overlay = Self::default();
        for (key, edits) in edits {
            overlay.put(key, edits);
        }
        overlay
    }

    /// What `look` sees, and the edits of the same moment, which later ones do not change. Takes time with the number
    /// of segments, not of edits.
    pub(crate) fn freeze<T>(&self, look: impl FnOnce() -> T) -> (T, Self) {
        let inner = self.0.read();
        // A trace that is deleted loses its edits afterwards, and one that comes with assessments has them before:
        // while edits wait, what is seen has the edits that belong to it.
        (look(), Self(RwLock::new(inner.clone())))
    }

    pub(crate) fn get(&self, key: TraceKey) -> Option<Arc<TraceEdits>> {
        self.0.read().get(key).cloned()
    }

    pub(crate) fn put(&self, key: TraceKey, edits: TraceEdits) {
        let mut inner = self.0.write();
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
        inner.part_mut(key).insert(key, Arc::new(edits));
    }

    pub(crate) fn remove(&self, keys: &[TraceKey]) {
        let mut inner = self.0.write();
        for key in keys {
            inner.forget_sessions(*key);
            inner.part_mut(*key).remove(key);
        }
    }

    /// Rows of `segment` that have edits, some of them maybe of traces that moved on.
    pub(crate) fn edited_rows(&self, segment: &Arc<Segment>) -> Arc<RoaringBitmap> {
        if let Some((_, rows)) = self.0.read().edited_rows.get(&segment.id()) {
            return Arc::clone(rows);
        }
        let mut inner = self.0.write();
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
        let inner = self.0.read();
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
        let inner = self.0.read();
        inner
            .sessions
            .keys()
            .filter(|(of, _)| *of == workspace)
            .map(|(_, session)| session.clone())
            .collect()
    }
}

impl Inner {
    fn get(&self, key: TraceKey) -> Option<&Arc<TraceEdits>> {
        self.edits[part_of(key)].get(&key)
    }

    fn part_mut(&mut self, key: TraceKey) -> &mut FxHashMap<TraceKey, Arc<TraceEdits>> {
        Arc::make_mut(&mut self.edits[part_of(key)])
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

/// Lays tags and name over a summary.
pub(crate) fn apply_tags(summary: &mut TraceSummary, edits: &TraceEdits) {
    for (tag, value) in &edits.tags {
        if tag == NAME_TAG {
            summary.name.clone_from(value);
            continue;
        }
        match value {
            Some(value) => summary.tags.insert(tag.clone(), value.clone()),
            None => summary.tags.remove(tag),
        };
    }
}
