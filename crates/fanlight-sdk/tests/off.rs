//! While tracing is off. Alone in its process, because tracing is on or off for all of it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fanlight::{Span, span};

#[test]
fn nothing_is_evaluated_and_nothing_is_current() {
    let span = span!("off", attribute = unreachable_value());
    assert!(!span.is_recording());
    assert!(span.enter().trace_id().is_none());
    assert!(!fanlight::current_span().is_recording());
    assert!(!Span::builder("off").start().is_recording());
}

fn unreachable_value() -> bool {
    panic!("evaluated")
}

#[cfg(feature = "macros")]
#[test]
fn a_traced_function_does_what_it_does() {
    #[fanlight::trace(attributes(seen = unreachable_value()))]
    fn add(left: i32, right: i32) -> i32 {
        assert!(!fanlight::current_span().is_recording());
        left + right
    }
    assert_eq!(add(2, 3), 5);
}
