//! How much happens in experiments.

use std::collections::BTreeMap;

use fanlight_model::{ExperimentId, UnixNanos, WorkspaceId};

use crate::filter::Filter;
use crate::stats::{Dimension, Rows, Sums, Tabulation, find, tabulate};
use crate::{Engine, Facet, QueryError, Search};

/// The traces of one experiment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    pub traces: u64,
    pub errors: u64,
    /// Of the newest trace.
    pub last_start: Option<UnixNanos>,
}

impl Engine {
    /// Of one moment; experiments without traces are left out.
    pub async fn activity(
        &self,
        workspace: WorkspaceId,
        experiments: Vec<ExperimentId>,
    ) -> Result<BTreeMap<ExperimentId, Activity>, QueryError> {
        let search = Search {
            workspace,
            experiments,
            filter: Filter::Everything,
            order_by: Vec::new(),
            limit: 0,
            page_token: None,
        };
        self.look(&search, |context, snapshot| {
            let request = Tabulation {
                dimensions: vec![Dimension::Trace(Facet::Experiment)],
                ..Tabulation::new(Rows::Traces)
            };
            let matched = find(context, snapshot, None)?;
            let Sums { groups, names } = tabulate(context, &matched, &request)?;
            let found = groups.all.into_iter().filter_map(|(key, group)| {
                let id = names.text(key.names[0])?.parse().ok()?;
                let activity = Activity {
                    traces: group.count,
                    errors: group.errors,
                    last_start: Some(UnixNanos(group.newest.0)),
                };
                Some((id, activity))
            });
            Ok(found.collect())
        })
        .await
    }
}
