//! What the server acknowledged survives `kill -9`, restarts, sealing and overload: once, and whole.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fanlight_ingest::encode_traces;
use fanlight_model::Span;
use serde_json::{Value as Json, json};
use support::otlp::{PROTOBUF, child, root, span_id, trace_id, try_ingest, with_attribute};
use support::{Server, binary, wait_until};

/// Traces become a segment as soon as they are finished and some kilobytes of them are there.
const SEAL_OFTEN: [&str; 4] = ["--seal-bytes", "64KiB", "--quiet-ms", "0"];
/// Every trace becomes a segment at once.
const SEAL_ALL: [&str; 4] = ["--seal-after", "1ms", "--quiet-ms", "0"];

/// What a restart should take; printed beside what it took.
const GOAL_MS: u128 = 2000;

/// Repeatable numbers that look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, usize::try_from(self.below(end as u64 + 1)).unwrap());
        }
    }
}

fn names(spans: &[Span]) -> Vec<String> {
    let mut names: Vec<String> = spans.iter().map(|span| span.name.clone()).collect();
    names.sort_unstable();
    names
}

/// A trace of three spans whose names say whose they are.
fn small_trace(trace: u128) -> Vec<Span> {
    let text = "x".repeat(500);
    let spans = [
        root(trace, &format!("{trace}-1")),
        child(trace, 2, &format!("{trace}-2")),
        child(trace, 3, &format!("{trace}-3")),
    ];
    spans
        .map(|span| with_attribute(span, "text", text.as_str()))
        .to_vec()
}

/// More with `FANLIGHT_KILLS`, as `make torture` does.
fn kills() -> u64 {
    let chosen = std::env::var("FANLIGHT_KILLS").ok();
    chosen.and_then(|kills| kills.parse().ok()).unwrap_or(22)
}

#[test]
fn whatever_was_acknowledged_survives_kills_at_any_moment() {
    const SENDERS: u64 = 2;
    let kills = kills();
    let acknowledged: Mutex<BTreeSet<u128>> = Mutex::new(BTreeSet::new());
    let next = AtomicU64::new(1);
    let mut dice = Dice(7);
    let mut server = Server::start(&SEAL_OFTEN);
    let mut most_segments = 0;
    let mut slowest_restart = Duration::ZERO;
    let mut killed = 0;
    for round in 0..kills * 4 {
        // On a busy machine little is sent between two kills, and it takes more of them until enough is sealed.
        if round >= kills && most_segments > 5 {
            break;
        }
        killed += 1;
        let port = server.port;
        let stop = AtomicBool::new(false);
        let stopped = std::thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let traces =
                            [(); 4].map(|()| u128::from(next.fetch_add(1, Ordering::Relaxed)));
                        let spans: Vec<Span> = traces
                            .iter()
                            .flat_map(|trace| small_trace(*trace))
                            .collect();
                        if try_ingest(port, &spans) {
                            acknowledged.lock().unwrap().extend(traces);
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(15 + dice.below(70)));
            let stopped = server.kill();
            stop.store(true, Ordering::Relaxed);
            stopped
        });
        let started = Instant::now();
        server = stopped.start(&SEAL_OFTEN);
        slowest_restart = slowest_restart.max(started.elapsed());
        most_segments = most_segments.max(server.segments());
        // Looking at everything takes longer every time.
        if round > 20 && round % 10 != 0 {
            continue;
        }
        let before = acknowledged.lock().unwrap().clone();
        assert_everything_is_there(&server, &before, round);
    }
    assert!(
        most_segments > 5,
        "sealing has to happen while it is killed"
    );
    assert!(
        acknowledged.lock().unwrap().len() > 200,
        "the test has to have sent something"
    );
    server.assert_well();
    let damaged = "fanlight_damaged_places{part=\"log\"}";
    assert_eq!(server.metric(damaged), 0, "a kill is no damage");
    eprintln!(
        "{}: {killed} kills, {} traces acknowledged, none lost, none twice; slowest restart {} ms (goal {GOAL_MS} ms)",
        binary().display(),
        acknowledged.lock().unwrap().len(),
        slowest_restart.as_millis()
    );

    // And after a polite stop, without the log's help.
    let server = server.stop().start(&[]);
    let spans = acknowledged.lock().unwrap();
    assert_everything_is_there(&server, &spans, kills);
    for trace in spans.iter().step_by(11) {
        assert_eq!(
            server.span_names(&trace_id(*trace)),
            names(&small_trace(*trace))
        );
    }
}

/// Every acknowledged trace is found once, and no found trace is half.
fn assert_everything_is_there(server: &Server, acknowledged: &BTreeSet<u128>, round: u64) {
    let mut ids = server.search_ids("");
    ids.sort_unstable();
    let found = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), found, "round {round}: a trace counts twice");
    for trace in acknowledged {
        assert!(
            ids.binary_search(&trace_id(*trace)).is_ok(),
            "round {round}: trace {trace} is lost"
        );
    }
    // A batch that was not acknowledged may be there, but then all of it.
    let of_name = |end: &str| {
        server
            .search_ids(&format!("span.name LIKE '%-{end}'"))
            .len()
    };
    assert_eq!(
        (of_name("1"), of_name("2"), of_name("3")),
        (found, found, found),
        "round {round}"
    );
    assert_eq!(
        server.search_ids("status = 'OK'").len(),
        found,
        "round {round}"
    );
}

#[test]
fn spans_in_any_order_make_one_consistent_trace() {
    let mut dice = Dice(11);
    for flags in [&SEAL_OFTEN, &SEAL_ALL] {
        let mut server = Server::start(flags);
        let finished = |trace: u128| {
            (2..40).map(move |number| child(trace, number, &format!("{trace}-{number:02}")))
        };
        let mut late: Vec<Span> = Vec::new();
        let mut batches: Vec<Vec<Span>> = vec![Vec::new(); 12];
        for trace in [1, 2] {
            for span in finished(trace) {
                // Announced while running, then finished, then sent again by an exporter that retries.
                let running = Span {
                    end: None,
                    name: "running".to_owned(),
                    ..span.clone()
                };
                let mut at = [dice.below(12), dice.below(12), dice.below(12)];
                at.sort_unstable();
                for (place, version) in at.into_iter().zip([running, span.clone(), span]) {
                    batches[usize::try_from(place).unwrap()].push(version);
                }
            }
            late.push(root(trace, &format!("{trace}-01")));
        }
        for (number, mut batch) in batches.into_iter().enumerate() {
            // Within a batch the order may be any, but for a span and its own earlier version.
            batch.sort_by_key(|span| span.end.is_some());
            let running = batch.partition_point(|span| span.end.is_none());
            dice.shuffle(&mut batch[..running]);
            dice.shuffle(&mut batch[running..]);
            server.ingest(&batch);
            assert_eq!(
                server.search_ids("status = 'IN_PROGRESS'").len(),
                server.search_ids("").len()
            );
            if number == 7 {
                server = server.kill().start(flags);
            }
        }
        let states = |server: &Server| -> Vec<Json> {
            server
                .search("")
                .iter()
                .map(|trace| trace["state"].clone())
                .collect()
        };
        assert_eq!(states(&server), ["IN_PROGRESS", "IN_PROGRESS"]);
        // The two traces' roots come in one batch, at last.
        server.ingest(&late);
        for restarted in [false, true] {
            if restarted {
                server = server.kill().start(flags);
            }
            assert_eq!(states(&server), ["OK", "OK"]);
            for trace in [1, 2] {
                let expected: Vec<Span> = finished(trace)
                    .chain([root(trace, &format!("{trace}-01"))])
                    .collect();
                assert_eq!(server.span_names(&trace_id(trace)), names(&expected));
                let read = server.trace(&trace_id(trace)).json();
                assert_eq!(read["trace"]["trace_info"]["execution_duration"], "1s");
                let spans = read["trace"]["spans"].as_array().unwrap();
                assert!(
                    spans.iter().all(|span| span["end_time_unix_nano"].is_u64()),
                    "a finished span stays finished"
                );
                assert_eq!(spans[0]["name"], format!("{trace}-01"), "the root is first");
            }
        }
        server.assert_well();
    }
}

#[test]
fn a_trace_of_32000_spans_and_a_span_of_16_megabytes_are_kept() {
    const SPANS: u64 = 32_000;
    let server = Server::start(&[]);
    let spans: Vec<Span> = (2..=SPANS)
        .map(|number| child(1, number, &format!("s{number:05}")))
        .collect();
    let all: Vec<Span> = spans.into_iter().chain([root(1, "s00001")]).collect();
    for batch in all.chunks(500) {
        server.ingest(batch);
    }
    let text = "0123456789abcdef".repeat(1 << 20);
    server.ingest(&[with_attribute(root(2, "big"), "text", text.as_str())]);

    let check = |server: &Server| {
        assert_eq!(
            server.span_names(&trace_id(1)),
            (1..=SPANS)
                .map(|number| format!("s{number:05}"))
                .collect::<Vec<_>>()
        );
        let big = server.trace(&trace_id(2)).json();
        let attributes = big["trace"]["spans"][0]["attributes"].as_array().unwrap();
        let stored = attributes
            .iter()
            .find(|attribute| attribute["key"] == "text")
            .unwrap();
        assert!(
            stored["value"]["string_value"]
                .as_str()
                .unwrap()
                .contains(&text),
            "the text came back changed"
        );
        assert_eq!(server.search_ids(""), [trace_id(2), trace_id(1)]);
        assert_eq!(server.search_ids("span.name = 's31999'"), [trace_id(1)]);
        server.assert_well();
    };
    check(&server);
    let server = server.kill().start(&SEAL_ALL);
    wait_until("both are sealed", || server.seals() > 0);
    check(&server);
}

#[test]
fn late_spans_open_a_sealed_trace_again() {
    let server = Server::start(&SEAL_ALL);
    server.ingest(&[root(1, "a"), child(1, 2, "b")]);
    server.ingest(&[root(2, "other")]);
    wait_until("sealed", || server.seals() > 0);
    for (number, name) in [(3, "c"), (4, "d"), (5, "e")] {
        let seals = server.seals();
        server.ingest(&[child(1, number, name)]);
        assert_eq!(server.search_ids(""), [trace_id(2), trace_id(1)]);
        wait_until("sealed again", || server.seals() > seals);
        assert_eq!(server.search_ids(""), [trace_id(2), trace_id(1)]);
        assert_eq!(
            server.search_ids(&format!("span.name = '{name}' AND status = 'OK'")),
            [trace_id(1)]
        );
    }
    assert_eq!(server.span_names(&trace_id(1)), ["a", "b", "c", "d", "e"]);
    // A later version of a sealed span takes its place.
    let failed = Span {
        name: "b2".to_owned(),
        ..child(1, 2, "b")
    };
    server.ingest(&[failed]);
    assert_eq!(server.span_names(&trace_id(1)), ["a", "b2", "c", "d", "e"]);
    let server = server.kill().start(&[]);
    assert_eq!(server.span_names(&trace_id(1)), ["a", "b2", "c", "d", "e"]);
    assert_eq!(server.search_ids(""), [trace_id(2), trace_id(1)]);
    assert!(
        server.search_ids("span.name = 'b'").is_empty(),
        "the old version is gone from every index"
    );
    server.assert_well();
}

fn delete(server: &Server, traces: &[u128]) -> Json {
    let ids: Vec<String> = traces.iter().map(|trace| trace_id(*trace)).collect();
    let reply = server.post_json(
        "/api/3.0/mlflow/traces/delete-traces",
        &json!({"experiment_id": "0", "request_ids": ids}),
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["traces_deleted"].clone()
}

#[test]
fn a_deleted_trace_stays_deleted_and_what_people_said_stays_said() {
    let mut server = Server::start(&[]);
    for trace in 1..=6 {
        server.ingest(&small_trace(trace));
    }
    let say = |server: &Server, trace: u128, value: &str| {
        let path = format!("/api/3.0/mlflow/traces/{}", trace_id(trace));
        let tag = server.send_json(
            "PATCH",
            &format!("{path}/tags"),
            &json!({"key": "note", "value": value}).to_string(),
        );
        assert_eq!(tag.status, 200);
        let feedback =
            json!({"assessment": {"assessment_name": "good", "feedback": {"value": value}}});
        assert_eq!(
            server
                .post_json(&format!("{path}/assessments"), &feedback)
                .status,
            200
        );
    };
    say(&server, 1, "one");
    say(&server, 2, "two");
    assert_eq!(delete(&server, &[2, 3, 99]), 2);
    assert_eq!(delete(&server, &[2, 3]), 0);
    let check = |server: &Server, expected: &[u128]| {
        assert_eq!(
            server.search_ids(""),
            expected
                .iter()
                .rev()
                .map(|trace| trace_id(*trace))
                .collect::<Vec<_>>()
        );
        assert_eq!(server.trace(&trace_id(2)).status, 404);
        let info = server
            .get(&format!("/api/3.0/mlflow/traces/{}", trace_id(1)))
            .json()["trace"]["trace_info"]
            .clone();
        assert_eq!(info["tags"]["note"], "one");
        assert_eq!(info["assessments"][0]["feedback"]["value"], "one");
        assert_eq!(
            server.search_ids("tags.note = 'one' AND feedback.good = 'one'"),
            [trace_id(1)]
        );
        assert!(server.search_ids("tags.note = 'two'").is_empty());
    };
    check(&server, &[1, 4, 5, 6]);
    // From the log, from segments, and both again after deleting what is sealed.
    server = server.kill().start(&[]);
    check(&server, &[1, 4, 5, 6]);
    server = server.kill().start(&SEAL_ALL);
    wait_until("sealed", || server.seals() > 0);
    check(&server, &[1, 4, 5, 6]);
    assert_eq!(delete(&server, &[4]), 1);
    server = server.kill().start(&[]);
    check(&server, &[1, 5, 6]);
    // Deleted and sent again is new, without what was said about the old one.
    server.ingest(&small_trace(2));
    server = server.kill().start(&[]);
    assert_eq!(server.span_names(&trace_id(2)), names(&small_trace(2)));
    assert!(server.search_ids("tags.note = 'two'").is_empty());
    assert_eq!(delete(&server, &[2]), 1);
    check(&server.stop().start(&[]), &[1, 5, 6]);
}

#[test]
fn an_overloaded_server_says_so_keeps_what_it_took_and_recovers() {
    // One of these traces is more than the limit, so there is no room for others until it is sealed.
    let server = Server::start(&["--hot-limit-bytes", "256KiB", "--seal-bytes", "100MiB"]);
    // A file where segments go: sealing stands still, so that how fast a machine seals decides nothing here.
    let segments = server.data_dir().join("segments");
    let away = server.data_dir().join("segments.away");
    std::fs::rename(&segments, &away).unwrap();
    std::fs::write(&segments, "").unwrap();
    let text = "y".repeat(100_000);
    let big = |trace: u128| {
        let mut spans = small_trace(trace);
        spans[0].end = None;
        spans
            .into_iter()
            .map(|span| with_attribute(span, "text", text.as_str()))
            .collect::<Vec<_>>()
    };
    let acknowledged = Mutex::new(Vec::new());
    let refused = Mutex::new(0);
    std::thread::scope(|scope| {
        for sender in 0..6 {
            let traces = (sender * 2 + 1)..(sender * 2 + 3);
            let bodies: Vec<_> = traces
                .map(|trace| (trace, encode_traces(&big(trace))))
                .collect();
            let (server, acknowledged, refused) = (&server, &acknowledged, &refused);
            scope.spawn(move || {
                for (trace, body) in bodies {
                    let reply = server.export(&[PROTOBUF], &body);
                    match reply.status {
                        200 => acknowledged.lock().unwrap().push(trace),
                        429 => {
                            assert_eq!(reply.header("retry-after"), Some("1"));
                            assert_eq!(reply.header("content-type"), Some(PROTOBUF.1));
                            let text = reply.text();
                            assert!(text.contains("the store is full: "), "{text}");
                            assert!(text.contains("(`hot_limit_bytes`)"), "{text}");
                            *refused.lock().unwrap() += 1;
                        }
                        other => panic!("{other}: {}", reply.text()),
                    }
                }
            });
        }
    });
    assert_ne!(refused.into_inner().unwrap(), 0, "nothing was ever refused");
    let mut acknowledged = acknowledged.into_inner().unwrap();
    assert_ne!(acknowledged.len(), 0);
    std::fs::remove_file(&segments).unwrap();
    std::fs::rename(&away, &segments).unwrap();
    wait_until("room for the next", || try_ingest(server.port, &big(1000)));
    acknowledged.push(1000);
    acknowledged.sort_unstable();
    let check = |server: &Server| {
        let mut found = server.search_ids("");
        found.sort_unstable();
        assert_eq!(
            found,
            acknowledged
                .iter()
                .map(|trace| trace_id(*trace))
                .collect::<Vec<_>>()
        );
        for trace in &acknowledged {
            assert_eq!(server.span_names(&trace_id(*trace)), names(&big(*trace)));
        }
    };
    check(&server);
    server.assert_well();
    check(&server.kill().start(&[]));
}

#[test]
fn span_ids_are_told_apart_within_a_trace_only() {
    let server = Server::start(&SEAL_OFTEN);
    let spans: Vec<Span> = (1..50)
        .map(|trace| Span {
            span_id: span_id(1),
            ..root(trace, "same")
        })
        .collect();
    server.ingest(&spans);
    server.ingest(&spans);
    assert_eq!(server.search_ids("").len(), 49);
    let server = server.kill().start(&SEAL_OFTEN);
    assert_eq!(server.search_ids("span.name = 'same'").len(), 49);
}
