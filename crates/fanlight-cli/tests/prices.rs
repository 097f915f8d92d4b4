//! `/api/v1/prices` and `fanlight prices` against the real program.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/mod.rs"]
mod support;

use std::process::{Command, Output};

use serde_json::{Value as Json, json};
use support::otlp::{JSON, root, trace_id, with_attribute};
use support::{Server, binary, wait_until};

const SEAL_ALL: [&str; 4] = ["--seal-after", "1ms", "--quiet-ms", "0"];

fn call(trace: u128, model: &str) -> fanlight_model::Span {
    let span = with_attribute(root(trace, "call"), "gen_ai.request.model", model);
    let span = with_attribute(span, "gen_ai.usage.input_tokens", 1000);
    with_attribute(span, "gen_ai.usage.output_tokens", 10)
}

fn trace(server: &Server, trace: u128) -> Json {
    let reply = server.get(&format!("/api/v1/traces/{}", trace_id(trace)));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn table(input: f64) -> Json {
    json!({
        "version": "mine",
        "prices": [{"models": ["local-*"], "per_thousand": {"input": input, "output": input}}],
    })
}

fn run(server: &Server, arguments: &[&str]) -> Output {
    let url = format!("http://127.0.0.1:{}", server.port);
    let mut command = Command::new(binary());
    command.args(arguments).args(["--url", &url]);
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_table_counts_from_now_on_and_for_what_is_kept_when_asked() {
    let server = Server::start(&[]);
    server.ingest(&[call(1, "local-7b"), call(2, "gpt-4o-mini")]);
    assert_eq!(trace(&server, 1)["trace"]["cost"], Json::Null);
    assert_eq!(trace(&server, 1)["spans"][0]["cost_derivation"], Json::Null);
    let server = server.stop().start(&SEAL_ALL);
    wait_until("all is sealed", || server.seals() > 0);

    let put = server.call(
        "PUT",
        "/api/v1/prices",
        &[JSON],
        table(0.001).to_string().as_bytes(),
    );
    assert_eq!(put.status, 200, "{}", put.text());
    server.ingest(&[call(3, "local-7b")]);
    assert_eq!(trace(&server, 1)["trace"]["cost"], Json::Null);
    let new = trace(&server, 3);
    let derivation = &new["spans"][0]["cost_derivation"];
    assert_eq!(derivation["price"]["table"], "workspace");
    assert_eq!(derivation["price"]["version"], "mine");
    assert_eq!(
        derivation["lines"][0],
        json!({"kind": "input", "part_of": "input", "tokens": 1000, "per_million": 1.0, "cost": 0.001})
    );

    assert_eq!(
        text(&run(&server, &["prices", "reprice"])),
        "looked at 3 traces, priced 1 spans again, could not read 0 traces\n"
    );
    assert_eq!(trace(&server, 1)["trace"]["cost"], new["trace"]["cost"]);
    let listed = server.search("");
    let of_list = listed
        .iter()
        .find(|row| row.to_string().contains(&trace_id(1)))
        .unwrap();
    assert!(
        of_list.to_string().contains("mlflow.trace.cost"),
        "{of_list}"
    );

    assert_eq!(
        server.call("DELETE", "/api/v1/prices", &[], b"").status,
        204
    );
    assert_eq!(
        server.call("DELETE", "/api/v1/prices", &[], b"").status,
        404
    );
    text(&run(&server, &["prices", "reprice"]));
    for number in [1, 3] {
        assert_eq!(trace(&server, number)["trace"]["cost"], Json::Null);
    }
    assert_eq!(
        trace(&server, 2)["spans"][0]["cost_derivation"]["price"]["table"],
        "built-in"
    );
    server.assert_well();
}

#[test]
fn pricing_again_goes_on_after_a_crash_and_loses_nothing() {
    const TRACES: u128 = 1_500;
    let mut server = Server::start(&SEAL_ALL);
    for first in (1..=TRACES).step_by(300) {
        let spans: Vec<_> = (first..first + 300)
            .map(|trace| call(trace, "local-7b"))
            .collect();
        server.ingest(&spans);
    }
    wait_until("most is sealed", || server.segments() > 0);
    let put = server.call(
        "PUT",
        "/api/v1/prices",
        &[JSON],
        table(0.001).to_string().as_bytes(),
    );
    assert_eq!(put.status, 200, "{}", put.text());
    assert_eq!(
        server
            .call("POST", "/api/v1/prices/reprice", &[], b"")
            .status,
        202
    );
    let priced = |server: &Server| {
        let listed = server.search("");
        assert_eq!(listed.len() as u128, TRACES);
        let has_cost = |row: &&Json| row.to_string().contains("mlflow.trace.cost");
        listed.iter().filter(has_cost).count() as u128
    };
    // Nobody asks again: what was accepted is known not to be done, at once and at any later moment.
    for moment in 0.. {
        server = server.kill().start(&SEAL_ALL);
        std::thread::sleep(std::time::Duration::from_millis(40 * moment));
        if priced(&server) == TRACES {
            break;
        }
    }
    for number in [1, TRACES / 2, TRACES] {
        let price = &trace(&server, number)["spans"][0]["cost_derivation"]["price"];
        assert_eq!(price["version"], "mine");
    }
    server.assert_well();
}

#[test]
fn wrong_tables_are_refused_and_say_where() {
    let server = Server::start(&[]);
    for (body, reason) in [
        (json!({"prices": 5}), "invalid type"),
        (json!({"price": []}), "price"),
        (json!({"prices": [{"models": ["a"]}]}), "prices[0]"),
        (
            json!({"prices": [{"models": ["a"], "per_million": {"input": -1, "output": 1}}]}),
            "`input`",
        ),
        (
            json!({"prices": [{"models": ["a"], "per_million": {"input": 1e300, "output": 1}}]}),
            "`input`",
        ),
    ] {
        let reply = server.call(
            "PUT",
            "/api/v1/prices",
            &[JSON],
            body.to_string().as_bytes(),
        );
        assert_eq!(reply.status, 400, "{}", reply.text());
        let error = &reply.json()["error"];
        assert_eq!(error["code"], "invalid_input");
        assert!(
            error["message"].as_str().unwrap().contains(reason),
            "{error}"
        );
    }
    let tables = server.get("/api/v1/prices").json();
    assert_eq!(tables["tables"].as_array().unwrap().len(), 1);
    server.assert_well();
}

#[test]
fn the_command_line_lists_tests_and_imports() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mine.toml");
    let toml = "version = \"7\"\n[[prices]]\nmodels = [\"local-7b\"]\nper_thousand = { input = 0.5, output = 1 }\n";
    std::fs::write(&file, toml).unwrap();
    let file = file.to_str().unwrap();
    let server = Server::start(&["--prices", file]);

    let asked = [
        "prices", "test", "local-7b", "--input", "2000", "--output", "1000",
    ];
    let tested = text(&run(&server, &asked));
    assert!(
        tested.ends_with("total $2 by table file, version 7, model local-7b\n"),
        "{tested}"
    );
    assert!(tested.starts_with("input "), "{tested}");
    let unknown = run(&server, &["prices", "test", "unheard-of", "--input", "1"]);
    assert_eq!(unknown.status.code(), Some(3));
    let long = [
        "prices",
        "test",
        "claude-sonnet-4-5",
        "--input",
        "300000",
        "--batch",
        "--on",
        "2025-11-24",
    ];
    let long = text(&run(&server, &long));
    assert!(
        long.ends_with("model claude-sonnet-4-5, above 200000 input tokens, batch × 0.5\n"),
        "{long}"
    );
    let too_much = [
        "prices",
        "test",
        "gpt-4o",
        "--input",
        "1",
        "--cache-read",
        "2",
    ];
    assert_eq!(run(&server, &too_much).status.code(), Some(2));
    assert_eq!(
        run(&server, &["prices", "list", "unheard-of"])
            .status
            .code(),
        Some(3)
    );

    assert!(text(&run(&server, &["prices", "import", file])).starts_with("version 7 counts"));
    let listed = text(&run(&server, &["prices", "list", "7b"]));
    assert!(listed.contains("workspace, version 7"), "{listed}");
    assert!(
        listed.contains("local-7b: input 500, output 1000"),
        "{listed}"
    );
    text(&run(&server, &["prices", "remove"]));
    assert_eq!(run(&server, &["prices", "remove"]).status.code(), Some(3));
    server.assert_well();
}
