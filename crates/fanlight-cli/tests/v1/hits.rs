//! Where the texts of a page stand: every place is checked against the trace itself.

use serde_json::{Value as Json, json};

use crate::in_every_state;
use crate::support::Server;
use crate::support::otlp::{child, root, trace_id, with_attribute};

fn search(server: &Server, filter: &str) -> Vec<Json> {
    let body = json!({"experiments": ["0"], "filter": filter, "hits": true, "limit": 500});
    let reply = server.post_json("/api/v1/traces/search", &body);
    assert_eq!(reply.status, 200, "{filter}: {}", reply.text());
    reply.json()["traces"].as_array().unwrap().clone()
}

fn hits(row: &Json) -> &[Json] {
    row["hits"].as_array().unwrap()
}

/// What the ranges of a hit cut out of its snippet.
fn marked(hit: &Json) -> Vec<String> {
    let snippet: Vec<char> = hit["snippet"].as_str().unwrap().chars().collect();
    let at = |range: &Json, end: usize| usize::try_from(range[end].as_u64().unwrap()).unwrap();
    let ranges = hit["ranges"].as_array().unwrap().iter();
    ranges
        .map(|range| snippet[at(range, 0)..at(range, 1)].iter().collect())
        .collect()
}

#[test]
fn every_place_is_one_of_the_trace_itself() {
    in_every_state(|server, traces, place| {
        let rows = search(server, "trace.text ILIKE '%ABOUT wool%'");
        let expected = traces
            .iter()
            .filter(|made| made.text.ends_with("about wool"));
        assert_eq!(rows.len(), expected.count(), "{place}");
        for row in &rows {
            let made = traces.iter().find(|made| row["id"] == made.id()).unwrap();
            let [hit] = hits(row) else {
                panic!("{place}: {row}")
            };
            assert_eq!(marked(hit), ["about wool"], "{place}");
            assert_eq!(hit["snippet"], made.text.as_str(), "{place}");
            assert_eq!(
                (&hit["field"], &hit["span_name"]),
                (&json!("attribute.question"), &json!("top"))
            );
            assert_eq!(hit["span_id"], "0000000000000001");
            let before = made.text.find("about").unwrap();
            assert_eq!(hit["chars_before"], before, "{place}");
        }
        let named = search(server, "trace.name LIKE '%gent%'");
        assert!(!named.is_empty());
        for row in &named {
            let [hit] = hits(row) else {
                panic!("{place}: {row}")
            };
            assert_eq!(
                (&hit["field"], &hit["span_id"]),
                (&json!("name"), &Json::Null)
            );
            assert_eq!(marked(hit), ["gent"]);
        }
        let without = search(server, "trace.status = 'ERROR'");
        assert!(without.iter().all(|row| hits(row).is_empty()), "{place}");
    });
}

fn told() -> Server {
    let server = Server::start(&[]);
    let inputs =
        json!([{"role": "user", "content": format!("{}say \"hï there\" now", "ä".repeat(400))}]);
    let mut top = with_attribute(root(1, "agent"), "mlflow.spanInputs", inputs.to_string());
    top = with_attribute(top, "mlflow.spanOutputs", "there is nothing");
    top.events.push(fanlight_model::Event {
        name: "went there".to_owned(),
        time: top.start,
        attributes: [("note".to_owned(), "is it there?".into())]
            .into_iter()
            .collect(),
        dropped_attributes: 0,
    });
    let tool = with_attribute(child(1, 2, "over there"), "note", "nowhere");
    server.ingest(&[top, tool]);
    server
}

#[test]
fn places_are_named_as_a_reader_knows_them() {
    let server = told();
    let rows = search(&server, "trace.text LIKE '%there%'");
    let found: Vec<_> = hits(&rows[0])
        .iter()
        .map(|hit| {
            (
                hit["field"].as_str().unwrap(),
                hit["span_name"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("inputs", "agent"),
            ("outputs", "agent"),
            ("event", "agent"),
            ("event.note", "agent"),
            ("name", "over there"),
        ]
    );
    let inputs = &hits(&rows[0])[0];
    assert_eq!(
        inputs["snippet"].as_str().unwrap().chars().count(),
        60 + "there\" now".len()
    );
    assert_eq!(marked(inputs), ["there"]);
    // In the text of the message, not in the JSON around it.
    assert_eq!(
        (&inputs["chars_before"], &inputs["bytes_before"]),
        (&json!(408), &json!(809))
    );
}

#[test]
fn several_pieces_and_expressions_are_marked() {
    let server = told();
    for (filter, field, pieces) in [
        (
            "trace.text ILIKE '%SAY%HÏ_T%'",
            "inputs",
            &["say", "hï t"][..],
        ),
        ("span.name RLIKE 'v[a-z]+ th'", "name", &["ver th"]),
        ("span.name LIKE 'over%re'", "name", &["over", "re"]),
        (
            "span.attributes.note LIKE '%where'",
            "attribute.note",
            &["where"],
        ),
        (
            "span.attributes.mlflow.spanOutputs LIKE '%is%'",
            "outputs",
            &["is"],
        ),
    ] {
        let rows = search(&server, filter);
        assert_eq!(rows.len(), 1, "{filter}");
        let hit = &hits(&rows[0])[0];
        assert_eq!(hit["field"], field, "{filter}: {hit}");
        assert_eq!(marked(hit), pieces, "{filter}: {hit}");
    }
}

#[test]
fn only_what_makes_a_trace_match_is_told() {
    let server = told();
    // The span that fulfils both, not the other one.
    let both = search(
        &server,
        "span.name = 'over there' AND span.content LIKE '%where%'",
    );
    assert_eq!(hits(&both[0]).len(), 1);
    assert_eq!(hits(&both[0])[0]["span_name"], "over there");
    // One branch does not hold.
    let either =
        "(trace.status = 'ERROR' AND trace.text LIKE '%nothing%') OR trace.text LIKE '%nowhere%'";
    let either = search(&server, either);
    assert_eq!(hits(&either[0]).len(), 1);
    assert_eq!(marked(&hits(&either[0])[0]), ["nowhere"]);
    let absent = search(&server, "NOT trace.text LIKE '%absent%'");
    assert!(hits(&absent[0]).is_empty());
    // Not asked for.
    let body = json!({"experiments": ["0"], "filter": "trace.text LIKE '%there%'"});
    let plain = server.post_json("/api/v1/traces/search", &body).json();
    assert_eq!(plain["traces"][0]["id"], trace_id(1));
    assert!(plain["traces"][0].get("hits").is_none());
    server.assert_well();
}
