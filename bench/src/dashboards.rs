//! What one screen of a dashboard asks, through Fanlight's own API. MLflow has nothing to compare it with.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::http::Connection;
use crate::reads::Series;
use crate::stats::Measured;

/// A filled Fanlight server and how long to ask it.
#[derive(Debug)]
pub(crate) struct Dashboards<'a> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) experiment: &'a str,
    pub(crate) repetitions: usize,
    pub(crate) patience: Duration,
}

/// What is counted beside a page.
const FACETS: [&str; 7] = [
    "state",
    "name",
    "session",
    "user",
    "span.name",
    "span.type",
    "tag.release",
];

impl Dashboards<'_> {
    pub(crate) async fn run(&mut self) -> Result<Vec<Measured>> {
        let facets = |filter: &str| {
            json!({
                "experiments": [self.experiment],
                "filter": filter,
                "facets": FACETS.map(|property| json!({"property": property})),
                "histogram": {"buckets": 60},
            })
        };
        let stats = |table: Value| json!({"experiments": [self.experiment], "tables": [table]});
        let sql = |query: &str| json!({"query": query});
        const SEARCH: &str = "/api/v1/traces/search";
        const STATS: &str = "/api/v1/stats";
        const SQL: &str = "/api/v1/sql";
        let requests = [
            ("facets, histogram: all", SEARCH, facets("")),
            (
                "facets, histogram: errors",
                SEARCH,
                facets("trace.status = 'ERROR'"),
            ),
            (
                "facets, histogram: span type",
                SEARCH,
                facets("span.type = 'RERANKER'"),
            ),
            (
                "spans by name: time, percentiles",
                STATS,
                stats(json!({"of": "spans", "group_by": ["span.name"], "figures": ["duration"]})),
            ),
            (
                "spans by model: tokens, cost",
                STATS,
                stats(
                    json!({"of": "spans", "group_by": ["span.model"], "figures": ["tokens", "cost"]}),
                ),
            ),
            (
                "traces per hour: time, percentiles",
                STATS,
                stats(json!({"interval_ms": 3_600_000, "figures": ["duration"]})),
            ),
            (
                "SQL: spans by name",
                SQL,
                sql("SELECT name, count(*), avg(duration_ms) FROM spans GROUP BY name"),
            ),
        ];
        let mut measured = Vec::new();
        for (name, path, request) in requests {
            measured.push(self.ask(name, path, &request).await?);
        }
        Ok(measured)
    }

    async fn ask(&mut self, name: &str, path: &str, request: &Value) -> Result<Measured> {
        let mut series = Series::new();
        for _ in 0..self.repetitions {
            let began = Instant::now();
            let reply = self
                .connection
                .send_json("POST", path, request)
                .await
                .with_context(|| format!("asking {path} for {request}"))?;
            series.note(began, &reply, |_| None);
            if series.elapsed() > self.patience {
                break;
            }
        }
        Ok(Measured {
            hits: None,
            ..series.finish(name)
        })
    }
}
