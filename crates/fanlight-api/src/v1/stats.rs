//! `POST /api/v1/stats`: tables of figures over everything a filter matches.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use fanlight_model::{Nanos, WorkspaceId};
use fanlight_query::stats::{
    Dimension, Figures, Group, Heatmap, Keep, MAX_DIMENSIONS, Measure, Rows, SpanProperty, Stats,
    StatsRequest, Table, Tabulation,
};
use fanlight_query::{Facet, MAX_HISTOGRAM_BUCKETS, Search};

use super::overview::{CountView, count};
use super::schema::{Maybe, shape};
use super::search::{parse_buckets, unknown_property};
use super::{Members, Refusal, instant, millis, parse_experiments, parse_filter};

const MAX_TABLES: usize = 16;
const DEFAULT_GROUPS: usize = 100;
const MAX_GROUPS: usize = 10_000;

/// What is asked, and how it is to be shown.
#[derive(Debug)]
pub struct StatsQuery {
    pub search: Search,
    tables: Vec<TableQuery>,
    heatmap: Option<usize>,
}

#[derive(Debug)]
struct TableQuery {
    names: Vec<String>,
    limit: usize,
    tabulation: Tabulation,
}

impl StatsQuery {
    pub fn parse(mut body: Members, workspace: WorkspaceId) -> Result<Self, Refusal> {
        let search = Search {
            workspace,
            experiments: parse_experiments(&mut body)?,
            filter: parse_filter(&mut body)?,
            order_by: Vec::new(),
            limit: 0,
            page_token: None,
        };
        let tables = body.objects("tables", MAX_TABLES)?.into_iter();
        let tables = tables.map(TableQuery::parse).collect::<Result<_, _>>()?;
        let heatmap = body.object("heatmap")?.map(parse_buckets).transpose()?;
        body.finish()?;
        Ok(Self {
            search,
            tables,
            heatmap,
        })
    }

    pub fn request(&self) -> StatsRequest {
        let tables = self.tables.iter().map(|table| table.tabulation.clone());
        StatsRequest {
            tables: tables.collect(),
            heatmap: self.heatmap,
        }
    }
}

impl TableQuery {
    fn parse(mut item: Members) -> Result<Self, Refusal> {
        let of = match item.text("of")?.as_deref() {
            None | Some("traces") => Rows::Traces,
            Some("spans") => Rows::Spans,
            Some(_) => return Err(Refusal::at("tables", "`of` has to be traces or spans")),
        };
        let mut tabulation = Tabulation::new(of);
        let names = item.texts("group_by", MAX_DIMENSIONS)?.unwrap_or_default();
        let dimensions = names.iter().map(|name| parse_dimension(name, of));
        tabulation.dimensions = dimensions.collect::<Result<_, _>>()?;
        // A hundred years of milliseconds is more than anybody has.
        let interval = item.number("interval_ms", 1..=3_155_760_000_000)?;
        tabulation.interval = interval.map(|length| Nanos::from_millis(length as u64));
        tabulation.buckets = item.number("buckets", 1..=MAX_HISTOGRAM_BUCKETS)?;
        if tabulation.interval.is_some() && tabulation.buckets.is_some() {
            let message = "a table has either `interval_ms` or `buckets`";
            return Err(Refusal::at("tables", message));
        }
        for name in item
            .texts("figures", 3)?
            .unwrap_or_else(|| ["duration", "tokens", "cost"].map(str::to_owned).into())
        {
            tabulation.measures.extend_from_slice(measures(&name)?);
        }
        // Buckets are kept of the first measure.
        tabulation
            .measures
            .sort_by_key(|measure| *measure != Measure::Duration);
        if tabulation.measures.first() == Some(&Measure::Duration) {
            tabulation.keep = Keep::Buckets;
        }
        let limit = item
            .number("limit", 1..=MAX_GROUPS)?
            .unwrap_or(DEFAULT_GROUPS);
        item.finish()?;
        Ok(Self {
            names,
            limit,
            tabulation,
        })
    }
}

fn parse_dimension(name: &str, of: Rows) -> Result<Dimension, Refusal> {
    let of_span = match name {
        "span.name" => Some(SpanProperty::Name),
        "span.type" => Some(SpanProperty::Type),
        "span.status" => Some(SpanProperty::Status),
        "span.model" => Some(SpanProperty::Model),
        "span.provider" => Some(SpanProperty::Provider),
        _ => None,
    };
    match (of, of_span) {
        (Rows::Spans, Some(property)) => Ok(Dimension::Span(property)),
        _ => match (of, Facet::parse(name)) {
            (Rows::Spans, Some(Facet::Attribute(key))) => Ok(Dimension::SpanAttribute(key)),
            (_, Some(facet)) => Ok(Dimension::Trace(facet)),
            (_, None) => Err(unknown_property("tables", name)),
        },
    }
}

fn measures(name: &str) -> Result<&'static [Measure], Refusal> {
    match name {
        "duration" => Ok(&[Measure::Duration]),
        "tokens" => Ok(&[
            Measure::InputTokens,
            Measure::OutputTokens,
            Measure::TotalTokens,
        ]),
        "cost" => Ok(&[Measure::TotalCost]),
        _ => Err(Refusal::at(
            "tables",
            "`figures` are duration, tokens and cost",
        )),
    }
}

shape! {
    /// Figures of one moment.
    StatsReply {
        /// When it is not exact, all figures are of the traces that match for certain.
        count: CountView,
        tables: Vec<StatsTable>,
        heatmap: Option<HeatmapView>,
    }
}

shape! {
    /// By time, and then the groups with most rows.
    StatsTable {
        /// Length of the intervals; `null` without them.
        interval_ms: Option<f64>,
        groups: Vec<StatsGroup>,
        more: bool,
    }
}

shape! {
    /// Rows with the same values.
    StatsGroup {
        /// Of its interval.
        start: Maybe<String>,
        /// By property; `null` for rows without a value.
        values: BTreeMap<String, Option<String>>,
        count: u64,
        errors: u64,
        duration: Maybe<DurationFigures>,
        tokens: Maybe<SumOfTokens>,
        /// US dollars.
        cost: Maybe<Option<f64>>,
    }
}

shape! {
    /// Milliseconds; percentiles are off by 0.8 % at most.
    DurationFigures {
        /// Rows that have one.
        known: u64,
        sum_ms: f64,
        /// Of the sum of all groups.
        share: Option<f64>,
        mean_ms: Option<f64>,
        min_ms: Option<f64>,
        max_ms: Option<f64>,
        p50_ms: Option<f64>,
        p90_ms: Option<f64>,
        p95_ms: Option<f64>,
        p99_ms: Option<f64>,
    }
}

shape! {
    /// Sums over the rows that know.
    SumOfTokens {
        input: Option<f64>,
        output: Option<f64>,
        total: Option<f64>,
    }
}

shape! {
    /// Traces by start and length.
    HeatmapView {
        start: Option<String>,
        bucket_ms: Option<f64>,
        buckets: usize,
        /// Least length of each row, which reaches to that of the next.
        durations_ms: Vec<f64>,
        /// Column, row, traces.
        cells: Vec<[u64; 3]>,
    }
}

/// The whole reply.
pub fn render_stats(query: &StatsQuery, stats: Stats) -> StatsReply {
    let tables = query.tables.iter().zip(stats.tables);
    StatsReply {
        count: count(stats.count),
        tables: tables
            .map(|(query, table)| render_table(query, table))
            .collect(),
        heatmap: stats.heatmap.as_ref().map(render_heatmap),
    }
}

fn render_table(query: &TableQuery, table: Table) -> StatsTable {
    let mut groups = table.groups;
    let total: f64 = groups
        .iter()
        .filter_map(|group| figure(query, group, Measure::Duration))
        .map(|figures| figures.sum)
        .sum();
    groups.sort_by(|left, right| {
        let key = |group: &Group| (group.interval, Reverse(group.count));
        key(left)
            .cmp(&key(right))
            .then_with(|| left.values.cmp(&right.values))
    });
    let more = groups.len() > query.limit;
    groups.truncate(query.limit);
    StatsTable {
        interval_ms: table.interval.map(millis),
        groups: groups
            .iter()
            .map(|group| render_group(query, group, total))
            .collect(),
        more,
    }
}

fn figure<'a>(query: &TableQuery, group: &'a Group, measure: Measure) -> Option<&'a Figures> {
    let mut measures = query.tabulation.measures.iter();
    group
        .figures
        .get(measures.position(|known| *known == measure)?)
}

fn render_group(query: &TableQuery, group: &Group, total: f64) -> StatsGroup {
    let sum = |measure| {
        let figures = figure(query, group, measure)?;
        (figures.count > 0).then_some(figures.sum)
    };
    let is_asked = |measure| figure(query, group, measure).is_some();
    let values = query.names.iter().cloned();
    StatsGroup {
        start: group.interval.map(instant).into(),
        values: values.zip(group.values.iter().cloned()).collect(),
        count: group.count,
        errors: group.errors,
        duration: figure(query, group, Measure::Duration)
            .map(|figures| render_duration(figures, total))
            .into(),
        tokens: is_asked(Measure::TotalTokens)
            .then(|| SumOfTokens {
                input: sum(Measure::InputTokens),
                output: sum(Measure::OutputTokens),
                total: sum(Measure::TotalTokens),
            })
            .into(),
        cost: is_asked(Measure::TotalCost)
            .then(|| sum(Measure::TotalCost))
            .into(),
    }
}

fn render_duration(figures: &Figures, total: f64) -> DurationFigures {
    DurationFigures {
        known: figures.count,
        sum_ms: figures.sum,
        share: (total > 0.0).then(|| figures.sum / total),
        mean_ms: figures.mean(),
        min_ms: figures.min,
        max_ms: figures.max,
        p50_ms: figures.percentile(50.0),
        p90_ms: figures.percentile(90.0),
        p95_ms: figures.percentile(95.0),
        p99_ms: figures.percentile(99.0),
    }
}

fn render_heatmap(heatmap: &Heatmap) -> HeatmapView {
    let cells = heatmap.cells.iter();
    let is_empty = heatmap.columns == 0;
    HeatmapView {
        start: (!is_empty).then(|| instant(heatmap.start)),
        bucket_ms: (!is_empty).then(|| millis(heatmap.width)),
        buckets: heatmap.columns,
        durations_ms: heatmap.lengths.clone(),
        cells: cells
            .map(|(column, row, count)| [*column as u64, *row as u64, *count])
            .collect(),
    }
}
