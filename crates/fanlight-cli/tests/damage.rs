//! Damaged files cost what they held and nothing else: the server starts, serves the rest and says what is missing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};
use support::http::Reply;
use support::otlp::{child, root, trace_id, with_attribute};
use support::{Server, location, wait_until};

const SEAL_ALL: [&str; 4] = ["--seal-after", "1ms", "--quiet-ms", "0"];

/// Paths in `dir`, sorted.
fn entries(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort_unstable();
    paths
}

fn flip(path: &Path, place: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= 0x20;
    fs::write(path, bytes).unwrap();
}

fn doctor(data_dir: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_fanlight"))
        .args(["doctor", "--data-dir"])
        .arg(data_dir)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Traces 1 and 2 in a segment each.
fn two_segments() -> Server {
    let server = Server::start(&SEAL_ALL);
    for trace in [1, 2] {
        let seals = server.seals();
        server.ingest(&[root(trace, "root"), child(trace, 2, "child")]);
        wait_until("sealed", || server.seals() > seals);
    }
    server
}

#[test]
fn a_damaged_segment_is_left_out_and_comes_back_when_restored() {
    let server = two_segments();
    let data_dir = server.data_dir();
    let segments = entries(&data_dir.join("segments"));
    let index = segments[0].join("rows.idx");
    let whole = fs::read(&index).unwrap();
    flip(&index, whole.len() / 2);
    let server = server.stop().start(&SEAL_ALL);
    assert_eq!(server.search_ids(""), [trace_id(2)]);
    assert_eq!(server.search_ids("span.name = 'child'"), [trace_id(2)]);
    assert_eq!(server.trace(&trace_id(1)).status, 404);
    assert_eq!(
        server.metric("fanlight_damaged_places{part=\"segment\"}"),
        1
    );
    assert!(server.log().contains("is damaged"), "{}", server.log());
    let found = doctor(&data_dir);
    assert!(found.contains("fail  damage: segment "), "{found}");

    // Meanwhile the trace begins anew; it must not count twice later.
    server.ingest(&[child(1, 3, "late")]);
    let mut ids = server.search_ids("");
    ids.sort_unstable();
    assert_eq!(ids, [trace_id(1), trace_id(2)]);
    server.assert_well();

    let stopped = server.stop();
    fs::write(&index, whole).unwrap();
    let server = stopped.start(&SEAL_ALL);
    let mut ids = server.search_ids("");
    ids.sort_unstable();
    assert_eq!(ids, [trace_id(1), trace_id(2)]);
    assert_eq!(server.search_ids("span.name = 'late'"), [trace_id(1)]);
    server.assert_well();
}

#[test]
fn a_damaged_log_record_costs_that_record() {
    let server = Server::start(&[]);
    for trace in 1..=4 {
        server.ingest(&[root(trace, "root")]);
    }
    let data_dir = server.data_dir();
    let stopped = server.kill();
    let log = entries(&data_dir.join("log")).remove(0);
    // In the payload of the first record.
    flip(&log, 16 + 20 + 9);
    let server = stopped.start(&[]);
    assert_eq!(server.search_ids(""), [4, 3, 2].map(trace_id));
    assert_eq!(server.metric("fanlight_damaged_places{part=\"log\"}"), 1);
    let kept = entries(&data_dir.join("quarantine"));
    assert_eq!(kept.len(), 2, "the bytes and a note: {kept:?}");
    let found = doctor(&data_dir);
    assert!(found.contains("fail  damage: "), "{found}");
    assert!(
        found.contains("records 0 to 1 of it are missing"),
        "{found}"
    );

    // What was lost may be sent again; the numbers go on.
    server.ingest(&[root(1, "root")]);
    let server = server.kill().start(&[]);
    assert_eq!(server.search_ids(""), [4, 3, 2, 1].map(trace_id));
    server.assert_well();
}

#[test]
fn a_damaged_page_costs_its_traces_and_no_search() {
    let server = two_segments();
    let segments = entries(&server.data_dir().join("segments"));
    let stopped = server.stop();
    for name in ["traces.parquet", "spans.parquet"] {
        let path = segments[0].join(name);
        let mut bytes = fs::read(&path).unwrap();
        // Everything but the footer.
        let end = bytes.len() - 4096.min(bytes.len() / 2);
        bytes[4..end].fill(0xa5);
        fs::write(&path, bytes).unwrap();
    }
    let server = stopped.start(&[]);
    for filter in [
        "",
        "span.name = 'root'",
        "span.attributes.x LIKE '%' OR span.name = 'child'",
    ] {
        assert_eq!(server.search_ids(filter), [trace_id(2)], "{filter}");
    }
    assert_ne!(
        server.metric("fanlight_damaged_places{part=\"segment\"}"),
        0
    );
    assert_eq!(server.span_names(&trace_id(2)), ["child", "root"]);
    assert_eq!(server.metric("fanlight_panics_total"), 0);
}

/// What is asked of a server: everything that answers over many traces.
fn questions() -> Vec<(&'static str, String, Json)> {
    let mut asked: Vec<(&'static str, String, Json)> = Vec::new();
    let search = "/api/3.0/mlflow/traces/search";
    let locations = json!([location("0")]);
    for filter in FILTERS {
        let page = json!({"locations": locations, "filter": filter});
        asked.push(("POST", search.to_owned(), page));
        for of in ["traces", "spans"] {
            let by: &[&str] = match of {
                "traces" => &["name", "session", "tag.env", "span.name", "attribute.kind"],
                _ => &["span.name", "span.model", "name"],
            };
            let mut tables: Vec<Json> = by
                .iter()
                .map(|property| json!({"of": of, "group_by": [property]}))
                .collect();
            tables.push(json!({"of": of, "interval_ms": 60_000}));
            let stats = json!({
                "experiments": ["0"], "filter": filter, "tables": tables, "heatmap": {"buckets": 10},
            });
            asked.push(("POST", "/api/v1/stats".to_owned(), stats));
        }
        let facets = PROPERTIES.map(|property| json!({"property": property}));
        let page = json!({
            "experiments": ["0"], "filter": filter, "facets": facets, "histogram": {"buckets": 10}, "hits": true,
        });
        asked.push(("POST", "/api/v1/traces/search".to_owned(), page));
        for by in ["session", "user"] {
            let sessions = json!({"experiments": ["0"], "filter": filter, "by": by});
            asked.push(("POST", "/api/v1/sessions/search".to_owned(), sessions));
        }
        if !filter.is_empty() {
            let correlation = json!({
                "experiment_ids": ["0"], "filter_string1": filter, "filter_string2": "status = 'OK'",
            });
            let path = "/api/3.0/mlflow/traces/calculate-filter-correlation";
            asked.push(("POST", path.to_owned(), correlation));
        }
        let export = json!({"experiments": ["0"], "filter": filter});
        asked.push(("POST", "/api/v1/traces/export".to_owned(), export));
    }
    // The span's own attribute: spans are read whole.
    let of_attribute = json!({"of": "spans", "group_by": ["attribute.kind"]});
    let stats = json!({"experiments": ["0"], "tables": [of_attribute]});
    asked.push(("POST", "/api/v1/stats".to_owned(), stats));
    for order in ["status", "tags.env", "execution_time", "name DESC"] {
        let page = json!({"locations": locations, "order_by": [order]});
        asked.push(("POST", search.to_owned(), page));
        let page = json!({"experiments": ["0"], "order_by": [order], "count": true});
        asked.push(("POST", "/api/v1/traces/search".to_owned(), page));
    }
    for property in PROPERTIES {
        let path = format!("/api/v1/values?experiments=0&property={property}");
        asked.push(("GET", path, Json::Null));
    }
    for of in ["tag", "attribute"] {
        asked.push((
            "GET",
            format!("/api/v1/keys?experiments=0&of={of}"),
            Json::Null,
        ));
    }
    for (view, metric) in [
        ("TRACES", "trace_count"),
        ("TRACES", "latency"),
        ("TRACES", "total_tokens"),
        ("SPANS", "span_count"),
        ("SPANS", "latency"),
    ] {
        let metrics = json!({
            "experiment_ids": ["0"], "view_type": view, "metric_name": metric,
            "aggregations": [{"aggregation_type": if metric.ends_with("count") { "COUNT" } else { "AVG" }}],
        });
        asked.push(("POST", "/api/3.0/mlflow/traces/metrics".to_owned(), metrics));
    }
    for query in [
        "SELECT trace_id, count(*) FROM spans GROUP BY trace_id",
        "SELECT trace_id, state, name FROM traces",
        "SELECT trace_id, metadata FROM traces",
        "SELECT trace_id, inputs FROM spans WHERE name = 'root'",
        "SELECT trace_id FROM spans WHERE model = 'gpt-4o'",
        "SELECT trace_id, attributes FROM spans WHERE inputs LIKE '%words%'",
    ] {
        asked.push(("POST", "/api/v1/sql".to_owned(), json!({"query": query})));
    }
    let ids: Vec<String> = (1..=LAST).map(trace_id).collect();
    let infos = json!({"trace_ids": ids});
    asked.push((
        "POST",
        "/api/3.0/mlflow/traces/batchGetInfos".to_owned(),
        infos,
    ));
    let ids: Vec<String> = ids.iter().map(|id| format!("trace_ids={id}")).collect();
    let path = format!("/api/3.0/mlflow/traces/batchGet?{}", ids.join("&"));
    asked.push(("GET", path, Json::Null));
    asked
}

const FILTERS: [&str; 4] = [
    "",
    "span.name = 'child'",
    "trace.text LIKE '%words%'",
    "span.attributes.kind LIKE '%o%' OR tags.env = 'prod'",
];
const PROPERTIES: [&str; 8] = [
    "state",
    "name",
    "session",
    "tag.env",
    "user",
    "span.name",
    "span.type",
    "attribute.kind",
];
/// The traces up to the last but one are in the first segment, which is damaged; the last one is whole.
const LAST: u128 = 41;

/// Asks everything; the last trace has to be in every answer that can show it.
fn ask_all(server: &Server, what: &str) {
    let mut wrong = Vec::new();
    for (method, path, body) in questions() {
        let reply = match &body {
            Json::Null => server.get(&path),
            body => server.send_json(method, &path, &body.to_string()),
        };
        if reply.status != 200 || !shows_the_last(&path, &reply) {
            let answer = reply.text().chars().take(500).collect::<String>();
            wrong.push(format!("{method} {path} {body}: {} {answer}", reply.status));
        }
    }
    let (count, wrong) = (wrong.len(), wrong.join("\n"));
    assert_eq!(count, 0, "{what}:\n{wrong}\n{}", server.log());
}

fn shows_the_last(path: &str, reply: &Reply) -> bool {
    let text = reply.text();
    if path.contains("stats") {
        let tables = reply.json()["tables"].as_array().unwrap().clone();
        tables.iter().all(|table| table["groups"] != json!([]))
    } else if path.contains("sessions") {
        text.contains("of the last")
    } else if path.contains("values") || path.contains("keys") {
        !text.contains("\"values\":[]")
    } else if path.contains("metrics") {
        !text.contains("\"data_points\":[]")
    } else if path.contains("correlation") {
        true
    } else {
        text.contains(&trace_id(LAST))
    }
}

#[test]
fn without_an_index_of_words_texts_are_searched_one_by_one() {
    let server = two_segments();
    let segments = entries(&server.data_dir().join("segments"));
    let stopped = server.stop();
    let words = segments[0].join("words.idx");
    let middle = fs::read(&words).unwrap().len() / 2;
    flip(&words, middle);
    let server = stopped.start(&SEAL_ALL);
    for (text, found) in [
        ("%hil%", &[2, 1][..]),
        ("child", &[2, 1]),
        ("%nowhere%", &[]),
    ] {
        let ids: Vec<_> = found.iter().copied().map(trace_id).collect();
        assert_eq!(
            server.search_ids(&format!("trace.text LIKE '{text}'")),
            ids,
            "{text}"
        );
    }
    assert_eq!(
        server.metric("fanlight_damaged_places{part=\"segment\"}"),
        1
    );
}

#[test]
fn damage_in_any_file_of_a_segment_fails_no_question_over_many_traces() {
    let server = Server::start(&SEAL_ALL);
    let spans_of = |trace: u128, session: &str| {
        let long = "words ".repeat(200) + &trace.to_string();
        let mut top = with_attribute(root(trace, "root"), "kind", "long");
        for (key, value) in [
            ("mlflow.spanInputs", long.as_str()),
            ("mlflow.traceTag.env", "prod"),
            ("mlflow.traceTag.mlflow.traceName", "named"),
            ("session.id", session),
            ("user.id", session),
        ] {
            top = with_attribute(top, key, value);
        }
        let mut call = with_attribute(child(trace, 2, "child"), "kind", "short");
        call = with_attribute(call, "gen_ai.request.model", "gpt-4o");
        call = with_attribute(call, "mlflow.spanType", "\"LLM\"");
        [top, with_attribute(call, "gen_ai.usage.input_tokens", 7)]
    };
    let first: Vec<_> = (1..LAST)
        .flat_map(|trace| spans_of(trace, "of the others"))
        .collect();
    for spans in [first, spans_of(LAST, "of the last").to_vec()] {
        let seals = server.seals();
        server.ingest(&spans);
        wait_until("sealed", || server.seals() > seals);
    }
    ask_all(&server, "whole");
    let segments = entries(&server.data_dir().join("segments"));
    let files = entries(&segments[0]);
    assert!(files.len() >= 9, "{files:?}");
    let mut stopped = server.stop();
    for file in files {
        let whole = fs::read(&file).unwrap();
        // The head of a small file has bytes that mean nothing.
        let middle = (whole.len() / 2).max(24.min(whole.len() - 1));
        let mut places: Vec<(&str, Range<usize>)> = vec![
            ("a byte in the middle", middle..middle + 1),
            (
                "the last bytes",
                whole.len() - whole.len().min(16)..whole.len(),
            ),
            ("all but the ends", whole.len().min(8)..whole.len() - 8),
        ];
        if file.ends_with("words.idx") {
            places.push(("the words", 24..middle));
        }
        for (what, place) in places {
            let mut damaged = whole.clone();
            for byte in &mut damaged[place] {
                *byte ^= 0x5a;
            }
            fs::write(&file, damaged).unwrap();
            let what = format!("{what} of {}", file.display());
            let server = stopped.start(&[]);
            ask_all(&server, &what);
            assert_ne!(
                server.metric("fanlight_damaged_places{part=\"segment\"}"),
                0,
                "{what}"
            );
            assert!(server.log().contains("damaged"), "{what}: {}", server.log());
            server.assert_well();
            stopped = server.stop();
        }
        fs::write(&file, whole).unwrap();
    }
    let server = stopped.start(&[]);
    ask_all(&server, "restored");
    assert_eq!(
        server.metric("fanlight_damaged_places{part=\"segment\"}"),
        0
    );
}
