//! What is kept, for how long: the oldest traces of an experiment go when there is too much of it.
//!
//! Start reading at [`Retention`] (what may be asked), then `plan` (which traces have to go).

mod plan;

use std::sync::{Arc, Weak};

use fanlight_catalog::{Experiment, ExperimentSearch, View};
use fanlight_model::{TraceKey, WorkspaceId, parse_bytes};
use rustc_hash::FxHashMap;

use self::plan::{Beyond, Limits, Plan};
use crate::{Doomed, Engine, QueryError};

/// Tags of an experiment that say more or less than the settings: whole numbers, 0 for no limit.
pub const DAYS_TAG: &str = "fanlight.retention_days";
pub const TRACES_TAG: &str = "fanlight.retention_traces";
/// A size such as `10GiB`, too.
pub const BYTES_TAG: &str = "fanlight.retention_bytes";

/// Traces that are deleted at once: each is a row of the catalog until the log has moved on.
const DELETED_AT_ONCE: usize = 5_000;
const EXPERIMENTS_AT_ONCE: usize = 1_000;
/// The first time comes this much sooner than the next ones, and still leaves time to undo a wrong setting.
const SOONER_AT_FIRST: u32 = 5;

/// What an experiment keeps of its traces. Nothing is deleted unless somebody set a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Days since a trace started.
    pub days: Option<u32>,
    pub traces: Option<u64>,
    /// On disk, estimated; traces in memory count with their size there.
    pub bytes: Option<u64>,
}

/// Traces beyond what is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excess {
    /// `None`: of all experiments together.
    pub experiment: Option<String>,
    pub kept: Retention,
    pub traces: u64,
    /// What they take, estimated.
    pub bytes: u64,
}

impl Retention {
    /// The experiment's own limits, else these.
    fn of(self, experiment: &Experiment) -> Self {
        let whole = "a whole number";
        Self {
            days: limit_of(experiment, DAYS_TAG, self.days, whole, |text| {
                text.parse().ok()
            }),
            traces: limit_of(experiment, TRACES_TAG, self.traces, whole, |text| {
                text.parse().ok()
            }),
            bytes: limit_of(experiment, BYTES_TAG, self.bytes, "a size", parse_bytes),
        }
    }
}

/// The limit in a tag, else `general`. What cannot be read is no limit of its own.
fn limit_of<T: Default + PartialEq>(
    experiment: &Experiment,
    tag: &str,
    general: Option<T>,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let Some(text) = experiment.tags.get(tag) else {
        return general;
    };
    match parse(text.trim()) {
        Some(limit) => (limit != T::default()).then_some(limit),
        None => {
            tracing::warn!(
                experiment.name = experiment.name,
                "tag {tag} is not {expected}; it is ignored"
            );
            general
        }
    }
}

impl Engine {
    /// What is beyond the limits now: of each experiment that has too much, then of all of them together.
    pub async fn excess(&self) -> Result<Vec<Excess>, QueryError> {
        let (experiments, plan) = self.plan().await?;
        let of_one = experiments.iter().filter_map(|(experiment, kept)| {
            let place = (experiment.workspace, experiment.id);
            let beyond = plan.of_experiments.get(&place)?;
            Some(excess(Some(experiment.name.clone()), *kept, beyond))
        });
        let mut found: Vec<Excess> = of_one.collect();
        if !plan.of_all.traces.is_empty() {
            let kept = Retention {
                bytes: self.settings.retention_total_bytes,
                ..Retention::default()
            };
            found.push(excess(None, kept, &plan.of_all));
        }
        Ok(found)
    }

    /// Deletes what is beyond the limits; answers how many traces that were.
    pub async fn expire(&self) -> Result<u64, QueryError> {
        let (_, plan) = self.plan().await?;
        let mut of_experiments: FxHashMap<_, Vec<TraceKey>> = FxHashMap::default();
        let all = plan.of_experiments.into_values().chain([plan.of_all]);
        for (experiment, key) in all.flat_map(|beyond| beyond.traces) {
            let place = (key.workspace, experiment);
            of_experiments.entry(place).or_default().push(key);
        }
        let mut expired = 0;
        for ((workspace, experiment), keys) in of_experiments {
            for lot in keys.chunks(DELETED_AT_ONCE) {
                let doomed = Doomed::Ids(lot.to_vec());
                let deleted = self.delete(workspace, experiment, doomed).await?;
                expired += deleted.len() as u64;
            }
        }
        Ok(expired)
    }

    /// All experiments with what they keep, and which traces are beyond that.
    async fn plan(&self) -> Result<(Vec<(Experiment, Retention)>, Plan), QueryError> {
        let experiments: Vec<_> = self
            .all_experiments()
            .await?
            .into_iter()
            .map(|experiment| {
                let kept = self.settings.retention.of(&experiment);
                (experiment, kept)
            })
            .collect();
        let now = self.clock.now();
        let limits = Limits {
            of_experiments: experiments
                .iter()
                .filter(|(_, kept)| *kept != Retention::default())
                .map(|(experiment, kept)| ((experiment.workspace, experiment.id), *kept))
                .collect(),
            total_bytes: self.settings.retention_total_bytes,
        };
        if limits.are_none() {
            return Ok((experiments, Plan::default()));
        }
        let snapshot = self.store.snapshot();
        let plan = self
            .read(move || Ok(plan::plan(&snapshot, &limits, now)))
            .await?;
        Ok((experiments, plan))
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

fn excess(experiment: Option<String>, kept: Retention, beyond: &Beyond) -> Excess {
    Excess {
        experiment,
        kept,
        traces: beyond.traces.len() as u64,
        bytes: beyond.bytes,
    }
}

/// Deletes what is beyond the limits, as long as there is an engine.
pub(crate) async fn expire_again_and_again(engine: Weak<Engine>) {
    let Some(every) = engine
        .upgrade()
        .map(|engine| engine.settings.retention_every)
    else {
        return;
    };
    let mut pause = every / SOONER_AT_FIRST;
    loop {
        tokio::time::sleep(pause).await;
        pause = every;
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
