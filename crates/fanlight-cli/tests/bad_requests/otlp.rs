//! Exports: what is no OTLP, what does not decompress, what is too much.

use serde_json::{Value as Json, json};

use crate::support::otlp::{JSON, PROTOBUF, field, root, rpc_status, with_attribute};
use crate::support::{Server, packed};
use crate::{INVALID, Seeded, UNKNOWN, assert_refusal};

const MAX_BODY: usize = 1 << 20;
const MAX_PLAIN: usize = 8 << 20;
/// Small limits, so that exceeding them is quick.
const LIMITS: [&str; 3] = [
    "--max-body-bytes=1MiB",
    "--max-decompressed-bytes=8MiB",
    "--max-inflight-bytes=16MiB",
];

/// Both ways to say no: JSON to JSON, `google.rpc.Status` to protobuf.
fn refuses(server: &Server, headers: &[(&str, &str)], body: &[u8], status: u16, message: &str) {
    let shown = format!("{headers:?} {message}");
    for path in ["/v1/traces", "/v1/logs"] {
        let reply = server.call("POST", path, headers, body);
        assert_eq!(reply.status, status, "{shown}: {}", reply.text());
        if headers.contains(&PROTOBUF) && status != 415 {
            assert_eq!(
                reply.header("content-type"),
                Some("application/x-protobuf"),
                "{shown}"
            );
            assert_eq!(
                reply.body,
                rpc_status(3, message),
                "{shown}: {}",
                reply.text()
            );
        } else {
            assert_eq!(
                reply.header("content-type"),
                Some("application/json"),
                "{shown}"
            );
            assert_eq!(
                reply.json(),
                json!({"code": 3, "message": message, "detail": message}),
                "{shown}"
            );
        }
        assert_eq!(reply.header("retry-after"), None, "{shown}");
    }
}

#[test]
fn a_type_or_encoding_we_do_not_speak_is_named() {
    let seeded = Seeded::start(&[]);
    let server = &seeded.server;
    let expected = "expected application/x-protobuf or application/json";
    refuses(
        server,
        &[],
        b"x",
        415,
        &format!("content type is missing; {expected}"),
    );
    for content_type in [
        "text/plain",
        "application/grpc",
        "application/jsonx",
        "multipart/form-data",
    ] {
        let message = format!("content type `{content_type}` is not supported; {expected}");
        refuses(
            server,
            &[("content-type", content_type)],
            b"x",
            415,
            &message,
        );
    }
    let long = "x".repeat(500);
    let message = format!(
        "content type `{}` is not supported; {expected}",
        "x".repeat(80)
    );
    refuses(server, &[("content-type", &long)], b"x", 415, &message);
    for encoding in ["br", "compress", "snappy", "gzip, gzip", "zstd,gzip"] {
        let message = format!(
            "content encoding `{encoding}` is not supported, expected identity, gzip, deflate or zstd"
        );
        refuses(
            server,
            &[PROTOBUF, ("content-encoding", encoding)],
            b"x",
            415,
            &message,
        );
    }
    seeded.assert_unharmed();
}

#[test]
#[expect(clippy::too_many_lines, reason = "one long table")]
fn a_body_that_is_not_what_it_says_is_refused_whole() {
    let seeded = Seeded::start(&[]);
    let server = &seeded.server;
    let json = |body: &[u8], why: &str| {
        refuses(
            server,
            &[JSON],
            body,
            400,
            &format!("body is not OTLP/JSON: {why}"),
        );
    };
    json(b"{", "EOF while parsing an object at line 1 column 1");
    json(b"\xff\xfe", "expected value at line 1 column 1");
    json(
        "[".repeat(100_000).as_bytes(),
        "invalid type: sequence, expected a string at line 1 column 6",
    );
    json(
        &r#"{"a":"#.repeat(100_000).into_bytes(),
        "EOF while parsing a value at line 1 column 500000",
    );
    json(
        &[&b"{\"a\":"[..], &b"[".repeat(100_000)].concat(),
        "EOF while parsing a list at line 1 column 100005",
    );
    let protobuf = |body: &[u8], why: &str| {
        let message =
            format!("body is not OTLP protobuf: failed to decode Protobuf message: {why}");
        let reply = server.export(&[PROTOBUF], body);
        assert_eq!(
            (reply.status, reply.body),
            (400, rpc_status(3, &message)),
            "{why}"
        );
    };
    protobuf(&[0xff; 20], "invalid varint");
    protobuf(
        &[0x0a, 0x7f],
        "ExportTraceServiceRequest.resource_spans: buffer underflow",
    );
    protobuf(b"{\"resourceSpans\":[]}", "buffer underflow");

    let traces = |headers: &[(&str, &str)], body: &[u8]| {
        let reply = server.export(headers, body);
        assert_eq!(reply.status, 400, "{}", reply.text());
        reply.json()["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    for empty in [
        "",
        "{}",
        r#"{"resourceSpans":[]}"#,
        r#"{"resourceSpans":null}"#,
    ] {
        assert_eq!(traces(&[JSON], empty.as_bytes()), "body holds no spans");
    }
    assert_eq!(
        server.export(&[PROTOBUF], b"").body,
        rpc_status(3, "body holds no spans")
    );
    let span = |name: &str, value: Json| {
        let mut span =
            json!({"traceId": "0".repeat(31) + "1", "spanId": "0000000000000007", "name": "x"});
        span[name] = value;
        json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).to_string()
    };
    let deep = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"a","value":"#
        .to_owned()
        + &r#"{"arrayValue":{"values":["#.repeat(100_000);
    let message = traces(&[JSON], deep.as_bytes());
    assert!(
        message.starts_with("body is not OTLP/JSON: recursion limit exceeded at line 1 column "),
        "{message}"
    );
    let mut deep = field(1, b"bottom");
    for _ in 0..5_000 {
        deep = field(5, &field(1, &deep));
    }
    let deep = field(1, &field(2, &field(2, &field(9, &field(2, &deep)))));
    // The place is a list of names longer than a message may be.
    let place = "AnyValue.kind: ArrayValue.values: ";
    let reply = server.export(&[PROTOBUF], &deep);
    assert!(
        reply.status == 400 && reply.text().contains(place) && reply.body.len() < 300,
        "{}",
        reply.text()
    );
    for (name, value) in [
        ("traceId", json!("xyz")),
        ("traceId", json!(7)),
        ("spanId", json!("'; DROP TABLE spans --")),
        ("spanId", json!(["1"])),
        ("name", json!(7)),
        ("kind", json!("SPAN_KIND_OTHER")),
        ("startTimeUnixNano", json!("tomorrow")),
        ("startTimeUnixNano", json!(-1)),
        ("startTimeUnixNano", json!("18446744073709551616")),
        ("endTimeUnixNano", json!(1e300)),
        ("attributes", json!({})),
        (
            "attributes",
            json!([{"key": "a", "value": {"intValue": "1.5"}}]),
        ),
        (
            "attributes",
            json!([{"key": "a", "value": {"intValue": "9223372036854775808"}}]),
        ),
        (
            "attributes",
            json!([{"key": "a", "value": {"doubleValue": "many"}}]),
        ),
        (
            "attributes",
            json!([{"key": "a", "value": {"bytesValue": "%%%"}}]),
        ),
        (
            "attributes",
            json!([{"key": "a", "value": {"boolValue": "yes"}}]),
        ),
        ("events", json!("x")),
        ("flags", json!(-1)),
        ("status", json!({"code": "STATUS_CODE_MAYBE"})),
    ] {
        let message = traces(&[JSON], span(name, value.clone()).as_bytes());
        assert!(
            message.starts_with("body is not OTLP/JSON: "),
            "{name} {value}: {message}"
        );
        assert!(
            message.contains(" at line 1 column "),
            "{name} {value}: {message}"
        );
    }
    seeded.assert_unharmed();
}

#[test]
fn a_compressed_body_that_lies_is_refused() {
    let seeded = Seeded::start(&LIMITS);
    let server = &seeded.server;
    let plain = fanlight_ingest::encode_traces(&[with_attribute(
        root(5, "x"),
        "text",
        "y".repeat(5000).as_str(),
    )]);
    let gzip = packed::gzip(&plain);
    let zlib = packed::zlib(&plain);
    let zstd = packed::zstd(&plain);
    let mut wrong_sum = gzip.clone();
    let sum = wrong_sum.len() - 6;
    wrong_sum[sum] ^= 1;
    let encoded = |name| [PROTOBUF, ("content-encoding", name)];
    for (encoding, body, why) in [
        (
            "gzip",
            &gzip[..gzip.len() / 2],
            "gzip: incomplete deflate stream",
        ),
        ("gzip", &gzip[..5], "gzip: unexpected end of file"),
        ("gzip", &plain[..], "gzip: invalid gzip header"),
        (
            "gzip",
            &wrong_sum,
            "gzip: corrupt gzip stream does not have a matching checksum",
        ),
        ("gzip", b"", "gzip: unexpected end of file"),
        (
            "deflate",
            &zlib[..zlib.len() / 2],
            "deflate: unexpected end of data",
        ),
        ("deflate", b"", "deflate: unexpected end of data"),
        (
            "deflate",
            &gzip,
            "deflate: deflate decompression error: invalid block type",
        ),
        ("zstd", &zstd[..zstd.len() / 2], "zstd: incomplete frame"),
        ("zstd", &gzip, "zstd: Unknown frame descriptor"),
        (
            "zstd",
            &packed::zstd_with_huge_window(),
            "zstd: Frame requires too much memory for decoding",
        ),
    ] {
        refuses(
            server,
            &encoded(encoding),
            body,
            400,
            &format!("body is not valid {why}"),
        );
    }
    let too_large = format!("body is larger than {MAX_PLAIN} bytes after decompression");
    let bombs = [
        ("gzip", packed::gzip_bomb(MAX_PLAIN * 8)),
        ("zstd", packed::zstd_bomb(MAX_PLAIN * 100)),
    ];
    for (encoding, bomb) in &bombs {
        assert!(bomb.len() < MAX_BODY, "{encoding}: {}", bomb.len());
        refuses(server, &encoded(encoding), bomb, 413, &too_large);
    }
    // Many at a time wait for each other, or are told to come again.
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let send = || server.export(&encoded("zstd"), &bombs[1].1).status;
        let senders: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        senders
            .into_iter()
            .map(|sender| sender.join().unwrap())
            .collect()
    });
    assert!(
        statuses.iter().all(|status| [413, 429].contains(status)),
        "{statuses:?}"
    );
    seeded.assert_unharmed();
    assert_eq!(
        server.metric("fanlight_inflight_bytes"),
        0,
        "all memory was given back"
    );
}

#[test]
fn what_is_too_large_is_refused_as_a_whole() {
    let seeded = Seeded::start(&LIMITS);
    let server = &seeded.server;
    let too_large = format!("the request body is larger than {MAX_BODY} bytes (`max_body_bytes`)");
    refuses(server, &[PROTOBUF], &vec![0; MAX_BODY + 1], 413, &too_large);
    refuses(server, &[JSON], &vec![b' '; MAX_BODY + 1], 413, &too_large);
    let search = server.call(
        "POST",
        "/api/3.0/mlflow/traces/search",
        &[JSON],
        &vec![b' '; MAX_BODY + 1],
    );
    assert_eq!(
        (search.status, &search.json()["error_code"]),
        (413, &json!("BAD_REQUEST"))
    );
    let file = server.call(
        "PUT",
        "/api/2.0/mlflow-artifacts/artifacts/0/big",
        &[],
        &vec![0; MAX_BODY + 1],
    );
    assert_eq!(
        (file.status, &file.json()["error_code"]),
        (413, &json!("BAD_REQUEST"))
    );
    assert_eq!(
        server
            .get("/api/2.0/mlflow-artifacts/artifacts/0/big")
            .status,
        404
    );

    // Two bytes a span on the wire, hundreds in memory.
    let spans = field(1, &field(2, &[0x12, 0].repeat(100_001)));
    let message = "request has more than 100000 spans: send them in several requests";
    let reply = server.export(&[PROTOBUF], &spans);
    assert_eq!((reply.status, reply.body), (413, rpc_status(3, message)));
    let reply = server.call("POST", "/v1/logs", &[PROTOBUF], &spans);
    let message = "request has more than 100000 log records: send them in several requests";
    assert_eq!((reply.status, reply.body), (413, rpc_status(3, message)));
    seeded.assert_unharmed();
}

#[test]
fn headers_of_mlflow_that_are_wrong_are_told_in_its_words() {
    let seeded = Seeded::start(&[]);
    let session = with_attribute(root(5, "x"), "session.id", "s".repeat(251).as_str());
    let body = fanlight_ingest::encode_traces(&[root(5, "x")]);
    let experiment = "header `x-mlflow-experiment-id`";
    let integer = |shown: &str| format!("{experiment} has to be an integer, found `{shown}`");
    let long = "7".repeat(200);
    for (name, value, expected) in [
        (
            "x-mlflow-experiment-id",
            "99",
            (
                404,
                UNKNOWN,
                &*format!("experiment 99 of {experiment} does not exist"),
            ),
        ),
        (
            "x-mlflow-experiment-id",
            "18446744073709551615",
            (
                404,
                UNKNOWN,
                &format!("experiment 18446744073709551615 of {experiment} does not exist"),
            ),
        ),
        (
            "x-mlflow-experiment-id",
            "abc",
            (400, INVALID, &integer("abc")),
        ),
        (
            "x-mlflow-experiment-id",
            "-1",
            (400, INVALID, &integer("-1")),
        ),
        (
            "x-mlflow-experiment-id",
            "1.0",
            (400, INVALID, &integer("1.0")),
        ),
        (
            "x-mlflow-experiment-id",
            "0; DROP",
            (400, INVALID, &integer("0; DROP")),
        ),
        (
            "x-mlflow-experiment-id",
            &long,
            (400, INVALID, &integer(&long[..80])),
        ),
        (
            "x-mlflow-experiment-id",
            "",
            (
                400,
                INVALID,
                &format!("{experiment} is empty; leave it out or give the id of an experiment"),
            ),
        ),
        (
            "x-mlflow-workspace",
            "team-a",
            (
                400,
                "FEATURE_DISABLED",
                "header `x-mlflow-workspace` is given, but workspaces are not enabled on this server",
            ),
        ),
    ] {
        for path in ["/v1/traces", "/v1/logs"] {
            let reply = seeded
                .server
                .call("POST", path, &[PROTOBUF, (name, value)], &body);
            assert_refusal(&reply, expected, value);
        }
    }
    let reply = seeded
        .server
        .export(&[PROTOBUF], &fanlight_ingest::encode_traces(&[session]));
    let message = "attribute `session.id` of span 0 has 251 characters; a session id may have 250";
    assert_refusal(&reply, (400, INVALID, message), "session");
    let workspace = [JSON, ("x-mlflow-workspace", "team-a")];
    let reply = seeded
        .server
        .call("POST", "/api/3.0/mlflow/traces/search", &workspace, b"{}");
    let message =
        "header `X-MLFLOW-WORKSPACE` is given, but workspaces are not enabled on this server";
    assert_refusal(&reply, (400, "FEATURE_DISABLED", message), "workspace");
    seeded.assert_unharmed();
}
