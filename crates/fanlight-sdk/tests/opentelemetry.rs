//! Spans of OpenTelemetry's SDK beside those of Fanlight.
#![cfg(feature = "opentelemetry")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fanlight::testing::Collector;
use fanlight::{SpanKind, StatusCode, Value};
use opentelemetry::trace::{
    Span as _, SpanKind as OtelKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracerProvider;

fn provider() -> SdkTracerProvider {
    SdkTracerProvider::builder()
        .with_sampler(fanlight::opentelemetry::Sampler::new())
        .with_span_processor(fanlight::opentelemetry::Processor::new())
        .build()
}

#[test]
fn spans_of_both_kinds_are_each_others_parents() {
    let collector = Collector::install();
    let provider = provider();
    let tracer = provider.tracer("library");
    fanlight::span!("ours").in_scope(|| {
        tracer.in_span("theirs", |_| {
            fanlight::span!("innermost").in_scope(|| tracer.in_span("last", |_| ()));
        });
    });
    assert!(!Context::current().has_active_span());
    tracer.in_span("their root", |_| drop(fanlight::span!("our child")));
    let span = |name: &str| collector.span(name);
    assert_eq!(span("ours").parent_id, None);
    assert_eq!(span("theirs").parent_id, Some(span("ours").span_id));
    assert_eq!(span("innermost").parent_id, Some(span("theirs").span_id));
    assert_eq!(span("last").parent_id, Some(span("innermost").span_id));
    assert_eq!(span("last").trace_id, span("ours").trace_id);
    assert_eq!(
        span("our child").parent_id,
        Some(span("their root").span_id)
    );
    assert_eq!(span("our child").trace_id, span("their root").trace_id);
}

#[test]
fn everything_about_a_span_of_opentelemetry_arrives() {
    let collector = Collector::install();
    let provider = provider();
    let tracer = provider.tracer("library");
    let mut span = tracer
        .span_builder("call")
        .with_kind(OtelKind::Client)
        .start(&tracer);
    span.set_attribute(KeyValue::new("model", "gpt-4o"));
    span.set_attribute(KeyValue::new("tokens", 12_i64));
    span.add_event("retry", vec![KeyValue::new("after", 0.5)]);
    span.set_status(Status::error("no luck"));
    span.end();
    let span = collector.span("call");
    assert_eq!(span.kind, SpanKind::Client);
    assert_eq!(span.get("model"), Some(&Value::from("gpt-4o")));
    assert_eq!(span.get("tokens"), Some(&Value::Int(12)));
    assert_eq!(span.get("otel.scope.name"), Some(&Value::from("library")));
    assert_eq!(span.events[0].attributes[0].1, Value::Double(0.5));
    assert_eq!(
        (span.status, span.status_message.as_str()),
        (StatusCode::Error, "no luck")
    );
    assert!(span.end.unwrap() >= span.start);
    provider.force_flush().unwrap();
}

fn names(collector: &Collector) -> Vec<String> {
    let spans = collector.spans().into_iter();
    let mut names: Vec<_> = spans.map(|span| span.name.into_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_trace_that_is_not_sampled_is_sent_with_the_spans_of_both_when_one_fails() {
    let collector = Collector::install_with(fanlight::Settings {
        sampling_ratio: 0.0,
        ..fanlight::Settings::default()
    });
    let provider = provider();
    let tracer = provider.tracer("library");
    for fails in [false, true] {
        // One that Fanlight begins, with the failure in a span of OpenTelemetry.
        fanlight::span!("ours").in_scope(|| {
            tracer.in_span("theirs", |context| {
                assert!(!context.span().span_context().is_sampled());
                fanlight::span!("innermost").in_scope(|| tracer.in_span("last", |_| ()));
                if fails {
                    context.span().set_status(Status::error("no luck"));
                }
            });
        });
        // And one that OpenTelemetry begins, with the failure in a span of Fanlight.
        tracer.in_span("their root", |_| {
            tracer.in_span("their child", |_| ());
            let ours = fanlight::span!("our child");
            if fails {
                ours.set_error("no luck either");
            }
        });
        if !fails {
            assert_eq!(names(&collector), Vec::<String>::new());
        }
    }
    let expected = [
        "innermost",
        "last",
        "our child",
        "ours",
        "their child",
        "their root",
        "theirs",
    ];
    assert_eq!(names(&collector), expected);
    let stats = collector.tracer().stats();
    assert_eq!((stats.ended, stats.sampled_out), (14, 7));
}

#[test]
fn what_is_said_of_a_trace_goes_with_its_root_of_opentelemetry() {
    let collector = Collector::install();
    let provider = provider();
    let tracer = provider.tracer("library");
    tracer.in_span("their root", |_| {
        fanlight::span!("ours").edit_trace(|trace| trace.set_session("chat-17"));
    });
    let root = format!("{:?}", collector.span("their root").attributes);
    assert!(root.contains("chat-17"), "{root}");
}

#[test]
fn another_sampler_decides_for_what_it_begins() {
    let collector = Collector::install();
    let provider = SdkTracerProvider::builder()
        .with_sampler(opentelemetry_sdk::trace::Sampler::AlwaysOff)
        .with_span_processor(fanlight::opentelemetry::Processor::new())
        .build();
    let tracer = provider.tracer("library");
    tracer.in_span("dropped", |_| ());
    assert!(collector.spans().is_empty());
}
