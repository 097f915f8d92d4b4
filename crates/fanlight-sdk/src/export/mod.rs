//! From ended spans to acknowledged ones: one thread encodes, one more per destination sends.

mod backoff;
mod http;
mod outbox;
mod pipeline;
mod sender;
mod spool;

pub use pipeline::NotSent;
pub(crate) use pipeline::{ENCODING_BYTES, Pipeline, SENDING_BYTES};

/// Encoded spans that are sent together.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) body: Vec<u8>,
    pub(crate) spans: usize,
    pub(crate) is_gzip: bool,
}
