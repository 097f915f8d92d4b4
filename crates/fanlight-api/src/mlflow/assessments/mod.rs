//! What people, judges and code say about a trace, as MLflow's assessment endpoints write it.

mod judgement;
mod mask;
mod parse;
mod render;

pub use judgement::numeric_value;
pub use mask::{MaskPath, parse_mask};
pub use parse::{Update, parse_new, parse_update};
pub use render::{doubled, render};
