//! What is wrong with a request is said in one shape.

use serde_json::{Value as Json, json};

use crate::support::Server;
use crate::support::otlp::{root, trace_id};

#[test]
fn a_refusal_names_the_member() {
    let server = Server::start(&[]);
    for (path, body, field) in [
        ("traces/search", json!({}), "experiments"),
        (
            "traces/search",
            json!({"experiments": ["0"], "limit": 1000}),
            "limit",
        ),
        (
            "traces/search",
            json!({"experiments": ["0"], "filter": "dur > 3"}),
            "filter",
        ),
        (
            "traces/search",
            json!({"experiments": ["0"], "facets": [{"property": "x"}]}),
            "facets",
        ),
        (
            "traces/search",
            json!({"experiments": ["0"], "limits": 1}),
            "limits",
        ),
        (
            "stats",
            json!({"experiments": ["0"], "tables": [{"of": "users"}]}),
            "tables",
        ),
        (
            "stats",
            json!({"experiments": ["0"], "tables": [{"group_by": ["x"]}]}),
            "tables",
        ),
        (
            "stats",
            json!({"experiments": ["0"], "tables": [{"limit": 0}]}),
            "tables[0].limit",
        ),
        (
            "stats",
            json!({"experiments": ["0"], "heatmap": {"bucket": 1}}),
            "heatmap.bucket",
        ),
        (
            "sessions/search",
            json!({"experiments": ["0"], "order_by": "name"}),
            "order_by",
        ),
        (
            "sessions/search",
            json!({"experiments": ["0"], "by": "team"}),
            "by",
        ),
    ] {
        let reply = server.post_json(&format!("/api/v1/{path}"), &body);
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
        let error = reply.json()["error"].clone();
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("invalid_input"), &json!(field)),
            "{body}"
        );
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty())
        );
    }
    server.assert_well();
}

#[test]
fn a_refusal_has_the_same_shape_wherever_it_comes_from() {
    let server = Server::start(&[]);
    for path in ["/api/v1/traces/tr-1", "/api/v1/nothing/here"] {
        let reply = server.get(path);
        assert_eq!(
            (reply.status, reply.json()["error"]["code"].clone()),
            (404, json!("not_found"))
        );
    }
    for (path, field) in [
        ("values?experiments=0", "property"),
        ("values?property=state", "experiments"),
        ("values?property=states&experiments=0", "property"),
        ("keys?of=span&experiments=0", "of"),
        ("keys?of=tag&experiments=0&limit=many", "limit"),
    ] {
        let reply = server.get(&format!("/api/v1/{path}"));
        assert_eq!(
            (reply.status, reply.json()["error"]["field"].clone()),
            (400, json!(field)),
            "{path}"
        );
    }
    for (method, path, allowed) in [
        ("GET", "/api/v1/traces/search", "POST"),
        ("PUT", "/api/v1/traces/export", "GET,HEAD,POST"),
        ("DELETE", "/api/v1/values", "GET,HEAD"),
    ] {
        let reply = server.call(method, path, &[], b"");
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some(allowed)),
            "{path}"
        );
        assert_eq!(reply.json()["error"]["code"], "method_not_allowed");
    }
    let token = json!({"experiments": ["0"], "page_token": "!"});
    for path in ["traces/search", "sessions/search"] {
        assert_eq!(
            server.post_json(&format!("/api/v1/{path}"), &token).status,
            400,
            "{path}"
        );
    }
    let not_json = server.call(
        "POST",
        "/api/v1/traces/search",
        &[("content-type", "text/plain")],
        b"{}",
    );
    assert_eq!(not_json.status, 400);
    let broken = server.send_json("POST", "/api/v1/traces/search", "{");
    assert_eq!(broken.json()["error"]["code"], "invalid_input");
    server.assert_well();
}

/// The parsers know every member the document has.
#[test]
fn what_is_described_can_be_sent() {
    let server = Server::start(&[]);
    server.ingest(&[root(1, "root")]);
    let document = server.get("/api/v1/openapi.json").json();
    let schemas = &document["components"]["schemas"];
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let Some(name) = schema.as_str().and_then(|path| path.rsplit('/').next()) else {
                continue;
            };
            let members = schemas[name]["properties"].as_object().unwrap().keys();
            let body: Json = members
                .map(|member| {
                    let value = match member.as_str() {
                        "experiments" => json!(["0"]),
                        "traces" | "spans" | "prices" => json!([]),
                        "kind" => json!("feedback"),
                        "value" => json!(true),
                        "version" => json!("1"),
                        "query" => json!("SELECT 1"),
                        "name" => json!(format!("made by {method}")),
                        _ => Json::Null,
                    };
                    (member.clone(), value)
                })
                .collect();
            let path = path.replace("{experiment_id}", "0");
            let path = path.replace("{trace_id}", &trace_id(1));
            let reply = server.send_json(&method.to_uppercase(), &path, &body.to_string());
            assert_eq!(
                reply.status,
                200,
                "{method} {path} {body}: {}",
                reply.text()
            );
            tried += 1;
        }
    }
    assert!(tried >= 10, "{tried}");
}
