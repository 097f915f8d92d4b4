//! Replies of the API compressed, where that is worth it.

use std::io::Write as _;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, VARY,
};
use axum::http::{HeaderMap, Response};
use axum::middleware::Next;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt as _;

/// Smaller ones fit into a packet or two anyway.
const LEAST_BYTES: u64 = 4096;
/// Larger ones are no screens; they would hold up everybody.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Compresses JSON that is there as a whole; what is written as it is found, such as an export, goes as it comes.
pub(crate) async fn compress(request: Request, next: Next) -> Response<Body> {
    let accepts = accepts_gzip(request.headers());
    let mut response = next.run(request).await;
    if !is_json(response.headers()) {
        return response;
    }
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    let is_coded = headers.contains_key(CONTENT_ENCODING);
    let length = response.body().size_hint().exact();
    let is_worth_it = length.is_some_and(|length| (LEAST_BYTES..=MOST_BYTES).contains(&length));
    if !accepts || is_coded || !is_worth_it {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // It was there as a whole, so it cannot fail.
    let Ok(whole) = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
    else {
        return Response::from_parts(parts, Body::empty());
    };
    let plain = whole.clone();
    let packed = tokio::task::spawn_blocking(move || gzip(&plain)).await;
    let body = match packed {
        Ok(Some(packed)) => {
            parts.headers.remove(CONTENT_LENGTH);
            parts
                .headers
                .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            packed
        }
        _ => whole,
    };
    Response::from_parts(parts, Body::from(body))
}

fn gzip(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 6), Compression::fast());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCEPT_ENCODING).iter();
    lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .any(|item| {
            let mut parts = item.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let is_refused = parts.any(|part| {
                part.strip_prefix("q=")
                    .and_then(|quality| quality.parse::<f32>().ok())
                    == Some(0.0)
            });
            name.eq_ignore_ascii_case("gzip") && !is_refused
        })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::routing::get;
    use axum::{Json, Router, middleware};
    use flate2::read::GzDecoder;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(path: &str, accepted: &str) -> (Option<String>, Bytes) {
        let router = Router::new()
            .route("/long", get(async || Json("ab".repeat(10_000))))
            .route("/short", get(async || Json("ab")))
            .route("/text", get(async || "ab".repeat(10_000)))
            .layer(middleware::from_fn(compress));
        let request = Request::get(path)
            .header(ACCEPT_ENCODING, accepted)
            .body(Body::empty())
            .unwrap();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let length = parts.headers.get(CONTENT_LENGTH);
        assert!(length.is_none_or(|length| length == bytes.len().to_string().as_str()));
        let encoding = parts.headers.get(CONTENT_ENCODING);
        (encoding.map(|it| it.to_str().unwrap().to_owned()), bytes)
    }

    #[tokio::test]
    async fn long_json_comes_compressed_to_who_can_read_it() {
        let (encoding, bytes) = ask("/long", "br, gzip;q=0.5").await;
        assert_eq!(
            (encoding.as_deref(), bytes.len() < 1000),
            (Some("gzip"), true)
        );
        let mut text = String::new();
        GzDecoder::new(&*bytes).read_to_string(&mut text).unwrap();
        assert_eq!(text, format!("\"{}\"", "ab".repeat(10_000)));

        for (path, accepted) in [
            ("/long", "br"),
            ("/long", "gzip;q=0"),
            ("/long", ""),
            ("/short", "gzip"),
            ("/text", "gzip"),
        ] {
            assert_eq!(ask(path, accepted).await.0, None, "{path} {accepted}");
        }
    }
}
