//! A call that several spans report counts once in sums over spans, wherever its trace is.

use fanlight_model::Span;
use serde_json::{Value as Json, json};

use crate::SEAL_ALL;
use crate::support::otlp::{child, root, span_id, with_attribute};
use crate::support::{Server, wait_until};

fn using(span: Span, model: &str, input: i64, output: i64) -> Span {
    let span = with_attribute(span, "gen_ai.request.model", model);
    let span = with_attribute(span, "gen_ai.usage.input_tokens", input);
    with_attribute(span, "gen_ai.usage.output_tokens", output)
}

/// An agent that says the sum of its two calls; the second is a framework's span around the provider's.
fn agent(trace: u128) -> Vec<Span> {
    let below = |span: Span, parent: u64| Span {
        parent_id: Some(span_id(parent)),
        ..span
    };
    vec![
        using(root(trace, "agent"), "gpt-4o", 300, 30),
        using(child(trace, 2, "first"), "gpt-4o", 100, 10),
        child(trace, 3, "step"),
        using(
            below(child(trace, 4, "framework"), 3),
            "gpt-4o-mini",
            200,
            20,
        ),
        using(
            below(child(trace, 5, "provider"), 4),
            "gpt-4o-mini",
            200,
            20,
        ),
    ]
}

fn sums_by_name(server: &Server) -> Vec<(String, Option<f64>, bool)> {
    let table = json!({"of": "spans", "group_by": ["span.name"]});
    let body = json!({"experiments": ["0"], "tables": [table]});
    let answer = server.post_json("/api/v1/stats", &body).json();
    let mut sums: Vec<_> = answer["tables"][0]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            let name = group["values"]["span.name"].as_str().unwrap().to_owned();
            let tokens = group["tokens"]["total"].as_f64();
            (name, tokens, group["cost"].as_f64().is_some())
        })
        .collect();
    sums.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    sums
}

fn rows(server: &Server, query: &str) -> Json {
    let reply = server.post_json("/api/v1/sql", &json!({"query": query}));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["rows"].take()
}

fn check(server: &Server, traces: i32, place: &str) {
    let times = f64::from(traces);
    let expected = [
        ("agent", None, false),
        ("first", Some(110.0 * times), true),
        ("framework", None, false),
        ("provider", Some(220.0 * times), true),
        ("step", None, false),
    ];
    let expected = expected.map(|(name, tokens, has_cost)| (name.to_owned(), tokens, has_cost));
    let known = |(name, tokens, cost): (String, Option<f64>, bool)| {
        (name, tokens.filter(|tokens| *tokens > 0.0), cost)
    };
    let found: Vec<_> = sums_by_name(server).into_iter().map(known).collect();
    assert_eq!(found, expected, "{place}");
    // From narrow columns, and from whole spans.
    for column in ["", ", max(attributes)"] {
        let query = format!("SELECT sum(total_tokens){column} FROM spans");
        assert_eq!(rows(server, &query)[0][0], 330 * traces, "{place}: {query}");
    }
    assert_eq!(
        rows(server, "SELECT sum(total_tokens) FROM traces")[0][0],
        330 * traces,
        "{place}"
    );
    // Each span still says what it says.
    let id = server.search_ids("")[0].clone();
    let trace = server.get(&format!("/api/v1/traces/{id}")).json();
    let agent = trace["spans"]
        .as_array()
        .unwrap()
        .iter()
        .find(|span| span["name"] == "agent");
    assert_eq!(agent.unwrap()["tokens"]["total"], 330, "{place}");
}

#[test]
fn a_call_counts_once_in_sums_over_spans() {
    let server = Server::start(&[]);
    server.ingest(&agent(1));
    server.ingest(&agent(2));
    check(&server, 2, "memory");
    let server = server.kill().start(&SEAL_ALL);
    wait_until("sealed", || server.seals() > 0);
    check(&server, 2, "disk");
    let gone = json!({"experiment_id": "0", "request_ids": [server.search_ids("")[0]]});
    let deleted = server.post_json("/api/2.0/mlflow/traces/delete-traces", &gone);
    assert_eq!(deleted.json()["traces_deleted"], 1);
    let stopped = server.stop();
    stopped.run("compact", &[]);
    let server = stopped.start(&[]);
    check(&server, 1, "written anew");
    server.assert_well();
}
