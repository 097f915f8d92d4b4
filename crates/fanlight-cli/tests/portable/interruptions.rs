//! Connections that break: never taken for a whole export, and continued without a gap.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;

use fanlight_model::UnixNanos;
use serde_json::Value as Json;

use crate::support::Server;
use crate::support::otlp::{BASE, child, root, with_attribute};
use crate::{export, said, traces};

const TRACES: u128 = 700;

fn seed(server: &Server) {
    let spans: Vec<_> = (1..=TRACES)
        .map(|trace| with_attribute(root(trace, "r"), "text", "abcdefgh".repeat(200)))
        .collect();
    for lot in spans.chunks(200) {
        server.ingest(lot);
    }
}

/// A way to the server on which only so many bytes of an answer pass.
fn cut_after(server: u16, bytes: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut inside = TcpStream::connect(("127.0.0.1", server)).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), inside.try_clone().unwrap());
        std::thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
        let mut answer = vec![0; bytes];
        let mut passed = 0;
        while passed < bytes {
            match inside.read(&mut answer[passed..]) {
                Ok(0) | Err(_) => break,
                Ok(read) => {
                    drop(client.write_all(&answer[passed..passed + read]));
                    passed += read;
                }
            }
        }
        drop(client.shutdown(Shutdown::Both));
        drop(inside.shutdown(Shutdown::Both));
    });
    port
}

fn ids(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let id = |line: &str| {
        let json: Json = serde_json::from_str(line).unwrap();
        json["fanlight"]["trace_id"].as_str().unwrap().to_owned()
    };
    text.lines().map(id).collect()
}

#[test]
fn an_export_that_is_cut_anywhere_goes_on_to_the_same_file() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[]);
    seed(&server);
    let whole = export(&server, dir.path(), "whole", &["--experiment", "0"]);
    let whole = std::fs::read(whole).unwrap();
    let path = dir.path().join("cut");
    let arguments = [
        "export",
        "--experiment",
        "0",
        "--output",
        path.to_str().unwrap(),
    ];
    // In the first lot, in later ones, and in the line that says how many there are.
    for cut in [
        500,
        100_000,
        700_000,
        whole.len() - 10_000,
        whole.len() + 200,
    ] {
        let broken = traces(cut_after(server.port, cut), &arguments);
        assert!(!broken.status.success(), "{cut}: {}", said(&broken));
        assert!(!path.exists(), "{cut}: half an export looks whole");
        let resumed = traces(server.port, &[&arguments[..], &["--resume"]].concat());
        assert!(resumed.status.success(), "{cut}: {}", said(&resumed));
        assert!(
            said(&resumed).contains("700 traces with 700 spans"),
            "{}",
            said(&resumed)
        );
        assert!(
            std::fs::read(&path).unwrap() == whole,
            "{cut}: another file"
        );
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            2,
            "something is left"
        );
        std::fs::remove_file(&path).unwrap();
    }
    server.assert_well();
}

#[test]
fn traces_that_change_their_place_meanwhile_are_neither_lost_nor_doubled() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    let arguments = [
        "export",
        "--experiment",
        "0",
        "--output",
        path.to_str().unwrap(),
    ];
    for sealing in [&[][..], &["--seal-after", "1ms", "--quiet-ms", "0"][..]] {
        let server = Server::start(&[]);
        seed(&server);
        let server = server.stop().start(sealing);
        let expected: BTreeSet<String> = server.search_ids("").into_iter().collect();
        assert_eq!(expected.len() as u128, TRACES);
        let broken = traces(cut_after(server.port, 600_000), &arguments);
        assert!(!broken.status.success());

        // The newest, written already, becomes the oldest.
        let mut earlier = child(TRACES, 9, "earlier");
        earlier.start = UnixNanos(BASE - 1);
        // The oldest, not written yet, becomes the newest.
        let info = serde_json::json!({"trace": {"trace_info": {
            "trace_id": crate::support::otlp::trace_id(1), "trace_location": crate::support::location("0"),
            "request_time": "2027-01-01T00:00:00Z",
        }}});
        server.ingest(&[earlier]);
        assert_eq!(
            server.post_json("/api/3.0/mlflow/traces", &info).status,
            200
        );

        let resumed = traces(server.port, &[&arguments[..], &["--resume"]].concat());
        assert!(resumed.status.success(), "{}", said(&resumed));
        let found = ids(&path);
        assert_eq!(found.len() as u128, TRACES, "{}", said(&resumed));
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn another_question_does_not_go_on_with_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[]);
    seed(&server);
    let path = dir.path().join("x");
    let arguments = [
        "export",
        "--experiment",
        "0",
        "--output",
        path.to_str().unwrap(),
    ];
    assert!(
        !traces(cut_after(server.port, 600_000), &arguments)
            .status
            .success()
    );
    let other = ["--resume", "--filter", "trace.name = 'r'"];
    let refused = traces(server.port, &[&arguments[..], &other].concat());
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    // Without an interrupted one it is an export like any other.
    std::fs::remove_file(dir.path().join("x.partial")).unwrap();
    std::fs::remove_file(dir.path().join("x.partial.json")).unwrap();
    let fresh = traces(server.port, &[&arguments[..], &["--resume"]].concat());
    assert!(fresh.status.success(), "{}", said(&fresh));
    assert_eq!(ids(&path).len() as u128, TRACES);
}

#[test]
fn an_export_that_never_began_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[]);
    let path = dir.path().join("x");
    let arguments = [
        "export",
        "--output",
        path.to_str().unwrap(),
        "--filter",
        "dur > 3",
    ];
    let refused = traces(server.port, &arguments);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("dur"), "{}", said(&refused));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_table_goes_on_too() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[]);
    seed(&server);
    let more = ["--experiment", "0", "--format", "csv", "--spans"];
    let whole = export(&server, dir.path(), "whole", &more);
    let path = dir.path().join("cut");
    let arguments = [&["export", "--output", path.to_str().unwrap()][..], &more].concat();
    let broken = traces(cut_after(server.port, 600_000), &arguments);
    assert!(!broken.status.success() && !path.exists());
    let resumed = traces(server.port, &[&arguments[..], &["--resume"]].concat());
    assert!(resumed.status.success(), "{}", said(&resumed));
    assert!(std::fs::read(path).unwrap() == std::fs::read(whole).unwrap());
}

#[test]
fn what_is_asked_is_checked() {
    let server = Server::start(&[]);
    for (query, field) in [
        ("", "experiments"),
        ("experiments=0&format=xml", "format"),
        ("experiments=0&filter=dur%20%3E%203", "filter"),
        ("experiments=0&formats=otlp", "formats"),
    ] {
        let reply = server.get(&format!("/api/v1/traces/export?{query}"));
        assert_eq!(
            (reply.status, &reply.json()["error"]["field"]),
            (400, &field.into()),
            "{query}"
        );
    }
    let reply = server.get("/api/v1/traces/export?experiments=0&cursor=garbage");
    assert_eq!(reply.status, 400, "{}", reply.text());
    let empty = server.get("/api/v1/traces/export?experiments=0").text();
    assert_eq!(
        empty,
        "{\"export\":{\"complete\":true,\"traces\":0,\"spans\":0,\"unreadable\":0}}\n"
    );
    server.assert_well();
}
