//! Files of every format that was ever released are read: `fixtures/format-N/data` was written by the version that
//! brought format N, `answers.json` is what it answered.
//!
//! A change of a format adds a fixture and never touches an old one:
//! `FANLIGHT_WRITE_FIXTURE=format-N cargo test -p fanlight-cli --test formats`. Where an answer is meant to be another one by
//! now, `FANLIGHT_WRITE_ANSWERS=yes` records it again from the old data: look at what changed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use fanlight_model::{Event, UnixNanos, Value};
use serde_json::{Value as Json, json};
use support::otlp::{BASE, child, root, trace_id, with_attribute};
use support::{Server, Stopped, wait_until};

const SEAL_ALL: [&str; 4] = ["--seal-after", "1ms", "--quiet-ms", "0"];
const FORMATS: [&str; 4] = ["format-1", "format-2", "format-3", "format-4"];

fn fixture(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(format)
}

/// Everything a reader may ask.
fn answers(server: &Server) -> Json {
    let search = |filter: &str| {
        let body = json!({
            "experiments": ["0"], "filter": filter, "count": true,
            "facets": [{"property": "state"}, {"property": "span.name"}, {"property": "tag.team"}],
        });
        let reply = server.post_json("/api/v1/traces/search", &body);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    };
    let all = search("");
    let ids = all["traces"].as_array().unwrap().iter();
    let traces: Vec<Json> = ids
        .map(|trace| {
            let id = trace["id"].as_str().unwrap();
            server.get(&format!("/api/v1/traces/{id}")).json()
        })
        .collect();
    let by_name = json!({
        "experiments": ["0"],
        "tables": [{"of": "spans", "group_by": ["span.name", "span.model"], "figures": ["tokens"]}],
    });
    json!({
        "all": all,
        "traces": traces,
        "word": search("trace.text LIKE '%marigold%'"),
        "script": search("trace.text LIKE '%見積%'"),
        "tag": search("tags.team = 'blue'"),
        "long": search("trace.text LIKE '%turn 9 of%'"),
        "stats": server.post_json("/api/v1/stats", &by_name).json(),
    })
}

/// Fails with the place of the first difference: the whole is too long to look at. Answers may have got more members
/// since they were recorded.
fn assert_same(place: &str, found: &Json, expected: &Json) {
    match (found, expected) {
        (Json::Object(found), Json::Object(expected)) => {
            for (key, expected) in expected {
                let found = found.get(key).unwrap_or(&Json::Null);
                assert_same(&format!("{place}.{key}"), found, expected);
            }
        }
        (Json::Array(found), Json::Array(expected)) if found.len() == expected.len() => {
            for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_same(&format!("{place}[{at}]"), found, expected);
            }
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}

/// Formats before the third keep no prices: what they cost is what the table of this version says, whichever that is.
fn without_version_of_prices(mut answers: Json) -> Json {
    for trace in answers["traces"].as_array_mut().unwrap() {
        for span in trace["spans"].as_array_mut().unwrap() {
            if let Some(price) = span.pointer_mut("/cost_derivation/price") {
                price.as_object_mut().unwrap().remove("version");
            }
        }
    }
    answers
}

/// What a format has to hold: merged and plain segments, dead rows, long texts, every kind of value, edits that are part
/// of a segment and others that are not, and records that are only in the log.
fn write() -> Server {
    let server = Server::start(&SEAL_ALL);
    let history = |turns: usize| -> String {
        let turn = |turn| {
            format!(
                "turn {turn} of a long history, {}; ",
                "said and heard ".repeat(9)
            )
        };
        (0..turns).map(turn).collect()
    };
    let seal = |server: &Server, spans: &[fanlight_model::Span]| {
        let seals = server.seals();
        server.ingest(spans);
        wait_until("sealed", || server.seals() > seals);
    };
    for trace in 1..=3_u128 {
        let turns = usize::try_from(trace).unwrap() * 6;
        let asked = with_attribute(
            root(trace, "agent"),
            "mlflow.spanInputs",
            format!("{{\"history\": \"{}\"}}", history(turns)),
        );
        let called = child(trace, 2, "call");
        let called = with_attribute(called, "mlflow.spanType", "\"CHAT_MODEL\"");
        let called = with_attribute(called, "gen_ai.request.model", "gpt-4o");
        let called = with_attribute(called, "gen_ai.usage.input_tokens", 120);
        let called = with_attribute(called, "gen_ai.usage.output_tokens", 30);
        let mut called = with_attribute(called, "gen_ai.output.messages", history(turns));
        called.events.push(Event {
            name: "marigold".to_owned(),
            time: UnixNanos(BASE + 5),
            attributes: [("text".to_owned(), "見積もりを送る".into())]
                .into_iter()
                .collect(),
            dropped_attributes: 1,
        });
        seal(&server, &[asked, called]);
    }
    edit(&server, 2);
    edit(&server, 3);
    let server = server.stop();
    assert!(server.run("compact", &[]).contains("3 segments"));
    let server = server.start(&SEAL_ALL);
    let values = Value::Array(vec![
        Value::Double(1.0),
        Value::Double(f64::NAN),
        Value::Bytes(vec![0, 255]),
        Value::Map(vec![("$map".to_owned(), Value::Null)]),
    ]);
    seal(
        &server,
        &[
            with_attribute(root(4, "values"), "odd", values),
            root(5, "gone"),
        ],
    );
    // A late span: the row of trace 2 dies, and the trace is sealed once more.
    seal(&server, &[child(2, 9, "late")]);
    edit(&server, 1);
    let gone = json!({"experiment_id": "0", "request_ids": [trace_id(5)]});
    let deleted = server.post_json("/api/2.0/mlflow/traces/delete-traces", &gone);
    assert_eq!(deleted.json()["traces_deleted"], 1, "{}", deleted.text());
    // These stay in the log.
    let server = server.stop().start(&[]);
    server.ingest(&[root(6, "recent")]);
    server
}

fn edit(server: &Server, trace: u128) {
    let path = format!("/api/3.0/mlflow/traces/{}", trace_id(trace));
    let tag = json!({"key": "team", "value": "blue"});
    let tagged = server.call(
        "PATCH",
        &format!("{path}/tags"),
        &[support::otlp::JSON],
        tag.to_string().as_bytes(),
    );
    assert_eq!(tagged.status, 200, "{}", tagged.text());
    let good = json!({"assessment": {"assessment_name": "good", "feedback": {"value": true}}});
    let assessed = server.post_json(&format!("{path}/assessments"), &good);
    assert_eq!(assessed.status, 200, "{}", assessed.text());
}

#[test]
fn every_released_format_is_read() {
    if let Ok(format) = std::env::var("FANLIGHT_WRITE_FIXTURE") {
        let server = write();
        let answers = answers(&server);
        let dir = fixture(&format);
        fs::create_dir_all(&dir).unwrap();
        // Killed, so that its log is left.
        server.kill().copy_to(&dir.join("data"));
        let text = serde_json::to_string_pretty(&answers).unwrap();
        fs::write(dir.join("answers.json"), text + "\n").unwrap();
    }
    for format in FORMATS {
        let dir = fixture(format);
        let expected = fs::read_to_string(dir.join("answers.json")).unwrap();
        let mut expected: Json = serde_json::from_str(&expected).unwrap();
        if ["format-1", "format-2"].contains(&format) {
            expected = without_version_of_prices(expected);
        }
        let stopped = Stopped::copy_of(&dir.join("data"));
        let said = stopped.run("verify", &[]);
        assert!(!said.contains("damaged"), "{format}: {said}");
        let server = stopped.start(&[]);
        if std::env::var_os("FANLIGHT_WRITE_ANSWERS").is_some() {
            let text = serde_json::to_string_pretty(&answers(&server)).unwrap();
            fs::write(dir.join("answers.json"), text + "\n").unwrap();
            continue;
        }
        assert_same(format, &answers(&server), &expected);
        server.assert_well();
        // And once everything has been written anew.
        let seals = server.seals();
        let server = server.stop().start(&SEAL_ALL);
        wait_until("sealed", || server.seals() > seals);
        let stopped = server.stop();
        stopped.run("compact", &[]);
        let server = stopped.start(&[]);
        assert_same(&format!("{format} merged"), &answers(&server), &expected);
    }
}
