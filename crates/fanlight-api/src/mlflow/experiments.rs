//! Experiments, as the 2.0 endpoints write them.

use fanlight_catalog::{Experiment, ExperimentSearch, NewExperiment, View};
use fanlight_model::WorkspaceId;
use serde_json::{Value as Json, json};

use super::fields::Fields;
use crate::ApiError;

const MAX_PAGE: usize = 50_000;

/// The JSON of an experiment. `workspace` is the name of the one it lives in.
pub fn render(experiment: &Experiment, workspace: &str) -> Json {
    json!({
        "experiment_id": experiment.id.to_string(),
        "name": experiment.name,
        "artifact_location": experiment.artifact_location,
        "lifecycle_stage": lifecycle_stage(experiment.deleted),
        "last_update_time": experiment.updated_at.as_millis(),
        "creation_time": experiment.created_at.as_millis(),
        "tags": render_pairs(experiment.tags.iter()),
        "workspace": workspace,
    })
}

/// `active` or `deleted`.
pub const fn lifecycle_stage(deleted: bool) -> &'static str {
    if deleted { "deleted" } else { "active" }
}

/// A map as MLflow's older endpoints write it: a list of `{key, value}`.
pub(crate) fn render_pairs<'a>(pairs: impl Iterator<Item = (&'a String, &'a String)>) -> Json {
    pairs
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect()
}

pub fn parse_new(request: &Fields, workspace: WorkspaceId) -> Result<NewExperiment, ApiError> {
    let artifact_location = request
        .owned_text("artifact_location")?
        .filter(|text| !text.is_empty());
    if let Some(location) = &artifact_location {
        // Client and server append folders to it: a query or fragment would swallow them.
        if location.contains(['#', '?', ';']) {
            return Err(ApiError::invalid(format!(
                "invalid value {} for parameter `artifact_location`: it must not have a fragment, query or parameters",
                Json::from(location.as_str())
            )));
        }
    }
    Ok(NewExperiment {
        workspace,
        name: request.required_text("name")?.to_owned(),
        artifact_location,
        tags: request.pairs("tags")?.into_iter().collect(),
    })
}

pub fn parse_search(
    request: &Fields,
    workspace: WorkspaceId,
) -> Result<ExperimentSearch, ApiError> {
    Ok(ExperimentSearch {
        workspace,
        filter: request.owned_text("filter")?.unwrap_or_default(),
        order_by: owned(request.texts("order_by")?),
        view: parse_view(request, "view_type")?,
        // MLflow knows no default here: a missing size is 0, which is refused.
        limit: request
            .page_size("max_results", 0, MAX_PAGE)
            .and_then(positive)?,
        page_token: request.owned_text("page_token")?,
    })
}

fn positive(size: usize) -> Result<usize, ApiError> {
    let missing = || {
        ApiError::invalid(
            "invalid value 0 for parameter `max_results`: expected a positive integer",
        )
    };
    if size == 0 { Err(missing()) } else { Ok(size) }
}

pub(crate) fn owned(texts: Option<Vec<&str>>) -> Vec<String> {
    texts
        .unwrap_or_default()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// Which of the active and deleted ones are asked for; unknown names count as unset.
pub(crate) fn parse_view(request: &Fields, name: &str) -> Result<View, ApiError> {
    Ok(match request.text(name)? {
        Some("DELETED_ONLY") => View::Deleted,
        Some("ALL") => View::All,
        _ => View::Active,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use fanlight_model::{ExperimentId, UnixNanos};

    use super::*;

    fn body(text: &str) -> Fields {
        Fields::from_body(text.as_bytes())
    }

    #[test]
    fn an_experiment_renders_times_in_milliseconds() {
        let experiment = Experiment {
            id: ExperimentId(7),
            workspace: WorkspaceId::DEFAULT,
            name: "agents".into(),
            artifact_location: "mlflow-artifacts:/7".into(),
            deleted: true,
            created_at: UnixNanos::from_millis(5),
            updated_at: UnixNanos::from_millis(6),
            tags: BTreeMap::from([("team".to_owned(), "blue".to_owned())]),
        };
        insta::assert_snapshot!(
            render(&experiment, "default"),
            @r#"{"experiment_id":"7","name":"agents","artifact_location":"mlflow-artifacts:/7","lifecycle_stage":"deleted","last_update_time":6,"creation_time":5,"tags":[{"key":"team","value":"blue"}],"workspace":"default"}"#
        );
    }

    #[test]
    fn a_search_needs_a_page_size() {
        let parse = |text| parse_search(&body(text), WorkspaceId::DEFAULT);
        assert!(
            parse("{}")
                .unwrap_err()
                .message
                .contains("positive integer")
        );
        assert!(parse(r#"{"max_results": 50001}"#).is_err());
        let search =
            parse(r#"{"max_results": 5, "view_type": "ALL", "order_by": ["name ASC"]}"#).unwrap();
        assert_eq!(
            (search.limit, search.view, search.order_by),
            (5, View::All, vec!["name ASC".to_owned()])
        );
    }

    #[test]
    fn an_artifact_location_is_a_plain_place() {
        let parse = |text| parse_new(&body(text), WorkspaceId::DEFAULT);
        assert!(parse(r#"{"name": "a", "artifact_location": "s3://b/c#d"}"#).is_err());
        assert_eq!(
            parse(r#"{"name": "a", "tags": {"k": "v"}}"#).unwrap().tags["k"],
            "v"
        );
    }
}
