//! `/api/v1`: Fanlight's own JSON, described in `docs/api.md`.
//!
//! Names are `snake_case`; an unknown member is refused. An instant is RFC 3339 text to the millisecond, with its exact
//! nanoseconds beside it as `…_ns` text; a length is a number of milliseconds with a fraction. What is not known is
//! `null`, never zero.

mod cost_derivation;
mod error;
mod hits;
mod members;
mod overview;
pub mod portable;
mod prices;
mod search;
mod sessions;
mod spans;
mod stats;
mod trace;
mod values;

pub use error::Refusal;
pub use hits::render_hits;
pub use members::Members;
pub use overview::render_overview;
pub use prices::{parse_price_sheet, render_prices, render_repricing, render_table};
pub use search::{SearchRequest, parse_experiments, parse_filter};
pub use sessions::{parse_sessions, render_sessions};
pub use spans::render_full;
pub use stats::{StatsQuery, render_stats};
pub use trace::render_row;
pub use values::{Completion, render_values};

use fanlight_model::{Nanos, UnixNanos};
use serde_json::Value as Json;

use crate::mlflow::times::render_timestamp;

/// RFC 3339 text to the millisecond.
fn instant(instant: UnixNanos) -> Json {
    render_timestamp(instant).into()
}

/// Milliseconds with a fraction.
fn millis(length: Nanos) -> Json {
    #[expect(clippy::cast_precision_loss, reason = "exact up to a hundred days")]
    let millis = length.0 as f64 / 1e6;
    millis.into()
}
