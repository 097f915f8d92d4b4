//! Reading a request body within its limits.

use std::error::Error;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use crate::budget::{BudgetSpent, Reservation};
use crate::paced::Stalled;

/// Why a body could not be taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the request body is larger than {limit} bytes (`max_body_bytes`)")]
    TooLarge { limit: usize },
    #[error(
        "requests under way hold all of {total} bytes (`max_inflight_bytes`); send it again in a moment"
    )]
    BudgetSpent { total: usize },
    #[error("{}", why_unfinished(.0))]
    BrokenOff(#[source] axum::Error),
}

/// Why a body has no end, for its sender.
pub(crate) fn why_unfinished(error: &(dyn Error + 'static)) -> String {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(stalled) = error.downcast_ref::<Stalled>() {
            return stalled.to_string();
        }
        cause = error.source();
    }
    "the request body broke off".to_owned()
}

impl From<BudgetSpent> for BodyError {
    fn from(spent: BudgetSpent) -> Self {
        Self::BudgetSpent { total: spent.total }
    }
}

/// Reads `body` to its end, holding its size in `reservation` as it grows. A declared length that is too large is
/// refused before a byte is read.
pub(crate) async fn read_body(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
    reservation: &mut Reservation,
) -> Result<Bytes, BodyError> {
    let declared = declared_length(headers).unwrap_or(0);
    if declared > limit {
        return Err(BodyError::TooLarge { limit });
    }
    reservation.grow_to(declared)?;

    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(BodyError::BrokenOff)?.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length > limit {
            return Err(BodyError::TooLarge { limit });
        }
        reservation.grow_to(length)?;
        // A body of one piece is not copied.
        if first.is_none() && rest.is_empty() {
            first = Some(data);
            continue;
        }
        if let Some(first) = first.take() {
            // The length was declared by the client, but is reserved and within the limit.
            rest.reserve(declared.max(length));
            rest.extend_from_slice(&first);
        }
        rest.extend_from_slice(&data);
    }
    Ok(first.unwrap_or_else(|| rest.freeze()))
}

/// `Content-Length`, where there is a plausible one.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use http_body_util::channel::Channel;

    use super::*;
    use crate::budget::Budget;

    async fn read(
        pieces: &[&'static str],
        limit: usize,
        budget: usize,
    ) -> Result<Bytes, BodyError> {
        let (mut sender, body) = Channel::<Bytes>::new(pieces.len().max(1));
        for piece in pieces {
            sender
                .send_data(Bytes::from_static(piece.as_bytes()))
                .await
                .unwrap();
        }
        drop(sender);
        let mut reservation = Budget::new(budget).empty_reservation();
        read_body(&HeaderMap::new(), Body::new(body), limit, &mut reservation).await
    }

    #[tokio::test]
    async fn pieces_are_joined_in_order() {
        assert_eq!(read(&[], 100, 4096).await.unwrap(), "");
        assert_eq!(read(&["one"], 100, 4096).await.unwrap(), "one");
        assert_eq!(
            read(&["one", "two", "three"], 100, 4096).await.unwrap(),
            "onetwothree"
        );
    }

    #[tokio::test]
    async fn a_body_of_undeclared_length_stops_at_the_limit() {
        assert!(matches!(
            read(&["12345", "6"], 5, 4096).await,
            Err(BodyError::TooLarge { limit: 5 })
        ));
        assert_eq!(read(&["12345"], 5, 4096).await.unwrap(), "12345");
    }

    #[tokio::test]
    async fn a_body_beyond_the_shared_budget_is_put_off() {
        assert!(matches!(
            read(&["x"], 5, 0).await,
            Err(BodyError::BudgetSpent { total: 0 })
        ));
    }

    #[tokio::test]
    async fn a_declared_length_is_checked_before_reading() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, "1000".parse().unwrap());
        let mut reservation = Budget::new(4096).empty_reservation();
        let (_open, body) = Channel::<Bytes>::new(1);
        let refused = read_body(&headers, Body::new(body), 999, &mut reservation).await;
        assert!(matches!(refused, Err(BodyError::TooLarge { limit: 999 })));
    }
}
