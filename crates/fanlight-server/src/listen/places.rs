//! How many connections are served at one time, over all ports.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metrics::Counter;

/// Room for so many connections. Beyond it a caller waits: its connection is established by the system, and answered
/// when another one has ended.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    total: usize,
    waited: Arc<Counter>,
}

/// Held by an open connection.
#[derive(Debug)]
pub(super) struct Place(
    #[expect(dead_code, reason = "counts as long as it exists")] OwnedSemaphorePermit,
);

impl Places {
    pub(crate) fn new(total: usize) -> Self {
        let total = total.min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(total)),
            total,
            waited: Arc::default(),
        }
    }

    /// A place, at once or as soon as there is one. Who asked first is served first.
    pub(super) async fn take(&self) -> Place {
        let free = || Arc::clone(&self.free);
        if let Ok(permit) = free().try_acquire_owned() {
            return Place(permit);
        }
        self.waited.add(1);
        let permit = free().acquire_owned().await;
        Place(permit.expect("the semaphore is never closed"))
    }

    /// Connections that are served now.
    pub(crate) fn taken(&self) -> usize {
        self.total - self.free.available_permits()
    }

    /// Connections that had to wait since the start.
    pub(crate) fn waited(&self) -> u64 {
        self.waited.get()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_caller_without_a_place_waits_for_one() {
        let places = Places::new(1);
        let first = places.take().await;
        assert_eq!((places.taken(), places.waited()), (1, 0));
        let second = places.take();
        tokio::pin!(second);
        let early = tokio::time::timeout(Duration::from_millis(10), &mut second).await;
        assert!(early.is_err());
        drop(first);
        let second = second.await;
        assert_eq!((places.taken(), places.waited()), (1, 1));
        drop(second);
        assert_eq!(places.taken(), 0);
    }
}
