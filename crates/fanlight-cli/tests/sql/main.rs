//! `POST /api/v1/sql` and `fanlight sql`, asked of the real program over traces in memory, on disk and on both.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../v1/made.rs"]
#[allow(dead_code, reason = "the other tests use the rest of it")]
mod made;

mod answers;
mod command_line;
mod refusals;

use serde_json::{Value as Json, json};
use support::Server;
use support::http::Reply;

fn ask(server: &Server, query: &str) -> Reply {
    server.post_json("/api/v1/sql", &json!({"query": query}))
}

/// The rows of an answer.
fn rows(server: &Server, query: &str) -> Json {
    let reply = ask(server, query);
    assert_eq!(reply.status, 200, "{query}: {}", reply.text());
    reply.json()["rows"].take()
}
