//! What spans mean: type, model, tokens, cost, inputs, outputs, messages and previews, from every GenAI convention.
//!
//! Owns the attribute names of all conventions, their precedence and the rules that turn many spans into one trace
//! summary. Everything here is a pure function of its arguments: no clock, no storage, no wire format, no error, since
//! what cannot be understood is simply unknown. Start reading at [`meaning()`] (one span, as it arrives), then
//! [`summarize`] (one trace) and [`conversation`] (messages of a span, when somebody reads it); `keys.rs` lists the
//! attribute names, and each concern has a file that opens with its tables.

mod ancestry;
mod claude_code;
mod content;
mod cost;
mod counted;
mod deployment;
mod document;
mod documents;
mod finish_reason;
mod found;
mod gemini_cli;
mod identity;
mod json_text;
mod keys;
mod label;
mod meaning;
mod message_events;
mod messages;
mod mlflow;
mod model_name;
mod parameters;
mod preview;
mod prices;
mod provider_usage;
mod same_call;
mod span_type;
mod summary;
mod tags;
#[cfg(test)]
mod testing;
mod time_to_first_token;
mod token_usage;
mod tool_definitions;
mod trace_facts;
mod traceloop;
mod vercel;

pub use content::Field;
pub use cost::{CostLine, Derivation, cost_lines, derivation};
pub use counted::counted_elsewhere;
pub use deployment::{Deployment, deployment};
pub use documents::{Document, documents};
pub use finish_reason::finish_reasons;
pub use json_text::decode_json_text;
pub use label::label;
pub use meaning::{Meaning, meaning};
pub use messages::{
    Conversation, Message, Modality, Part, conversation, input_messages, output_messages,
};
pub use mlflow::{derived_values, mlflow_attributes};
pub use model_name::{Models, models};
pub use parameters::parameters;
pub use prices::{AboveRow, Call, PriceRow, PriceSheet, PriceTable, Prices, Served, day_start};
pub use summary::{sort_spans, summarize};
pub use time_to_first_token::time_to_first_token;
pub use tool_definitions::{ToolDefinition, tool_definitions};
