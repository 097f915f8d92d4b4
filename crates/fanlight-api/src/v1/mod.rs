//! `/api/v1`: Fanlight's own JSON, described in `docs/api.md`.
//!
//! Names are `snake_case`; an unknown member is refused. An instant is RFC 3339 text to the millisecond, with its exact
//! nanoseconds beside it as `…_ns` text; a length is a number of milliseconds with a fraction. What is not known is
//! `null`, never zero.

mod assessments;
mod bodies;
mod cost_derivation;
mod error;
mod experiments;
mod hits;
mod members;
mod openapi;
mod overview;
pub mod portable;
mod prices;
mod schema;
mod search;
mod sessions;
mod some_spans;
mod spans;
mod stats;
mod trace;
mod trace_edits;
mod tree;
mod values;

pub use assessments::parse_new_assessment;
pub use bodies::{BadLine, ImportReply};
pub use error::{ErrorReply, Refusal};
pub use experiments::{
    ExperimentChange, ExperimentView, ExperimentsReply, ExperimentsSearch, parse_new_experiment,
};
pub use hits::{Hit, HitsReply, render_hits};
pub use members::Members;
pub use openapi::{OPERATIONS, Operation, document};
pub use overview::SearchReply;
pub use prices::{
    PriceTableView, PricesReply, RepricingReply, parse_price_sheet, render_prices,
    render_repricing, render_table,
};
pub use schema::{Book, Maybe, Schema};
pub use search::{SearchRequest, parse_experiments, parse_filter};
pub use sessions::{SessionsReply, parse_sessions, render_sessions};
pub use some_spans::{SpansReply, SpansRequest};
pub use spans::{FullTraceReply, render_full};
pub use stats::{StatsQuery, StatsReply, render_stats};
pub use trace::{AssessmentView, TraceRow, render_assessment, render_row};
pub use trace_edits::{ChangedReply, TagChange, parse_trace_ids};
pub use tree::{TraceTreeReply, render_tree};
pub use values::{Completion, ValuesReply, render_values};

use fanlight_model::{Nanos, UnixNanos};

use crate::mlflow::times::render_timestamp;

/// RFC 3339 text to the millisecond.
fn instant(instant: UnixNanos) -> String {
    render_timestamp(instant)
}

/// Milliseconds with a fraction.
fn millis(length: Nanos) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact up to a hundred days")]
    let millis = length.0 as f64 / 1e6;
    millis
}
