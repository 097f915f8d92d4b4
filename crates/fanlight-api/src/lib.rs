//! What each protocol says: request and reply shapes, text forms of ids and times, and error codes.
//!
//! Owns the translation between wire JSON and the words of `fanlight-model`, as pure functions. It
//! refuses to know HTTP frameworks, storage and the clock: callers hand in values and the current
//! time, and get values or an [`ApiError`] back. Start reading at [`error`] (how every failure is
//! spoken on each wire), then [`mlflow::trace_info`].

pub mod error;
pub mod mlflow;
pub mod v1;

pub use error::ApiError;
