//! Which experiments exist, in memory: every request that brings or asks for traces wants to know.

use std::collections::HashMap;

use fanlight_model::{ExperimentId, WorkspaceId};
use parking_lot::Mutex;

use super::ExperimentHead;

/// Entries are small (names have at most 500 characters). A full cache starts anew, which costs a read each.
const MAX_HEADS: usize = 10_000;

/// Entries are added only by a task that holds the writer's connection, and forgotten after each change of their
/// experiment, even one whose outcome is unknown. So an entry cannot be older than the last change.
#[derive(Debug, Default)]
pub(crate) struct HeadCache(Mutex<Heads>);

#[derive(Debug, Default)]
struct Heads {
    by_id: HashMap<ExperimentId, ExperimentHead>,
    by_name: HashMap<WorkspaceId, HashMap<String, ExperimentId>>,
}

impl HeadCache {
    pub(super) fn get(&self, id: ExperimentId) -> Option<ExperimentHead> {
        self.0.lock().by_id.get(&id).cloned()
    }

    pub(super) fn find(&self, workspace: WorkspaceId, name: &str) -> Option<ExperimentHead> {
        let heads = self.0.lock();
        let id = heads.by_name.get(&workspace)?.get(name)?;
        heads.by_id.get(id).cloned()
    }

    /// Only for holders of the writer's connection.
    pub(super) fn put(&self, head: ExperimentHead) {
        let mut heads = self.0.lock();
        if heads.by_id.len() >= MAX_HEADS {
            *heads = Heads::default();
        }
        heads
            .by_name
            .entry(head.workspace)
            .or_default()
            .insert(head.name.clone(), head.id);
        heads.by_id.insert(head.id, head);
    }

    fn forget(&self, id: ExperimentId) {
        let mut heads = self.0.lock();
        if let Some(head) = heads.by_id.remove(&id)
            && let Some(names) = heads.by_name.get_mut(&head.workspace)
        {
            names.remove(&head.name);
        }
    }

    /// Forgets the experiment when the guard is dropped: also when the write fails or its future is dropped.
    pub(super) fn forget_after(&self, id: ExperimentId) -> ForgetAfter<'_> {
        ForgetAfter { cache: self, id }
    }
}

#[derive(Debug)]
pub(super) struct ForgetAfter<'a> {
    cache: &'a HeadCache,
    id: ExperimentId,
}

impl Drop for ForgetAfter<'_> {
    fn drop(&mut self) {
        self.cache.forget(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(id: u64) -> ExperimentHead {
        let name = format!("e{id}");
        ExperimentHead {
            id: ExperimentId(id),
            workspace: WorkspaceId::DEFAULT,
            name,
            deleted: false,
        }
    }

    #[test]
    fn a_changed_experiment_is_forgotten_by_id_and_name() {
        let cache = HeadCache::default();
        cache.put(head(1));
        assert_eq!(cache.find(WorkspaceId::DEFAULT, "e1"), Some(head(1)));
        drop(cache.forget_after(ExperimentId(1)));
        assert_eq!(cache.get(ExperimentId(1)), None);
        assert_eq!(cache.find(WorkspaceId::DEFAULT, "e1"), None);
    }

    #[test]
    fn the_cache_is_bounded() {
        let cache = HeadCache::default();
        for id in 0..=10_000 {
            cache.put(head(id));
        }
        assert_eq!(cache.0.lock().by_id.len(), 1);
        assert_eq!(cache.get(ExperimentId(10_000)), Some(head(10_000)));
    }
}
