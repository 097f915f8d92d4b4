//! Traces of LLM applications and agents, sent to Fanlight or any OpenTelemetry collector.
//!
//! Owns spans while they run, the queue behind them and the way to the receiver: encoding, compression, retries, a
//! spool on disk for when the receiver is away. It knows no server crate and never fails, blocks or alters the
//! application it runs in. Start reading at [`Span`], then [`Tracer`].

#![warn(missing_docs)]

#[cfg(feature = "macros")]
#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
#[cfg(feature = "async-openai")]
pub mod async_openai;
pub mod attributes;
#[cfg(feature = "aws-bedrock")]
pub mod bedrock;
#[cfg(feature = "client")]
pub mod client;
mod clock;
mod context;
mod encode;
mod export;
mod fork;
pub mod genai;
pub mod global;
#[cfg(feature = "http")]
pub mod http;
mod install;
mod limits;
mod macros;
#[cfg(feature = "ollama-rs")]
pub mod ollama_rs;
#[cfg(feature = "opentelemetry")]
pub mod opentelemetry;
mod percent;
mod propagation;
mod queue;
mod random;
mod record;
#[cfg(feature = "redaction")]
pub mod redact;
#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "rig")]
pub mod rig;
#[cfg(feature = "rmcp")]
pub mod rmcp;
#[cfg(feature = "genai")]
pub mod rust_genai;
mod settings;
mod span;
mod stats;
mod sync;
pub mod testing;
#[cfg(feature = "tonic")]
pub mod tonic;
mod trace;
mod tracer;
#[cfg(feature = "tracing")]
pub mod tracing;
mod value;
#[cfg(any(feature = "genai", feature = "ollama-rs"))]
mod watched;
#[cfg(any(feature = "aws-bedrock", feature = "reqwest"))]
mod wire;

pub use context::{Entered, Instrument, Instrumented, current_span, update_current_trace};
pub use export::NotSent;
/// Makes a span of every call of a function or method, sync or async.
///
/// ```
/// # async fn fetch(_: &str) -> Result<String, std::io::Error> { Ok(String::new()) }
/// #[fanlight::trace(span_type = "RETRIEVER", attributes(source = "wiki"), skip(token))]
/// async fn look_up(page: &str, token: &str) -> Result<String, std::io::Error> {
///     # let _ = token;
///     fetch(page).await
/// }
/// ```
///
/// | argument | |
/// |---|---|
/// | `name = "…"` | the span's name; the function's unless given. Any expression: it sees the arguments |
/// | `span_type = "…"` | `LLM`, `TOOL`, `AGENT`, `RETRIEVER`, … or a word of your own |
/// | `attributes(key = value, "a key" = value)` | of any type that is [`IntoValue`]; they see the arguments, by value unless you write `&` |
/// | `skip(argument, …)` | not among the inputs |
/// | `skip_all`, `no_inputs` | no inputs at all |
/// | `no_outputs` | what is given back is not kept |
/// | `err`, `stream`, `future` | what is given back is a `Result`, `Stream` or `Future` by another name |
/// | `root` | the root of a new trace, whatever span is current |
/// | `crate = path` | this crate, where it is not called `fanlight` |
///
/// **Inputs** are the arguments, by name, as the members of a JSON object. A value is written with `serde::Serialize`
/// where its type has that, else as a text with `Debug`, else it is left out; in a generic function what counts is what
/// the bounds say. `self` is never kept, nor an argument that begins with `_`. **Outputs** are written in the same way.
/// Neither is looked at while tracing is off.
///
/// **Results**: an `Err` is the status of the span and an event `exception`, with the causes of the error one a line.
/// Of an `Ok` the value within is kept. **Futures** that are dropped before they are done, and calls that panic, end
/// with an error. **Streams** (`impl Stream`, `BoxStream`, `Pin<Box<dyn Stream>>`, also within a `Result`) keep the span
/// until they end or are dropped; pieces of text become one text, other items a list, up to 1 MiB.
///
/// `Result`, `Future` and `Stream` are recognised by the last part of the name they are written with, which is why an
/// alias needs to be told. With `async-trait`, write `#[trace]` on the method and `#[async_trait]` on the `impl`.
#[cfg(feature = "macros")]
pub use fanlight_macros::trace;
pub use fanlight_model::{SpanId, SpanKind, StatusCode, TraceId, UnixNanos, Value};
pub use fork::after_fork_in_child;
pub use install::{Builder, Guard, InitError, builder, init};
pub use propagation::{ParseTraceparentError, RemoteParent, TRACEPARENT, TRACESTATE, TraceState};
pub use record::{EventRecord, LinkRecord, SpanRecord, Text};
pub use settings::{
    Compression, DEFAULT_SERVER, Destination, Experiment, Processor, SettingError, Settings,
    SpoolSettings,
};
pub use span::{Span, SpanBuilder};
pub use stats::{DestinationStats, Stats};
pub use trace::Facts;
pub use tracer::Tracer;
pub use value::IntoValue;
