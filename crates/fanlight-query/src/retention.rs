//! What is kept, for how long: the oldest traces of an experiment go when there is too much of it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use fanlight_catalog::{Experiment, ExperimentSearch, View};
use fanlight_model::{UnixNanos, WorkspaceId};
use fanlight_store::Property;

use crate::{Doomed, Engine, QueryError};

/// Tags of an experiment that say more or less than the settings: whole numbers, 0 for no limit.
pub const DAYS_TAG: &str = "fanlight.retention_days";
pub const TRACES_TAG: &str = "fanlight.retention_traces";

/// Traces that are deleted at once: each is a row of the catalog until the log has moved on.
const DELETED_AT_ONCE: usize = 5_000;
const EXPERIMENTS_AT_ONCE: usize = 1_000;
/// After the start, so that a wrong setting can still be undone; then again and again.
const FIRST_AFTER: Duration = Duration::from_mins(2);
const EVERY: Duration = Duration::from_mins(10);

/// What an experiment keeps of its traces. Nothing is deleted unless somebody set a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Days since a trace started.
    pub days: Option<u32>,
    pub traces: Option<u64>,
}

/// Traces of an experiment beyond what it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excess {
    pub experiment: String,
    pub kept: Retention,
    pub traces: u64,
}

impl Retention {
    /// The experiment's own limits, else these.
    fn of(self, experiment: &Experiment) -> Self {
        Self {
            days: limit_of(experiment, DAYS_TAG, self.days),
            traces: limit_of(experiment, TRACES_TAG, self.traces),
        }
    }
}

/// The limit in a tag, else `general`. What is not a number is no limit of its own.
fn limit_of<T: std::str::FromStr + Default + PartialEq>(
    experiment: &Experiment,
    tag: &str,
    general: Option<T>,
) -> Option<T> {
    let Some(text) = experiment.tags.get(tag) else {
        return general;
    };
    match text.trim().parse::<T>() {
        Ok(limit) => (limit != T::default()).then_some(limit),
        Err(_) => {
            tracing::warn!(
                experiment.name = experiment.name,
                "tag {tag} is not a whole number; it is ignored"
            );
            general
        }
    }
}

impl Engine {
    /// What is beyond the limits now, for each experiment that has too much.
    pub async fn excess(&self) -> Result<Vec<Excess>, QueryError> {
        let mut found = Vec::new();
        for experiment in self.all_experiments().await? {
            let kept = self.settings.retention.of(&experiment);
            let traces = self.beyond(&experiment, kept).await?.len() as u64;
            if traces > 0 {
                found.push(Excess {
                    experiment: experiment.name,
                    kept,
                    traces,
                });
            }
        }
        Ok(found)
    }

    /// Deletes what is beyond the limits; answers how many traces that were.
    pub async fn expire(&self) -> Result<u64, QueryError> {
        let mut expired = 0;
        for experiment in self.all_experiments().await? {
            let kept = self.settings.retention.of(&experiment);
            let keys = self.beyond(&experiment, kept).await?;
            for lot in keys.chunks(DELETED_AT_ONCE) {
                let doomed = Doomed::Ids(lot.to_vec());
                let deleted = self
                    .delete(experiment.workspace, experiment.id, doomed)
                    .await?;
                expired += deleted.len() as u64;
            }
        }
        Ok(expired)
    }

    async fn beyond(
        &self,
        experiment: &Experiment,
        kept: Retention,
    ) -> Result<Vec<fanlight_model::TraceKey>, QueryError> {
        let now = self.clock.now();
        let mut excess = 0;
        if let Some(limit) = kept.traces {
            let (workspace, id) = (experiment.workspace, experiment.id);
            let snapshot = self.store.snapshot();
            let count = self.read(move || count(&snapshot, workspace, id)).await?;
            excess = usize::try_from(count.saturating_sub(limit)).unwrap_or(usize::MAX);
        }
        let too_old = kept.days.map(|days| {
            let nanos = u64::from(days) * 24 * 3600 * 1_000_000_000;
            UnixNanos(now.0.saturating_sub(nanos))
        });
        if excess == 0 && too_old.is_none() {
            return Ok(Vec::new());
        }
        let (workspace, id) = (experiment.workspace, experiment.id);
        let snapshot = self.store.snapshot();
        self.read(move || {
            let mut keys = Vec::new();
            if excess > 0 {
                keys = crate::engine::oldest(&snapshot, workspace, id, now, Some(excess));
            }
            if let Some(until) = too_old {
                keys.extend(crate::engine::oldest(&snapshot, workspace, id, until, None));
            }
            keys.sort_unstable();
            keys.dedup();
            Ok(keys)
        })
        .await
    }

    async fn all_experiments(&self) -> Result<Vec<Experiment>, QueryError> {
        let mut all = Vec::new();
        let mut search = ExperimentSearch {
            workspace: WorkspaceId::DEFAULT,
            view: View::All,
            limit: EXPERIMENTS_AT_ONCE,
            ..ExperimentSearch::default()
        };
        loop {
            let page = self.catalog.search_experiments(&search).await?;
            all.extend(page.items);
            if page.next.is_none() {
                return Ok(all);
            }
            search.page_token = page.next;
        }
    }
}

/// Traces of an experiment.
fn count(
    snapshot: &fanlight_store::Snapshot,
    workspace: WorkspaceId,
    experiment: fanlight_model::ExperimentId,
) -> Result<u64, QueryError> {
    let hot = snapshot
        .hot
        .iter()
        .filter(|trace| trace.key().workspace == workspace && trace.experiment() == experiment);
    let mut count = hot.count() as u64;
    for view in &snapshot.segments {
        let facets = view.segment.facets();
        let rows = |property, value: String| {
            let rows = facets.rows_of(property, &value);
            rows.map_err(|reason| QueryError::segment(view.segment.id(), reason))
        };
        let of_experiment = rows(Property::Experiment, experiment.to_string())?;
        let of_workspace = rows(Property::Workspace, workspace.0.to_string())?;
        count += (of_experiment & of_workspace & view.live()).len();
    }
    Ok(count)
}

/// Deletes what is beyond the limits, as long as there is an engine.
pub(crate) async fn expire_again_and_again(engine: Weak<Engine>) {
    let mut pause = FIRST_AFTER;
    loop {
        tokio::time::sleep(pause).await;
        pause = EVERY;
        let Some(engine) = Weak::upgrade(&engine) else {
            return;
        };
        match Arc::as_ref(&engine).expire().await {
            Ok(0) => {}
            Ok(traces) => tracing::info!(traces, "deleted traces beyond what is kept"),
            Err(error) => tracing::error!(%error, "deleting old traces failed; trying again"),
        }
    }
}
