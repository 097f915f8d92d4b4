//! Traces of LLM applications and agents, sent to Fanlight or any OpenTelemetry collector.
//!
//! Owns spans while they run, the queue behind them and the way to the receiver: encoding, compression, retries, a
//! spool on disk for when the receiver is away. It knows no server crate and never fails, blocks or alters the
//! application it runs in. Start reading at [`Span`], then [`Tracer`].

pub mod attributes;
mod clock;
mod context;
mod encode;
mod export;
mod fork;
pub mod global;
mod install;
mod limits;
mod macros;
mod propagation;
mod queue;
mod random;
mod record;
mod settings;
mod span;
mod stats;
mod sync;
mod trace;
mod tracer;
mod value;

pub use context::{Entered, Instrument, Instrumented, current_span, update_current_trace};
pub use export::NotSent;
pub use fanlight_model::{SpanId, SpanKind, StatusCode, TraceId, UnixNanos, Value};
pub use fork::after_fork_in_child;
pub use install::{Builder, Guard, InitError, builder, init};
pub use propagation::{ParseTraceparentError, RemoteParent, TRACEPARENT};
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
