//! What an operator may choose about SQL.

use std::time::Duration;

/// Bounds of queries. Each is named by the error of whoever meets it.
#[derive(Clone, Debug)]
pub struct SqlSettings {
    /// `sql_timeout`: a query that takes longer is given up, its answer included. Default 30 s.
    pub timeout: Duration,
    /// `sql_memory_bytes`: what one query may hold to sort, group and join. Default 256 MiB.
    pub memory_bytes: usize,
    /// `sql_max_rows`: an answer of more rows is refused. Default one million.
    pub max_rows: usize,
    /// `sql_concurrency`: queries that run at the same time; more are told to retry. Default 2.
    pub concurrency: usize,
}

impl Default for SqlSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            memory_bytes: 256 << 20,
            max_rows: 1_000_000,
            concurrency: 2,
        }
    }
}
