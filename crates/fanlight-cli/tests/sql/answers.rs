//! Answers are those of a naive model, in every state and format.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::made::{Made, seed};
use crate::support::{Server, wait_until};
use crate::{ask, rows};

const SEAL_ALL: [&str; 4] = ["--seal-after", "1ms", "--quiet-ms", "0"];

#[test]
fn answers_are_the_models_in_memory_and_on_disk() {
    let traces: Vec<Made> = (1..=120).map(Made::new).collect();
    let (old, new) = traces.split_at(70);
    let server = Server::start(&[]);
    seed(&server, old);
    check(&server, old);
    let server = server.kill().start(&SEAL_ALL);
    wait_until("the older half is sealed", || server.seals() > 0);
    check(&server, old);
    let server = server.stop().start(&[]);
    seed(&server, new);
    check(&server, &traces);
    let server = server.kill().start(&SEAL_ALL);
    wait_until("all is sealed", || server.seals() > 1);
    let stopped = server.stop();
    assert!(stopped.run("compact", &[]).starts_with("merged "));
    let server = stopped.start(&[]);
    check(&server, &traces);
    server.assert_well();
}

fn check(server: &Server, traces: &[Made]) {
    let count = |wanted: &dyn Fn(&Made) -> bool| traces.iter().filter(|made| wanted(made)).count();
    assert_eq!(
        rows(server, "SELECT count(*), sum(span_count) FROM traces"),
        json!([[traces.len(), traces.len() * 3]])
    );
    assert_eq!(
        rows(
            server,
            "SELECT count(*) FROM traces WHERE state = 'ERROR' AND start_time >= '2026-01-01T00:00:10Z'"
        ),
        json!([[count(
            &|made| made.failed && made.start_ms >= 1_767_225_610_000
        )]])
    );
    let mut teams: BTreeMap<Option<&str>, u64> = BTreeMap::new();
    for made in traces {
        *teams.entry(made.team()).or_default() += made.duration_ms;
    }
    let expected: Vec<Json> = teams.iter().map(|(team, sum)| json!([team, sum])).collect();
    let query = "SELECT json_get(tags, 'team') AS team, CAST(sum(duration_ms) AS BIGINT) FROM traces GROUP BY team \
                 ORDER BY team NULLS FIRST";
    assert_eq!(rows(server, query), Json::from(expected));
    let mut tokens: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for made in traces {
        if let (Some(model), Some((input, _))) = (made.model, made.tokens) {
            let (calls, sum) = tokens.entry(model).or_default();
            *calls += 1;
            *sum += input;
        }
    }
    let expected: Vec<Json> = tokens
        .iter()
        .map(|(model, (calls, sum))| json!([model, calls, sum]))
        .collect();
    let query = "SELECT model, count(*), sum(input_tokens) FROM spans WHERE type = 'LLM' AND model IS NOT NULL \
                 GROUP BY model ORDER BY model";
    assert_eq!(rows(server, query), Json::from(expected));
    let mut asked: Vec<&Made> = traces.iter().filter(|made| made.tool == "mail").collect();
    asked.sort_by_key(|made| made.id());
    let expected: Vec<Json> = asked
        .iter()
        .map(|made| json!([made.id(), made.text]))
        .collect();
    let query = "SELECT trace_id, json_get(root.attributes, 'question') FROM spans AS root \
                 JOIN (SELECT DISTINCT trace_id FROM spans WHERE name = 'mail') USING (trace_id) \
                 WHERE parent_id IS NULL ORDER BY trace_id";
    assert_eq!(rows(server, query), Json::from(expected));
}

#[test]
fn a_format_is_asked_for_by_name_or_by_what_is_accepted() {
    let server = Server::start(&[]);
    seed(&server, &[Made::new(1), Made::new(2)]);
    let query = "SELECT trace_id, span_count FROM traces ORDER BY trace_id";
    let (first, second) = (Made::new(1).id(), Made::new(2).id());
    let plain = ask(&server, query);
    assert_eq!(plain.header("content-type"), Some("application/json"));
    assert_eq!(
        plain.json(),
        json!({
            "columns": [{"name": "trace_id", "type": "text"}, {"name": "span_count", "type": "integer"}],
            "rows": [[first, 3], [second, 3]], "row_count": 2,
        })
    );
    let csv = format!("trace_id,span_count\n{first},3\n{second},3\n");
    let lines = format!(
        "{{\"trace_id\":\"{first}\",\"span_count\":3}}\n{{\"trace_id\":\"{second}\",\"span_count\":3}}\n"
    );
    for (name, media, text) in [
        ("csv", "text/csv", Some(csv)),
        ("jsonl", "application/x-ndjson", Some(lines)),
        ("arrow", "application/vnd.apache.arrow.stream", None),
        ("parquet", "application/vnd.apache.parquet", None),
    ] {
        let by_name = json!({"query": query, "format": name});
        let by_name = server.post_json("/api/v1/sql", &by_name);
        let body = json!({"query": query}).to_string();
        let headers = [
            ("content-type", "application/json"),
            ("accept", &*format!("text/html, {media};q=0.9, */*;q=0.1")),
        ];
        let accepted = server.call("POST", "/api/v1/sql", &headers, body.as_bytes());
        for reply in [by_name, accepted] {
            assert_eq!(
                (reply.status, reply.header("content-type")),
                (200, Some(media))
            );
            match &text {
                Some(text) => assert_eq!(&reply.text(), text),
                None if name == "arrow" => assert!(reply.body.starts_with(&[0xff; 4])),
                None => assert!(reply.body.starts_with(b"PAR1") && reply.body.ends_with(b"PAR1")),
            }
        }
    }
    server.assert_well();
}
