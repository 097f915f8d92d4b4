//! Callers that are slow, silent or too many: they are cut off or wait, and the others are served.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Seeded;
use crate::support::otlp::root;
use crate::support::{Server, wait_until};

const SEARCH: &str = "/api/3.0/mlflow/traces/search";
const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
/// What opens a connection of HTTP/2, with a frame of no settings.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

/// Everything that comes until the server closes. Fails when it does not.
fn until_closed(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection stays open: {error}"),
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// One answer whose body is `OK`.
fn read_ok(stream: &mut TcpStream) {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nOK") {
        let mut piece = [0; 1024];
        let length = stream.read(&mut piece).unwrap();
        assert_ne!(length, 0, "closed: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..length]);
    }
}

fn post(path: &str, length: usize, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[test]
fn a_caller_that_sends_no_request_is_cut_off() {
    let seeded = Seeded::start(&["--read-timeout", "300ms"]);
    let server = &seeded.server;
    for port in [server.port, server.otlp_http_port, server.otlp_grpc_port] {
        for start in [b"".as_slice(), b"P", b"PRI * HT", &HEALTH[..30], HTTP2] {
            let mut stream = connect(port);
            stream.write_all(start).unwrap();
            assert_eq!(server.get("/health").text(), "OK", "others are served");
            let answer = until_closed(&mut stream);
            assert!(!answer.contains("HTTP/1.1 2"), "{answer}");
        }
    }
    // The same on a connection that has been of use.
    let mut stream = connect(server.port);
    stream.write_all(HEALTH).unwrap();
    read_ok(&mut stream);
    assert_eq!(until_closed(&mut stream), "");
    seeded.assert_unharmed();
}

#[test]
fn a_head_that_trickles_in_is_cut_off() {
    let seeded = Seeded::start(&["--read-timeout", "300ms"]);
    let mut stream = connect(seeded.server.port);
    let started = Instant::now();
    // Never a long pause, and never an end.
    while stream.write_all(b"x").is_ok() {
        assert!(started.elapsed() < Duration::from_secs(30), "still open");
        sleep(Duration::from_millis(20));
    }
    seeded.assert_unharmed();
}

#[test]
fn a_body_that_stops_in_the_middle_is_cut_off() {
    let seeded = Seeded::start(&["--read-timeout", "300ms"]);
    let server = &seeded.server;
    let upload = "PUT /api/2.0/mlflow-artifacts/artifacts/0/half.txt HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nhalf";
    for (port, request) in [
        (server.port, post(SEARCH, 50, "{\"locations\"")),
        (server.port, post("/api/v1/traces/search", 50, "{")),
        (server.port, post("/v1/traces", 50, "{")),
        (server.otlp_http_port, post("/v1/traces", 50, "{")),
        (server.port, upload.as_bytes().to_vec()),
    ] {
        let mut stream = connect(port);
        stream.write_all(&request).unwrap();
        let answer = until_closed(&mut stream);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        let reason = "no more of the request body came for 300 ms (`read_timeout`)";
        assert!(answer.contains(reason), "{answer}");
    }
    wait_until("all memory is given back", || {
        server.metric("fanlight_inflight_bytes") == 0
    });
    seeded.assert_unharmed();
}

#[test]
fn a_body_that_is_slow_but_goes_on_is_taken() {
    let seeded = Seeded::start(&["--read-timeout", "2s"]);
    let body = b"{\"locations\":[]}     ";
    let mut stream = connect(seeded.server.port);
    stream.write_all(&post(SEARCH, body.len(), "")).unwrap();
    // All in all longer than the limit.
    for byte in body {
        sleep(Duration::from_millis(120));
        stream.write_all(&[*byte]).unwrap();
    }
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    seeded.assert_unharmed();
}

#[test]
fn beyond_the_bound_a_connection_waits_until_another_ends() {
    let server = Server::start(&["--max-connections", "2", "--read-timeout", "1m"]);
    let mut first = connect(server.otlp_http_port);
    first.write_all(HEALTH).unwrap();
    read_ok(&mut first);
    let mut second = connect(server.otlp_grpc_port);
    second.write_all(HEALTH).unwrap();
    read_ok(&mut second);

    let mut third = connect(server.port);
    let metrics = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    third.write_all(metrics).unwrap();
    third
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let early = third.read(&mut [0]).unwrap_err().kind();
    assert!(matches!(early, ErrorKind::WouldBlock | ErrorKind::TimedOut));
    third
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    drop(first);
    let shown = until_closed(&mut third);
    assert!(shown.contains("\nfanlight_connections 2\n"), "{shown}");
    assert!(shown.contains("\nfanlight_connections_waited_total 1\n"));
    drop(second);
    wait_until("only the asking connection is left", || {
        server.metric("fanlight_connections") == 1
    });
    server.assert_well();
}

#[test]
fn a_request_under_way_is_answered_when_the_server_stops() {
    let server = Server::start(&[]);
    let spans = fanlight_ingest::encode_traces(&[root(7, "last")]);
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        spans.len()
    );
    let mut stream = connect(server.port);
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&spans[..10]).unwrap();
    wait_until("it is being read", || {
        server.metric("fanlight_inflight_bytes") > 0
    });
    let idle = connect(server.port);
    let port = server.port;
    let rest = std::thread::spawn(move || {
        let closed = || TcpStream::connect(("127.0.0.1", port)).is_err();
        wait_until("the server takes no more connections", closed);
        stream.write_all(&spans[10..]).unwrap();
        until_closed(&mut stream)
    });
    let stopped = server.stop();
    let answer = rest.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    drop(idle);
    assert_eq!(stopped.start(&[]).search_ids("").len(), 1);
}

#[test]
fn http2_is_spoken_without_asking_first() {
    let server = Server::start(&[]);
    // `GET /health` in the static table of HPACK; the path and the host are spelled out.
    let head = b"\x82\x86\x04\x07/health\x01\x09localhost";
    let mut request = HTTP2.to_vec();
    request.extend([0, 0, u8::try_from(head.len()).unwrap(), 1, 0x5, 0, 0, 0, 1]);
    request.extend(head);
    for port in [server.port, server.otlp_http_port, server.otlp_grpc_port] {
        let mut stream = connect(port);
        stream.write_all(&request).unwrap();
        let mut answer = Vec::new();
        // The body is the last thing that comes.
        while !answer.windows(2).any(|window| window == b"OK") {
            let mut piece = [0; 1024];
            let length = stream.read(&mut piece).unwrap();
            assert_ne!(length, 0, "closed after {answer:?}");
            answer.extend_from_slice(&piece[..length]);
        }
    }
    server.assert_well();
}
