//! Tables of figures, and MLflow's metrics, which are made of the same.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::in_every_state;
use crate::made::Made;
use crate::support::Server;

type Case = (&'static str, fn(&Made) -> bool);

const CASES: [Case; 4] = [
    ("", |_| true),
    ("tags.team = 'red' OR tags.team = 'green'", |made| {
        matches!(made.team(), Some("red" | "green"))
    }),
    ("status = 'ERROR' AND timestamp >= 1767225610000", |made| {
        made.failed && made.start_ms >= 1_767_225_610_000
    }),
    ("span.name = 'mail' AND NOT tags.team = 'blue'", |made| {
        made.tool == "mail" && made.team() != Some("blue")
    }),
];

/// Name, milliseconds and failure of each span.
fn spans_of(made: &Made) -> [(&'static str, u64, bool); 3] {
    [
        ("top", made.duration_ms, made.failed),
        (
            made.tool,
            made.tool_ms.min(made.duration_ms),
            made.tool_ms == 0,
        ),
        ("call", 1, false),
    ]
}

fn ask(server: &Server, body: &Json) -> Json {
    let reply = server.post_json("/api/v1/stats", body);
    assert_eq!(reply.status, 200, "{body}: {}", reply.text());
    reply.json()
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn float(number: u64) -> f64 {
    number as f64
}

/// Durations and failures of the rows of a group.
type Rows = Vec<(u64, bool)>;

fn assert_group(group: &Json, rows: &Rows, what: &str) {
    assert_eq!(group["count"], rows.len() as u64, "{what}: {group}");
    let failed = rows.iter().filter(|(_, failed)| *failed).count() as u64;
    assert_eq!(group["errors"], failed, "{what}: {group}");
    let mut lengths: Vec<u64> = rows.iter().map(|(length, _)| *length).collect();
    lengths.sort_unstable();
    let duration = &group["duration"];
    let sum: u64 = lengths.iter().sum();
    assert!(
        (duration["sum_ms"].as_f64().unwrap() - float(sum)).abs() < 1e-6,
        "{what}: {group}"
    );
    assert_eq!(
        duration["min_ms"].as_f64(),
        lengths.first().map(|length| float(*length))
    );
    assert_eq!(
        duration["max_ms"].as_f64(),
        lengths.last().map(|length| float(*length))
    );
    let median = duration["p50_ms"].as_f64().unwrap();
    // The rank is rounded to either neighbour.
    let (low, high) = (lengths[(lengths.len() - 1) / 2], lengths[lengths.len() / 2]);
    assert!(
        (float(low) * 0.98..=float(high) * 1.02).contains(&median),
        "{what}: {median} for {low}..{high}"
    );
}

fn assert_table(table: &Json, key: &str, expected: &BTreeMap<Option<String>, Rows>, what: &str) {
    let groups = table["groups"].as_array().unwrap();
    assert_eq!(groups.len(), expected.len(), "{what}: {table}");
    let mut share = 0.0;
    for group in groups {
        let value = group["values"][key].as_str().map(str::to_owned);
        assert_group(group, &expected[&value], what);
        share += group["duration"]["share"].as_f64().unwrap_or(0.0);
    }
    assert!(
        expected.is_empty() || (share - 1.0).abs() < 1e-9,
        "{what}: {share}"
    );
}

#[test]
fn tables_agree_with_a_naive_count() {
    in_every_state(|server, traces, place| {
        for (filter, holds) in CASES {
            let what = format!("{place}: {filter}");
            let matching: Vec<&Made> = traces.iter().filter(|made| holds(made)).collect();
            let answer = ask(
                server,
                &json!({
                    "experiments": ["0"], "filter": filter, "heatmap": {"buckets": 10},
                    "tables": [
                        {"group_by": ["tag.team"]},
                        {"of": "spans", "group_by": ["span.name"]},
                        {"of": "spans", "group_by": ["session"], "figures": ["duration"]},
                        {"group_by": ["span.model"], "figures": ["duration"]},
                        {"interval_ms": 5000, "figures": ["duration", "tokens"]},
                        {"buckets": 7, "figures": ["duration", "tokens"]},
                    ],
                }),
            );
            assert_eq!(answer["count"]["at_least"], matching.len() as u64, "{what}");
            let mut by_team: BTreeMap<_, Rows> = BTreeMap::new();
            let mut by_span: BTreeMap<_, Rows> = BTreeMap::new();
            let mut by_session: BTreeMap<_, Rows> = BTreeMap::new();
            let mut by_model: BTreeMap<_, Rows> = BTreeMap::new();
            for made in &matching {
                let row = (made.duration_ms, made.failed);
                by_team
                    .entry(made.team().map(str::to_owned))
                    .or_default()
                    .push(row);
                by_model
                    .entry(made.model.map(str::to_owned))
                    .or_default()
                    .push(row);
                for (name, length, failed) in spans_of(made) {
                    by_span
                        .entry(Some(name.to_owned()))
                        .or_default()
                        .push((length, failed));
                    by_session
                        .entry(made.session.clone())
                        .or_default()
                        .push((length, failed));
                }
            }
            assert_table(&answer["tables"][0], "tag.team", &by_team, &what);
            assert_table(&answer["tables"][1], "span.name", &by_span, &what);
            assert_table(&answer["tables"][2], "session", &by_session, &what);
            assert_table(&answer["tables"][3], "span.model", &by_model, &what);
            assert_eq!(answer["tables"][3]["interval_ms"], Json::Null, "{what}");
            assert_intervals(&answer["tables"][4], &matching, &what);
            assert!(
                (1..=7).contains(&answer["tables"][5]["groups"].as_array().unwrap().len()),
                "{what}"
            );
            assert_intervals(&answer["tables"][5], &matching, &what);
            let cells = answer["heatmap"]["cells"].as_array().unwrap();
            let drawn: u64 = cells.iter().map(|cell| cell[2].as_u64().unwrap()).sum();
            assert_eq!(drawn, matching.len() as u64, "{what}");
        }
    });
}

fn assert_intervals(table: &Json, matching: &[&Made], what: &str) {
    let interval_ms: u64 = table["interval_ms"]
        .as_f64()
        .map(|length| format!("{length}").parse().unwrap())
        .unwrap();
    let mut tokens: BTreeMap<u64, (u64, Option<u64>)> = BTreeMap::new();
    for made in matching {
        let interval = tokens.entry(made.start_ms / interval_ms).or_default();
        interval.0 += 1;
        if let Some((input, _)) = made.tokens {
            interval.1 = Some(interval.1.unwrap_or(0) + input);
        }
    }
    let found: Vec<_> = table["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            let input = group["tokens"]["input"].as_f64();
            (group["count"].as_u64().unwrap(), input)
        })
        .collect();
    let expected: Vec<_> = tokens
        .into_values()
        .map(|(count, input)| (count, input.map(float)))
        .collect();
    assert_eq!(found, expected, "{what}");
}

fn metric(server: &Server, body: &Json) -> Vec<Json> {
    let mut request = json!({"experiment_ids": ["0"]});
    for (key, value) in body.as_object().unwrap() {
        request[key] = value.clone();
    }
    let reply = server.post_json("/api/3.0/mlflow/traces/metrics", &request);
    assert_eq!(reply.status, 200, "{body}: {}", reply.text());
    reply.json()["data_points"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

#[test]
fn metrics_of_mlflow_agree_with_a_naive_count() {
    in_every_state(|server, traces, place| {
        let count = json!([{"aggregation_type": "COUNT"}]);
        let mut named: BTreeMap<(String, &str), u64> = BTreeMap::new();
        for made in traces.iter().filter(|made| made.team() == Some("red")) {
            if let Some(name) = &made.name {
                *named.entry((name.clone(), made.state())).or_default() += 1;
            }
        }
        let found = metric(
            server,
            &json!({
                "view_type": "TRACES", "metric_name": "trace_count", "aggregations": count,
                "dimensions": ["trace_name", "trace_status"], "filters": ["trace.tag.team = 'red'"],
            }),
        );
        let found: Vec<_> = found
            .iter()
            .map(|point| {
                let text = |key: &str| point["dimensions"][key].as_str().unwrap().to_owned();
                (
                    (text("trace_name"), text("trace_status")),
                    point["values"]["COUNT"].as_f64().unwrap(),
                )
            })
            .collect();
        let expected: Vec<_> = named
            .into_iter()
            .map(|((name, state), count)| ((name, state.to_owned()), float(count)))
            .collect();
        assert_eq!(found, expected, "{place}");

        let mut sessions: Vec<_> = traces
            .iter()
            .filter_map(|made| made.session.clone())
            .collect();
        sessions.sort_unstable();
        sessions.dedup();
        let found = metric(
            server,
            &json!({
                "view_type": "TRACES", "metric_name": "session_count", "aggregations": count,
            }),
        );
        assert_eq!(
            found[0]["values"]["COUNT"],
            float(sessions.len() as u64),
            "{place}"
        );
        assert_span_latency(server, traces, place);
    });
}

/// Percentiles of MLflow are exact.
fn assert_span_latency(server: &Server, traces: &[Made], place: &str) {
    let (from, until) = (1_767_225_605_000, 1_767_225_630_000);
    let found = metric(
        server,
        &json!({
            "view_type": "SPANS", "metric_name": "latency", "dimensions": ["span_name"],
            "aggregations": [
                {"aggregation_type": "PERCENTILE", "percentile_value": 50},
                {"aggregation_type": "PERCENTILE", "percentile_value": 90},
                {"aggregation_type": "AVG"},
            ],
            "filters": ["span.type = 'TOOL'"], "start_time_ms": from, "end_time_ms": until,
        }),
    );
    let mut lengths: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for made in traces
        .iter()
        .filter(|made| (from..=until).contains(&made.start_ms))
    {
        lengths
            .entry(made.tool)
            .or_default()
            .push(made.tool_ms.min(made.duration_ms));
    }
    assert_eq!(found.len(), lengths.len(), "{place}: {found:?}");
    for (point, (name, mut lengths)) in found.iter().zip(lengths) {
        lengths.sort_unstable();
        assert_eq!(point["dimensions"]["span_name"], name, "{place}");
        let last = lengths.len() - 1;
        for (key, tenths) in [("P50.0", 5), ("P90.0", 9)] {
            let (below, rest) = (last * tenths / 10, last * tenths % 10);
            let above = (below + 1).min(last);
            let gap = float(lengths[above]) - float(lengths[below]);
            let exact = float(lengths[below]) + gap * float(rest as u64) / 10.0;
            let value = point["values"][key].as_f64().unwrap();
            assert!(
                (value - exact).abs() < 1e-6,
                "{place}: {name} {key} {value} for {exact}"
            );
        }
        let mean = float(lengths.iter().sum()) / float(lengths.len() as u64);
        assert!(
            (point["values"]["AVG"].as_f64().unwrap() - mean).abs() < 1e-6,
            "{place}"
        );
    }
}

#[test]
fn money_and_tokens_of_tables_are_the_sums_of_the_rows() {
    in_every_state(|server, _, place| {
        let rows = server
            .post_json(
                "/api/v1/traces/search",
                &json!({"experiments": ["0"], "limit": 500}),
            )
            .json();
        let rows = rows["traces"].as_array().unwrap();
        let cost: f64 = rows
            .iter()
            .filter_map(|row| row["cost"]["total"].as_f64())
            .sum();
        let tokens: u64 = rows
            .iter()
            .filter_map(|row| row["tokens"]["total"].as_u64())
            .sum();
        assert!(cost > 0.0 && tokens > 0);
        let answer = ask(
            server,
            &json!({"experiments": ["0"], "tables": [{}, {"of": "spans", "group_by": ["span.type"]}]}),
        );
        let traces = &answer["tables"][0]["groups"][0];
        let spans = answer["tables"][1]["groups"].as_array().unwrap();
        let calls = spans
            .iter()
            .find(|group| group["values"]["span.type"] == "LLM")
            .unwrap();
        for group in [traces, calls] {
            assert!(
                (group["cost"].as_f64().unwrap() - cost).abs() < 1e-9,
                "{place}: {group}"
            );
            assert_eq!(
                group["tokens"]["total"].as_f64(),
                Some(float(tokens)),
                "{place}"
            );
        }
        let found = metric(
            server,
            &json!({
                "view_type": "SPANS", "metric_name": "total_cost", "dimensions": ["span_model_name"],
                "aggregations": [{"aggregation_type": "SUM"}],
            }),
        );
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            (found[0]["values"]["SUM"].as_f64().unwrap() - cost).abs() < 1e-9,
            "{place}"
        );
    });
}

#[test]
fn spans_are_grouped_by_attributes_of_their_own() {
    in_every_state(|server, traces, place| {
        let body = json!({"experiments": ["0"], "tables": [
            {"of": "spans", "group_by": ["attribute.gen_ai.request.model", "span.name"], "figures": []},
            {"of": "spans", "group_by": ["attribute.no.such"], "figures": ["duration"]},
        ]});
        let tables = server.post_json("/api/v1/stats", &body).json()["tables"].clone();
        let groups = tables[0]["groups"].as_array().unwrap();
        let count = |model: Json, name: &str| {
            let values = json!({"attribute.gen_ai.request.model": model, "span.name": name});
            let mut found = groups.iter().filter(|group| group["values"] == values);
            found
                .next()
                .map_or(0, |group| group["count"].as_u64().unwrap())
        };
        for model in ["gpt-4o", "small-1"] {
            let made = traces
                .iter()
                .filter(|made| made.model == Some(model))
                .count();
            assert_eq!(count(model.into(), "call"), made as u64, "{place}: {model}");
            assert_eq!(count(model.into(), "top"), 0, "{place}");
        }
        assert_eq!(count(Json::Null, "top"), traces.len() as u64, "{place}");
        let all = &tables[1]["groups"];
        assert_eq!(all.as_array().unwrap().len(), 1, "{place}: {all}");
        assert_eq!(all[0]["count"], traces.len() * 3, "{place}");
    });
}
