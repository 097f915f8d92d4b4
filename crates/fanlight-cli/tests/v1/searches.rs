//! Pages with facets and a histogram.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::in_every_state;
use crate::made::Made;
use crate::support::Server;

type Case = (&'static str, bool, fn(&Made) -> bool);

/// Filters, whether the indexes alone can answer them, and what they mean.
const CASES: [Case; 11] = [
    ("", true, |_| true),
    ("status = 'ERROR'", true, |made| made.failed),
    ("tags.team = 'red'", true, |made| made.team() == Some("red")),
    ("NOT tags.team = 'blue'", true, |made| {
        made.team() != Some("blue")
    }),
    ("tags.team IS NULL AND status = 'OK'", true, |made| {
        made.team().is_none() && !made.failed
    }),
    (
        "span.name = 'mail' OR metadata.mlflow.trace.user = 'u1'",
        true,
        |made| made.tool == "mail" || made.user.as_deref() == Some("u1"),
    ),
    ("execution_time > 2000", true, |made| {
        made.duration_ms > 2000
    }),
    (
        "timestamp >= 1767225610000 AND timestamp < 1767225620000",
        true,
        |made| (1_767_225_610_000..1_767_225_620_000).contains(&made.start_ms),
    ),
    ("trace.text ILIKE '%WOOL%'", false, |made| {
        made.text.contains("wool")
    }),
    ("tags.team = 'nobody'", true, |_| false),
    ("span.model = 'gpt-4o'", true, |made| {
        made.model == Some("gpt-4o")
    }),
];

type Values = (&'static str, fn(&Made) -> Vec<String>);

/// Facets and the values a trace has of them.
fn facets() -> Vec<Values> {
    vec![
        ("state", |made| vec![made.state().to_owned()]),
        ("name", |made| made.name.iter().cloned().collect()),
        ("session", |made| made.session.iter().cloned().collect()),
        ("user", |made| made.user.iter().cloned().collect()),
        ("tag.team", |made| {
            made.team().iter().map(|team| (*team).to_owned()).collect()
        }),
        ("span.name", |made| {
            vec!["top".to_owned(), "call".to_owned(), made.tool.to_owned()]
        }),
        ("span.type", |_| vec!["LLM".to_owned(), "TOOL".to_owned()]),
        ("span.model", |made| {
            made.model.iter().map(|model| (*model).to_owned()).collect()
        }),
        ("attribute.question", |made| vec![made.text.clone()]),
        ("attribute.gen_ai.usage.input_tokens", |made| {
            made.tokens
                .iter()
                .map(|(input, _)| input.to_string())
                .collect()
        }),
    ]
}

fn request(filter: &str, limit: usize) -> Json {
    let facets: Vec<Json> = facets()
        .iter()
        .map(|(property, _)| json!({"property": property, "limit": 4}))
        .collect();
    json!({
        "experiments": ["0"], "filter": filter, "limit": limit, "facets": facets,
        "histogram": {"buckets": 12},
    })
}

/// The counts of an answer: at least and at most so many.
fn bounds(found: &Json, least: &str) -> (u64, u64) {
    (
        found[least].as_u64().unwrap(),
        found["at_most"].as_u64().unwrap(),
    )
}

fn assert_within(expected: usize, (least, most): (u64, u64), exact: bool, what: &str) {
    let expected = expected as u64;
    assert!(
        (least..=most).contains(&expected),
        "{what}: {expected} in {least}..={most}"
    );
    assert!(!exact || least == most, "{what} is not exact");
}

fn assert_search(server: &Server, traces: &[Made], place: &str) {
    for (filter, by_index, holds) in CASES {
        let what = format!("{place}: {filter}");
        let mut matching: Vec<&Made> = traces.iter().filter(|made| holds(made)).collect();
        matching.sort_by_key(|made| (std::cmp::Reverse(made.start_ms), made.trace));
        let reply = server.post_json("/api/v1/traces/search", &request(filter, 7));
        assert_eq!(reply.status, 200, "{what}: {}", reply.text());
        let answer = reply.json();

        let ids: Vec<&str> = answer["traces"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_str().unwrap())
            .collect();
        let expected: Vec<String> = matching.iter().take(7).map(|made| made.id()).collect();
        assert_eq!(ids, expected, "{what}");
        assert_within(
            matching.len(),
            bounds(&answer["count"], "at_least"),
            by_index,
            &what,
        );
        assert_facets(&answer, &matching, by_index, &what);
        assert_histogram(&answer["histogram"], &matching, by_index, &what);
    }
}

fn assert_facets(answer: &Json, matching: &[&Made], by_index: bool, what: &str) {
    for (place, (property, values)) in facets().into_iter().enumerate() {
        let what = format!("{what}: {property}");
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for made in matching {
            for value in values(made) {
                *counts.entry(value).or_default() += 1;
            }
        }
        let facet = &answer["facets"][place];
        assert_eq!(facet["property"], property);
        let found = facet["values"].as_array().unwrap();
        assert_eq!(
            found.len(),
            counts.len().min(4),
            "{what}: {facet} {counts:?}"
        );
        assert_eq!(facet["more"], counts.len() > 4, "{what}");
        for value in found {
            let expected = counts[value["value"].as_str().unwrap()];
            assert_within(expected, bounds(value, "count"), by_index, &what);
        }
        if facet["exact"] == true {
            let mut expected: Vec<_> = counts.into_iter().collect();
            expected.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), value.clone()));
            let order: Vec<_> = found
                .iter()
                .map(|value| value["value"].as_str().unwrap())
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .take(4)
                .map(|(value, _)| value.as_str())
                .collect();
            assert_eq!(order, expected, "{what}");
        } else {
            assert!(!by_index, "{what} is not exact");
        }
    }
}

fn assert_histogram(histogram: &Json, matching: &[&Made], by_index: bool, what: &str) {
    let buckets = histogram["buckets"].as_array().unwrap();
    assert_eq!(buckets.is_empty(), matching.is_empty(), "{what}");
    assert!(buckets.len() <= 12, "{what}: {} buckets", buckets.len());
    if matching.is_empty() {
        assert_eq!(histogram["bucket_ms"], Json::Null, "{what}");
        return;
    }
    let width = whole(histogram["bucket_ms"].as_f64().unwrap()).max(1);
    let first = matching
        .iter()
        .map(|made| made.start_ms)
        .min()
        .unwrap_or_default();
    let mut from = first / width * width;
    for bucket in buckets {
        let inside = |made: &&&Made| (from..from + width).contains(&made.start_ms);
        let here: Vec<_> = matching.iter().filter(inside).collect();
        assert_within(here.len(), bounds(bucket, "count"), by_index, what);
        if by_index {
            let failed = here.iter().filter(|made| made.failed).count() as u64;
            assert_eq!(
                bucket["states"]["ERROR"].as_u64().unwrap_or(0),
                failed,
                "{what}: {bucket}"
            );
        }
        from += width;
    }
    if by_index && !buckets.is_empty() {
        let sum: u64 = buckets
            .iter()
            .map(|bucket| bucket["count"].as_u64().unwrap())
            .sum();
        assert_eq!(
            sum,
            matching.len() as u64,
            "{what}: a match is in no bucket"
        );
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "widths are whole milliseconds here"
)]
fn whole(width: f64) -> u64 {
    width as u64
}

#[test]
fn pages_facets_and_histograms_agree_with_a_naive_count() {
    in_every_state(assert_search);
}

#[test]
fn a_row_and_a_trace_show_what_was_recorded_and_edited() {
    in_every_state(|server, traces, place| {
        let body = json!({"experiments": ["0"], "limit": 500});
        let rows = server.post_json("/api/v1/traces/search", &body).json();
        for row in rows["traces"].as_array().unwrap() {
            let made = traces.iter().find(|made| row["id"] == made.id()).unwrap();
            let what = format!("{place}: {row}");
            assert_eq!(row["state"], made.state(), "{what}");
            assert_eq!(
                row["duration_ms"].as_f64().unwrap().to_string(),
                made.duration_ms.to_string()
            );
            assert_eq!(row["tags"]["team"].as_str(), made.team(), "{what}");
            assert_eq!(row["session"].as_str(), made.session.as_deref(), "{what}");
            assert_eq!(row["span_count"], 3, "{what}");
            assert_eq!(
                row["tokens"]["input"].as_u64(),
                made.tokens.map(|(input, _)| input),
                "{what}"
            );
        }
        assert_eq!(rows["count"], Json::Null);
        let made = &traces[4];
        let full = server.get(&format!("/api/v1/traces/{}", made.id())).json();
        assert_eq!(full["trace"]["id"], made.id());
        let spans = full["spans"].as_array().unwrap();
        assert_eq!(spans[0]["name"], "top");
        assert_eq!(spans[0]["attributes"]["question"], made.text.as_str());
        let tool = spans.iter().find(|span| span["type"] == "TOOL").unwrap();
        assert_eq!(tool["name"], made.tool);
    });
}
