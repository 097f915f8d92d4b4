//! Experiments and runs.

use serde_json::{Value as Json, json};

use crate::{INVALID, Seeded, UNKNOWN};

const EXPERIMENTS: &str = "/api/2.0/mlflow/experiments";
const RUNS: &str = "/api/2.0/mlflow/runs";

fn missing(parameter: &str) -> String {
    format!("missing value for required parameter `{parameter}`")
}

#[test]
#[expect(clippy::too_many_lines, reason = "one long table")]
fn experiments_refuse_what_they_cannot_be() {
    let seeded = Seeded::start(&[]);
    let integer = |shown: &str| {
        format!(
            "invalid value \"{shown}\" for parameter `experiment_id`: an experiment id must be an integer"
        )
    };
    let cases: [(&str, Json, u16, &str, String); 16] = [
        ("create", json!({}), 400, INVALID, missing("name")),
        ("create", json!({"name": ["x"]}), 400, INVALID, "invalid value [\"x\"] for parameter `name`: expected a string".into()),
        ("create", json!({"name": "Default"}), 400, "RESOURCE_ALREADY_EXISTS", "experiment `Default` already exists".into()),
        ("create", json!({"name": "x", "tags": "a"}), 400, INVALID, "invalid value \"a\" for parameter `tags`: expected a list".into()),
        ("create", json!({"name": "x", "tags": [{"value": "a"}]}), 400, INVALID, missing("tags[0].key")),
        (
            "create",
            json!({"name": "x", "artifact_location": "s3://bucket/a#b"}),
            400,
            INVALID,
            "invalid value \"s3://bucket/a#b\" for parameter `artifact_location`: it must not have a fragment, query or parameters".into(),
        ),
        ("update", json!({"experiment_id": "0"}), 400, INVALID, missing("new_name")),
        ("update", json!({"experiment_id": "9", "new_name": "x"}), 404, UNKNOWN, "experiment 9 does not exist".into()),
        ("delete", json!({"experiment_id": "x"}), 400, INVALID, integer("x")),
        ("delete", json!({"experiment_id": "-9223372036854775808"}), 400, INVALID, integer("-9223372036854775808")),
        ("delete", json!({"experiment_id": "9223372036854775808"}), 404, UNKNOWN, "experiment 9223372036854775808 does not exist".into()),
        ("restore", json!({"experiment_id": "0"}), 404, UNKNOWN, "experiment 0 is not deleted".into()),
        ("set-experiment-tag", json!({"experiment_id": "0"}), 400, INVALID, missing("key")),
        ("set-experiment-tag", json!({"experiment_id": "9", "key": "k"}), 404, UNKNOWN, "experiment 9 does not exist".into()),
        ("delete-experiment-tag", json!({"experiment_id": "0", "key": "k"}), 404, UNKNOWN, "tag `k` does not exist".into()),
        ("search", json!({}), 400, INVALID, "invalid value 0 for parameter `max_results`: expected a positive integer".into()),
    ];
    for (path, body, status, code, message) in cases {
        seeded.refuses(
            "POST",
            &format!("{EXPERIMENTS}/{path}"),
            &body.to_string(),
            (status, code, &message),
        );
    }
    let long = json!({"name": "x".repeat(501)}).to_string();
    let message = format!(
        "the experiment name has 501 characters, more than the limit of 500: `{}…`",
        "x".repeat(80)
    );
    seeded.refuses(
        "POST",
        &format!("{EXPERIMENTS}/create"),
        &long,
        (400, INVALID, &message),
    );
    for (query, status, code, message) in [
        ("get", 400, INVALID, missing("experiment_id")),
        ("get?experiment_id=abc", 400, INVALID, integer("abc")),
        ("get?experiment_id=%2b1", 400, INVALID, integer("+1")),
        (
            "get?experiment_id=9",
            404,
            UNKNOWN,
            "experiment 9 does not exist".into(),
        ),
        ("get-by-name", 400, INVALID, missing("experiment_name")),
        (
            "get-by-name?experiment_name=%27%20OR%201=1%20--",
            404,
            UNKNOWN,
            "experiment `' OR 1=1 --` does not exist".into(),
        ),
        (
            "search?max_results=50001",
            400,
            INVALID,
            "invalid value 50001 for parameter `max_results`: expected at most 50000".into(),
        ),
        (
            "search?max_results=x",
            400,
            INVALID,
            "invalid value \"x\" for parameter `max_results`: expected an integer".into(),
        ),
        (
            "search?max_results=1&page_token=!",
            400,
            INVALID,
            "page token `!` is not valid".into(),
        ),
    ] {
        seeded.refuses_get(&format!("{EXPERIMENTS}/{query}"), (status, code, &message));
    }
    for search in [
        "filter=name%20IN%20('a')",
        "filter=name%20=%20'a'%20OR%201=1",
        "filter='%20UNION%20SELECT%201%20--",
        "order_by=tags.a",
    ] {
        let reply = seeded
            .server
            .get(&format!("{EXPERIMENTS}/search?max_results=1&{search}"));
        assert_eq!(
            (reply.status, &reply.json()["error_code"]),
            (400, &json!(INVALID)),
            "{search}"
        );
    }
    seeded.assert_unharmed();
}

#[test]
fn runs_refuse_what_they_cannot_be() {
    let seeded = Seeded::start(&[]);
    let unknown = "run `none` does not exist";
    for (path, body, status, message) in [
        ("create", json!({"experiment_id": "9"}), 404, "experiment 9 does not exist".to_owned()),
        ("create", json!({"experiment_id": "x"}), 400, "invalid value \"x\" for parameter `experiment_id`: an experiment id must be an integer".to_owned()),
        ("update", json!({"run_id": "none", "status": "FINISHED"}), 404, unknown.to_owned()),
        ("set-tag", json!({"run_id": "none"}), 400, missing("key")),
        ("set-tag", json!({"run_id": "none", "key": "k", "value": "v"}), 404, unknown.to_owned()),
        ("log-metric", json!({"run_id": "none", "key": "k"}), 400, missing("value")),
        (
            "log-metric",
            json!({"run_id": "none", "key": "k", "value": "many", "timestamp": 1}),
            400,
            "invalid value \"many\" for parameter `value`: expected a number".to_owned(),
        ),
        ("log-batch", json!({"run_id": "none", "metrics": [{"key": "k", "timestamp": 1}]}), 400, missing("metrics[0].value")),
        ("search", json!({"experiment_ids": ["x"]}), 400, "invalid value \"x\" for parameter `experiment_ids`: an experiment id must be an integer".to_owned()),
    ] {
        let code = if status == 404 { UNKNOWN } else { INVALID };
        seeded.refuses("POST", &format!("{RUNS}/{path}"), &body.to_string(), (status, code, &message));
    }
    seeded.refuses_get(&format!("{RUNS}/get?run_id=none"), (404, UNKNOWN, unknown));
    seeded.refuses_get("/get-artifact?run_id=none&path=x", (404, UNKNOWN, unknown));
    seeded.refuses_get(
        "/api/2.0/mlflow/artifacts/list?run_id=none",
        (404, UNKNOWN, unknown),
    );
    seeded.assert_unharmed();
}
