//! Processes that were forked: threads stay behind in the parent, and so do locks that a thread held.

use std::sync::atomic::{AtomicU32, Ordering};

static FORKS: AtomicU32 = AtomicU32::new(0);

/// How often this process, or those it was forked from, went through [`after_fork_in_child`].
pub(crate) fn count() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// To be called in a child process after `fork`, before anything else of this crate: the exporter starts anew, with the
/// same settings and nothing of what waits in the parent, which the parent sends itself.
pub fn after_fork_in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    crate::global::restart();
}
