//! The catalog as the rest of the server holds it.

use std::path::Path;
use std::sync::Arc;

use fanlight_model::{Clock, UnixNanos};

use crate::Result;
use crate::database::Database;
use crate::experiments::{HeadCache, create_default_experiment};
use crate::migrate::migrate;

/// The database of facts that change. Cheap to clone; clones share connections and caches.
///
/// Every write is one transaction: durable when it returns, without effect when it fails. A write whose future is
/// dropped may or may not have happened.
#[derive(Clone, Debug)]
pub struct Catalog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Database,
    clock: Arc<dyn Clock>,
    heads: HeadCache,
}

impl Catalog {
    /// Opens the database file at `path`, creating it when absent, and brings its schema up to date.
    ///
    /// Fails when a newer version of the program has written it.
    pub async fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self> {
        let database = Database::open(path).await?;
        migrate(&database.writer).await?;
        let catalog = Self(Arc::new(Inner {
            database,
            clock,
            heads: HeadCache::default(),
        }));
        create_default_experiment(&catalog).await?;
        Ok(catalog)
    }

    /// Closes all connections after the work under way; later calls fail. The database then folds its write-ahead log into
    /// the database file.
    pub async fn close(&self) {
        self.database().readers.close().await;
        self.database().writer.close().await;
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    pub(crate) fn heads(&self) -> &HeadCache {
        &self.0.heads
    }

    /// Now, in whole milliseconds as SQL keeps it.
    pub(crate) fn now_ms(&self) -> i64 {
        as_millis(self.0.clock.now())
    }
}

/// Milliseconds of any instant fit: 2^64 nanoseconds are less than 2^63 milliseconds.
pub(crate) fn as_millis(time: UnixNanos) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// A stored time; one before 1970 is 1970.
pub(crate) fn from_millis(millis: i64) -> UnixNanos {
    UnixNanos::from_millis(u64::try_from(millis).unwrap_or_default())
}
