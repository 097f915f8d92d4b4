//! Which routes a port has, and what stands in front of them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fanlight_api::ApiError;
use fanlight_model::ErrorKind;

use crate::AppState;
use crate::body::declared_length;
use crate::budget::{Budget, Reservation};
use crate::failure::failure_below;
use crate::guard::{Door, Guard, guard};
use crate::intake::Intake;
use crate::metrics::Levels;
use crate::observe::{Observer, observe};
use crate::ui::Ui;
use crate::{mlflow, otlp, v1};

/// The port people and MLflow's clients know: everything.
pub(crate) fn main_router(state: &Arc<AppState>) -> Router {
    let api = mlflow::routes()
        .merge(v1::routes())
        .layer(DefaultBodyLimit::max(state.settings.max_body_bytes))
        .layer(middleware::from_fn_with_state(Arc::clone(state), hold_body))
        .with_state(Arc::clone(state));
    let metrics = Router::new()
        .route("/metrics", get(metrics))
        .with_state(Arc::clone(state));
    let ui = Ui::new(&state.settings);
    let routes = api
        .merge(metrics)
        .merge(ui.routes())
        .merge(otlp::routes(Arc::clone(&state.intake)))
        .fallback(async move |request: Request| {
            let (parts, _) = request.into_parts();
            match ui.lost(&parts) {
                Some(page) => page,
                None => not_found(&parts.headers).await,
            }
        });
    in_front(routes, Door::Main, state)
}

/// The ports that speak OTLP only.
pub(crate) fn otlp_router(state: &Arc<AppState>) -> Router {
    let health = Router::new().route("/health", get(|| async { "OK" }));
    let routes = otlp_routes(&state.intake)
        .merge(health)
        .fallback(async |headers: HeaderMap| not_found(&headers).await);
    in_front(routes, Door::Otlp, state)
}

fn otlp_routes(intake: &Arc<Intake>) -> Router {
    otlp::routes(Arc::clone(intake))
}

fn in_front(routes: Router, door: Door, state: &Arc<AppState>) -> Router {
    let guarding = Arc::new(Guard::new(door, &state.settings));
    let observer = Arc::new(Observer {
        counters: Arc::clone(&state.counters),
        timeout: state.settings.request_timeout,
        read_timeout: state.settings.read_timeout,
    });
    // The last layer meets a request first.
    routes
        .layer(middleware::from_fn_with_state(guarding, guard))
        .layer(middleware::from_fn_with_state(observer, observe))
}

/// Unknown paths are no API, so the answer is not JSON. A gRPC client gets words it understands.
async fn not_found(headers: &HeaderMap) -> Response {
    let is_grpc = headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
    if is_grpc {
        otlp::unimplemented().await
    } else {
        (StatusCode::NOT_FOUND, "not found\n").into_response()
    }
}

async fn metrics(State(state): State<Arc<AppState>>) -> Response {
    let text = state.counters.render(&Levels {
        inflight_bytes: state.budget.used(),
        connections: state.places.taken(),
        connections_waited: state.places.waited(),
        damaged: state.engine.damaged_places(),
    });
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
        .into_response()
}

/// Counts the body of a request against the bytes all requests share, until it is answered.
async fn hold_body(State(state): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    match reserve(
        &state.budget,
        request.headers(),
        state.settings.max_body_bytes,
    ) {
        Ok(held) => {
            let response = next.run(request).await;
            drop(held);
            response
        }
        Err(error) => failure_below(request.uri().path(), error),
    }
}

fn reserve(
    budget: &Budget,
    headers: &HeaderMap,
    max_body_bytes: usize,
) -> Result<Reservation, ApiError> {
    /// For a body of unknown length.
    const USUAL_BYTES: usize = 64 * 1024;
    let chunked = headers.contains_key(axum::http::header::TRANSFER_ENCODING);
    let expected = declared_length(headers).unwrap_or(if chunked { USUAL_BYTES } else { 0 });
    let mut reservation = budget.empty_reservation();
    // Larger bodies are files, which are written to disk as they come.
    reservation.grow_to(expected.min(max_body_bytes)).map_err(|spent| {
        let message = format!(
            "requests under way hold all of {} bytes (`max_inflight_bytes`); send it again in a moment",
            spent.total
        );
        ApiError::new(ErrorKind::Overloaded, message)
    })?;
    Ok(reservation)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;
    use crate::intake::tests::span;
    use crate::state::tests::state;

    async fn send(router: &Router, request: Request<Body>) -> (u16, HeaderMap, String) {
        let response = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (
            parts.status.as_u16(),
            parts.headers,
            String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    async fn get_text(router: &Router, path: &str) -> (u16, String) {
        let request = Request::get(path)
            .header("host", "localhost:5000")
            .body(Body::empty())
            .unwrap();
        let (status, _, text) = send(router, request).await;
        (status, text)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_span_sent_over_otlp_is_found_through_mlflows_api() {
        let dir = tempfile::tempdir().unwrap();
        let state = state(dir.path()).await;
        let router = main_router(&state);
        let spans = fanlight_ingest::encode_traces(&[span(1, "hello", "shop")]);
        let export = Request::post("/v1/traces")
            .header("content-type", "application/x-protobuf")
            .body(Body::from(spans))
            .unwrap();
        assert_eq!(send(&router, export).await.0, 200);

        let id = "tr-01010101010101010101010101010101";
        let (status, text) = get_text(&router, &format!("/api/3.0/mlflow/traces/{id}")).await;
        assert_eq!(status, 200);
        assert!(text.contains(id), "{text}");
        let (_, metrics) = get_text(&router, "/metrics").await;
        assert!(
            metrics.contains("\nfanlight_spans_accepted_total 1\n"),
            "{metrics}"
        );
        state.engine.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn unknown_paths_are_told_in_the_callers_language() {
        let dir = tempfile::tempdir().unwrap();
        let state = state(dir.path()).await;
        for router in [main_router(&state), otlp_router(&state)] {
            assert_eq!(get_text(&router, "/health").await, (200, "OK".to_owned()));
            assert_eq!(
                get_text(&router, "/v1/metrics").await,
                (404, "not found\n".to_owned())
            );
            let call =
                Request::post("/some.Service/Method").header("content-type", "application/grpc");
            let (status, headers, _) = send(&router, call.body(Body::empty()).unwrap()).await;
            assert_eq!(
                (status, headers["grpc-status"].as_bytes()),
                (200, &b"12"[..])
            );
        }
        let (status, page) = get_text(&main_router(&state), "/").await;
        assert!(status == 200 && page.starts_with("<!doctype html>"));
        assert_eq!(get_text(&otlp_router(&state), "/").await.0, 404);
        state.engine.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn somebody_who_is_lost_gets_the_page_and_a_program_plain_words() {
        let dir = tempfile::tempdir().unwrap();
        let state = state(dir.path()).await;
        let router = main_router(&state);
        let visit = async |method: &str, path: &str, accept: &'static str| {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header("host", "localhost:5000")
                .header("accept", accept)
                .body(Body::empty())
                .unwrap();
            let (status, _, text) = send(&router, request).await;
            (status, text.contains("<!doctype html>"))
        };
        let built = crate::ui::is_built();
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        assert_eq!(visit("GET", "/nonsense", browser).await, (404, built));
        assert_eq!(visit("GET", "/a/b/c", browser).await, (404, built));
        for (method, path, accept) in [
            ("GET", "/nonsense", "*/*"),
            ("POST", "/nonsense", browser),
            ("GET", "/api/2.0/nonsense", browser),
            ("GET", "/api/v1/nonsense", browser),
            ("GET", "/v1/nonsense", browser),
            ("GET", "/assets/nonsense.js", browser),
        ] {
            assert_eq!(
                visit(method, path, accept).await,
                (404, false),
                "{method} {path}"
            );
        }
        state.engine.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_body_for_the_rest_api_counts_against_the_budget() {
        let dir = tempfile::tempdir().unwrap();
        let state = state(dir.path()).await;
        let router = main_router(&state);
        let ask = || {
            Request::post("/api/2.0/mlflow/experiments/create")
                .header("content-type", "application/json")
                .header("content-length", "2048")
                .body(Body::from(r#"{"name": "blue"}"#))
                .unwrap()
        };
        let mut all = state.budget.empty_reservation();
        all.grow_to(state.settings.max_inflight_bytes).unwrap();
        let (status, headers, text) = send(&router, ask()).await;
        assert_eq!(
            (status, headers["retry-after"].as_bytes()),
            (429, &b"1"[..])
        );
        assert!(
            text.starts_with(r#"{"error_code":"REQUEST_LIMIT_EXCEEDED""#),
            "{text}"
        );

        drop(all);
        let (status, _, text) = send(&router, ask()).await;
        assert_eq!(
            (status, text.contains("experiment_id")),
            (200, true),
            "{text}"
        );
        state.engine.close().await;
    }
}
