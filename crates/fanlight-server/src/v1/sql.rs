//! Questions in SQL.

use std::sync::Arc;

use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use fanlight_api::ApiError;
use fanlight_api::v1::Refusal;
use fanlight_sql::{Answer, Format, SqlError};
use futures_util::stream;

use super::extract::{Body, Failure};
use crate::AppState;

/// `POST /api/v1/sql`. Dropping the reply gives the query up.
pub(super) async fn query(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    Body(mut body): Body,
) -> Result<Response, Failure> {
    let statement = body.required_text("query")?;
    let format = match body.text("format")? {
        Some(name) => Format::from_name(&name).ok_or_else(|| {
            Refusal::at(
                "format",
                "`format` is one of json, jsonl, csv, arrow and parquet",
            )
        })?,
        None => accepted(&headers),
    };
    body.finish()?;
    let answer = state.sql.run(&statement, format).await.map_err(failure)?;
    let head = [
        (CONTENT_TYPE, format.media_type()),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((head, HttpBody::from_stream(parts(answer))).into_response())
}

/// Says which member was wrong, when it is the statement.
fn failure(error: SqlError) -> Refusal {
    match error {
        SqlError::Query(cause) => cause.into(),
        SqlError::Statement(_)
        | SqlError::ReadOnly { .. }
        | SqlError::TooLong { .. }
        | SqlError::TooManyOperators { .. } => Refusal::at("query", error.to_string()),
        error => ApiError::new(error.kind(), error.to_string()).into(),
    }
}

/// The first format the caller names; JSON when it takes anything.
fn accepted(headers: &HeaderMap) -> Format {
    let names = headers.get_all(ACCEPT).iter();
    let names = names.filter_map(|value| value.to_str().ok());
    let mut media = names.flat_map(|list| list.split(','));
    let known = media.find_map(|media| {
        let name = media.split(';').next().unwrap_or_default().trim();
        let mut formats = Format::ALL.into_iter();
        formats.find(|format| format.media_type().eq_ignore_ascii_case(name))
    });
    known.unwrap_or_default()
}

/// An error on the way breaks the reply off, so that nobody takes it for the whole answer.
fn parts(answer: Answer) -> impl futures_util::Stream<Item = Result<Vec<u8>, SqlError>> {
    stream::unfold(Some(answer), |answer| async move {
        let mut answer = answer?;
        match answer.next().await.transpose()? {
            Ok(part) => Some((Ok(part), Some(answer))),
            Err(error) => {
                tracing::warn!("a large SQL answer was broken off: {:?}", error.kind());
                Some((Err(error), None))
            }
        }
    })
}
