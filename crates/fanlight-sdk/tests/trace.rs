//! `#[fanlight::trace]` on every kind of function.
#![cfg(feature = "macros")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::unused_async,
    reason = "what is traced here has nothing to wait for"
)]

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use fanlight::testing::Collector;
use fanlight::{SpanRecord, StatusCode, Value, attributes as key};
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};

fn text<'a>(span: &'a SpanRecord, name: &str) -> Option<&'a str> {
    span.get(name).and_then(Value::as_str)
}

/// None of these futures waits for anything.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

#[derive(Debug)]
struct Outer(Inner);

#[derive(Debug)]
struct Inner;

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the search failed")
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the index is closed")
    }
}

impl Error for Inner {}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[derive(Debug)]
struct OnlyDebug(#[expect(dead_code, reason = "shown by Debug")] u8);

struct Opaque;

#[fanlight::trace]
fn add(left: i32, right: i32) -> i32 {
    left + right
}

#[fanlight::trace(
    name = "look up",
    span_type = "RETRIEVER",
    attributes(model = "e5", "top.k" = limit, gen_ai.request.top_k = f64::from(limit)),
    skip(secret)
)]
fn search(query: &str, limit: u32, secret: &str, _unused: u8) -> Vec<String> {
    vec![format!("{query}{limit}{}", secret.len())]
}

#[fanlight::trace(skip_all, no_outputs)]
fn private(query: String) -> String {
    query
}

#[fanlight::trace]
fn odd_types(debug: OnlyDebug, opaque: &Opaque, (a, [b, ..]): (u8, [u8; 2])) -> OnlyDebug {
    let _ = (opaque, a, b);
    debug
}

#[fanlight::trace]
fn generic<T: Clone>(value: &T) -> T {
    value.clone()
}

#[fanlight::trace]
fn fails(early: bool) -> Result<u8, Outer> {
    if early {
        return Err(Outer(Inner));
    }
    let number: u8 = "7".parse().map_err(|_| Outer(Inner))?;
    Ok(number)
}

type Answer = Result<u8, Box<dyn Error + Send + Sync>>;

#[fanlight::trace(err)]
fn fails_by_another_name() -> Answer {
    Err("no luck".into())
}

#[fanlight::trace]
async fn outer(n: u8) -> u8 {
    inner(n).await + inner(n).await
}

#[fanlight::trace]
async fn inner(n: u8) -> u8 {
    n + 1
}

#[fanlight::trace]
async fn fails_later(text: &str) -> Result<u8, std::num::ParseIntError> {
    let number = text.parse::<u8>()?;
    Ok(number)
}

#[fanlight::trace]
async fn waits_forever() {
    std::future::pending::<()>().await;
}

#[fanlight::trace]
fn boxed(n: u8) -> Pin<Box<dyn Future<Output = Result<u8, String>> + Send>> {
    Box::pin(async move {
        if n > 3 {
            Err("too much".to_owned())
        } else {
            Ok(n)
        }
    })
}

#[fanlight::trace]
fn in_future(n: u8) -> impl Future<Output = u8> {
    inner(n)
}

#[fanlight::trace]
fn words(text: &str) -> impl Stream<Item = String> + use<> {
    let words: Vec<_> = text.split_inclusive(' ').map(str::to_owned).collect();
    stream::iter(words)
}

#[fanlight::trace]
fn numbers(count: u8) -> BoxStream<'static, u8> {
    stream::iter(0..count).boxed()
}

#[fanlight::trace]
async fn opened(ok: bool) -> Result<impl Stream<Item = Result<u8, Outer>>, Outer> {
    if !ok {
        return Err(Outer(Inner));
    }
    let items = vec![Ok(1), Err(Outer(Inner))];
    Ok(stream::iter(items))
}

struct Agent {
    name: String,
}

impl Agent {
    #[fanlight::trace(name = format!("agent {}", self.name), span_type = "AGENT")]
    fn run(&mut self, task: &str) -> &str {
        self.name.push_str(task);
        &self.name
    }

    #[fanlight::trace(root)]
    async fn ask(&self, question: &str) -> String {
        format!("{}: {question}", self.name)
    }
}

trait Tool {
    fn call(&self, city: &str) -> String;
}

impl Tool for Agent {
    #[fanlight::trace(span_type = "TOOL")]
    fn call(&self, city: &str) -> String {
        format!("sunny in {city}")
    }
}

#[test]
fn a_call_has_its_arguments_and_its_result() {
    let collector = Collector::install();
    assert_eq!(add(2, 3), 5);
    let span = collector.span("add");
    assert_eq!(text(&span, key::INPUTS), Some(r#"{"left":2,"right":3}"#));
    assert_eq!(text(&span, key::OUTPUTS), Some("5"));
    assert_eq!(text(&span, key::FUNCTION_NAME), Some(r#""add""#));
    assert!(span.end.unwrap() >= span.start);
}

#[test]
fn what_the_attribute_says_is_on_the_span() {
    let collector = Collector::install();
    search("tides", 3, "s3cret", 0);
    let span = collector.span("look up");
    assert_eq!(text(&span, key::SPAN_TYPE), Some(r#""RETRIEVER""#));
    assert_eq!(text(&span, "model"), Some("e5"));
    assert_eq!(span.get("top.k"), Some(&Value::Int(3)));
    assert_eq!(span.get("gen_ai.request.top_k"), Some(&Value::Double(3.0)));
    let inputs = r#"{"query":"tides","limit":3}"#;
    assert_eq!(text(&span, key::INPUTS), Some(inputs));
    assert_eq!(text(&span, key::OUTPUTS), Some(r#"["tides36"]"#));
    assert_eq!(text(&span, key::FUNCTION_NAME), Some(r#""search""#));
}

#[test]
fn inputs_and_outputs_can_be_left_out() {
    let collector = Collector::install();
    private("mine".into());
    let span = collector.span("private");
    let both = (span.get(key::INPUTS), span.get(key::OUTPUTS));
    assert_eq!(both, (None, None));
}

#[test]
fn what_cannot_be_json_is_shown_by_debug_or_left_out() {
    let collector = Collector::install();
    odd_types(OnlyDebug(7), &Opaque, (1, [2, 3]));
    let span = collector.span("odd_types");
    let inputs = r#"{"debug":"OnlyDebug(7)","a":1,"b":2}"#;
    assert_eq!(text(&span, key::INPUTS), Some(inputs));
    assert_eq!(text(&span, key::OUTPUTS), Some(r#""OnlyDebug(7)""#));
    generic(&3);
    let span = collector.span("generic");
    let both = (span.get(key::INPUTS), span.get(key::OUTPUTS));
    assert_eq!(both, (None, None));
}

#[test]
fn an_error_is_the_status_and_an_event_with_its_causes() {
    let collector = Collector::install();
    assert!(fails(true).is_err());
    let span = collector.span("fails");
    assert_eq!(span.status, StatusCode::Error);
    assert_eq!(span.status_message, "the search failed");
    let event = &span.events[0];
    assert_eq!(event.name, "exception");
    let of = |name: &str| {
        let found = event.attributes.iter().find(|(key, _)| key == name);
        found.unwrap().1.as_str()
    };
    assert_eq!(of(key::EXCEPTION_TYPE), Some("trace::Outer"));
    let causes = "the search failed\ncaused by: the index is closed";
    assert_eq!(of(key::EXCEPTION_STACKTRACE), Some(causes));
    assert_eq!(span.get(key::OUTPUTS), None);
}

#[test]
fn a_result_that_is_ok_is_its_value() {
    let collector = Collector::install();
    assert_eq!(fails(false).unwrap(), 7);
    let span = collector.span("fails");
    assert_eq!(span.status, StatusCode::Unset);
    assert_eq!(text(&span, key::OUTPUTS), Some("7"));
}

#[test]
fn a_result_of_another_name_is_told_by_err() {
    let collector = Collector::install();
    assert!(fails_by_another_name().is_err());
    let span = collector.span("fails_by_another_name");
    assert_eq!(span.status_message, "no luck");
}

#[test]
fn calls_within_a_call_are_its_children() {
    let collector = Collector::install();
    assert_eq!(block_on(outer(1)), 4);
    let spans = collector.spans();
    let parent = spans.iter().find(|span| span.name == "outer").unwrap();
    assert_eq!(parent.parent_id, None);
    let children: Vec<_> = spans.iter().filter(|span| span.name == "inner").collect();
    assert_eq!(children.len(), 2);
    for child in children {
        assert_eq!(child.parent_id, Some(parent.span_id));
        assert_eq!(child.trace_id, parent.trace_id);
    }
}

#[test]
fn an_async_error_is_an_error_too() {
    let collector = Collector::install();
    assert!(block_on(fails_later("x")).is_err());
    let span = collector.span("fails_later");
    assert_eq!(span.status_message, "invalid digit found in string");
    assert_eq!(text(&span, key::INPUTS), Some(r#"{"text":"x"}"#));
}

#[test]
fn a_future_dropped_before_it_is_done_was_cancelled() {
    let collector = Collector::install();
    {
        let mut future = pin!(waits_forever());
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    let span = collector.span("waits_forever");
    assert_eq!(span.status_message, "cancelled: dropped before it was done");
}

#[test]
fn futures_that_a_function_returns_are_followed() {
    let collector = Collector::install();
    assert_eq!(block_on(boxed(9)), Err("too much".into()));
    assert_eq!(collector.span("boxed").status_message, "too much");
    assert_eq!(block_on(in_future(1)), 2);
    let span = collector.span("in_future");
    assert_eq!(text(&span, key::OUTPUTS), Some("2"));
    assert_eq!(collector.span("inner").parent_id, Some(span.span_id));
}

#[test]
fn a_span_ends_with_its_stream() {
    let collector = Collector::install();
    let mut stream = pin!(words("one two three"));
    assert!(block_on(stream.next()).is_some());
    assert!(collector.spans().is_empty());
    assert_eq!(block_on(stream.by_ref().count()), 2);
    let span = collector.span("words");
    assert_eq!(text(&span, key::OUTPUTS), Some(r#""one two three""#));
    assert_eq!(span.get(key::STREAM_ITEMS), Some(&Value::Int(3)));
    assert_eq!(span.get(key::STREAM_COMPLETE), Some(&Value::Bool(true)));
    let first = span.get(key::TIME_TO_FIRST_CHUNK);
    assert!(matches!(first, Some(Value::Double(seconds)) if *seconds >= 0.0));
}

#[test]
fn a_stream_that_is_left_early_keeps_what_came() {
    let collector = Collector::install();
    assert_eq!(block_on(numbers(5).take(2).count()), 2);
    let span = collector.span("numbers");
    assert_eq!(text(&span, key::OUTPUTS), Some("[0,1]"));
    assert_eq!(span.get(key::STREAM_COMPLETE), Some(&Value::Bool(false)));
    assert_eq!(span.status, StatusCode::Unset);
}

#[test]
fn a_stream_may_fail_before_it_begins_and_later() {
    let collector = Collector::install();
    assert!(block_on(opened(false)).is_err());
    assert_eq!(collector.span("opened").status_message, "the search failed");
    drop(collector);
    let collector = Collector::install();
    block_on(async { opened(true).await.unwrap().count().await });
    let span = collector.span("opened");
    assert_eq!(text(&span, key::OUTPUTS), Some("[1]"));
    assert_eq!((span.status, span.events.len()), (StatusCode::Error, 1));
}

#[test]
fn methods_are_traced_as_functions_are() {
    let collector = Collector::install();
    let mut agent = Agent { name: "Ada".into() };
    assert_eq!(agent.run("!"), "Ada!");
    let span = collector.span("agent Ada");
    assert_eq!(text(&span, key::INPUTS), Some(r#"{"task":"!"}"#));
    assert_eq!(text(&span, key::OUTPUTS), Some(r#""Ada!""#));
    agent.call("Paris");
    let outputs = collector.span("call");
    assert_eq!(text(&outputs, key::OUTPUTS), Some(r#""sunny in Paris""#));
    fanlight::span!("around").in_scope(|| block_on(agent.ask("why")));
    assert_eq!(collector.span("ask").parent_id, None, "a root, wherever");
}

#[test]
fn a_panic_ends_the_span_with_an_error() {
    #[fanlight::trace]
    fn breaks() {
        panic!("oh");
    }
    let collector = Collector::install();
    assert!(std::panic::catch_unwind(breaks).is_err());
    let span = collector.span("breaks");
    assert_eq!(span.status, StatusCode::Error);
    assert_eq!(span.status_message, "panicked");
    assert!(!fanlight::current_span().is_recording());
}
