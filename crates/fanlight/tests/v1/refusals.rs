//! What is wrong with a request is said in one shape.

use serde_json::json;

use crate::support::Server;

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
    for path in ["/api/v1/traces/tr-1", "/api/v1/nothing/here"] {
        let reply = server.get(path);
        assert_eq!(
            (reply.status, reply.json()["error"]["code"].clone()),
            (404, json!("not_found"))
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
