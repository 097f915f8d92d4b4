//! Exported, imported and exported again: the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::support::otlp::{child, root, trace_id, with_attribute};
use crate::support::{Server, location, wait_until};
use crate::{export, import};

fn demo(server: &Server) {
    let url = format!("http://127.0.0.1:{}", server.port);
    let sent = Command::new(env!("CARGO_BIN_EXE_fanlight"))
        .args(["demo", "--url", &url])
        .output()
        .unwrap();
    assert!(sent.status.success());
}

fn post(server: &Server, path: &str, body: &Json) -> Json {
    let reply = server.post_json(path, body);
    assert_eq!(reply.status, 200, "{path} {body}: {}", reply.text());
    reply.json()
}

/// Everything that spans do not say.
fn edit(server: &Server) {
    let body = json!({"experiments": ["0", "1", "2", "3"], "limit": 40});
    let rows = post(server, "/api/v1/traces/search", &body);
    let ids: Vec<String> = rows["traces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    for (at, id) in ids.iter().enumerate() {
        let path = format!("/api/3.0/mlflow/traces/{id}");
        let tag = |method: &str, body: &Json| {
            let reply = server.send_json(method, &format!("{path}/tags"), &body.to_string());
            assert_eq!(reply.status, 200, "{}", reply.text());
        };
        let said = |assessment: Json| {
            let body = json!({"assessment": assessment});
            post(server, &format!("{path}/assessments"), &body)["assessment"]["assessment_id"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        match at % 8 {
            0 => tag("PATCH", &json!({"key": "team", "value": "x".repeat(6000)})),
            1 => tag(
                "PATCH",
                &json!({"key": "mlflow.traceName", "value": "renamed \"so\"\n"}),
            ),
            2 => tag("DELETE", &json!({"key": "service.version"})),
            3 => {
                let first = said(json!({
                    "assessment_name": "good", "feedback": {"value": 1}, "span_id": "9bba0b2ef45d43f2",
                    "source": {"source_type": "HUMAN", "source_id": "bob"}, "rationale": "it is",
                    "metadata": {"k": "v"},
                }));
                said(json!({
                    "assessment_name": "good", "feedback": {"value": [true, {"a": null}]}, "overrides": first,
                    "source": {"source_type": "LLM_JUDGE"},
                }));
            }
            4 => {
                said(json!({"assessment_name": "answer", "expectation": {"value": "42"}}));
                said(json!({
                    "assessment_name": "judge", "source": {"source_type": "CODE"},
                    "feedback": {"value": null, "error": {"error_code": "E", "error_message": "no", "stack_trace": "at"}},
                }));
            }
            5 => {
                let body = json!({"trace_ids": [id], "run_id": format!("run{at}")});
                post(server, "/api/2.0/mlflow/traces/link-to-run", &body);
            }
            6 => {
                let prompts = json!([{"name": "greet", "version": "3"}]);
                let body = json!({"trace_id": id, "prompt_versions": prompts});
                post(server, "/api/2.0/mlflow/traces/link-prompts", &body);
            }
            _ => {
                let experiment = rows["traces"][at]["experiment"].clone();
                let body = json!({"experiment_id": experiment, "request_ids": [id]});
                post(server, "/api/3.0/mlflow/traces/delete-traces", &body);
            }
        }
    }
}

/// Traces whose clients said something about them as a whole, under ids of their own.
fn announce(server: &Server) {
    for (at, id) in ["my own id", "0af7651916cd43dd8448eb211c80319c", "tr-x"]
        .into_iter()
        .enumerate()
    {
        let info = json!({
            "trace_id": id, "trace_location": location("0"), "client_request_id": format!("req-{at}"),
            "request_time": "2026-01-01T00:00:00.5Z", "execution_duration": "1.25s", "state": "ERROR",
            "request_preview": "asked", "response_preview": "answered", "tags": {"t": "ü", "mlflow.traceName": "own"},
            "trace_metadata": {"mlflow.trace.session": "s1", "long": "y".repeat(900)},
            "assessments": [{"assessment_name": "ok", "feedback": {"value": 2.5}, "create_time": "2026-01-01T00:00:01.125Z"}],
        });
        post(
            server,
            "/api/3.0/mlflow/traces",
            &json!({"trace": {"trace_info": info}}),
        );
    }
    let mut odd = with_attribute(root(77, "odd \u{0} name"), "nan", f64::NAN);
    odd.kind = fanlight_model::SpanKind::Other(9);
    "a=b".clone_into(&mut odd.trace_state);
    odd.flags = 1;
    odd.dropped = [1, 2, 3];
    odd.attributes
        .insert("bytes", fanlight_model::Value::Bytes(vec![0, 255]));
    odd.attributes.insert("null", fanlight_model::Value::Null);
    odd.events.push(fanlight_model::Event {
        name: "e".to_owned(),
        time: odd.start,
        attributes: odd.attributes.clone(),
        dropped_attributes: 4,
    });
    odd.links.push(fanlight_model::Link {
        trace_id: odd.trace_id,
        span_id: odd.span_id,
        trace_state: "c=d".to_owned(),
        attributes: odd.attributes.clone(),
        dropped_attributes: 5,
        flags: 6,
    });
    let mut open = child(77, 5, "open");
    open.end = None;
    server.ingest(&[odd, open]);
}

/// Lines by the id of their trace, without what another server numbers in its own way.
fn lines(path: &Path) -> BTreeMap<String, Json> {
    let text = std::fs::read_to_string(path).unwrap();
    let line = |line: &str| {
        let mut json: Json = serde_json::from_str(line).unwrap();
        let mut id = json["fanlight"]["trace_id"].clone();
        if json["info"].is_object() {
            id = json["info"]["trace_id"].clone();
            json["info"]["trace_location"].take();
            json["info"]["tags"]["mlflow.artifactLocation"].take();
        } else {
            json["fanlight"]["experiment_id"].take();
        }
        (id.as_str().unwrap().to_owned(), json)
    };
    let read: BTreeMap<_, _> = text.lines().map(line).collect();
    assert_eq!(read.len(), text.lines().count(), "a trace came twice");
    read
}

fn assert_same(expected: &Path, found: &Path) {
    let (expected, found) = (lines(expected), lines(found));
    assert!(expected.len() > 290, "{}", expected.len());
    assert_eq!(
        expected.keys().collect::<Vec<_>>(),
        found.keys().collect::<Vec<_>>()
    );
    for (id, expected) in &expected {
        assert_eq!(difference(expected, &found[id], id), None);
    }
}

/// The first place where two documents differ. Attributes are a set: a sealed trace has them in another order.
fn difference(expected: &Json, found: &Json, at: &str) -> Option<String> {
    let by_key = |list: &Json| -> Option<BTreeMap<String, Json>> {
        let pairs = list.as_array()?.iter();
        let keyed = pairs.map(|pair| Some((pair["key"].as_str()?.to_owned(), pair.clone())));
        keyed.collect()
    };
    match (expected, found) {
        (Json::Array(all), Json::Array(_)) if !all.is_empty() && by_key(expected).is_some() => {
            let (expected, found) = (by_key(expected), by_key(found));
            (expected != found).then(|| format!("{at}: {expected:?} is now {found:?}"))
        }
        (Json::Object(expected), Json::Object(found)) if expected.len() == found.len() => expected
            .iter()
            .find_map(|(key, expected)| difference(expected, &found[key], &format!("{at}.{key}"))),
        (Json::Array(expected), Json::Array(found)) if expected.len() == found.len() => {
            let mut pairs = expected.iter().zip(found).enumerate();
            pairs.find_map(|(place, (expected, found))| {
                difference(expected, found, &format!("{at}[{place}]"))
            })
        }
        _ if expected == found => None,
        _ => Some(format!("{at}: {expected} is now {found}")),
    }
}

#[test]
fn another_server_shows_the_same_in_both_formats() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[]);
    demo(&server);
    announce(&server);
    edit(&server);
    for format in ["otlp", "mlflow"] {
        let first = export(
            &server,
            dir.path(),
            &format!("{format}.1"),
            &["--format", format],
        );
        let other = Server::start(&[]);
        let told = import(&other, &first);
        let copy = export(
            &other,
            dir.path(),
            &format!("{format}.2"),
            &["--format", format],
        );
        assert_same(&first, &copy);

        assert_eq!(import(&other, &first), told);
        let again = export(
            &other,
            dir.path(),
            &format!("{format}.3"),
            &["--format", format],
        );
        assert_eq!(
            std::fs::read_to_string(copy).unwrap(),
            std::fs::read_to_string(again).unwrap(),
            "importing twice changed something"
        );
        other.assert_well();
    }
    server.assert_well();
}

#[test]
fn sealed_traces_are_exported_and_take_an_import_like_others() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[]);
    demo(&server);
    announce(&server);
    edit(&server);
    let memory = export(&server, dir.path(), "memory", &[]);
    let sealing = ["--seal-after", "1ms", "--quiet-ms", "0"];
    let server = server.stop().start(&sealing);
    wait_until("traces are sealed", || server.seals() > 0);
    let sealed = export(&server, dir.path(), "sealed", &[]);
    assert_same(&memory, &sealed);
    import(&server, &memory);
    assert_same(&memory, &export(&server, dir.path(), "again", &[]));
    server.assert_well();
}

#[test]
fn what_was_edited_after_an_import_stays() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[]);
    server.ingest(&[root(1, "a")]);
    let path = format!("/api/3.0/mlflow/traces/{}", trace_id(1));
    let tags = format!("{path}/tags");
    server.send_json("PATCH", &tags, r#"{"key": "team", "value": "red"}"#);
    let assessment = json!({"assessment_name": "ok", "feedback": {"value": true}});
    let made = post(
        &server,
        &format!("{path}/assessments"),
        &json!({"assessment": assessment}),
    );
    let file = export(&server, dir.path(), "x", &[]);

    let other = Server::start(&[]);
    import(&other, &file);
    other.send_json("PATCH", &tags, r#"{"key": "team", "value": "blue"}"#);
    let id = made["assessment"]["assessment_id"].as_str().unwrap();
    let change = json!({"assessment": {"feedback": {"value": false}}, "update_mask": "feedback"});
    let changed = other.send_json(
        "PATCH",
        &format!("{path}/assessments/{id}"),
        &change.to_string(),
    );
    assert_eq!(changed.status, 200, "{}", changed.text());
    import(&other, &file);
    let full = other.get(&format!("/api/v1/traces/{}", trace_id(1))).json();
    assert_eq!(full["trace"]["tags"]["team"], "blue");
    assert_eq!(full["trace"]["assessments"].as_array().unwrap().len(), 1);
    assert_eq!(full["trace"]["assessments"][0]["value"], false);
}

#[test]
fn every_exported_line_is_an_otlp_request() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[]);
    announce(&server);
    server.ingest(&[root(1, "a"), child(1, 2, "b")]);
    let file = std::fs::read_to_string(export(&server, dir.path(), "x", &[])).unwrap();
    assert_eq!(file.lines().count(), 5);
    let other = Server::start(&[]);
    for line in file.lines() {
        let reply = other.send_json("POST", "/v1/traces", line);
        assert_eq!((reply.status, reply.text().as_str()), (200, "{}"), "{line}");
    }
    assert_eq!(other.span_names(&trace_id(1)), ["a", "b"]);
}
