//! The current span of a thread, and how it goes along with futures and streams.

use std::cell::RefCell;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::span::Span;
use crate::trace::Facts;

thread_local! {
    static CURRENT: RefCell<Span> = const { RefCell::new(Span::none()) };
}

/// The span that was entered last on this thread; [`Span::none`] outside of any.
pub fn current_span() -> Span {
    with_current(Span::clone).unwrap_or_default()
}

/// Changes what is said of the trace of the current span as a whole: its tags, whose session it is, and so on.
///
/// It is sent with the first span of the trace in this process, when that ends. Outside of any span it has no effect.
///
/// ```
/// fanlight::update_current_trace(|trace| {
///     trace.set_session("chat-17");
///     trace.set_tag("env", "staging");
/// });
/// ```
pub fn update_current_trace(edit: impl FnOnce(&mut Facts)) {
    let span = current_span();
    span.edit_trace(edit);
}

/// `None` while the thread ends and its values are gone.
pub(crate) fn with_current<T>(use_it: impl FnOnce(&Span) -> T) -> Option<T> {
    CURRENT.try_with(|current| use_it(&current.borrow())).ok()
}

fn replace_current(span: Span) -> Span {
    // The one before is handed back rather than dropped here: its end may ask for the current span.
    CURRENT
        .try_with(|current| current.replace(span))
        .unwrap_or_default()
}

/// As long as it lives, its span is the current one of the thread; then the one before is again.
///
/// Guards end in the reverse order of their start, as scopes do. Do not hold one across an `.await`: the thread goes on
/// with other work meanwhile. Use [`Instrument`] there, which the compiler reminds of: a guard is not `Send`.
#[derive(Debug)]
#[must_use = "the span is current only as long as this lives"]
pub struct Entered {
    span: Span,
    /// `None` where nothing was entered.
    before: Option<Span>,
    #[cfg(feature = "opentelemetry")]
    _active: Option<opentelemetry::ContextGuard>,
    on_this_thread: PhantomData<*const ()>,
}

impl Span {
    /// Makes it the current span of this thread, until the guard is dropped. A span that is not recorded leaves the
    /// current one in place.
    pub fn enter(&self) -> Entered {
        self.clone().entered()
    }

    /// As [`enter`](Self::enter), for a span that nothing else holds: it ends with the guard.
    pub fn entered(self) -> Entered {
        let before = (!self.is_none()).then(|| replace_current(self.clone()));
        Entered {
            #[cfg(feature = "opentelemetry")]
            _active: crate::opentelemetry::activate(&self),
            span: self,
            before,
            on_this_thread: PhantomData,
        }
    }

    /// Calls `work` with this as the current span. The span does not end with it, unless this is its last handle.
    #[inline]
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        if self.is_none() {
            return work();
        }
        let _entered = self.enter();
        work()
    }
}

impl Deref for Entered {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.span
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            replace_current(before);
        }
    }
}

/// Futures and streams that run within a span, whatever thread polls them.
pub trait Instrument: Sized {
    /// The span is the current one during every poll. This handle of it is let go when the future is ready, or the
    /// stream has ended, or either is dropped: a span with no other handle ends then.
    ///
    /// ```
    /// use fanlight::Instrument as _;
    ///
    /// # async fn search() -> usize { 3 }
    /// # async fn run() -> usize {
    /// search().instrument(fanlight::span!("search", query = "tides")).await
    /// # }
    /// ```
    fn instrument(self, span: Span) -> Instrumented<Self> {
        Instrumented { inner: self, span }
    }

    /// Within the span that is current now: for work that is handed to another task.
    fn in_current_span(self) -> Instrumented<Self> {
        self.instrument(current_span())
    }
}

impl<T> Instrument for T {}

pin_project! {
    /// Made by [`Instrument`].
    #[derive(Clone, Debug)]
    #[must_use = "futures and streams do nothing unless they are polled"]
    pub struct Instrumented<T> {
        #[pin]
        inner: T,
        span: Span,
    }
}

impl<T> Instrumented<T> {
    /// The span it runs within; [`Span::none`] when it is done.
    pub fn span(&self) -> &Span {
        &self.span
    }
}

impl<F: Future> Future for Instrumented<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let output = ready!(this.span.in_scope(|| this.inner.poll(context)));
        drop(std::mem::take(this.span));
        Poll::Ready(output)
    }
}

impl<S: Stream> Stream for Instrumented<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let item = ready!(this.span.in_scope(|| this.inner.poll_next(context)));
        if item.is_none() {
            drop(std::mem::take(this.span));
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}
