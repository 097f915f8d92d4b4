//! The current span, and what it means for spans without a parent.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use fanlight::testing::Collector;
use fanlight::{Instrument as _, Span, Value, attributes as key, current_span, span};
use futures_util::StreamExt as _;

#[test]
fn a_span_without_a_parent_is_a_child_of_the_current_one() {
    let collector = Collector::install();
    let outer = span!("outer");
    outer.in_scope(|| {
        let inner = span!("inner").entered();
        drop(span!("innermost"));
        drop(inner);
        drop(span!("sibling"));
        drop(Span::builder("elsewhere").root().start());
        drop(collector.tracer().span("of the tracer").start());
    });
    drop(span!("afterwards"));
    outer.end();
    let parent_of = |name: &str| collector.span(name).parent_id;
    let id_of = |name: &str| Some(collector.span(name).span_id);
    assert_eq!(parent_of("outer"), None);
    assert_eq!(parent_of("inner"), id_of("outer"));
    assert_eq!(parent_of("innermost"), id_of("inner"));
    assert_eq!(parent_of("sibling"), id_of("outer"));
    assert_eq!(parent_of("of the tracer"), id_of("outer"));
    assert_eq!(parent_of("elsewhere"), None);
    assert_eq!(parent_of("afterwards"), None);
}

#[test]
fn a_parent_that_is_given_comes_before_the_current_one() {
    let collector = Collector::install();
    let other = Span::builder("other").root().start();
    span!("current").in_scope(|| drop(span!("child", parent: &other)));
    assert_eq!(collector.span("child").parent_id, other.span_id());
}

#[test]
fn a_current_span_of_another_tracer_is_no_parent() {
    let before = Collector::install();
    let entered = span!("before").entered();
    drop(before);
    let collector = Collector::install();
    drop(span!("root"));
    drop(entered);
    assert_eq!(collector.span("root").parent_id, None);
}

#[test]
fn everything_that_span_takes_is_on_the_span() {
    let collector = Collector::install();
    let city = "Paris";
    drop(span!(
        "weather", type: "TOOL", inputs: serde_json::json!({"city": city}),
        "geo.city" = city, retries = 2_u8, gen_ai.tool.name = "weather", debug = ?Some(1), display = %1.5,
    ));
    let span = collector.span("weather");
    let text = |name: &str| span.get(name).and_then(Value::as_str);
    assert_eq!(text(key::SPAN_TYPE), Some(r#""TOOL""#));
    assert_eq!(text(key::INPUTS), Some(r#"{"city":"Paris"}"#));
    assert_eq!(text("geo.city"), Some("Paris"));
    assert_eq!(text("gen_ai.tool.name"), Some("weather"));
    assert_eq!(text("debug"), Some("Some(1)"));
    assert_eq!(text("display"), Some("1.5"));
    assert_eq!(span.get("retries"), Some(&Value::Int(2)));
}

#[test]
fn a_future_has_its_span_on_whatever_thread_it_is_polled() {
    let collector = Collector::install();
    let task = async {
        drop(span!("first"));
        let mut waited = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut waited, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        drop(span!("second"));
    };
    let mut task = Box::pin(task.instrument(span!("task")));
    let poll = move || {
        let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(current_span().trace_id().is_none());
        (polled, task)
    };
    let (polled, mut task) = std::thread::spawn(poll).join().unwrap();
    assert!(polled.is_pending());
    assert!(collector.spans().iter().all(|span| span.name != "task"));
    let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_ready());
    let parent = Some(collector.span("task").span_id);
    assert_eq!(collector.span("first").parent_id, parent);
    assert_eq!(collector.span("second").parent_id, parent);
}

#[test]
fn a_stream_has_its_span_until_it_ends() {
    let collector = Collector::install();
    let items = futures_util::stream::iter(0..2).map(|number| drop(span!("item", number = number)));
    let mut stream = pin!(items.instrument(span!("stream")));
    let count = pin!(stream.by_ref().count()).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(count, Poll::Ready(2));
    let ended = collector.spans().len();
    assert_eq!(ended, 3, "the stream still lives, and its span has ended");
}

#[test]
fn the_trace_is_described_from_anywhere_within_it() {
    let collector = Collector::install();
    span!("root").in_scope(|| {
        span!("deep").in_scope(|| {
            fanlight::update_current_trace(|trace| {
                trace.set_session("chat-17");
                trace.set_user("u1");
                trace.set_tag("env", "test");
            });
        });
    });
    fanlight::update_current_trace(|_| panic!("there is no trace"));
    let root = collector.span("root");
    let text = |name: &str| root.get(name).and_then(Value::as_str);
    let session = "fanlight.trace.metadata.mlflow.trace.session";
    assert_eq!(text(session), Some("chat-17"));
    assert_eq!(
        text("fanlight.trace.metadata.mlflow.trace.user"),
        Some("u1")
    );
    assert_eq!(text("fanlight.trace.tag.env"), Some("test"));
}

#[test]
fn an_error_is_recorded_with_its_causes() {
    let collector = Collector::install();
    let error = "x".parse::<u8>().unwrap_err();
    span!("fails").record_error(&error);
    let span = collector.span("fails");
    assert_eq!(span.status_message, "invalid digit found in string");
    assert_eq!(span.events[0].name, "exception");
}
