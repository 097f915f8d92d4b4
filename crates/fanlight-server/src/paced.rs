//! Request bodies that have to go on: a caller that stops in the middle is not waited for.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::Sleep;

/// The next piece of a body did not come in time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no more of the request body came for {} ms (`read_timeout`)", .limit.as_millis())]
pub(crate) struct Stalled {
    limit: Duration,
}

/// A body that fails with [`Stalled`] when somebody has waited for its next piece for `limit`.
#[derive(Debug)]
struct Paced {
    body: Body,
    limit: Duration,
    /// Since when the next piece is waited for.
    pause: Option<Pin<Box<Sleep>>>,
}

/// `body`, with a limit to each of its pauses.
pub(crate) fn paced(body: Body, limit: Duration) -> Body {
    if body.is_end_stream() {
        return body;
    }
    Body::new(Paced {
        body,
        limit,
        pause: None,
    })
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.pause = None;
            return Poll::Ready(frame);
        }
        let limit = self.limit;
        let pause = self
            .pause
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(pause.as_mut().poll(context));
        Poll::Ready(Some(Err(axum::Error::new(Stalled { limit }))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use http_body_util::channel::Channel;

    use super::*;
    use crate::body::why_unfinished;

    #[tokio::test]
    async fn a_pause_is_too_long_and_many_short_ones_are_not() {
        let limit = Duration::from_millis(500);
        let (mut sender, body) = Channel::<Bytes>::new(1);
        let mut body = paced(Body::new(body), limit);
        let sending = tokio::spawn(async move {
            for _ in 0..6 {
                tokio::time::sleep(limit / 5).await;
                sender.send_data(Bytes::from_static(b"x")).await.unwrap();
            }
            // Open, and silent.
            std::future::pending::<()>().await;
        });
        for _ in 0..6 {
            let frame = body.frame().await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), "x");
        }
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!(
            why_unfinished(&error),
            "no more of the request body came for 500 ms (`read_timeout`)"
        );
        sending.abort();
    }
}
