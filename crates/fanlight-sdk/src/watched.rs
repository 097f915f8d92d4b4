//! Streams of answers that come in typed pieces, which are told to a span as they go by. Answers that come as bytes are
//! read in `wire`.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use futures_core::Stream;

use crate::attributes as key;
use crate::span::Span;

/// Puts the answer of one client together.
pub(crate) trait Gather {
    type Item;

    fn take(&mut self, item: &Self::Item, span: &Span) -> Piece;

    /// Says what came so far. Called once.
    fn tell(&mut self, span: &Span);
}

/// What an item of a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// No part of the answer.
    Aside,
    Content,
    Last,
    /// The stream broke; the span knows why.
    Failed,
}

/// Passes items on. The span ends with the stream, or when that is dropped.
#[derive(Debug)]
pub(crate) struct Watched<S, G: Gather> {
    stream: S,
    answer: Answer<G>,
}

#[derive(Debug)]
struct Answer<G: Gather> {
    span: Span,
    gathered: G,
    started: Instant,
    has_begun: bool,
    is_complete: bool,
    is_told: bool,
}

impl<S, G: Gather> Watched<S, G> {
    pub(crate) fn new(stream: S, gathered: G, span: Span, started: Instant) -> Self {
        Self {
            stream,
            answer: Answer {
                span,
                gathered,
                started,
                has_begun: false,
                is_complete: false,
                is_told: false,
            },
        }
    }
}

impl<S, G> Stream for Watched<S, G>
where
    S: Stream<Item = G::Item> + Unpin,
    G: Gather + Unpin,
{
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let Self { stream, answer } = self.get_mut();
        let polled = answer.span.in_scope(|| Pin::new(stream).poll_next(context));
        let item = ready!(polled);
        match &item {
            Some(item) => answer.take(item),
            None => answer.end(),
        }
        Poll::Ready(item)
    }
}

impl<G: Gather> Answer<G> {
    fn take(&mut self, item: &G::Item) {
        if self.span.is_none() || self.is_told {
            return;
        }
        match self.gathered.take(item, &self.span) {
            Piece::Aside => return,
            Piece::Content => {}
            Piece::Last => self.is_complete = true,
            // Told already; what broke off is not said to be cut as well.
            Piece::Failed => return self.tell(),
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            self.span.set_time_to_first_chunk(self.started.elapsed());
        }
    }

    fn end(&mut self) {
        if !self.is_told && !self.is_complete {
            self.span
                .set_error("the stream ended before the answer did");
        }
        self.tell();
    }

    fn tell(&mut self) {
        if std::mem::replace(&mut self.is_told, true) || self.span.is_none() {
            return;
        }
        self.gathered.tell(&self.span);
        self.span
            .set_attribute(key::STREAM_COMPLETE, self.is_complete);
        self.span.end();
    }
}

/// Whoever reads has a right to stop: what came is kept.
impl<G: Gather> Drop for Answer<G> {
    fn drop(&mut self) {
        self.tell();
    }
}
