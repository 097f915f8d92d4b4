//! What every catalog promises, shown on a SQLite file.

mod edits;
mod experiments;
mod opening;
mod runs;
mod segments;

use std::sync::Arc;

use fanlight_catalog::Catalog;
use fanlight_model::{FixedClock, Nanos, TraceId, TraceKey, UnixNanos, WorkspaceId};
use tempfile::TempDir;

/// A catalog in a directory of its own, at 1,000,000 ms.
struct Harness {
    directory: TempDir,
    clock: Arc<FixedClock>,
    catalog: Catalog,
}

impl Harness {
    async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let clock = Arc::new(FixedClock::at(UnixNanos::from_millis(1_000_000)));
        let catalog = Catalog::open(&directory.path().join("catalog.db"), clock.clone())
            .await
            .expect("it opens");
        Self {
            directory,
            clock,
            catalog,
        }
    }

    /// Forgets all that is in memory.
    async fn reopen(self) -> Self {
        let Self {
            directory,
            clock,
            catalog,
        } = self;
        drop(catalog);
        let catalog = Catalog::open(&directory.path().join("catalog.db"), clock.clone())
            .await
            .expect("it reopens");
        Self {
            directory,
            clock,
            catalog,
        }
    }

    fn advance_ms(&self, millis: u64) {
        self.clock.advance(Nanos::from_millis(millis));
    }
}

fn trace(number: u128) -> TraceKey {
    let trace = TraceId::from_bytes(number.to_be_bytes()).expect("not zero");
    TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace,
    }
}
