//! When a span began, and when it ended.

use std::time::Instant;

use fanlight_model::{Clock, Nanos, SystemClock, UnixNanos};

/// A start: wall-clock time for people, and the monotonic time from which the length is taken, because wall clocks are
/// set while programs run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) wall: UnixNanos,
    monotonic: Instant,
}

impl Start {
    pub(crate) fn now() -> Self {
        Self {
            wall: wall_now(),
            monotonic: Instant::now(),
        }
    }

    pub(crate) fn elapsed(&self) -> Nanos {
        Nanos(u64::try_from(self.monotonic.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

pub(crate) fn wall_now() -> UnixNanos {
    SystemClock.now()
}
