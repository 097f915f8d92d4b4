//! Damaged files cost what they held and nothing else: the server starts, serves the rest and says what is missing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::otlp::{child, root, trace_id};
use support::{Server, wait_until};

const SEAL_ALL: [&str; 4] = ["--seal-after", "1ms", "--quiet-ms", "0"];

/// Paths in `dir`, sorted.
fn entries(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort_unstable();
    paths
}

fn flip(path: &Path, place: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= 0x20;
    fs::write(path, bytes).unwrap();
}

fn doctor(data_dir: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_fanlight"))
        .args(["doctor", "--data-dir"])
        .arg(data_dir)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Traces 1 and 2 in a segment each.
fn two_segments() -> Server {
    let server = Server::start(&SEAL_ALL);
    for trace in [1, 2] {
        let seals = server.seals();
        server.ingest(&[root(trace, "root"), child(trace, 2, "child")]);
        wait_until("sealed", || server.seals() > seals);
    }
    server
}

#[test]
fn a_damaged_segment_is_left_out_and_comes_back_when_restored() {
    let server = two_segments();
    let data_dir = server.data_dir();
    let segments = entries(&data_dir.join("segments"));
    let index = segments[0].join("rows.idx");
    let whole = fs::read(&index).unwrap();
    flip(&index, whole.len() / 2);
    let server = server.stop().start(&SEAL_ALL);
    assert_eq!(server.search_ids(""), [trace_id(2)]);
    assert_eq!(server.search_ids("span.name = 'child'"), [trace_id(2)]);
    assert_eq!(server.trace(&trace_id(1)).status, 404);
    assert_eq!(
        server.metric("fanlight_damaged_places{part=\"segment\"}"),
        1
    );
    assert!(server.log().contains("is damaged"), "{}", server.log());
    let found = doctor(&data_dir);
    assert!(found.contains("fail  damage: segment "), "{found}");

    // Meanwhile the trace begins anew; it must not count twice later.
    server.ingest(&[child(1, 3, "late")]);
    let mut ids = server.search_ids("");
    ids.sort_unstable();
    assert_eq!(ids, [trace_id(1), trace_id(2)]);
    server.assert_well();

    let stopped = server.stop();
    fs::write(&index, whole).unwrap();
    let server = stopped.start(&SEAL_ALL);
    let mut ids = server.search_ids("");
    ids.sort_unstable();
    assert_eq!(ids, [trace_id(1), trace_id(2)]);
    assert_eq!(server.search_ids("span.name = 'late'"), [trace_id(1)]);
    server.assert_well();
}

#[test]
fn a_damaged_log_record_costs_that_record() {
    let server = Server::start(&[]);
    for trace in 1..=4 {
        server.ingest(&[root(trace, "root")]);
    }
    let data_dir = server.data_dir();
    let stopped = server.kill();
    let log = entries(&data_dir.join("log")).remove(0);
    // In the payload of the first record.
    flip(&log, 16 + 20 + 9);
    let server = stopped.start(&[]);
    assert_eq!(server.search_ids(""), [4, 3, 2].map(trace_id));
    assert_eq!(server.metric("fanlight_damaged_places{part=\"log\"}"), 1);
    let kept = entries(&data_dir.join("quarantine"));
    assert_eq!(kept.len(), 2, "the bytes and a note: {kept:?}");
    let found = doctor(&data_dir);
    assert!(found.contains("fail  damage: "), "{found}");
    assert!(
        found.contains("records 0 to 1 of it are missing"),
        "{found}"
    );

    // What was lost may be sent again; the numbers go on.
    server.ingest(&[root(1, "root")]);
    let server = server.kill().start(&[]);
    assert_eq!(server.search_ids(""), [4, 3, 2, 1].map(trace_id));
    server.assert_well();
}

#[test]
fn a_damaged_page_costs_its_traces_and_no_search() {
    let server = two_segments();
    let segments = entries(&server.data_dir().join("segments"));
    let stopped = server.stop();
    for name in ["traces.parquet", "spans.parquet"] {
        let path = segments[0].join(name);
        let mut bytes = fs::read(&path).unwrap();
        // Everything but the footer.
        let end = bytes.len() - 4096.min(bytes.len() / 2);
        bytes[4..end].fill(0xa5);
        fs::write(&path, bytes).unwrap();
    }
    let server = stopped.start(&[]);
    for filter in [
        "",
        "span.name = 'root'",
        "span.attributes.x LIKE '%' OR span.name = 'child'",
    ] {
        assert_eq!(server.search_ids(filter), [trace_id(2)], "{filter}");
    }
    assert_ne!(
        server.metric("fanlight_damaged_places{part=\"segment\"}"),
        0
    );
    assert_eq!(server.span_names(&trace_id(2)), ["child", "root"]);
    assert_eq!(server.metric("fanlight_panics_total"), 0);
}
