//! A trace without its spans, as MLflow's 3.0 and 2.0 endpoints write it.

mod parse;
mod render;
mod v2;

#[cfg(test)]
pub(in crate::mlflow) use render::tests;

pub use parse::parse_start_v3;
pub use render::{artifact_location, render_export, render_v3};
pub use v2::{End, Start, parse_end_v2, parse_start_v2, render_v2};
