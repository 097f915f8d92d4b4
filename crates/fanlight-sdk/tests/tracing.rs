//! Spans of `tracing` beside those of Fanlight.
#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fanlight::testing::Collector;
use fanlight::{SpanKind, StatusCode, Value, attributes as key};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

fn within(layer: fanlight::tracing::Layer, work: impl FnOnce()) {
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
}

#[test]
fn spans_of_both_kinds_are_each_others_parents() {
    let collector = Collector::install();
    within(fanlight::tracing::layer(), || {
        fanlight::span!("ours").in_scope(|| {
            let theirs = tracing::info_span!("theirs", city = "Paris", retries = 2_u64);
            let _entered = theirs.enter();
            drop(fanlight::span!("innermost"));
            tracing::info_span!(parent: None, "root").in_scope(|| {});
        });
        assert!(!fanlight::current_span().is_recording());
    });
    let id = |name: &str| Some(collector.span(name).span_id);
    let theirs = collector.span("theirs");
    assert_eq!(theirs.parent_id, id("ours"));
    assert_eq!(collector.span("innermost").parent_id, id("theirs"));
    assert_eq!(collector.span("root").parent_id, None);
    assert_eq!(theirs.get("city"), Some(&Value::from("Paris")));
    assert_eq!(theirs.get("retries"), Some(&Value::Int(2)));
    assert_eq!(theirs.get("tracing.target"), Some(&Value::from("tracing")));
}

#[test]
fn levels_and_targets_choose_and_what_is_left_out_is_passed_over() {
    let collector = Collector::install();
    let layer = fanlight::tracing::layer()
        .target("noisy", LevelFilter::WARN)
        .target("mine", LevelFilter::DEBUG);
    within(layer, || {
        let outer = tracing::info_span!("outer");
        outer.in_scope(|| {
            tracing::info_span!(target: "noisy::module", "noise").in_scope(|| {
                tracing::debug_span!(target: "mine", "detail").in_scope(|| {});
                tracing::debug_span!(target: "mineral", "other").in_scope(|| {});
            });
        });
    });
    let names: Vec<_> = collector
        .spans()
        .into_iter()
        .map(|span| span.name)
        .collect();
    assert_eq!(names, ["detail", "outer"]);
    let outer = collector.span("outer").span_id;
    assert_eq!(collector.span("detail").parent_id, Some(outer));
}

#[test]
fn fields_events_and_links_arrive() {
    let collector = Collector::install();
    within(fanlight::tracing::layer(), || {
        let cause = tracing::info_span!("cause");
        let span = tracing::info_span!(
            "call",
            otel.name = "look up",
            otel.kind = "client",
            span_type = "RETRIEVER",
            found = tracing::field::Empty
        );
        span.record("found", 3);
        span.follows_from(&cause);
        let _entered = span.enter();
        tracing::info!(page = 2, "turned a page");
        let error = "x".parse::<u8>().unwrap_err();
        tracing::error!(
            error = &error as &(dyn std::error::Error + 'static),
            "no number"
        );
        tracing::debug!("too much detail");
    });
    let span = collector.span("look up");
    assert_eq!(span.kind, SpanKind::Client);
    assert_eq!(span.get("found"), Some(&Value::Int(3)));
    let span_type = span.get(key::SPAN_TYPE).and_then(Value::as_str);
    assert_eq!(span_type, Some(r#""RETRIEVER""#));
    assert_eq!(span.links[0].span_id, collector.span("cause").span_id);
    let names: Vec<_> = span
        .events
        .iter()
        .map(|event| event.name.as_ref())
        .collect();
    assert_eq!(names, ["turned a page", "no number"]);
    assert_eq!(
        (span.status, span.status_message.as_str()),
        (StatusCode::Error, "no number")
    );
}

#[test]
fn how_a_span_went_is_its_status() {
    let collector = Collector::install();
    within(fanlight::tracing::layer(), || {
        let failed = tracing::info_span!(
            "failed",
            otel.status_code = tracing::field::Empty,
            "error.type" = tracing::field::Empty
        );
        failed.record("otel.status_code", "error");
        failed.record("error.type", "429");
        let described = tracing::info_span!(
            "described",
            otel.status_code = "ERROR",
            otel.status_description = "no luck"
        );
        drop((failed, described));
        drop(tracing::info_span!("fine", otel.status_code = "ok"));
    });
    let status = |name: &str| {
        let span = collector.span(name);
        assert_eq!(span.get("otel.status_code"), None);
        (span.status, span.status_message)
    };
    assert_eq!(status("failed"), (StatusCode::Error, "429".into()));
    assert_eq!(status("described"), (StatusCode::Error, "no luck".into()));
    assert_eq!(status("fine"), (StatusCode::Ok, String::new()));
    let kind = collector.span("failed").get("error.type").cloned();
    assert_eq!(kind, Some(Value::from("429")));
}

#[test]
fn a_root_is_a_child_of_a_span_that_tracing_knows_nothing_of() {
    let collector = Collector::install();
    within(fanlight::tracing::layer(), || {
        fanlight::span!("ours").in_scope(|| drop(tracing::info_span!(parent: None, "run")));
    });
    let ours = collector.span("ours").span_id;
    assert_eq!(collector.span("run").parent_id, Some(ours));
}

#[test]
fn the_layer_is_silent_while_tracing_is_off() {
    let collector = Collector::install();
    drop(collector);
    within(fanlight::tracing::layer(), || {
        tracing::info_span!("off").in_scope(|| tracing::error!("unheard"));
    });
}
