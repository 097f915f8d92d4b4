//! Example traces for a first look: three made-up applications over the last fourteen days.
//!
//! Everything is decided by the seed and the time, so the same call gives the same traces. The applications report
//! themselves the way real ones do, each through another convention: `mortgage` as `LangGraph` under `MLflow`'s
//! autologging, `docs_agent` through `OpenInference`, `manga_shop` through `OpenInference` and `OpenTelemetry`'s `GenAI`
//! conventions. Start reading at [`traces`], then [`step`] for how a trace is told.

mod dice;
mod docs_agent;
mod failure;
mod manga_shop;
mod mortgage;
mod rhythm;
mod step;
#[cfg(test)]
mod tests;

use fanlight_model::{Span, UnixNanos};

use dice::Dice;

/// About three hundred traces that began in the 14 days before `now`, oldest first; one inner list per trace, its root
/// first.
pub(crate) fn traces(now: UnixNanos, seed: u64) -> Vec<Vec<Span>> {
    // Each application has its own dice: a change to one leaves the others as they were.
    let mut traces = mortgage::traces(now, &mut Dice::new(seed ^ 1));
    traces.extend(docs_agent::traces(now, &mut Dice::new(seed ^ 2)));
    traces.extend(manga_shop::traces(now, &mut Dice::new(seed ^ 3)));
    traces.sort_by_key(|spans| spans.first().map(|root| (root.start, root.trace_id)));
    traces
}
