//! Wire bytes to domain values, and back.
//!
//! Owns OTLP (protobuf and JSON), `MLflow`'s `traces.json`, content encodings and the limits on what one request may
//! hold. It refuses to know storage, sockets, threads and the meaning of attributes: bytes come in, spans and a list of
//! refusals come out. Protobuf and JSON fill the same structs of [`wire`], so below the bytes there is one path. Start
//! reading at [`decode_traces`]; [`encode_traces`] is its inverse.

mod compression;
mod decode;
mod encode;
mod error;
mod limits;
mod logs;
mod mlflow_json;
mod resource;
mod scan;
mod value;
pub mod wire;

pub use compression::{DecompressError, decompress};
pub use decode::{DecodedTraces, Encoding, ResourceSpans, decode_request, decode_traces};
pub use encode::{encode_request, encode_traces, encode_traces_json};
pub use error::{DecodeError, RejectReason, Rejected};
pub use limits::Limits;
pub use logs::{DecodedLogs, LogContent, decode_log_request, decode_logs};
pub use mlflow_json::{decode_exported_spans, decode_spans_json};
pub use resource::{ExperimentHint, experiment_of};
