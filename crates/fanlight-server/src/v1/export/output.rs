//! What an export is written as.

use fanlight_query::ExportedTrace;

/// Counts what was sent so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) traces: u64,
    pub(super) spans: u64,
    pub(super) unreadable: u64,
}

/// Makes bytes of traces, one after the other. Each step appends to `buffer` what is ready.
pub(super) trait Output: Send {
    fn begin(&mut self, buffer: &mut Vec<u8>);
    fn push(&mut self, buffer: &mut Vec<u8>, trace: &ExportedTrace) -> std::io::Result<()>;
    /// After each lot: where a stream that is cut off goes on.
    fn so_far(&mut self, buffer: &mut Vec<u8>, cursor: &str, sent: Sent);
    fn end(&mut self, buffer: &mut Vec<u8>, sent: Sent) -> std::io::Result<()>;
}
