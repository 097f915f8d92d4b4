//! Traces that are left out, and those that are not because something failed.

use fanlight::{Settings, Tracer};

use crate::support::Server;
use crate::{PATIENCE, roots, settings};

fn sampling(server: &Server, ratio: f64) -> Tracer {
    Tracer::start(Settings {
        sampling_ratio: ratio,
        ..settings(server.port)
    })
    .unwrap()
}

#[test]
fn a_trace_that_failed_is_always_sent_as_a_whole() {
    let server = Server::start(&[]);
    let tracer = sampling(&server, 0.0);
    for (name, fails) in [("fine", false), ("broken", true)] {
        let root = tracer.span(name).start();
        tracer.span("before").parent(&root).start().end();
        let child = tracer.span("child").parent(&root).start();
        if fails {
            child.set_error("no");
        }
        child.end();
        tracer.span("after").parent(&root).start().end();
        root.end();
    }
    tracer.flush(PATIENCE).unwrap();
    assert_eq!(roots(&server, "0"), ["broken"]);
    let id = &server.search_ids("")[0];
    assert_eq!(
        server.span_names(id),
        ["after", "before", "broken", "child"]
    );
    let stats = tracer.stats();
    assert_eq!((stats.ended, stats.sampled_out, stats.queued), (8, 4, 0));
}

#[test]
fn a_share_of_traces_is_sent() {
    let server = Server::start(&[]);
    let tracer = sampling(&server, 0.25);
    crate::send(&tracer, 0..400);
    tracer.flush(PATIENCE).unwrap();
    // Four hundred draws of a quarter: 100, with a deviation of 8.7.
    let sent = server.search_ids("").len();
    assert!((50..150).contains(&sent), "{sent}");
    assert_eq!(tracer.stats().sampled_out, 400 - sent as u64);
}

#[test]
fn a_caller_that_does_not_sample_is_followed() {
    let server = Server::start(&[]);
    let (first, second) = (sampling(&server, 0.0), sampling(&server, 1.0));
    let span = first.span("caller").start();
    let parent = span.as_remote_parent().unwrap();
    assert!(!parent.is_sampled);
    second.span("callee").remote_parent(parent).start().end();
    drop(span);
    second.flush(PATIENCE).unwrap();
    assert_eq!(second.stats().sampled_out, 1);
    assert!(server.search_ids("").is_empty());
}

#[test]
fn a_span_that_ends_after_its_root_shares_its_fate() {
    let server = Server::start(&[]);
    let tracer = sampling(&server, 0.0);
    let root = tracer.span("root").start();
    let late = tracer.span("late").parent(&root).start();
    root.end();
    late.end();
    tracer.flush(PATIENCE).unwrap();
    assert_eq!(tracer.stats().sampled_out, 2);
    assert!(server.search_ids("").is_empty());
}
