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

/// Every trace's edits. Grows with edits, not with traces.
#[derive(Debug, Default)]
pub(crate) struct Overlay(RwLock<Inner>);

#[derive(Debug, Default)]
struct Inner {
    edits: FxHashMap<TraceKey, Arc<TraceEdits>>,
    /// Traces that carry assessments of their whole session.
    sessions: FxHashMap<(WorkspaceId, String), Vec<TraceKey>>,
    /// Rows with edits of each segment that was searched; kept up as edits come.
    edited_rows: FxHashMap<fanlight_model::SegmentId, (Weak<Segment>, RoaringBitmap)>,
}

impl Overlay {
    pub(crate) fn load(edits: Vec<(TraceKey, TraceEdits)>) -> Self {
        let overlay = Self::default();
        for (key, edits) in edits {
            overlay.put(key, edits);
        }
        overlay
    }

    pub(crate) fn get(&self, key: TraceKey) -> Option<Arc<TraceEdits>> {
        self.0.read().edits.get(&key).cloned()
    }

    pub(crate) fn put(&self, key: TraceKey, edits: TraceEdits) {
        let mut inner = self.0.write();
        inner.forget_sessions(key);
        for session in scoped_sessions(&edits) {
            inner
                .sessions
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
                rows.insert(row);
            }
            true
        });
        inner.edits.insert(key, Arc::new(edits));
    }

    pub(crate) fn remove(&self, keys: &[TraceKey]) {
        let mut inner = self.0.write();
        for key in keys {
            inner.forget_sessions(*key);
            inner.edits.remove(key);
        }
    }

    /// Rows of `segment` that have edits, some of them maybe of traces that moved on.
    pub(crate) fn edited_rows(&self, segment: &Arc<Segment>) -> RoaringBitmap {
        if let Some((_, rows)) = self.0.read().edited_rows.get(&segment.id()) {
            return rows.clone();
        }
        let mut inner = self.0.write();
        let rows = if inner.edits.len() < segment.row_count() as usize {
            inner
                .edits
                .keys()
                .filter_map(|key| segment.rows().find(*key))
                .collect()
        } else {
            let known = |row: &u32| {
                segment
                    .rows()
                    .key(*row)
                    .is_some_and(|key| inner.edits.contains_key(&key))
            };
            (0..segment.row_count())
                .filter(known)
                .collect::<RoaringBitmap>()
        };
        inner
            .edited_rows
            .insert(segment.id(), (Arc::downgrade(segment), rows.clone()));
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
            .filter_map(|trace| inner.edits.get(trace));
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
    fn forget_sessions(&mut self, key: TraceKey) {
        let Some(known) = self.edits.get(&key) else {
            return;
        };
        for session in scoped_sessions(known) {
            if let Some(traces) = self.sessions.get_mut(&(key.workspace, session)) {
                traces.retain(|trace| *trace != key);
            }
        }
    }
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
