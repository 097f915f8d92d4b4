//! Runs, as the 2.0 endpoints write them.

mod parse;
mod render;

pub use parse::{
    parse_batch, parse_inputs, parse_metric, parse_new, parse_param, parse_search, parse_update,
    run_id,
};
pub use render::{render, render_info, render_metric};
