//! The connections: one that writes, a few that read.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Sqlite, Transaction};

use crate::error::Attempt;
use crate::{CatalogError, Result};

/// How long another process may hold the database before we give up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request may wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
const READERS: u32 = 4;
/// The limit of bound values is 32,766 per statement; bulk statements stay well below.
pub(crate) const BULK_VALUES: usize = 30_000;

/// Readers never wait for the writer (write-ahead log); writers queue for the one connection, so the lock of the file
/// is contended by other processes only.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
}

impl Database {
    pub(crate) async fn open(path: &Path) -> Result<Self> {
        let options = connect_options(path);
        let writer = pool(1)
            .connect_with(options.clone().create_if_missing(true))
            .await
            .attempt("open the database for writing")?;
        // The file exists from here on, in write-ahead mode. `read_only` would keep SQLite from creating the
        // shared-memory file it needs, so readers are kept from writing by a pragma.
        let readers = pool(READERS).connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self { writer, readers })
    }

    /// A transaction that can write. Dropped without commit it has no effect.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>> {
        begin_write(&self.writer).await
    }

    /// A transaction that reads one consistent state.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Sqlite>> {
        self.readers.begin().await.attempt("start reading")
    }
}

/// Takes the write lock at the start: a transaction that reads first and then writes could otherwise fail as busy.
pub(crate) async fn begin_write(writer: &SqlitePool) -> Result<Transaction<'static, Sqlite>> {
    writer
        .begin_with("BEGIN IMMEDIATE")
        .await
        .attempt("start writing")
}

fn connect_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL syncs the write-ahead log at each commit: what is acknowledged survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // As in Postgres and in the filter language: LIKE minds case.
        .pragma("case_sensitive_like", "ON")
        // Bulk statements are long, and a slow one would be logged whole.
        .disable_statement_logging()
}

fn pool(connections: u32) -> SqlitePoolOptions {
    // Connections to a file do not go stale.
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// An unsigned number as SQL keeps it.
pub(crate) fn to_sql(what: &'static str, value: u64) -> Result<i64> {
    i64::try_from(value).map_err(|_| CatalogError::OutOfRange { what, value })
}

/// A stored number that is never negative.
pub(crate) fn from_sql(what: &'static str, value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| CatalogError::BadRow {
        what,
        value: value.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pragma(pool: &SqlitePool, statement: &'static str) -> String {
        let row = sqlx::query(statement)
            .fetch_one(pool)
            .await
            .expect("the pragma answers");
        let number: Result<i64, _> = sqlx::Row::try_get(&row, 0);
        number.map_or_else(|_| sqlx::Row::get(&row, 0), |number| number.to_string())
    }

    #[tokio::test]
    async fn connections_are_durable_and_strict() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(&directory.path().join("catalog.db"))
            .await
            .unwrap();
        for pool in [&database.writer, &database.readers] {
            assert_eq!(pragma(pool, "PRAGMA journal_mode").await, "wal");
            assert_eq!(pragma(pool, "PRAGMA synchronous").await, "2", "2 is FULL");
            assert_eq!(pragma(pool, "PRAGMA foreign_keys").await, "1");
            assert_eq!(pragma(pool, "PRAGMA busy_timeout").await, "10000");
            assert_eq!(pragma(pool, "SELECT 'a' LIKE 'A'").await, "0");
        }
        assert_eq!(pragma(&database.readers, "PRAGMA query_only").await, "1");
        assert_eq!(pragma(&database.writer, "PRAGMA query_only").await, "0");
    }
}
