//! Experiments with what happens in them.

use std::collections::BTreeMap;

use fanlight_catalog::{Experiment, ExperimentSearch, NewExperiment, View};
use fanlight_model::WorkspaceId;
use fanlight_query::Activity;

use super::schema::shape;
use super::{Members, Refusal, instant};

const DEFAULT_PAGE: usize = 200;
const MAX_PAGE: usize = 1000;

shape! {
    /// A page of experiments, newest first.
    ExperimentsReply {
        experiments: Vec<ExperimentView>,
        /// `null` on the last page.
        next_page_token: Option<String>,
    }
}

shape! {
    /// An experiment, and how much there is in it.
    ExperimentView {
        id: String,
        name: String,
        tags: BTreeMap<String, String>,
        created: String,
        /// Last rename, deletion or restoration.
        updated: String,
        deleted: bool,
        traces: u64,
        /// Traces that failed.
        errors: u64,
        /// Start of the newest trace.
        last_activity: Option<String>,
    }
}

/// `POST /api/v1/experiments/search`.
#[derive(Debug)]
pub struct ExperimentsSearch(pub ExperimentSearch);

impl ExperimentsSearch {
    pub fn parse(mut body: Members, workspace: WorkspaceId) -> Result<Self, Refusal> {
        let search = ExperimentSearch {
            workspace,
            filter: body.text("filter")?.unwrap_or_default(),
            order_by: Vec::new(),
            view: if body.flag("deleted")? {
                View::Deleted
            } else {
                View::Active
            },
            limit: body.number("limit", 1..=MAX_PAGE)?.unwrap_or(DEFAULT_PAGE),
            page_token: body.text("page_token")?,
        };
        body.finish()?;
        Ok(Self(search))
    }
}

/// `POST /api/v1/experiments`.
pub fn parse_new_experiment(
    mut body: Members,
    workspace: WorkspaceId,
) -> Result<NewExperiment, Refusal> {
    let new = NewExperiment {
        workspace,
        name: body.required_text("name")?,
        artifact_location: None,
        tags: body.text_map("tags")?.unwrap_or_default(),
    };
    body.finish()?;
    Ok(new)
}

/// `PATCH /api/v1/experiments/{id}`: what is to be different.
#[derive(Debug)]
pub struct ExperimentChange {
    pub name: Option<String>,
    pub set_tags: BTreeMap<String, String>,
    pub remove_tags: Vec<String>,
}

impl ExperimentChange {
    pub fn parse(mut body: Members) -> Result<Self, Refusal> {
        const MAX_TAGS: usize = 100;
        let change = Self {
            name: body.text("name")?,
            set_tags: body.text_map("set_tags")?.unwrap_or_default(),
            remove_tags: body.texts("remove_tags", MAX_TAGS)?.unwrap_or_default(),
        };
        body.finish()?;
        Ok(change)
    }
}

impl ExperimentView {
    pub fn new(experiment: Experiment, activity: Activity) -> Self {
        Self {
            id: experiment.id.to_string(),
            name: experiment.name,
            tags: experiment.tags,
            created: instant(experiment.created_at),
            updated: instant(experiment.updated_at),
            deleted: experiment.deleted,
            traces: activity.traces,
            errors: activity.errors,
            last_activity: activity.last_start.map(instant),
        }
    }
}
