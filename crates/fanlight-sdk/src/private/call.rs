//! One call of a traced function.

use std::future::Future;

use futures_core::Stream;

use super::capture::Captured;
use super::stream::TracedStream;
use crate::attributes as key;
use crate::context::{Instrument, Instrumented};
use crate::record::Text;
use crate::span::{Span, SpanBuilder, text_of};

/// `function` is the name as JSON text.
pub fn begin(name: impl Into<Text>, function: &'static str) -> SpanBuilder {
    Span::builder(name).attribute(key::FUNCTION_NAME, function)
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

    /// `write` says whether there is anything to keep.
    pub fn set_outputs(&self, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let mut json = Vec::with_capacity(32);
        if write(&mut json) {
            self.span.set_outputs_json(text_of(json));
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

/// Arguments as the members of a JSON object, written into one place.
#[derive(Debug)]
pub struct Inputs(Vec<u8>);

impl Inputs {
    #[expect(
        clippy::new_without_default,
        reason = "called by what the macro writes alone"
    )]
    pub fn new() -> Self {
        Self(Vec::with_capacity(64))
    }

    /// `key` is the name as JSON text, with its colon; `write` says whether there is anything to keep.
    pub fn add(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let before = self.0.len();
        self.0.push(if before == 0 { b'{' } else { b',' });
        self.0.extend_from_slice(key.as_bytes());
        if !write(&mut self.0) {
            self.0.truncate(before);
        }
    }

    pub fn give_to(mut self, builder: SpanBuilder) -> SpanBuilder {
        if self.0.is_empty() {
            return builder;
        }
        self.0.push(b'}');
        builder.attribute(key::INPUTS, text_of(self.0))
    }
}
