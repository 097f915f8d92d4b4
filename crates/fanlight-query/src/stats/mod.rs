//! Figures over everything a filter matches: counts, sums, percentiles, by any property and by time.
//!
//! Segments are read column by column, and only the pages of matching rows; several are read at the same time. Traces
//! in memory add the same figures from what they know. Start reading at [`Tabulation`] (what is asked), then `groups`
//! (the arithmetic); `traces` and `spans` feed it.

mod buckets;
mod groups;
mod heatmap;
mod labels;
pub(crate) mod names;
mod request;
mod span_columns;
mod spans;
mod table;
mod traces;

use std::borrow::Cow;
use std::time::Duration;

use fanlight_model::Nanos;
use fanlight_store::Snapshot;

use self::groups::Groups;
use self::names::Names;
use crate::histogram::Frame;
use crate::matched::{Count, HOT_AT_ONCE, Matched, MatchedRows};
use crate::parallel::fold;
use crate::search::Context;
use crate::{Engine, QueryError, Search};

pub use heatmap::Heatmap;
pub use request::{Dimension, Keep, MAX_DIMENSIONS, Measure, Rows, SpanProperty, Tabulation};
pub use table::{Figures, Group, Table};

/// The part of what matched that is in memory.
pub(crate) const HOT: u32 = u32::MAX;

/// So small parts of a damaged segment are left out at least: each halving reads all of it again.
const HALVINGS: u32 = 5;

/// What every step of a tabulation needs.
pub(crate) struct Work<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) request: &'a Tabulation,
    pub(crate) names: Names,
}

/// Groups, and the texts of their names.
pub(crate) struct Sums {
    pub(crate) groups: Groups,
    pub(crate) names: Names,
}

/// Everything a screen of figures shows.
#[derive(Clone, Debug, Default)]
pub struct StatsRequest {
    pub tables: Vec<Tabulation>,
    /// Columns of the heat map, at most.
    pub heatmap: Option<usize>,
}

/// Figures of one moment.
#[derive(Clone, Debug)]
pub struct Stats {
    /// Traces that match; when it is not exact, all figures are of those that match for certain.
    pub count: Count,
    pub tables: Vec<Table>,
    pub heatmap: Option<Heatmap>,
}

impl Engine {
    /// A table of figures over all matches, exactly; fails when they cannot be found within the time of a search.
    pub async fn tabulate(
        &self,
        search: &Search,
        request: Tabulation,
    ) -> Result<Table, QueryError> {
        self.look(search, move |context, snapshot| {
            let matched = find(context, snapshot, None)?;
            let Sums { groups, names } = tabulate(context, &matched, &request)?;
            Ok(Table::new(groups, &names, &request))
        })
        .await
    }

    /// Several tables over all matches, which are looked for once. Traces that have to be looked at one by one are, for
    /// so long; then the figures are of those that match for certain.
    pub async fn stats(
        &self,
        search: &Search,
        request: StatsRequest,
        patience: Duration,
    ) -> Result<Stats, QueryError> {
        self.look(search, move |context, snapshot| {
            let matched = find(context, snapshot, Some(patience))?;
            let tables = request.tables.iter().map(|request| {
                let request = with_interval(request, &matched);
                let Sums { groups, names } = tabulate(context, &matched, &request)?;
                Ok(Table::new(groups, &names, &request))
            });
            Ok(Stats {
                count: matched.count(),
                tables: tables.collect::<Result<_, QueryError>>()?,
                heatmap: request
                    .heatmap
                    .map(|columns| heatmap::heatmap(&matched, columns))
                    .transpose()?,
            })
        })
        .await
    }
}

/// The request with the length of its intervals, when that depends on what matched.
fn with_interval<'a>(request: &'a Tabulation, matched: &Matched) -> Cow<'a, Tabulation> {
    let frame = request
        .buckets
        .and_then(|buckets| Frame::around(matched, buckets));
    frame.map_or(Cow::Borrowed(request), |frame| {
        Cow::Owned(Tabulation {
            interval: Some(Nanos(frame.width)),
            ..request.clone()
        })
    })
}

/// What matches; looks no longer than `patience` at candidates.
pub(crate) fn find(
    context: &Context<'_>,
    snapshot: &Snapshot,
    patience: Option<Duration>,
) -> Result<Matched, QueryError> {
    match patience {
        Some(patience) => Matched::find(&context.within(patience), snapshot),
        None => {
            let matched = Matched::find(context, snapshot)?;
            if matched.count().is_exact() {
                Ok(matched)
            } else {
                Err(QueryError::OutOfTime)
            }
        }
    }
}

/// Adds up everything that matched and can be read.
pub(crate) fn tabulate(
    context: &Context<'_>,
    matched: &Matched,
    request: &Tabulation,
) -> Result<Sums, QueryError> {
    match tabulate_with(context, matched, request, Damage::IsAnError) {
        // What was half added when the damage was met cannot be taken back: from the beginning, then.
        Err(error) if context.unreadable.is_damage(&error) => {
            tabulate_with(context, matched, request, Damage::IsPassedOver)
        }
        tabulated => tabulated,
    }
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    /// What costs least where there is none.
    IsAnError,
    IsPassedOver,
}

fn tabulate_with(
    context: &Context<'_>,
    matched: &Matched,
    request: &Tabulation,
    damage: Damage,
) -> Result<Sums, QueryError> {
    let work = Work {
        context,
        request,
        names: Names::default(),
    };
    let parts: Vec<(u32, &MatchedRows)> = (0..).zip(&matched.sealed).collect();
    let sealed = fold(
        &parts,
        || Groups::new(request),
        |groups, (part, rows)| {
            if rows.must.is_empty() {
                return Ok(());
            }
            if context.is_late() {
                return Err(QueryError::OutOfTime);
            }
            match damage {
                Damage::IsAnError => work.add_sealed(groups, *part, rows),
                Damage::IsPassedOver => work.add_readable(groups, *part, rows, HALVINGS),
            }
        },
    )?;
    let lots: Vec<_> = matched.hot_lots().into_iter().enumerate().collect();
    let hot = fold(
        &lots,
        || Groups::new(request),
        |groups, (lot, traces)| {
            let first = u32::try_from(lot * HOT_AT_ONCE).unwrap_or(u32::MAX);
            for (place, trace) in (first..).zip(*traces) {
                match request.of {
                    Rows::Traces => work.add_hot_trace(groups, place, trace)?,
                    Rows::Spans => work.add_hot_spans(groups, trace)?,
                }
            }
            Ok(())
        },
    )?;
    let mut parts = sealed.into_iter().chain(hot);
    let mut groups = parts.next().unwrap_or_else(|| Groups::new(request));
    for other in parts {
        groups.absorb(other)?;
    }
    Ok(Sums {
        groups,
        names: work.names,
    })
}

impl Work<'_> {
    fn add_sealed(
        &self,
        groups: &mut Groups,
        part: u32,
        rows: &MatchedRows,
    ) -> Result<(), QueryError> {
        match self.request.of {
            Rows::Traces => self.add_traces(groups, part, rows),
            Rows::Spans => self.add_spans(groups, rows),
        }
    }

    /// The same without what is damaged, and some rows around it: one half of the rows may be whole, or half of a half.
    fn add_readable(
        &self,
        groups: &mut Groups,
        part: u32,
        rows: &MatchedRows,
        halvings: u32,
    ) -> Result<(), QueryError> {
        let mut apart = Groups::new(self.request);
        match self.add_sealed(&mut apart, part, rows) {
            Ok(()) => return groups.absorb(apart),
            Err(error) if self.context.unreadable.is_damage(&error) => {}
            Err(error) => return Err(error),
        }
        if halvings == 0 || self.context.is_late() {
            return Ok(());
        }
        for half in rows.halves() {
            self.add_readable(groups, part, &half, halvings - 1)?;
        }
        Ok(())
    }
}
