//! Numbers at the ends of their range: kept as they are, and no sum, order or average breaks on them.

use fanlight_model::{Span, UnixNanos, Value};
use serde_json::json;

use crate::support::otlp::{child, root, trace_id};
use crate::support::{Server, wait_until};

const METRICS: [(&str, &str, &str); 7] = [
    ("TRACES", "latency", "AVG"),
    ("TRACES", "total_tokens", "SUM"),
    ("TRACES", "input_tokens", "SUM"),
    ("TRACES", "trace_count", "COUNT"),
    ("SPANS", "latency", "AVG"),
    ("SPANS", "total_cost", "SUM"),
    ("SPANS", "span_count", "COUNT"),
];

fn extremes() -> Vec<Span> {
    let times = [
        (0, None),
        (0, Some(0)),
        (0, Some(u64::MAX)),
        (u64::MAX, None),
        (u64::MAX, Some(u64::MAX)),
        (u64::MAX, Some(1)),
        (i64::MAX as u64, Some(i64::MAX as u64 + 1)),
    ];
    let tokens = [0, 1, -1, i64::MAX, i64::MIN, i64::MAX - 1];
    let doubles = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        -0.0,
    ];
    let mut spans = Vec::new();
    for (trace, (start, end)) in (1_u128..).zip(times) {
        let mut top = root(trace, "top");
        (top.start, top.end) = (UnixNanos(start), end.map(UnixNanos));
        spans.push(top);
        for (number, (tokens, double)) in (2_u64..).zip(tokens.into_iter().zip(doubles)) {
            let mut call = child(trace, number, "call");
            (call.start, call.end) = (UnixNanos(u64::MAX - start), end.map(UnixNanos));
            let values = [
                ("gen_ai.operation.name", Value::from("chat")),
                ("gen_ai.request.model", Value::from("gpt-4o")),
                ("gen_ai.usage.input_tokens", Value::from(tokens)),
                ("gen_ai.usage.output_tokens", Value::from(i64::MAX)),
                ("temperature", Value::from(double)),
            ];
            call.attributes = values
                .map(|(key, value)| (key.to_owned(), value))
                .into_iter()
                .collect();
            spans.push(call);
        }
    }
    spans
}

#[test]
fn the_largest_and_smallest_numbers_do_no_harm() {
    let server = Server::start(&[]);
    server.ingest(&extremes());
    let reads = |server: &Server| {
        let orders = [
            "timestamp",
            "timestamp DESC",
            "execution_time",
            "execution_time DESC",
            "end_time_ms DESC",
        ];
        for order in orders {
            let page = server.search_page(&json!({"order_by": [order]}));
            assert_eq!(page["traces"].as_array().unwrap().len(), 7, "{order}");
        }
        for filter in [
            "timestamp >= 0",
            "timestamp > -9223372036854775808 AND timestamp <= 9223372036854775807",
            "execution_time >= 0 OR execution_time < 0 OR status = 'IN_PROGRESS' OR status = 'OK'",
            "span.attributes.temperature != '1' AND span.name = 'call'",
        ] {
            let page = server.search_page(&json!({"filter": filter}));
            assert_eq!(page["traces"].as_array().unwrap().len(), 7, "{filter}");
        }
        for trace in 1..=7 {
            let read = server.trace(&trace_id(trace));
            assert_eq!(read.status, 200, "{}", read.text());
            assert_eq!(read.json()["trace"]["spans"].as_array().unwrap().len(), 7);
            let file = server.get(&format!(
                "/ajax-api/3.0/mlflow/get-trace-artifact?request_id={}",
                trace_id(trace)
            ));
            assert_eq!(file.status, 200, "{}", file.text());
        }
        for (view, metric, aggregation) in METRICS {
            let reply = server.post_json(
                "/api/3.0/mlflow/traces/metrics",
                &json!({
                    "experiment_ids": ["0"], "view_type": view, "metric_name": metric,
                    "aggregations": [{"aggregation_type": aggregation}],
                    "time_interval_seconds": 9_223_372_036_854_775_807_u64,
                    "start_time_ms": i64::MIN, "end_time_ms": i64::MAX,
                }),
            );
            assert_eq!(reply.status, 200, "{metric}: {}", reply.text());
        }
        server.assert_well();
    };
    reads(&server);
    let before = server.search("");
    let server = server.kill().start(&["--seal-after", "1ms"]);
    wait_until("sealed", || server.seals() > 0);
    reads(&server);
    assert_eq!(server.search(""), before);
    let all = json!({"experiment_id": "0", "max_timestamp_millis": i64::MAX});
    let deleted = server.post_json("/api/3.0/mlflow/traces/delete-traces", &all);
    assert_eq!(deleted.json(), json!({"traces_deleted": 7}));
    server.assert_well();
}

#[test]
fn bytes_in_a_url_that_are_no_text_are_refused() {
    let server = Server::start(&[]);
    for path in [
        "/api/3.0/mlflow/traces/%ff",
        "/api/2.0/mlflow/traces/%c3%28/info",
        "/api/3.0/mlflow/traces/x/assessments/%80",
        "/api/2.0/mlflow-artifacts/artifacts/%ff",
    ] {
        let reply = server.get(path);
        assert_eq!(reply.status, 400, "{path}: {}", reply.text());
        assert!(
            reply.text().contains("Invalid UTF-8"),
            "{path}: {}",
            reply.text()
        );
    }
    for path in [
        "/api/3.0/mlflow/traces/get?trace_id=%ff",
        "/api/3.0/mlflow/traces/get?trace_id=%zz",
    ] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(server.call("HEAD", "/health", &[], b"").status, 200);
    server.assert_well();
}
