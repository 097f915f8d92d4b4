//! Which workspace, experiment and run a request is for.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::HeaderMap;
use fanlight_ingest::{ExperimentHint, ResourceSpans, experiment_of};
use fanlight_model::{ExperimentId, Resource, SpanGroup, WorkspaceId};

use super::{IntakeError, Sink};

const WORKSPACE: &str = "x-mlflow-workspace";
const EXPERIMENT: &str = "x-mlflow-experiment-id";
const RUN: &str = "x-mlflow-run-id";

/// What the headers of a request say about its traces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) workspace: WorkspaceId,
    /// For all resources; `None` leaves it to each resource.
    pub(crate) experiment: Option<ExperimentId>,
    pub(crate) run: Option<String>,
}

impl Target {
    /// The named experiment exists when this succeeds.
    pub(super) async fn read(headers: &HeaderMap, sink: &dyn Sink) -> Result<Self, IntakeError> {
        if !text(headers, WORKSPACE).unwrap_or_default().is_empty() {
            return Err(IntakeError::WorkspacesDisabled);
        }
        let workspace = WorkspaceId::DEFAULT;
        let experiment = experiment(headers)?;
        if let Some(id) = experiment
            && !sink.has_experiment(workspace, id).await?
        {
            return Err(IntakeError::ExperimentUnknown { id });
        }
        let run = text(headers, RUN).filter(|run| !run.is_empty());
        Ok(Self {
            workspace,
            experiment,
            run,
        })
    }

    /// Gives each resource's spans their experiment; spans of the same one come together.
    pub(super) async fn place(
        &self,
        resources: Vec<ResourceSpans>,
        sink: &dyn Sink,
    ) -> Result<Vec<SpanGroup>, IntakeError> {
        let mut experiments = self.experiments(sink);
        let mut groups: Vec<SpanGroup> = Vec::new();
        for ResourceSpans { resource, spans } in resources {
            let experiment = experiments.of(&resource).await?;
            match groups
                .iter_mut()
                .find(|group| group.experiment == experiment)
            {
                Some(group) => group.spans.extend(spans),
                None => groups.push(SpanGroup { experiment, spans }),
            }
        }
        Ok(groups)
    }

    pub(super) fn experiments<'a>(&'a self, sink: &'a dyn Sink) -> Experiments<'a> {
        Experiments {
            target: self,
            sink,
            names: HashMap::new(),
            ids: HashMap::new(),
            last: None,
        }
    }
}

/// Finds the experiment of each resource of one request, asking once for what repeats.
pub(super) struct Experiments<'a> {
    target: &'a Target,
    sink: &'a dyn Sink,
    names: HashMap<String, ExperimentId>,
    ids: HashMap<ExperimentId, ExperimentId>,
    last: Option<(Arc<Resource>, ExperimentId)>,
}

/// Different experiments one request may name through its resources. A collector mixes dozens of services; somebody
/// who sends thousands would fill the list of experiments. What comes after goes to `Default`.
const MAX_EXPERIMENTS: usize = 1_000;

impl Experiments<'_> {
    pub(super) async fn of(
        &mut self,
        resource: &Arc<Resource>,
    ) -> Result<ExperimentId, IntakeError> {
        if let Some(id) = self.target.experiment {
            return Ok(id);
        }
        match &self.last {
            Some((last, id)) if Arc::ptr_eq(last, resource) => return Ok(*id),
            _ => {}
        }
        let id = self.look_up(resource).await?;
        self.last = Some((Arc::clone(resource), id));
        Ok(id)
    }

    async fn look_up(&mut self, resource: &Resource) -> Result<ExperimentId, IntakeError> {
        let workspace = self.target.workspace;
        let full = self.names.len() + self.ids.len() >= MAX_EXPERIMENTS;
        match experiment_of(resource) {
            ExperimentHint::Id(id) => {
                if let Some(id) = self.ids.get(&id) {
                    return Ok(*id);
                }
                // A wrong id in a resource is no reason to lose spans: it was set once for a whole process, maybe
                // long ago.
                let exists = !full && self.sink.has_experiment(workspace, id).await?;
                let found = if exists { id } else { ExperimentId::DEFAULT };
                if !full {
                    self.ids.insert(id, found);
                }
                Ok(found)
            }
            ExperimentHint::Name(name) => {
                if let Some(id) = self.names.get(&name) {
                    return Ok(*id);
                }
                if full {
                    return Ok(ExperimentId::DEFAULT);
                }
                let id = self.sink.experiment_named(workspace, &name).await?;
                self.names.insert(name, id);
                Ok(id)
            }
            ExperimentHint::None => Ok(ExperimentId::DEFAULT),
        }
    }
}

fn experiment(headers: &HeaderMap) -> Result<Option<ExperimentId>, IntakeError> {
    let Some(value) = text(headers, EXPERIMENT) else {
        return Ok(None);
    };
    if value.is_empty() {
        return Err(IntakeError::ExperimentEmpty);
    }
    value
        .parse()
        .map(Some)
        .map_err(|_| IntakeError::ExperimentNotAnInteger {
            value: value.chars().take(80).collect(),
        })
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}
