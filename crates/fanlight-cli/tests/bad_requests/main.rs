//! Broken and hostile requests against the real binary: each gets an exact answer that says what is wrong, none is
//! answered as the server's own fault, and none changes what is stored.

#[path = "../support/mod.rs"]
mod support;

mod connections;
mod experiments;
mod names;
mod numbers;
mod otlp;
mod reads;
mod searches;
mod slow;
mod traces;

use serde_json::{Value as Json, json};
use support::Server;
use support::http::Reply;
use support::otlp::{child, root, trace_id};

const INVALID: &str = "INVALID_PARAMETER_VALUE";
const UNKNOWN: &str = "RESOURCE_DOES_NOT_EXIST";

/// A server with one trace that has everything; the tests try to break it.
struct Seeded {
    server: Server,
    before: Json,
}

impl Seeded {
    fn start(flags: &[&str]) -> Self {
        let server = Server::start(flags);
        server.ingest(&[root(1, "seed"), child(1, 2, "step")]);
        let id = trace_id(1);
        let tag = server.send_json(
            "PATCH",
            &format!("/api/3.0/mlflow/traces/{id}/tags"),
            r#"{"key":"k","value":"v"}"#,
        );
        assert_eq!(tag.status, 200, "{}", tag.text());
        let feedback = json!({"assessment": {
            "assessment_id": "a-seed", "assessment_name": "good", "feedback": {"value": true},
        }});
        let added = server.post_json(
            &format!("/api/3.0/mlflow/traces/{id}/assessments"),
            &feedback,
        );
        assert_eq!(added.status, 200, "{}", added.text());
        let before = everything(&server);
        Self { server, before }
    }

    /// The server is alive, did not fail, and knows what it knew.
    fn assert_unharmed(&self) {
        self.server.assert_well();
        assert_eq!(everything(&self.server), self.before);
    }

    /// The request is refused in MLflow's words, exactly these.
    fn refuses(&self, method: &str, path: &str, body: &str, expected: (u16, &str, &str)) {
        let reply = self.server.send_json(method, path, body);
        assert_refusal(
            &reply,
            expected,
            &format!("{method} {path} {}", short(body)),
        );
    }

    fn refuses_get(&self, path: &str, expected: (u16, &str, &str)) {
        assert_refusal(&self.server.get(path), expected, &short(path));
    }
}

/// All that can be read of experiments and traces.
fn everything(server: &Server) -> Json {
    let experiments =
        server.get("/api/2.0/mlflow/experiments/search?max_results=100&view_type=ALL");
    assert_eq!(experiments.status, 200, "{}", experiments.text());
    json!({
        "experiments": experiments.json(),
        "search": server.search_page(&json!({})),
        "trace": server.trace(&trace_id(1)).json(),
    })
}

fn assert_refusal(reply: &Reply, (status, code, message): (u16, &str, &str), request: &str) {
    let mut expected = json!({"error_code": code, "message": message, "sqlstate": "KAM00"});
    expected["error_class"] = match code {
        UNKNOWN | "NOT_FOUND" => "RESOURCE_NOT_FOUND".into(),
        "BAD_REQUEST" => INVALID.into(),
        code => code.into(),
    };
    assert_eq!(reply.status, status, "{request}: {}", reply.text());
    assert_eq!(reply.json(), expected, "{request}");
    assert_eq!(
        reply.header("content-type"),
        Some("application/json"),
        "{request}"
    );
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
