//! MLflow's REST API: one file per resource, all routes listed here.
//!
//! Every route below `/api` has a twin below `/ajax-api`, where the web UI asks; a few exist only
//! there. A handler parses with `fanlight_api::mlflow`, makes one call, and renders.

mod artifacts;
mod assessments;
mod bootstrap;
mod empty;
mod experiments;
mod extract;
mod graphql;
mod metrics;
mod reply;
mod runs;
mod traces;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, delete, get, patch, post, put};

use crate::AppState;

pub(crate) use artifacts::forget_trace_by_key;
pub(crate) use assessments::new_assessment_id;

type Routes = Router<Arc<AppState>>;

/// Everything MLflow's clients and web UI ask for.
pub(crate) fn routes() -> Routes {
    Router::new()
        .route("/version", get(bootstrap::version))
        .route("/health", get(bootstrap::health))
        .route("/graphql", post(graphql::answer).get(graphql::answer))
        .route("/get-artifact", get(artifacts::run_file))
        .nest("/api", shared())
        .nest("/ajax-api", shared().merge(for_the_ui()))
}

fn shared() -> Routes {
    Router::new()
        .nest(
            "/2.0/mlflow",
            v2().merge(legacy_traces()).merge(empty::v2()),
        )
        .nest("/3.0/mlflow", v3().merge(empty::v3()))
        .nest("/2.0/mlflow-artifacts", uploaded_files())
}

fn v2() -> Routes {
    Router::new()
        .route("/experiments/create", post(experiments::create))
        .route("/experiments/get", get(experiments::get))
        .route("/experiments/get-by-name", get(experiments::get_by_name))
        .route(
            "/experiments/search",
            get(experiments::search).post(experiments::search),
        )
        .route("/experiments/update", post(experiments::rename))
        .route("/experiments/delete", post(experiments::delete))
        .route("/experiments/restore", post(experiments::restore))
        .route(
            "/experiments/set-experiment-tag",
            post(experiments::set_tag),
        )
        .route(
            "/experiments/delete-experiment-tag",
            post(experiments::delete_tag),
        )
        .route("/runs/create", post(runs::create))
        .route("/runs/get", get(runs::get))
        .route("/runs/update", post(runs::update))
        .route("/runs/search", post(runs::search))
        .route("/runs/delete", post(runs::delete))
        .route("/runs/restore", post(runs::restore))
        .route("/runs/set-tag", post(runs::set_tag))
        .route("/runs/delete-tag", post(runs::delete_tag))
        .route("/runs/log-metric", post(runs::log_metric))
        .route("/runs/log-parameter", post(runs::log_param))
        .route("/runs/log-batch", post(runs::log_batch))
        .route("/runs/log-inputs", post(runs::log_inputs))
        .route("/metrics/get-history", get(runs::metric_history))
        .route("/artifacts/list", get(artifacts::list_of_run))
}

fn legacy_traces() -> Routes {
    Router::new()
        .route(
            "/traces",
            post(traces::legacy::start).get(traces::legacy::search),
        )
        .route("/traces/{trace_id}", patch(traces::legacy::end))
        .route("/traces/{trace_id}/info", get(traces::legacy::info))
        .route(
            "/traces/{trace_id}/tags",
            patch(traces::tags::set).delete(traces::tags::remove),
        )
        .route("/traces/delete-traces", post(traces::delete::delete))
        .route("/traces/link-to-run", post(traces::links::link_to_run))
        .route("/traces/link-prompts", post(traces::links::link_prompts))
}

fn v3() -> Routes {
    Router::new()
        .route("/server-info", get(bootstrap::server_info))
        .route("/workspaces", any(bootstrap::workspaces))
        .route("/workspaces/{*rest}", any(bootstrap::workspaces))
        .route("/traces", post(traces::write::start))
        .route("/traces/get", get(traces::read::get))
        .route("/traces/batchGet", get(traces::read::batch_get))
        .route("/traces/batchGetInfos", post(traces::read::batch_get_infos))
        .route("/traces/search", post(traces::search::search))
        .route("/traces/metrics", post(metrics::query))
        .route("/traces/delete-traces", post(traces::delete::delete))
        .route(
            "/traces/calculate-filter-correlation",
            post(traces::search::correlate),
        )
        .route("/traces/{trace_id}", get(traces::read::info))
        .route(
            "/traces/{trace_id}/tags",
            patch(traces::tags::set).delete(traces::tags::remove),
        )
        .route("/traces/{trace_id}/assessments", post(assessments::create))
        .route(
            "/traces/{trace_id}/assessments/{assessment_id}",
            get(assessments::get)
                .patch(assessments::update)
                .delete(assessments::remove),
        )
}

fn uploaded_files() -> Routes {
    Router::new()
        .route("/artifacts", get(artifacts::list))
        .route(
            "/artifacts/{*path}",
            put(artifacts::upload)
                .get(artifacts::download)
                .merge(delete(artifacts::remove)),
        )
}

/// What only the web UI asks for.
fn for_the_ui() -> Routes {
    Router::new()
        .route(
            "/3.0/mlflow/ui-telemetry",
            get(bootstrap::ui_telemetry).post(bootstrap::ui_events),
        )
        .route("/3.0/mlflow/get-trace-artifact", get(artifacts::trace_file))
        .route("/2.0/mlflow/get-trace-artifact", get(artifacts::trace_file))
        .route(
            "/2.0/mlflow/experiments/search-datasets",
            post(runs::search_datasets),
        )
        .route(
            "/2.0/mlflow/metrics/get-history-bulk-interval",
            get(runs::bulk_metric_history),
        )
        .merge(empty::for_the_ui())
}
