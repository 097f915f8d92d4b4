//! The memory that is a server's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::process::Tree;

/// The kernel keeps the largest resident size, but not what of it was no page of a mapped file: so it is looked at.
const EVERY: Duration = Duration::from_millis(100);

/// Looks at a server's memory until it is dropped.
///
/// Pages of mapped files are left out: the system takes them back whenever it needs room.
#[derive(Debug)]
pub(crate) struct OwnMemory {
    largest_kb: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl OwnMemory {
    pub(crate) fn watch(tree: Tree) -> Self {
        let largest_kb = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&largest_kb);
        let task = tokio::spawn(async move {
            loop {
                seen.fetch_max(tree.own_memory_kb(), Ordering::Relaxed);
                tokio::time::sleep(EVERY).await;
            }
        });
        Self { largest_kb, task }
    }

    pub(crate) fn largest_mb(&self) -> f64 {
        let kilobytes = self.largest_kb.load(Ordering::Relaxed);
        crate::ingest::as_f64(kilobytes) / 1024.0
    }
}

impl Drop for OwnMemory {
    fn drop(&mut self) {
        self.task.abort();
    }
}
