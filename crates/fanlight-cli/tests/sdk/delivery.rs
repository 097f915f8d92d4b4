//! Servers that are away, hang, refuse or come back; processes that end. No span is lost without being counted.

use std::time::Duration;

use fanlight::{Destination, Settings, SpoolSettings, Stats, Tracer};
use serde_json::json;

use crate::gate::Gate;
use crate::support::{Server, wait_until};
use crate::{PATIENCE, assert_found, send, settings};

/// Every span that ended is in exactly one figure of each destination. While spans go from one to another they may
/// miss in both.
fn is_accounted(stats: &Stats) -> bool {
    stats.destinations.iter().all(|of| {
        let known = of.sent + of.failed + of.dropped + of.waiting + of.spooled;
        known + stats.sampled_out + stats.dropped + stats.queued == stats.ended
    })
}

fn assert_accounted(stats: &Stats) {
    assert!(is_accounted(stats), "{stats:?}");
}

#[test]
fn a_server_that_was_away_gets_everything_when_it_is_back() {
    let mut server = Server::start(&[]);
    let gate = Gate::open();
    gate.lead_to(server.port);
    let tracer = Tracer::start(Settings {
        batch_spans: 100,
        ..settings(gate.port)
    })
    .unwrap();
    send(&tracer, 0..1_000);
    wait_until("some arrived", || tracer.stats().destinations[0].sent > 0);
    let stopped = server.kill();
    gate.lead_nowhere();
    send(&tracer, 1_000..3_000);
    wait_until("a failure", || {
        tracer.stats().destinations[0].last_error.is_some()
    });
    wait_until("each span in one figure", || is_accounted(&tracer.stats()));
    server = stopped.start(&[]);
    gate.lead_to(server.port);
    send(&tracer, 3_000..3_500);
    tracer.flush(PATIENCE).unwrap();
    assert_found(&server, 0..3_500);
    let stats = tracer.stats();
    assert_eq!((stats.ended, stats.destinations[0].sent), (3_500, 3_500));
    assert_eq!(stats.destinations[0].last_error, None);
}

#[test]
fn what_memory_does_not_hold_waits_on_disk() {
    let server = Server::start(&[]);
    let gate = Gate::open();
    let home = tempfile::tempdir().unwrap();
    let tracer = Tracer::start(Settings {
        batch_spans: 100,
        max_pending_bytes: 4 << 10,
        spool: Some(SpoolSettings::new(home.path())),
        ..settings(gate.port)
    })
    .unwrap();
    send(&tracer, 0..3_000);
    wait_until("all is put away", || {
        let stats = tracer.stats();
        stats.queued == 0 && stats.destinations[0].spooled > 0
    });
    assert!(tracer.flush(Duration::from_millis(10)).is_err());
    gate.lead_to(server.port);
    tracer.flush(PATIENCE).unwrap();
    assert_found(&server, 0..3_000);
    assert_accounted(&tracer.stats());
}

#[test]
fn the_next_process_sends_what_the_last_one_could_not() {
    let server = Server::start(&[]);
    let gate = Gate::open();
    let home = tempfile::tempdir().unwrap();
    let with_spool = || Settings {
        spool: Some(SpoolSettings::new(home.path())),
        ..settings(gate.port)
    };
    for way in ["away", "hangs"] {
        let tracer = Tracer::start(with_spool()).unwrap();
        if way == "hangs" {
            gate.hang();
        }
        let from = if way == "hangs" { 100 } else { 0 };
        send(&tracer, from..from + 100);
        tracer.shut_down(Duration::from_millis(300));
        assert_eq!(tracer.stats().destinations[0].spooled, 100, "{way}");
        assert_accounted(&tracer.stats());
        // Shut down: there is nobody to send it.
        send(&tracer, [1_000]);
        assert_eq!(tracer.stats().dropped, 1);
    }
    gate.lead_to(server.port);
    let next = Tracer::start(with_spool()).unwrap();
    wait_until("the spool is empty", || {
        next.stats().destinations[0].sent == 200
    });
    assert_found(&server, 0..200);
}

#[test]
fn past_the_bounds_spans_are_dropped_and_counted() {
    let gate = Gate::open();
    gate.hang();
    let tracer = Tracer::start(Settings {
        batch_spans: 50,
        max_queue_spans: 200,
        max_pending_bytes: 1,
        ..settings(gate.port)
    })
    .unwrap();
    send(&tracer, 0..5_000);
    let stats = tracer.stats();
    assert!(stats.dropped > 4_000, "{stats:?}");
    wait_until("each span in one figure", || is_accounted(&tracer.stats()));
    tracer.shut_down(Duration::from_millis(50));
    wait_until("the rest is counted", || tracer.stats().queued == 0);
    let stats = tracer.stats();
    assert_accounted(&stats);
    assert_eq!(stats.destinations[0].sent, 0);
    assert!(stats.destinations[0].dropped > 0, "{stats:?}");
}

#[test]
fn waiting_for_room_loses_nothing() {
    let server = Server::start(&[]);
    let tracer = Tracer::start(Settings {
        batch_spans: 50,
        max_queue_spans: 60,
        queue_full_wait: PATIENCE,
        ..settings(server.port)
    })
    .unwrap();
    std::thread::scope(|scope| {
        for sender in 0..4 {
            let tracer = &tracer;
            scope.spawn(move || send(tracer, sender * 500..(sender + 1) * 500));
        }
    });
    tracer.flush(PATIENCE).unwrap();
    assert_found(&server, 0..2_000);
    assert_eq!(tracer.stats().dropped, 0);
}

#[test]
fn a_refusal_for_good_is_counted_and_not_repeated() {
    let server = Server::start(&[]);
    let wrong = format!("http://127.0.0.1:{}/no/such/path", server.port);
    let tracer = Tracer::start(Settings {
        destinations: vec![Destination::otlp(&wrong)],
        ..Settings::default()
    })
    .unwrap();
    send(&tracer, 0..10);
    tracer.flush(PATIENCE).unwrap();
    let of = &tracer.stats().destinations[0];
    assert_eq!((of.sent, of.failed), (0, 10));
    let error = of.last_error.as_deref().unwrap();
    assert!(error.starts_with("the receiver answered 404"), "{error}");
}

#[test]
fn a_destination_that_is_away_holds_no_other_back() {
    let server = Server::start(&[]);
    let gate = Gate::open();
    let mut both = settings(gate.port);
    both.destinations.extend(settings(server.port).destinations);
    both.max_pending_bytes = 1;
    both.batch_spans = 10;
    let tracer = Tracer::start(both).unwrap();
    send(&tracer, 0..1_000);
    wait_until("the other has all", || {
        tracer.stats().destinations[1].sent == 1_000
    });
    assert_found(&server, 0..1_000);
    assert_accounted(&tracer.stats());
    assert!(tracer.stats().destinations[0].dropped > 0);
}

#[test]
fn many_threads_and_a_restart_lose_nothing() {
    const SENDERS: u32 = 16;
    const SPANS_EACH: u32 = 500;
    let wanted: u32 =
        std::env::var("FANLIGHT_SDK_SPANS").map_or(64_000, |count| count.parse().unwrap());
    let traces_each = wanted / SENDERS / SPANS_EACH;
    let roots = traces_each * SENDERS;
    let mut server = Server::start(&[]);
    let gate = Gate::open();
    gate.lead_to(server.port);
    let home = tempfile::tempdir().unwrap();
    let tracer = Tracer::start(Settings {
        max_pending_bytes: 1 << 20,
        queue_full_wait: PATIENCE,
        spool: Some(SpoolSettings::new(home.path())),
        ..settings(gate.port)
    })
    .unwrap();
    let stopped = std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            let tracer = &tracer;
            scope.spawn(move || {
                for _ in 0..traces_each {
                    let root = tracer.span("root").start();
                    for _ in 1..SPANS_EACH {
                        tracer.span("step").parent(&root).start().end();
                    }
                }
            });
        }
        wait_until("some arrived", || tracer.stats().destinations[0].sent > 0);
        gate.lead_nowhere();
        server.kill()
    });
    server = stopped.start(&[]);
    gate.lead_to(server.port);
    tracer.flush(PATIENCE * 5).unwrap();
    let stats = tracer.stats();
    let spans = u64::from(roots * SPANS_EACH);
    assert_eq!(stats.destinations[0].sent, spans, "{stats:?}");
    assert_eq!(stats.dropped + stats.destinations[0].dropped, 0);
    let query = "SELECT count(*), count(DISTINCT span_id), count(DISTINCT trace_id) FROM spans";
    let counted = server.post_json("/api/v1/sql", &json!({"query": query}));
    let expected = json!([[spans, spans, roots]]);
    assert_eq!(counted.json()["rows"], expected, "{}", counted.text());
}
