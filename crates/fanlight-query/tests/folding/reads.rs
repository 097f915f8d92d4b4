//! Everything that can be asked about traces and their edits, as texts.

use std::ops::ControlFlow;
use std::sync::Mutex;

use fanlight_model::{ExperimentId, WorkspaceId};
use fanlight_query::filter::parse;
use fanlight_query::stats::{Dimension, Rows, Tabulation};
use fanlight_query::{
    Engine, Export, Facet, FacetRequest, Keyed, OverviewRequest, Scope, Search, parse_order_by,
};

use crate::home::{Home, TRACES, key};

const FILTERS: [&str; 38] = [
    "",
    "tags.env = 'recorded'",
    "tags.env = 'v0'",
    "tags.env != 'v0'",
    "tags.env LIKE 'v%'",
    "tags.env LIKE '%vvv'",
    "tags.env IS NULL",
    "tags.env IS NOT NULL",
    "NOT tags.env = 'v1'",
    "tags.team = 'v1' AND tags.env IS NOT NULL",
    "trace.name = 'named 2'",
    "trace.name = 'v1'",
    "trace.name IS NULL",
    "trace.name LIKE 'v%'",
    "run_id = 'r0'",
    "run_id = 'r1'",
    "run_id != 'r0'",
    "run_id IS NULL",
    "NOT run_id = 'r2'",
    "trace.prompt = 'p/1'",
    "NOT trace.prompt = 'p/2'",
    "feedback.good = 'true'",
    "feedback.good = '0.1'",
    "feedback.good = '3.0'",
    "feedback.good != 'true'",
    "feedback.good > 0.05",
    "feedback.good <= 3",
    "feedback.good = 'null'",
    "feedback.good LIKE '%xxx'",
    "feedback.good LIKE '{\"b\"%'",
    "feedback.good IS NULL",
    "feedback.good IS NOT NULL",
    "NOT feedback.good IS NOT NULL",
    "feedback.imported IS NOT NULL",
    "expectation.good = 'Paris'",
    "expectation.good IS NULL",
    "issue.id = 'good'",
    "feedback.good = 'true' OR run_id = 'r1'",
];

fn search(filter: &str) -> Search {
    Search {
        workspace: WorkspaceId::DEFAULT,
        experiments: vec![ExperimentId::DEFAULT],
        filter: parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}")),
        order_by: Vec::new(),
        limit: 100,
        page_token: None,
    }
}

/// Numbers of the traces that match, in order.
pub(crate) async fn found(engine: &Engine, filter: &str) -> Vec<u8> {
    let page = engine.search(&search(filter)).await.unwrap();
    let found = page.traces.iter().map(|trace| trace.summary.key);
    let mut found: Vec<u8> = found.map(|key| key.trace.to_bytes()[0] - 1).collect();
    found.sort_unstable();
    found
}

/// What was asked and what was answered.
pub(crate) type Reads = Vec<(String, String)>;

pub(crate) async fn reads(home: &Home) -> Reads {
    let engine = &home.engine;
    let mut all = Reads::new();
    for trace in 0..TRACES {
        let record = engine.record(key(trace)).await.unwrap();
        all.push((format!("record {trace}"), format!("{record:#?}")));
        let whole = engine.trace(key(trace)).await.unwrap();
        let whole = whole.map(|whole| (whole.record, whole.spans.len()));
        all.push((format!("trace {trace}"), format!("{whole:#?}")));
        for id in 0..4 {
            let known = engine.assessment(key(trace), &format!("a-{id}")).await;
            let known = known.map_err(|error| error.to_string());
            all.push((format!("assessment {trace} {id}"), format!("{known:#?}")));
        }
    }
    for filter in FILTERS {
        let page = engine.search(&search(filter)).await.unwrap();
        let count = engine.count(&search(filter)).await.unwrap();
        all.push((filter.to_owned(), format!("{count} {:#?}", page.traces)));
    }
    orders(engine, &mut all).await;
    counts(engine, &mut all).await;
    completions(engine, &mut all).await;
    let mut assessed = engine.assessed(&search("")).await.unwrap();
    assessed.sort_by_key(|(start, _)| *start);
    all.push(("assessed".to_owned(), format!("{assessed:#?}")));
    exported(begin_export(engine), &mut all);
    all
}

async fn orders(engine: &Engine, all: &mut Reads) {
    for order in ["tags.env DESC", "name ASC", "run_id ASC"] {
        let mut search = search("");
        let Ok(order_by) = parse_order_by(&[order.to_owned()]) else {
            panic!("{order}");
        };
        search.order_by = order_by;
        let page = engine.search(&search).await.unwrap();
        let keys: Vec<_> = page.traces.iter().map(|it| it.summary.key).collect();
        all.push((order.to_owned(), format!("{keys:?}")));
    }
}

async fn counts(engine: &Engine, all: &mut Reads) {
    let facets = [Facet::tag("env"), Facet::Name, Facet::Run, Facet::Session];
    let facets = facets.map(|facet| FacetRequest { facet, limit: 100 });
    let request = OverviewRequest {
        facets: facets.into(),
        histogram: Some(10),
    };
    let overview = engine.search_with_overview(&search(""), request).await;
    all.push(("overview".to_owned(), format!("{:#?}", overview.unwrap().1)));
    for facet in [Facet::tag("env"), Facet::Name, Facet::Run] {
        let request = Tabulation {
            dimensions: vec![Dimension::Trace(facet.clone())],
            ..Tabulation::new(Rows::Traces)
        };
        let table = engine.tabulate(&search(""), request).await.unwrap();
        let groups = table.groups.iter();
        let mut groups: Vec<_> = groups.map(|it| (it.values.clone(), it.count)).collect();
        groups.sort();
        all.push((format!("table by {facet}"), format!("{groups:?}")));
    }
}

async fn completions(engine: &Engine, all: &mut Reads) {
    let scope = || Scope {
        workspace: WorkspaceId::DEFAULT,
        experiments: vec![ExperimentId::DEFAULT],
    };
    let keys = engine.keys(scope(), Keyed::Tag, String::new(), 100).await;
    all.push(("keys".to_owned(), format!("{:?}", keys.unwrap())));
    for facet in [Facet::tag("env"), Facet::Name, Facet::Run] {
        for limit in [1, 100] {
            let values = engine.values(scope(), facet.clone(), String::new(), limit);
            let values = values.await.unwrap();
            all.push((format!("values of {facet}"), format!("{values:?}")));
        }
    }
}

pub(crate) fn begin_export(engine: &Engine) -> Export {
    engine.export(search(""), false).unwrap()
}

pub(crate) fn exported(export: Export, all: &mut Reads) {
    let traces = Mutex::new(Vec::new());
    let run = || {
        export.run(|lot| {
            traces.lock().unwrap().extend(lot.traces);
            ControlFlow::Continue(())
        })
    };
    tokio::task::block_in_place(run).unwrap();
    for trace in traces.into_inner().unwrap() {
        let what = format!("export of {}", trace.record.summary.key.trace);
        let facts = trace.facts.map(|facts| (facts.tags, facts.metadata));
        let said = (trace.record, facts, trace.removed_tags);
        all.push((what, format!("{said:#?}")));
    }
}

/// Fails with the first answer that differs: all of them are too many to look at.
pub(crate) fn assert_same(found: &Reads, expected: &Reads) {
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found.0, expected.0);
        assert!(
            found.1 == expected.1,
            "{}: found {}\nexpected {}",
            found.0,
            found.1,
            expected.1
        );
    }
    assert_eq!(found.len(), expected.len());
}
