//! OTLP over HTTP, byte for byte: encodings, partial success, aliases, and logs that belong to spans.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value as Json, json};
use support::Server;
use support::http::{Reply, send};
use support::otlp::{JSON, PROTOBUF, child, field, number, root, trace_id, with_attribute};
use support::packed;

fn answer(reply: &Reply) -> (u16, &str, &[u8]) {
    (
        reply.status,
        reply.header("content-type").unwrap_or_default(),
        &reply.body,
    )
}

fn bytes_of(spans: &[fanlight_model::Span]) -> Vec<u8> {
    fanlight_ingest::encode_traces(spans)
}

#[test]
fn an_answer_has_the_content_type_of_its_request() {
    let server = Server::start(&[]);
    let protobuf = server.export(&[PROTOBUF], &bytes_of(&[root(1, "protobuf")]));
    assert_eq!(answer(&protobuf), (200, "application/x-protobuf", &b""[..]));

    let spans = [root(2, "json")];
    let json = server.export(&[JSON], &fanlight_ingest::encode_traces_json(&spans));
    assert_eq!(answer(&json), (200, "application/json", &b"{}"[..]));

    let with_parameters = [("content-type", "Application/JSON; charset=utf-8")];
    let json = server.export(
        &with_parameters,
        &fanlight_ingest::encode_traces_json(&[root(3, "parameters")]),
    );
    assert_eq!(answer(&json), (200, "application/json", &b"{}"[..]));

    // A resource without spans is nothing wrong.
    let nothing = server.export(&[JSON], br#"{"resourceSpans":[{}]}"#);
    assert_eq!(answer(&nothing), (200, "application/json", &b"{}"[..]));

    assert_eq!(
        server.search_ids(""),
        [trace_id(3), trace_id(2), trace_id(1)]
    );
    server.assert_well();
}

#[test]
fn each_rejected_span_is_told_with_its_index_and_reason_in_both_encodings() {
    let server = Server::start(&[]);
    let ids = |trace: &str, span: &str| json!({"traceId": trace, "spanId": span, "name": "x"});
    let trace = format!("{:032x}", 7);
    let mut deep = json!({"stringValue": "bottom"});
    for _ in 0..40 {
        deep = json!({"arrayValue": {"values": [deep]}});
    }
    let mut kept = ids(&trace, "0000000000000001");
    kept["startTimeUnixNano"] = "1767225600000000000".into();
    let many: Vec<Json> = (0..1001).map(|_| ids(&trace, "0000000000000009")).collect();
    let spans = json!([
        ids(&"0".repeat(32), "0000000000000001"),
        kept,
        ids(&trace, ""),
        ids(&trace, "00000000000000000a"),
        {"traceId": trace, "spanId": "0000000000000002", "links": many},
    ]);
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]});
    let reply = server.export(&[JSON], body.to_string().as_bytes());
    let expected = json!({"partialSuccess": {
        "rejectedSpans": "4",
        "errorMessage": "span 0: trace id is all zero; span 2: span id is empty; \
            span 3: span id has 9 bytes, expected 8; span 4: 1001 links, at most 1000 are accepted",
    }});
    assert_eq!((reply.status, reply.json()), (200, expected));

    // The same in protobuf: spans whose ids are overwritten in the finished bytes.
    let mut body = bytes_of(&[root(8, "kept"), child(8, 0x0102_0304_0506_0708, "broken")]);
    let at = body
        .windows(8)
        .position(|window| window == [1, 2, 3, 4, 5, 6, 7, 8])
        .unwrap();
    body[at..at + 8].fill(0);
    let reply = server.export(&[PROTOBUF], &body);
    let partial = [number(1, 1), field(2, b"span 1: span id is all zero")].concat();
    assert_eq!(
        answer(&reply),
        (200, "application/x-protobuf", &field(1, &partial)[..])
    );

    assert_eq!(server.span_names(&trace_id(7)), ["x"]);
    assert_eq!(server.span_names(&trace_id(8)), ["kept"]);
    assert_eq!(server.metric("fanlight_spans_rejected_total"), 5);
    assert_eq!(server.metric("fanlight_spans_accepted_total"), 2);
    server.assert_well();
}

#[test]
fn more_than_ten_rejections_are_counted() {
    let server = Server::start(&[]);
    let spans: Vec<Json> = (0..25)
        .map(|_| json!({"traceId": "", "spanId": "01"}))
        .collect();
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]});
    let partial =
        server.export(&[JSON], body.to_string().as_bytes()).json()["partialSuccess"].clone();
    assert_eq!(partial["rejectedSpans"], "25");
    let reasons: Vec<String> = (0..10)
        .map(|index| format!("span {index}: trace id is empty"))
        .collect();
    assert_eq!(
        partial["errorMessage"],
        format!("{}; and 15 more", reasons.join("; "))
    );
    assert!(server.search_ids("").is_empty());
}

type Pack = fn(&[u8]) -> Vec<u8>;

#[test]
fn every_compression_arrives_as_if_there_were_none() {
    let server = Server::start(&[]);
    let big = "long text ".repeat(20_000);
    let ways: [(&str, Pack); 7] = [
        ("identity", <[u8]>::to_vec),
        ("gzip", packed::gzip),
        ("x-gzip", packed::gzip),
        ("GZIP", packed::gzip),
        ("deflate", packed::zlib),
        ("deflate", packed::stored),
        ("zstd", packed::zstd),
    ];
    for (trace, (encoding, pack)) in (1_u128..).zip(ways) {
        let span = with_attribute(root(trace, encoding), "text", big.as_str());
        let headers = [PROTOBUF, ("content-encoding", encoding)];
        let reply = server.export(&headers, &pack(&bytes_of(&[span])));
        assert_eq!(
            answer(&reply),
            (200, "application/x-protobuf", &b""[..]),
            "{encoding}"
        );
        let found = server.trace(&trace_id(trace)).json();
        assert_eq!(found["trace"]["spans"][0]["name"], encoding);
        let stored = found.to_string();
        assert!(stored.contains(&big), "{encoding}");

        let json = fanlight_ingest::encode_traces_json(&[child(trace, 2, "json")]);
        let reply = server.export(&[JSON, ("content-encoding", encoding)], &pack(&json));
        assert_eq!(
            answer(&reply),
            (200, "application/json", &b"{}"[..]),
            "{encoding}"
        );
        assert_eq!(server.span_names(&trace_id(trace)).len(), 2, "{encoding}");
    }
    // Several members are one gzip body.
    let body = bytes_of(&[root(50, "members")]);
    let (front, back) = body.split_at(body.len() / 2);
    let members = [packed::gzip(front), packed::gzip(back)].concat();
    assert_eq!(
        server
            .export(&[PROTOBUF, ("content-encoding", "gzip")], &members)
            .status,
        200
    );
    assert_eq!(server.span_names(&trace_id(50)), ["members"]);
    server.assert_well();
}

#[test]
fn every_port_and_every_alias_takes_spans() {
    let server = Server::start(&[]);
    let prefixes = [
        "",
        "/api",
        "/api/otel",
        "/api/2.0/otel",
        "/api/3.0/otel",
        "/ajax-api",
        "/ajax-api/otel",
        "/ajax-api/2.0/otel",
        "/ajax-api/3.0/otel",
    ];
    let ports = [server.port, server.otlp_http_port, server.otlp_grpc_port];
    let mut sent = 0;
    for port in ports {
        for prefix in prefixes {
            sent += 1;
            let body = bytes_of(&[root(sent, prefix)]);
            let reply = send(
                port,
                "POST",
                &format!("{prefix}/v1/traces"),
                &[PROTOBUF],
                &body,
            )
            .unwrap();
            assert_eq!(
                answer(&reply),
                (200, "application/x-protobuf", &b""[..]),
                "{port} {prefix}"
            );
            let logs = send(port, "POST", &format!("{prefix}/v1/logs"), &[JSON], b"{}").unwrap();
            assert_eq!(
                answer(&logs),
                (200, "application/json", &b"{}"[..]),
                "{port} {prefix}"
            );
        }
        let metrics = send(port, "POST", "/v1/metrics", &[PROTOBUF], b"").unwrap();
        assert_eq!(metrics.status, 404);
        assert_eq!(
            send(port, "GET", "/v1/traces", &[], b"").unwrap().status,
            405
        );
        assert_eq!(send(port, "GET", "/health", &[], b"").unwrap().text(), "OK");
    }
    // The exporters' ports have no more than that.
    for port in &ports[1..] {
        let search = send(
            *port,
            "POST",
            "/api/3.0/mlflow/traces/search",
            &[JSON],
            b"{}",
        )
        .unwrap();
        assert_eq!(
            (search.status, search.text().as_str()),
            (404, "not found\n")
        );
        assert_eq!(
            send(*port, "GET", "/metrics", &[], b"").unwrap().status,
            404
        );
    }
    assert_eq!(server.search_ids("").len() as u128, sent);
    server.assert_well();
}

/// A log record about span 2 of a trace.
fn record(trace: u128, event: &str, text: &str) -> Json {
    json!({"traceId": format!("{trace:032x}"), "spanId": format!("{:016x}", 2), "eventName": event,
        "timeUnixNano": "1767225600000000000",
        "body": {"kvlistValue": {"values": [{"key": "content", "value": {"stringValue": text}}]}}})
}

fn logs(records: &[Json]) -> Vec<u8> {
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
        .to_string()
        .into_bytes()
}

fn send_logs(server: &Server, records: &[Json]) {
    let reply = server.call("POST", "/v1/logs", &[JSON], &logs(records));
    assert_eq!(answer(&reply), (200, "application/json", &b"{}"[..]));
}

/// Events of the span `work`: name and content.
fn events(server: &Server, trace: u128) -> Vec<(String, String)> {
    let found = server.trace(&trace_id(trace)).json();
    let spans = found["trace"]["spans"].as_array().unwrap();
    let work = spans.iter().find(|span| span["name"] == "work").unwrap();
    let of_event = |event: &Json| {
        let content = event["attributes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["key"] == "content")
            .unwrap();
        let text = content["value"]["string_value"]
            .as_str()
            .unwrap()
            .to_owned();
        (event["name"].as_str().unwrap().to_owned(), text)
    };
    work["events"]
        .as_array()
        .map(|events| events.iter().map(of_event).collect())
        .unwrap_or_default()
}

#[test]
fn log_records_join_their_spans_whichever_comes_first() {
    let server = Server::start(&[]);
    let spans = |trace| [root(trace, "root"), child(trace, 2, "work")];
    let user = |trace| record(trace, "gen_ai.user.message", "hi");
    let joined = [("gen_ai.user.message".to_owned(), "hi".to_owned())];

    server.ingest(&spans(1));
    send_logs(&server, &[user(1)]);
    assert_eq!(events(&server, 1), joined);

    send_logs(&server, &[user(2)]);
    // A record alone shows a running trace, with a span that stands in for the one to come.
    assert_eq!(
        server.search_ids("status = 'IN_PROGRESS' AND span.name = 'log records'"),
        [trace_id(2)]
    );
    server.ingest(&spans(2));
    assert_eq!(events(&server, 2), joined);

    // A retry adds nothing; another record does.
    send_logs(&server, &[user(1), record(1, "gen_ai.choice", "hello")]);
    let both = [
        joined[0].clone(),
        ("gen_ai.choice".to_owned(), "hello".to_owned()),
    ];
    assert_eq!(events(&server, 1), both);

    // Neither a crash nor sealing loses what waits for its span.
    send_logs(&server, &[user(3)]);
    let server = server
        .kill()
        .start(&["--seal-bytes", "1B", "--quiet-ms", "0"]);
    support::wait_until("traces 1 and 2 are sealed", || server.segments() > 0);
    send_logs(&server, &[record(2, "gen_ai.choice", "hello")]);
    server.ingest(&spans(3));
    support::wait_until("they are sealed again", || server.segments() > 1);
    assert_eq!(events(&server, 1), both);
    assert_eq!(events(&server, 2), both);
    assert_eq!(events(&server, 3), joined);
    assert_eq!(
        server.search_ids(""),
        [trace_id(3), trace_id(2), trace_id(1)]
    );
    server.assert_well();
}

#[test]
fn log_records_that_are_no_content_of_a_span_are_counted_and_dropped() {
    let server = Server::start(&[]);
    server.ingest(&[root(1, "root"), child(1, 2, "work")]);
    let mut without_span = record(1, "gen_ai.choice", "x");
    without_span["spanId"] = "".into();
    let ignored = [
        record(1, "app.started", "x"),
        without_span,
        json!({"body": {"stringValue": "started"}}),
        json!({}),
    ];
    send_logs(&server, &ignored);
    assert_eq!(server.metric("fanlight_log_records_ignored_total"), 4);
    assert_eq!(server.metric("fanlight_log_records_joined_total"), 0);
    assert_eq!(events(&server, 1), []);

    // Protobuf: trace and span id are fields 9 and 10, the event's name 12, the body 5.
    let body = field(5, &field(1, b"in protobuf"));
    let record = [
        body,
        field(9, &1_u128.to_be_bytes()),
        field(10, &2_u64.to_be_bytes()),
        field(12, b"gen_ai.choice"),
    ]
    .concat();
    let request = field(1, &field(2, &field(2, &record)));
    let reply = server.call(
        "POST",
        "/v1/logs",
        &[PROTOBUF, ("content-encoding", "gzip")],
        &packed::gzip(&request),
    );
    assert_eq!(answer(&reply), (200, "application/x-protobuf", &b""[..]));
    assert_eq!(
        events(&server, 1),
        [("gen_ai.choice".to_owned(), "in protobuf".to_owned())]
    );
    assert_eq!(server.metric("fanlight_log_records_joined_total"), 1);
    server.assert_well();
}

#[test]
fn log_records_whose_spans_never_come_do_not_fill_the_memory_for_ever() {
    let server = Server::start(&["--hot-limit-bytes", "256KiB", "--quiet-ms", "0"]);
    let text = "z".repeat(20_000);
    let mut kept = vec![trace_id(1000)];
    for trace in 1..100 {
        let body = logs(&[record(trace, "gen_ai.choice", &text)]);
        let status = server.call("POST", "/v1/logs", &[JSON], &body).status;
        assert!([200, 429].contains(&status), "{status}");
        if status == 200 {
            kept.push(trace_id(trace));
        }
    }
    support::wait_until("room for spans", || {
        server
            .export(&[PROTOBUF], &bytes_of(&[root(1000, "root")]))
            .status
            == 200
    });
    // What was acknowledged is there, spans or not.
    let mut found = server.search_ids("");
    found.sort_unstable();
    kept.sort_unstable();
    assert_eq!(found, kept);
    server.assert_well();
}
