//! `POST /api/v1/stats`: tables of figures over everything a filter matches.

use std::cmp::Reverse;

use fanlight_model::{Nanos, WorkspaceId};
use fanlight_query::stats::{
    Dimension, Figures, Group, Heatmap, Keep, MAX_DIMENSIONS, Measure, Rows, SpanProperty, Stats,
    StatsRequest, Table, Tabulation,
};
use fanlight_query::{Facet, Search};
use serde_json::{Map, Value as Json, json};

use super::overview::count;
use super::search::{parse_buckets, unknown_property};
use super::{Members, Refusal, instant, millis, parse_experiments, parse_filter};

const MAX_TABLES: usize = 16;
const DEFAULT_GROUPS: usize = 100;
const MAX_GROUPS: usize = 10_000;
const PERCENTILES: [(&str, f64); 4] = [("p50", 50.0), ("p90", 90.0), ("p95", 95.0), ("p99", 99.0)];

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

/// The whole reply.
pub fn render_stats(query: &StatsQuery, stats: Stats) -> Json {
    let tables = query.tables.iter().zip(stats.tables);
    json!({
        "count": count(stats.count),
        "tables": tables.map(|(query, table)| render_table(query, table)).collect::<Json>(),
        "heatmap": stats.heatmap.as_ref().map(render_heatmap),
    })
}

/// By time, and then the groups with most rows.
fn render_table(query: &TableQuery, table: Table) -> Json {
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
    json!({
        "groups": groups.iter().map(|group| render_group(query, group, total)).collect::<Json>(),
        "more": more,
    })
}

fn figure<'a>(query: &TableQuery, group: &'a Group, measure: Measure) -> Option<&'a Figures> {
    let mut measures = query.tabulation.measures.iter();
    group
        .figures
        .get(measures.position(|known| *known == measure)?)
}

fn render_group(query: &TableQuery, group: &Group, total: f64) -> Json {
    let values = query.names.iter().zip(&group.values);
    let values: Map<_, _> = values
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    let mut json = Map::new();
    if let Some(start) = group.interval {
        json.insert("start".to_owned(), instant(start));
    }
    json.insert("values".to_owned(), values.into());
    json.insert("count".to_owned(), group.count.into());
    json.insert("errors".to_owned(), group.errors.into());
    if let Some(figures) = figure(query, group, Measure::Duration) {
        json.insert("duration".to_owned(), render_duration(figures, total));
    }
    let sum = |measure| {
        let figures = figure(query, group, measure)?;
        (figures.count > 0).then_some(figures.sum)
    };
    if figure(query, group, Measure::TotalTokens).is_some() {
        let tokens = json!({
            "input": sum(Measure::InputTokens), "output": sum(Measure::OutputTokens),
            "total": sum(Measure::TotalTokens),
        });
        json.insert("tokens".to_owned(), tokens);
    }
    if figure(query, group, Measure::TotalCost).is_some() {
        json.insert("cost".to_owned(), sum(Measure::TotalCost).into());
    }
    json.into()
}

/// Milliseconds; `share` is the part of the time of all groups.
fn render_duration(figures: &Figures, total: f64) -> Json {
    let mut json = json!({
        "known": figures.count,
        "sum_ms": figures.sum,
        "share": (total > 0.0).then(|| figures.sum / total),
        "mean_ms": figures.mean(),
        "min_ms": figures.min,
        "max_ms": figures.max,
    });
    for (name, percent) in PERCENTILES {
        json[format!("{name}_ms")] = figures.percentile(percent).into();
    }
    json
}

fn render_heatmap(heatmap: &Heatmap) -> Json {
    let cells = heatmap.cells.iter();
    let is_empty = heatmap.columns == 0;
    json!({
        "start": (!is_empty).then(|| instant(heatmap.start)),
        "bucket_ms": (!is_empty).then(|| millis(heatmap.width)),
        "buckets": heatmap.columns,
        "durations_ms": heatmap.lengths,
        "cells": cells.map(|(column, row, count)| json!([column, row, count])).collect::<Json>(),
    })
}
