//! What spans mean: type, model, tokens, cost, inputs, outputs and previews, from every GenAI convention.
//!
//! Owns the attribute names of all conventions, their precedence and the rules that turn many spans into one trace
//! summary. Everything here is a pure function of its arguments: no clock, no storage, no wire format, no error, since
//! what cannot be understood is simply unknown. Start reading at [`meaning()`] (one span), then [`summarize`] (one trace);
//! `keys.rs` lists every attribute name, and each concern has a file that opens with its tables.

mod ancestry;
mod claude_code;
mod content;
mod cost;
mod found;
mod gemini_cli;
mod identity;
mod json_text;
mod keys;
mod meaning;
mod message_events;
mod mlflow;
mod model_name;
mod preview;
mod prices;
mod provider_usage;
mod span_type;
mod summary;
mod tags;
#[cfg(test)]
mod testing;
mod token_usage;
mod traceloop;
mod vercel;

pub use content::Field;
pub use cost::{CostLine, Derivation, cost_lines, derivation};
pub use json_text::decode_json_text;
pub use meaning::{Meaning, meaning};
pub use mlflow::{derived_values, mlflow_attributes};
pub use prices::{AboveRow, Call, PriceRow, PriceSheet, PriceTable, Prices, Served};
pub use summary::{sort_spans, summarize};
