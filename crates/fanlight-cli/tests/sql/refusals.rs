//! What is refused, and how it is said.

use std::io::Write;
use std::net::{Shutdown, TcpStream};

use serde_json::json;

use crate::made::{Made, seed};
use crate::support::{Server, wait_until};
use crate::{ask, rows};

/// Works for ever, a little at a time.
const ENDLESS: &str =
    "SELECT count(*) FROM generate_series(1, 9000000000000000) AS a(x) WHERE x % 7 = 3";

#[test]
fn a_mistake_is_400_with_what_and_where() {
    let server = Server::start(&[]);
    for (body, field, part) in [
        (json!({}), "query", "`query` is missing"),
        (
            json!({"query": "SELECT 1", "format": "xml"}),
            "format",
            "`format` is one of json, jsonl",
        ),
        (
            json!({"query": "SELECT 1", "limit": 3}),
            "limit",
            "`limit` is unknown",
        ),
        (
            json!({"query": "SELECT nmae FROM traces"}),
            "query",
            "Line: 1, Column: 8",
        ),
        (
            json!({"query": "DROP TABLE traces"}),
            "query",
            "reads and never writes",
        ),
        (
            json!({"query": "SELECT * FROM '/etc/passwd'"}),
            "query",
            "not found",
        ),
    ] {
        let reply = server.post_json("/api/v1/sql", &body);
        let error = &reply.json()["error"];
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("invalid_input"), &json!(field)),
            "{body}"
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(part), "{body}: {message}");
    }
    server.assert_well();
}

#[test]
fn limits_are_settings_and_their_errors_name_them() {
    let limits = [
        "--sql-timeout",
        "300ms",
        "--sql-memory-bytes",
        "8MiB",
        "--sql-max-rows",
        "10",
    ];
    let server = Server::start(&limits);
    let sorted =
        "SELECT x FROM generate_series(1, 1000000) AS a(x) ORDER BY x % 1000, x DESC LIMIT 900000";
    for (query, part) in [
        (ENDLESS, "300 ms (`sql_timeout`)"),
        (sorted, "8388608 bytes (`sql_memory_bytes`)"),
        (
            "SELECT * FROM generate_series(1, 11)",
            "10 rows (`sql_max_rows`)",
        ),
    ] {
        let reply = ask(&server, query);
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
        let message = reply.json()["error"]["message"].to_string();
        assert!(message.contains(part), "{query}: {message}");
    }
    server.assert_well();
}

/// Asks, and does not wait for an answer.
fn begin(server: &Server, query: &str) -> TcpStream {
    let body = json!({"query": query}).to_string();
    let head = format!(
        "POST /api/v1/sql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.write_all((head + &body).as_bytes()).unwrap();
    stream
}

#[test]
fn a_caller_that_goes_away_ends_its_query_and_others_are_told_to_wait() {
    let flags = [
        "--sql-concurrency",
        "1",
        "--sql-timeout",
        "1h",
        "--request-timeout-ms",
        "3600000",
    ];
    let server = Server::start(&flags);
    let mut waiting = begin(&server, ENDLESS);
    wait_until("the only turn is taken", || {
        let reply = ask(&server, "SELECT 1");
        if reply.status == 429 {
            assert_eq!(reply.header("retry-after"), Some("1"));
            assert!(
                reply.text().contains("`sql_concurrency`"),
                "{}",
                reply.text()
            );
        }
        if reply.status != 429 {
            // The other may have met this one.
            waiting = begin(&server, ENDLESS);
        }
        reply.status == 429
    });
    // What is written meanwhile arrives: queries have threads of their own.
    seed(&server, &[Made::new(1)]);
    waiting.shutdown(Shutdown::Both).unwrap();
    drop(waiting);
    wait_until("the turn is free again", || {
        ask(&server, "SELECT 1").status == 200
    });
    assert_eq!(rows(&server, "SELECT count(*) FROM traces"), json!([[1]]));
    server.assert_well();
}
