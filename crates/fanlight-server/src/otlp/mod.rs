//! OpenTelemetry's protocol over HTTP and gRPC. Both shape requests and replies only; the work is the intake's.

mod grpc;
mod http;
mod messages;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;

use crate::intake::Intake;

pub(crate) use grpc::unimplemented;

/// Prefixes of `/v1/traces` and `/v1/logs`: OTLP's own (none), and those MLflow's clients put before it.
const PREFIXES: [&str; 9] = [
    "",
    "/api",
    "/api/otel",
    "/api/2.0/otel",
    "/api/3.0/otel",
    "/ajax-api",
    "/ajax-api/otel",
    "/ajax-api/2.0/otel",
    "/ajax-api/3.0/otel",
];

/// Everything a port that speaks OTLP answers, HTTP and gRPC alike.
pub(crate) fn routes(intake: Arc<Intake>) -> Router {
    let mut router = Router::new();
    for prefix in PREFIXES {
        router = router
            .route(&format!("{prefix}/v1/traces"), post(http::export_traces))
            .route(&format!("{prefix}/v1/logs"), post(http::export_logs));
    }
    router
        .route(grpc::TRACES_PATH, post(grpc::export_traces))
        .route(grpc::LOGS_PATH, post(grpc::export_logs))
        .route(grpc::METRICS_PATH, post(grpc::unimplemented))
        .with_state(intake)
}

/// Whether `path` is one of those for OTLP/HTTP.
pub(crate) fn is_http_path(path: &str) -> bool {
    let prefix = path
        .strip_suffix("/v1/traces")
        .or_else(|| path.strip_suffix("/v1/logs"));
    prefix.is_some_and(|prefix| PREFIXES.contains(&prefix))
}

#[cfg(test)]
mod tests;
