//! What an operator may tune.

use std::time::Duration;

/// Bounds and rhythm of the store.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Finished traces are sealed into a segment when this many bytes of them are in memory. Default 64 MiB.
    pub seal_bytes: usize,
    /// Finished traces are sealed at the latest after this time. Default one hour.
    pub seal_after: Duration,
    /// A finished trace is left alone this long after its last span, because trace info and late spans follow.
    /// Default 2 s.
    pub quiet: Duration,
    /// Above this many bytes in memory, requests wait a moment for room and are then refused as overload; at half of it
    /// sealing does not wait for traces to rest. Twice as much was slower when measured.
    /// Default 128 MiB.
    pub hot_limit_bytes: usize,
    /// Also seal when this many finished traces are in memory, whatever their size: the hot part is scanned by every
    /// search. Default 20,000.
    pub seal_traces: usize,
    /// A log file is closed at this size. Default 64 MiB.
    pub log_file_bytes: u64,
    /// So much of the disk is left to the catalog and to sealing, which frees what the log takes: with less than this
    /// free, writes are refused. Default 64 MiB.
    pub disk_reserve_bytes: u64,
    /// Largest batch in memory. Default 256 MiB.
    pub max_batch_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seal_bytes: 64 << 20,
            seal_after: Duration::from_hours(1),
            quiet: Duration::from_secs(2),
            hot_limit_bytes: 128 << 20,
            seal_traces: 20_000,
            log_file_bytes: 64 << 20,
            disk_reserve_bytes: 64 << 20,
            max_batch_bytes: 256 << 20,
        }
    }
}
