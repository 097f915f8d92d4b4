//! One call of a traced function.

use std::future::Future;

use futures_core::Stream;

use super::capture::Captured;
use super::stream::TracedStream;
use crate::attributes as key;
use crate::context::{Instrument, Instrumented};
use crate::record::Text;
use crate::span::{Span, SpanBuilder, json_text};

pub fn begin(name: impl Into<Text>, function: &'static str) -> SpanBuilder {
    Span::builder(name).attribute(key::FUNCTION_NAME, json_text(function))
}

/// The span of a call. It ends with the call, however many handles of it there are.
#[derive(Debug)]
pub struct Call {
    span: Span,
    is_finished: std::cell::Cell<bool>,
}

impl Call {
    #[inline]
    pub fn new(span: Span) -> Self {
        Self {
            span,
            is_finished: std::cell::Cell::new(false),
        }
    }

    pub fn span(&self) -> &Span {
        &self.span
    }

    #[inline]
    pub fn is_recording(&self) -> bool {
        !self.span.is_none()
    }

    #[inline]
    pub fn run<T>(&self, body: impl FnOnce() -> T) -> T {
        self.span.in_scope(body)
    }

    pub fn set_outputs(&self, json: Option<String>) {
        if let Some(json) = json {
            self.span.set_outputs_json(json);
        }
    }

    /// It came to an end of its own.
    #[inline]
    pub fn finish(&self) {
        self.is_finished.set(true);
    }

    /// The call goes on as long as the stream does.
    pub fn stream<S, F>(self, stream: S, capture: F) -> TracedStream<S, F>
    where
        S: Stream,
        F: FnMut(&S::Item) -> Captured,
    {
        TracedStream::new(self, stream, capture)
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if self.is_recording() {
            self.end();
        }
    }
}

impl Call {
    fn end(&self) {
        if std::thread::panicking() {
            self.span.set_error("panicked");
        } else if !self.is_finished.get() {
            self.span.set_error("cancelled: dropped before it was done");
        }
        self.span.end();
    }
}

/// Keeps what happens while tracing is on out of functions, which stay small while it is off.
#[cold]
#[inline(never)]
pub fn apart(start: impl FnOnce() -> Span) -> Span {
    start()
}

/// A function rather than a method, so that the future holds the span, not the call.
pub fn follow<F: Future>(call: &Call, future: F) -> Instrumented<F> {
    future.instrument(call.span.clone())
}

/// Says what a type is where nothing else does.
pub fn with_error<T, E>(result: Result<T, E>) -> Result<T, E> {
    result
}

/// Never called: it says what a block gives back.
pub fn never<T>() -> T {
    unreachable!("stands behind `if false`")
}

/// Arguments as the members of a JSON object.
#[derive(Debug, Default)]
pub struct Inputs(String);

impl Inputs {
    pub fn add(&mut self, name: &str, json: Option<String>) {
        let Some(json) = json else {
            return;
        };
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&json_text(name));
        self.0.push(':');
        self.0.push_str(&json);
    }

    pub fn give_to(mut self, builder: SpanBuilder) -> SpanBuilder {
        if self.0.is_empty() {
            return builder;
        }
        self.0.push('}');
        builder.attribute(key::INPUTS, self.0)
    }
}
