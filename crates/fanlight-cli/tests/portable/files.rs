//! Files to import: packed, broken, from elsewhere.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::Server;
use crate::support::otlp::{child, root, trace_id};
use crate::{export, import, said, traces, traces_with_input};

fn file(dir: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn otlp(trace: u128) -> String {
    let spans = [root(trace, "a"), child(trace, 2, "b")];
    String::from_utf8(fanlight_ingest::encode_traces_json(&spans)).unwrap()
}

#[test]
fn packed_files_and_standard_input_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(otlp(1).as_bytes()).unwrap();
    let packed = file(dir.path(), "a", &gzip.finish().unwrap());
    assert_eq!(import(&server, &packed), "imported 1 traces with 2 spans\n");
    let packed = zstd::encode_all(otlp(2).as_bytes(), 1).unwrap();
    import(&server, &file(dir.path(), "b", &packed));
    let output = traces_with_input(server.port, &["import", "-"], otlp(3).as_bytes());
    assert!(output.status.success(), "{}", said(&output));
    let found = server.search_ids("");
    assert_eq!(found, [trace_id(3), trace_id(2), trace_id(1)]);
}

#[test]
fn a_bad_line_is_named_with_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[]);
    // More lines than are sent at a time, an empty one among them.
    let mut lines: Vec<String> = (1..=1_500).map(otlp).collect();
    lines[3] = String::new();
    lines[1_200] =
        r#"{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "00"}]}]}]}"#.to_owned();
    lines[1_300] = "{".to_owned();
    let path = file(dir.path(), "x.jsonl", lines.join("\n").as_bytes());
    let path = path.to_str().unwrap();

    let stopped = traces(server.port, &["import", path]);
    assert_eq!(stopped.status.code(), Some(1));
    assert!(
        said(&stopped).contains(&format!("{path}:1201: ")),
        "{}",
        said(&stopped)
    );
    assert!(said(&stopped).contains("999 traces"), "{}", said(&stopped));

    let went_on = traces(server.port, &["import", "--continue-on-error", path]);
    assert_eq!(went_on.status.code(), Some(1));
    let told = said(&went_on);
    assert!(
        told.contains(&format!("{path}:1201: ")) && told.contains(&format!("{path}:1301: ")),
        "{told}"
    );
    assert!(
        told.contains("imported 1497 traces with 2994 spans; 2 lines were left out"),
        "{told}"
    );
    assert_eq!(server.search_ids("").len(), 1497);

    let missing = traces(server.port, &["import", "/no/such/file"]);
    assert!(
        said(&missing).contains("/no/such/file"),
        "{}",
        said(&missing)
    );
    server.assert_well();
}

#[test]
fn bad_lines_are_refused_one_by_one_and_nothing_of_their_request_is_kept() {
    let server = Server::start(&[]);
    let own = |beside: serde_json::Value| {
        let mut line: serde_json::Value = serde_json::from_str(&otlp(9)).unwrap();
        line["fanlight"] = beside;
        line.to_string()
    };
    let mlflow = |info: serde_json::Value| json!({"info": info, "data": {"spans": []}}).to_string();
    for (bad, reason) in [
        ("[]".to_owned(), "not a JSON object"),
        ("{}".to_owned(), "neither OTLP"),
        (own(json!({})), "`fanlight.trace_id` is missing"),
        (
            own(json!({"trace_id": trace_id(8)})),
            "a span belongs to trace",
        ),
        (
            own(json!({"trace_id": trace_id(9), "colour": 1})),
            "`fanlight.colour` is unknown",
        ),
        (
            own(json!({"trace_id": trace_id(9), "tags": {"a": 1}})),
            "`fanlight.tags.a`",
        ),
        (
            own(json!({"trace_id": trace_id(9), "start_ns": 5})),
            "`fanlight.start_ns`",
        ),
        (
            own(json!({"trace_id": trace_id(9), "state": "GOOD"})),
            "`fanlight.state`",
        ),
        (
            own(json!({"trace_id": trace_id(9), "experiment_id": "77"})),
            "experiment 77 does not exist",
        ),
        (
            own(json!({"trace_id": trace_id(9), "assessments": [{"id": "a", "kind": "praise"}]})),
            "`fanlight.assessments[0].kind`",
        ),
        (mlflow(json!({})), "info.trace_id"),
        (mlflow(json!({"trace_id": "x".repeat(60)})), "60 characters"),
        (
            mlflow(json!({"trace_id": "x", "request_time": "noon"})),
            "`info.request_time`",
        ),
        (
            json!({"info": {"trace_id": "x"}, "data": {}}).to_string(),
            "no list `spans`",
        ),
    ] {
        let body = format!("{}\n\n{bad}\n", otlp(1));
        let headers = [("content-type", "application/x-ndjson")];
        let reply = server.call("POST", "/api/v1/traces/import", &headers, body.as_bytes());
        let error = &reply.json()["error"];
        assert_eq!(
            (reply.status, &error["field"]),
            (400, &"line 3".into()),
            "{bad}: {error}"
        );
        assert!(
            error["message"].as_str().unwrap().contains(reason),
            "{bad}: {error}"
        );
    }
    assert!(server.search_ids("").is_empty());
    let refused = server.call(
        "POST",
        "/api/v1/traces/import",
        &[("content-type", "text/plain")],
        b"",
    );
    assert_eq!(refused.status, 400);
    server.assert_well();
}

#[test]
fn an_import_may_go_to_an_experiment_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[]);
    server.ingest(&[root(1, "a")]);
    let path = export(&server, dir.path(), "x", &[]);
    let other = Server::start(&[]);
    let output = traces(
        other.port,
        &["import", path.to_str().unwrap(), "--experiment", "copies"],
    );
    assert!(output.status.success(), "{}", said(&output));
    let full = other.get(&format!("/api/v1/traces/{}", trace_id(1))).json();
    assert_eq!(full["trace"]["experiment"], "1");
    let unknown = traces(
        other.port,
        &["import", path.to_str().unwrap(), "--experiment", "99"],
    );
    assert!(
        said(&unknown).contains("experiment 99 does not exist"),
        "{}",
        said(&unknown)
    );
}
