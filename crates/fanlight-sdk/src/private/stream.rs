//! A traced function's stream: the call ends when the stream does.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::call::Call;
use super::capture::Captured;
use crate::attributes as key;

/// No more of what a stream yields is kept.
const MAX_ITEM_BYTES: usize = 1 << 20;

pin_project! {
    /// Passes items on, and keeps a copy of each as JSON.
    #[derive(Debug)]
    #[must_use = "streams do nothing unless they are polled"]
    pub struct TracedStream<S, F> {
        #[pin]
        stream: S,
        capture: F,
        // Declared last: what the stream holds is dropped within the call.
        seen: Seen,
    }
}

/// What came so far. Tells it to the span when it is dropped.
#[derive(Debug)]
struct Seen {
    /// `None` once the stream has ended.
    call: Option<Call>,
    started: Instant,
    items: u64,
    bytes: usize,
    kept: Vec<String>,
}

impl<S, F> TracedStream<S, F> {
    pub(super) fn new(call: Call, stream: S, capture: F) -> Self {
        Self {
            stream,
            capture,
            seen: Seen {
                call: Some(call),
                started: Instant::now(),
                items: 0,
                bytes: 0,
                kept: Vec::new(),
            },
        }
    }
}

impl<S: Stream, F: FnMut(&S::Item) -> Captured> Stream for TracedStream<S, F> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let polled = match &this.seen.call {
            Some(call) => call.run(|| this.stream.poll_next(context)),
            None => this.stream.poll_next(context),
        };
        let item = ready!(polled);
        if this.seen.is_recording() {
            match &item {
                Some(item) => this.seen.add((this.capture)(item)),
                None => this.seen.end(true),
            }
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl Seen {
    fn is_recording(&self) -> bool {
        self.call.as_ref().is_some_and(Call::is_recording)
    }

    fn add(&mut self, item: Captured) {
        let Some(call) = &self.call else {
            return;
        };
        if self.items == 0 {
            let waited = self.started.elapsed().as_secs_f64();
            call.span().set_attribute(key::TIME_TO_FIRST_CHUNK, waited);
        }
        self.items += 1;
        match item {
            Captured::Json(json) => {
                self.bytes += json.len();
                if self.bytes <= MAX_ITEM_BYTES {
                    self.kept.push(json);
                }
            }
            Captured::Error { type_name, message } => {
                call.span().record_exception(type_name, &message, &message);
                call.span().set_error(message);
            }
            Captured::Nothing => {}
        }
    }

    fn end(&mut self, is_complete: bool) {
        let Some(call) = self.call.take() else {
            return;
        };
        call.finish();
        if !call.is_recording() {
            return;
        }
        let span = call.span();
        span.set_attribute(key::STREAM_ITEMS, self.items);
        // Whoever reads has a right to stop: that is no error.
        span.set_attribute(key::STREAM_COMPLETE, is_complete);
        if !self.kept.is_empty() {
            span.set_outputs_json(outputs(&self.kept));
        }
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.end(false);
    }
}

/// Pieces of text make one text; everything else a list.
fn outputs(items: &[String]) -> String {
    let texts: Option<String> = items
        .iter()
        .map(|item| serde_json::from_str::<String>(item).ok())
        .collect();
    match texts {
        Some(text) => crate::span::json_text(&text),
        None => format!("[{}]", items.join(",")),
    }
}
