//! The Rust SDK against the real server: what is sent is what is found, whatever happens on the way.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod content;
mod delivery;
mod gate;
mod sampling;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use serde_json::json;

use fanlight::{Destination, Settings, Tracer};

/// Patience with a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn settings(port: u16) -> Settings {
    Settings {
        destinations: vec![Destination::server(&format!("http://127.0.0.1:{port}"))],
        ..Settings::default()
    }
}

/// Each of `numbers` is a tag of a trace of one span.
fn send(tracer: &Tracer, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        let span = tracer.span("span").start();
        span.edit_trace(|trace| trace.set_tag("number", number.to_string()));
    }
}

/// The server has the traces of these numbers, each once, and no others.
fn assert_found(server: &support::Server, numbers: impl IntoIterator<Item = u32>) {
    let number = |trace: &serde_json::Value| trace["tags"]["number"].as_str()?.parse().ok();
    let mut found: Vec<u32> = server.search("").iter().filter_map(number).collect();
    found.sort_unstable();
    let expected: Vec<_> = numbers.into_iter().collect();
    let missing = expected
        .iter()
        .filter(|number| !found.contains(number))
        .count();
    assert!(
        found == expected,
        "{} found, {missing} of {} missing",
        found.len(),
        expected.len()
    );
}

/// Names of the root spans on the server, the newest trace first.
fn roots(server: &support::Server, experiment_id: &str) -> Vec<String> {
    let body = json!({"locations": [support::location(experiment_id)]});
    let traces = server
        .post_json("/api/3.0/mlflow/traces/search", &body)
        .json();
    let ids = traces["traces"].as_array().cloned().unwrap_or_default();
    let name_of = |trace| {
        let trace = server.trace(&support::trace_id_of(trace)).json();
        let spans = trace["trace"]["spans"].as_array().unwrap();
        let root = spans.iter().find(|span| span["parent_span_id"].is_null());
        root.unwrap()["name"].as_str().unwrap().to_owned()
    };
    ids.iter().map(name_of).collect()
}
