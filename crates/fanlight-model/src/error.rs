//! What the caller of a failed operation can do about it.

/// The reaction an error asks for. Every crate's error maps to one of these; `fanlight-api` alone turns them into
/// status codes of each protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is wrong: fix it and send it again.
    InvalidInput,
    /// What was asked for does not exist.
    NotFound,
    /// It exists already, or was changed by somebody else.
    Conflict,
    /// The request is larger than a stated limit.
    TooLarge,
    /// A queue or buffer is full: wait and send the same request again.
    Overloaded,
    /// A part the server needs is not there right now: wait and retry.
    Unavailable,
    /// Stored data does not match its checksum: call an operator.
    Corrupt,
    /// A defect of Fanlight.
    Internal,
}
