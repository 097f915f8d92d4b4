//! How much happens in experiments.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use fanlight_model::{ExperimentId, TraceState, UnixNanos, WorkspaceId};
use fanlight_store::Property;

use crate::filter::Filter;
use crate::matched::{Matched, MatchedRows};
use crate::parallel::fold;
use crate::search::Context;
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

type Activities = BTreeMap<ExperimentId, Activity>;

impl Activity {
    fn add(&mut self, other: Self) {
        self.traces += other.traces;
        self.errors += other.errors;
        self.last_start = self.last_start.max(other.last_start);
    }
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
            let matched = find(context, snapshot, None)?;
            match counted(&matched) {
                // The rows themselves say it as well, and take longer.
                Err(error) if context.unreadable.is_damage(&error) => tabulated(context, &matched),
                counted => counted,
            }
        })
        .await
    }
}

/// By the indexes alone, whatever the number of traces.
fn counted(matched: &Matched) -> Result<Activities, QueryError> {
    let parts = fold(&matched.sealed, Activities::new, |found, rows| {
        add_segment(found, rows)
    })?;
    let mut all = Activities::new();
    for (id, activity) in parts.into_iter().flatten() {
        all.entry(id).or_default().add(activity);
    }
    for trace in &matched.hot {
        let summary = trace.summary();
        all.entry(summary.experiment).or_default().add(Activity {
            traces: 1,
            errors: u64::from(summary.state == TraceState::Error),
            last_start: Some(summary.start),
        });
    }
    Ok(all)
}

fn add_segment(found: &mut Activities, rows: &MatchedRows) -> Result<(), QueryError> {
    let segment = &rows.view.segment;
    let facets = segment.facets();
    let mut add = || {
        let failed = facets.rows_of(Property::State, TraceState::Error.as_str())?;
        facets.each_value(Property::Experiment, "", &mut |value, postings| {
            let having = postings.rows()? & &rows.must;
            // Rows are newest first.
            if let (Some(newest), Ok(id)) = (having.min(), value.parse()) {
                found.entry(id).or_default().add(Activity {
                    traces: having.len(),
                    errors: having.intersection_len(&failed),
                    last_start: Some(segment.rows().start(newest)),
                });
            }
            Ok(ControlFlow::Continue(()))
        })
    };
    add().map_err(|reason| QueryError::segment(segment.id(), reason))
}

/// By all rows.
fn tabulated(context: &Context<'_>, matched: &Matched) -> Result<Activities, QueryError> {
    let request = Tabulation {
        dimensions: vec![Dimension::Trace(Facet::Experiment)],
        ..Tabulation::new(Rows::Traces)
    };
    let Sums { groups, names } = tabulate(context, matched, &request)?;
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
}
