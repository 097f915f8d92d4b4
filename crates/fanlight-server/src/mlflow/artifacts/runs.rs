//! Files of runs, which live in the same directory under the run's own location.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fanlight_api::ApiError;
use fanlight_api::mlflow::runs::run_id;
use serde_json::json;

use super::folder::Folder;
use super::path::FilePath;
use super::reply;
use crate::AppState;
use crate::mlflow::extract::{Caller, Params};
use crate::mlflow::reply::{Answer, Failure};
use crate::mlflow::runs::own_run;

/// `GET 2.0/artifacts/list`.
pub(in crate::mlflow) async fn list_of_run(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Params(request): Params,
) -> Answer {
    let run = own_run(&state, caller, run_id(&request)?).await?;
    let below = FilePath::parse_or_root(request.text("path")?.unwrap_or_default())?;
    let mut files = Vec::new();
    if let Ok(root) = location(&run.info.artifact_uri) {
        for mut entry in Folder::of(&state, caller).list(&root.join(&below)).await? {
            // Clients expect paths from the root of the run.
            entry.path = below.join(&FilePath::parse(&entry.path)?).text();
            files.push(entry.render());
        }
    }
    Ok(Json(
        json!({"root_uri": run.info.artifact_uri, "files": files}),
    ))
}

/// `GET /get-artifact`.
pub(in crate::mlflow) async fn run_file(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Params(request): Params,
) -> Result<Response, Failure> {
    let run = own_run(&state, caller, run_id(&request)?).await?;
    let path =
        location(&run.info.artifact_uri)?.join(&FilePath::parse(request.required_text("path")?)?);
    Ok(reply::file(Folder::of(&state, caller).open(&path).await?))
}

/// The directory of a run, if its files are kept here.
fn location(artifact_uri: &str) -> Result<FilePath, ApiError> {
    let path = artifact_uri
        .strip_prefix("mlflow-artifacts:")
        .unwrap_or_default();
    FilePath::parse(path)
        .map_err(|_| ApiError::not_found("the files of this run are not kept on this server"))
}
