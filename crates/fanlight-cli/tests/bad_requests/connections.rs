//! Below the API: methods, paths, hosts, origins, and requests that are broken as HTTP.

use serde_json::json;

use crate::Seeded;
use crate::support::otlp::JSON;

const SEARCH: &str = "/api/3.0/mlflow/traces/search";

#[test]
fn unknown_paths_and_methods_are_told_so() {
    let seeded = Seeded::start(&[]);
    for path in [
        "/nothing",
        "/api",
        "/api/",
        "/api/4.0/mlflow/traces/search",
        "/api/3.0/mlflow/nothing",
        "/api/3.0/mlflow/get-trace-artifact?request_id=x",
        "/API/3.0/mlflow/traces/search",
        "//api/3.0/mlflow/server-info",
        "/v1/traces/",
        "/v1/metrics",
        "/../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/page/..%2f..%2fCargo.toml",
        "/%ff%fe",
    ] {
        for method in ["GET", "POST"] {
            let reply = seeded.server.call(method, path, &[JSON], b"{}");
            assert_eq!(
                (reply.status, reply.text().as_str()),
                (404, "not found\n"),
                "{method} {path}"
            );
        }
    }
    for (method, path) in [
        ("GET", SEARCH),
        ("PUT", SEARCH),
        ("DELETE", SEARCH),
        ("GET", "/api/3.0/mlflow/traces/delete-traces"),
        ("POST", "/api/3.0/mlflow/traces/get"),
        ("POST", "/api/2.0/mlflow/experiments/get"),
        ("GET", "/v1/traces"),
        ("PUT", "/v1/logs"),
        ("POST", "/health"),
        ("POST", "/"),
        ("TRACE", SEARCH),
        ("PROPFIND", SEARCH),
    ] {
        let reply = seeded.server.call(method, path, &[JSON], b"{}");
        assert_eq!(reply.status, 405, "{method} {path}: {}", reply.text());
        assert!(reply.header("allow").is_some(), "{method} {path}");
        assert_eq!(reply.text(), "", "{method} {path}");
    }
    seeded.assert_unharmed();
}

#[test]
fn a_name_that_is_not_ours_is_refused() {
    let seeded = Seeded::start(&[]);
    let server = &seeded.server;
    for host in [
        "evil.example",
        "evil.example:5000",
        "127.0.0.1.evil.example",
        "localhost.evil",
        "8.8.8.8",
        "[::2]:80",
        "\u{ff}",
    ] {
        let shown = host;
        let reply = server.call("POST", SEARCH, &[JSON, ("host", host)], b"{}");
        let text = format!(
            "host `{shown}` is not allowed; add it to `allowed_hosts` if this server is known by that name\n"
        );
        assert_eq!((reply.status, reply.text()), (403, text), "{host}");
        assert_eq!(
            server.call("GET", "/", &[("host", host)], b"").status,
            403,
            "{host}"
        );
        assert_eq!(
            server
                .call("GET", "/metrics", &[("host", host)], b"")
                .status,
            403,
            "{host}"
        );
        assert_eq!(
            server.call("GET", "/health", &[("host", host)], b"").text(),
            "OK",
            "{host}"
        );
        assert_eq!(
            server
                .call("GET", "/version", &[("host", host)], b"")
                .text(),
            "3.17.2",
            "{host}"
        );
    }
    for host in [
        "localhost",
        "LOCALHOST:1",
        "app.localhost",
        "10.1.2.3",
        "[::1]:5000",
        "192.168.0.1:80",
    ] {
        assert_eq!(
            server
                .call("POST", SEARCH, &[JSON, ("host", host)], b"{}")
                .status,
            200,
            "{host}"
        );
    }
    seeded.assert_unharmed();
}

#[test]
fn a_page_of_another_site_cannot_change_anything() {
    let seeded = Seeded::start(&[]);
    let server = &seeded.server;
    let delete = "/api/3.0/mlflow/traces/delete-traces";
    let body = br#"{"experiment_id":"0","max_timestamp_millis":"9999999999999"}"#;
    for origin in [
        "https://evil.example",
        "http://127.0.0.1.evil.example",
        "null",
        "file://",
        "https://localhost.evil.example",
        "x",
    ] {
        let text = format!(
            "cross-origin request from `{origin}` blocked; add it to `cors_allowed_origins` if you trust it\n"
        );
        // A plain text needs no preflight, so the origin has to be checked on the request itself.
        for content_type in ["application/json", "text/plain"] {
            let headers = [("content-type", content_type), ("origin", origin)];
            for path in [delete, "/v1/traces", "/api/2.0/mlflow/experiments/create"] {
                let reply = server.call("POST", path, &headers, body);
                assert_eq!(
                    (reply.status, reply.text()),
                    (403, text.clone()),
                    "{origin} {path}"
                );
                assert_eq!(reply.header("access-control-allow-origin"), None);
            }
        }
        let read = server.call(
            "GET",
            "/api/3.0/mlflow/server-info",
            &[("origin", origin)],
            b"",
        );
        assert_eq!(
            (read.status, read.header("access-control-allow-origin")),
            (200, None),
            "{origin}"
        );
        let preflight = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
        ];
        let reply = server.call("OPTIONS", delete, &preflight, b"");
        let text = format!(
            "origin `{origin}` is not allowed; add it to `cors_allowed_origins` if you trust it\n"
        );
        assert_eq!((reply.status, reply.text()), (400, text));
    }
    let trusted = [("origin", "http://localhost:3000"), JSON];
    let reply = server.call("POST", SEARCH, &trusted, b"{}");
    assert_eq!(
        (reply.status, reply.header("access-control-allow-origin")),
        (200, Some("http://localhost:3000"))
    );
    seeded.assert_unharmed();
}

#[test]
fn what_is_no_http_is_refused_or_dropped() {
    let seeded = Seeded::start(&[]);
    let server = &seeded.server;
    let host = "host: localhost\r\nconnection: close\r\n";
    let many = "x: y\r\n".repeat(200);
    let big = format!("x: {}\r\n", "y".repeat(1 << 20));
    let long_path = "a".repeat(100_000);
    for (request, status) in [
        ("GARBAGE\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), 400),
        ("GET /\u{7f}\u{1}x HTTP/1.1\r\n\r\n".to_owned(), 400),
        (
            format!("GET /health HTTP/1.1\r\n{host}bad name: x\r\n\r\n"),
            400,
        ),
        (
            format!("GET /health HTTP/1.1\r\n{host}a: \u{0}\r\n\r\n"),
            400,
        ),
        (
            format!("POST {SEARCH} HTTP/1.1\r\n{host}content-length: -1\r\n\r\n"),
            400,
        ),
        (
            format!(
                "POST {SEARCH} HTTP/1.1\r\n{host}content-length: 1\r\ncontent-length: 2\r\n\r\nab"
            ),
            400,
        ),
        (
            format!("POST {SEARCH} HTTP/1.1\r\n{host}content-length: 99999999999999999999\r\n\r\n"),
            400,
        ),
        (
            format!("POST {SEARCH} HTTP/1.1\r\n{host}transfer-encoding: gzip\r\n\r\n"),
            400,
        ),
        (format!("GET /health HTTP/1.1\r\n{host}{many}\r\n"), 431),
        (format!("GET /health HTTP/1.1\r\n{host}{big}\r\n"), 431),
        (format!("GET /{long_path} HTTP/1.1\r\n{host}\r\n"), 414),
        (format!("OPTIONS * HTTP/1.1\r\n{host}\r\n"), 404),
    ] {
        let reply = server.raw(request.as_bytes());
        let shown: String = request.chars().take(100).collect();
        assert_eq!(reply.status, status, "{shown}: {}", reply.text());
    }
    // A length of its own beside chunks: the chunks count, and nothing is left over for a second request.
    let chunks = "2\r\n{}\r\n0\r\n\r\n";
    let both = format!(
        "POST {SEARCH} HTTP/1.1\r\n{host}content-type: application/json\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"
    );
    let reply = server.raw(both.as_bytes());
    assert_eq!((reply.status, reply.text().as_str()), (200, "{}"));
    seeded.assert_unharmed();
}

#[test]
fn a_request_that_breaks_off_leaves_nothing_behind() {
    let seeded = Seeded::start(&[]);
    let server = &seeded.server;
    let body = fanlight_ingest::encode_traces(&[crate::support::otlp::root(9, "half")]);
    let head = |path: &str, more: &str| {
        format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\n{more}\r\n").into_bytes()
    };
    let declared = head(
        "/v1/traces",
        &format!("content-length: {}\r\n", body.len() + 100),
    );
    let chunked = head("/v1/traces", "transfer-encoding: chunked\r\n");
    let chunk = [
        format!("{:x}\r\n", body.len()).into_bytes(),
        body.clone(),
        b"\r\n".to_vec(),
    ]
    .concat();
    let upload = b"PUT /api/2.0/mlflow-artifacts/artifacts/0/half.txt HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nhalf".to_vec();
    let search = [
        &head(SEARCH, "content-length: 50\r\n")[..],
        b"{\"locations\"",
    ]
    .concat();
    for request in [
        b"".to_vec(),
        b"POST /v1/tra".to_vec(),
        head("/v1/traces", "")[..40].to_vec(),
        declared.clone(),
        [declared, body].concat(),
        chunked.clone(),
        [chunked.clone(), chunk[..chunk.len() / 2].to_vec()].concat(),
        // A whole message, and no end after it.
        [chunked.clone(), chunk].concat(),
        [chunked, b"zz\r\nxx".to_vec()].concat(),
        upload,
        search,
    ] {
        for half in [true, false] {
            let answer = String::from_utf8_lossy(&server.break_off(&request, half)).into_owned();
            let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 400 ");
            assert!(refused, "{answer}");
        }
    }
    // HTTP/2 frames that are none.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    server.break_off(&[&preface[..], &[0xff; 200]].concat(), true);
    server.break_off(preface, false);
    // Connections that say nothing take nothing away from others.
    let silent: Vec<_> = (0..100)
        .map(|_| std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap())
        .collect();
    assert_eq!(server.get("/health").text(), "OK");
    drop(silent);
    assert_eq!(
        server.get("/api/2.0/mlflow-artifacts/artifacts").json(),
        json!({}),
        "no half file"
    );
    crate::support::wait_until("all memory is given back", || {
        server.metric("fanlight_inflight_bytes") == 0
    });
    seeded.assert_unharmed();
}
