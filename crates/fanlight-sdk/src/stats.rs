//! What became of spans. Every span that was ended is in exactly one of these figures, for each destination.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Figures since the SDK was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Spans that were ended.
    pub ended: u64,
    /// Left out by sampling.
    pub sampled_out: u64,
    /// Left out because the queue was full, or the SDK shut down.
    pub dropped: u64,
    /// In the queue, or held until their trace is decided.
    pub queued: u64,
    /// One for each, in the order of the settings.
    pub destinations: Vec<DestinationStats>,
}

/// For one destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DestinationStats {
    /// Where it is.
    pub url: String,
    /// Spans the receiver acknowledged.
    pub sent: u64,
    /// Spans the receiver refused for good.
    pub failed: u64,
    /// Spans for which there was no room, in memory or on disk, while the receiver was away.
    pub dropped: u64,
    /// Spans that wait in memory.
    pub waiting: u64,
    /// Spans this process put on disk that are not sent yet.
    pub spooled: u64,
    /// Why the latest attempt failed; `None` since one succeeded.
    pub last_error: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
pub(crate) struct LastError(Mutex<Option<String>>);

impl LastError {
    pub(crate) fn set(&self, error: Option<String>) {
        *crate::sync::lock(&self.0) = error;
    }

    pub(crate) fn get(&self) -> Option<String> {
        crate::sync::lock(&self.0).clone()
    }
}
