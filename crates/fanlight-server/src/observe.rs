//! What happens to every request, whatever it asks: an id, a tracing span, a time limit, a count, and an answer even
//! when its handler panics.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use fanlight_api::ApiError;
use fanlight_model::ErrorKind;
use tracing::Instrument;

use crate::failure::failure_below;
use crate::metrics::{Counters, RouteClass};
use crate::paced::paced;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Debug)]
pub(crate) struct Observer {
    pub(crate) counters: Arc<Counters>,
    pub(crate) timeout: Duration,
    /// Longest pause within the body of a request.
    pub(crate) read_timeout: Duration,
}

pub(crate) async fn observe(
    State(observer): State<Arc<Observer>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let class = RouteClass::of_path(request.uri().path());
    let id = request_id(request.headers());
    // The pattern of the route, never the path or query: those may hold names people gave.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unknown", MatchedPath::as_str);
    let span = tracing::info_span!("request", request.id = %id, method = %request.method(), route);

    let mut response = answer(&observer, request, next)
        .instrument(span.clone())
        .await;

    let status = response.status().as_u16();
    observer.counters.count_request(class, status);
    add_headers(response.headers_mut(), &id);
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::debug!(status, duration_ms, "answered with {status}"));
    response
}

async fn answer(observer: &Observer, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let request = request.map(|body| paced(body, observer.read_timeout));
    let mut handler = pin!(next.run(request));
    // Caught here, so that the caller gets a reply and not a closed connection.
    let guarded = poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(response)) => Poll::Ready(Some(response)),
            Err(_) => Poll::Ready(None),
        }
    });
    match tokio::time::timeout(observer.timeout, guarded).await {
        Ok(Some(response)) => response,
        Ok(None) => {
            observer.counters.panics.add(1);
            failure_below(&path, ApiError::internal("the handler panicked"))
        }
        Err(_) => {
            let limit = observer.timeout.as_millis();
            let message = format!(
                "the request took longer than {limit} ms (`request_timeout_ms`) and was given up"
            );
            failure_below(&path, ApiError::new(ErrorKind::Unavailable, message))
        }
    }
}

/// The id the caller brought when it is a plain short word, otherwise a new one.
fn request_id(headers: &HeaderMap) -> String {
    let brought = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    let is_plain = |id: &&str| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match brought.filter(is_plain) {
        Some(id) => id.to_owned(),
        None => format!("{:016x}", rand::random::<u64>()),
    }
}

fn add_headers(headers: &mut HeaderMap, id: &str) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A policy says it better: who is allowed has no form in the older header.
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use axum::http::header::RETRY_AFTER;

    use super::*;

    async fn ask(path: &str, timeout: Duration) -> (Response, Arc<Counters>) {
        async fn panics() -> &'static str {
            panic!("a secret of the handler");
        }
        let counters = Arc::new(Counters::default());
        let observer = Arc::new(Observer {
            counters: Arc::clone(&counters),
            timeout,
            read_timeout: timeout,
        });
        let router = Router::new()
            .route("/fine", get(|| async { "fine" }))
            .route("/panics", get(panics))
            .route("/hangs", get(std::future::pending::<&'static str>))
            .layer(from_fn_with_state(observer, observe));
        let request = Request::get(path)
            .header("x-request-id", "mine-1")
            .body(Body::empty())
            .unwrap();
        (router.oneshot(request).await.unwrap(), counters)
    }

    async fn text(response: Response) -> String {
        String::from_utf8(
            response
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .to_vec(),
        )
        .unwrap()
    }

    #[tokio::test]
    async fn every_reply_has_the_protective_headers_and_an_id() {
        let (response, _) = ask("/fine", Duration::from_mins(1)).await;
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["x-frame-options"], "SAMEORIGIN");
        assert_eq!(headers["vary"], "Origin");
        assert_eq!(headers["x-request-id"], "mine-1");
    }

    #[tokio::test]
    async fn a_panic_is_a_500_without_its_message() {
        let (response, counters) = ask("/panics", Duration::from_mins(1)).await;
        assert_eq!(response.status(), 500);
        assert_eq!(counters.panics.get(), 1);
        insta::assert_snapshot!(
            text(response).await,
            @r#"{"error_code":"INTERNAL_ERROR","message":"internal error; the server's log says more","sqlstate":"XXM00","error_class":"CLIENT_INTERNAL_ERROR"}"#
        );
    }

    #[tokio::test]
    async fn a_request_that_hangs_is_given_up() {
        let (response, _) = ask("/hangs", Duration::ZERO).await;
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
    }

    #[test]
    fn an_id_that_is_no_plain_word_is_replaced() {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_static("a b"));
        assert_eq!(request_id(&headers).len(), 16);
        assert_ne!(request_id(&headers), "a b");
    }
}
