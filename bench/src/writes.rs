//! Changing traces after they were recorded: tags, assessments, deletion.

use std::time::Instant;

use anyhow::Result;
use serde_json::{Value, json};

use crate::http::Connection;
use crate::patch::{TraceFacts, mix};
use crate::reads::Series;
use crate::stats::Measured;

/// A filled server to change.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) experiment: &'a str,
    pub(crate) traces: u64,
    pub(crate) salt: u64,
    pub(crate) repetitions: usize,
}

/// As many as MLflow's client deletes in one call.
const DELETED_AT_ONCE: u64 = 100;

impl Writer<'_> {
    /// Runs last: it takes traces away.
    pub(crate) async fn run(&mut self) -> Result<Vec<Measured>> {
        Ok(vec![
            self.tag().await?,
            self.assess().await?,
            self.delete().await?,
        ])
    }

    async fn tag(&mut self) -> Result<Measured> {
        let mut series = Series::new();
        for turn in 0..self.repetitions {
            let path = format!("/api/2.0/mlflow/traces/{}/tags", self.some_trace(turn));
            let body = json!({"key": "reviewed", "value": format!("round {turn}")});
            let began = Instant::now();
            let reply = self.connection.send_json("PATCH", &path, &body).await?;
            series.note(began, &reply, |_| None);
        }
        Ok(Measured {
            hits: None,
            ..series.finish("set tag")
        })
    }

    async fn assess(&mut self) -> Result<Measured> {
        let mut series = Series::new();
        for turn in 0..self.repetitions {
            let id = self.some_trace(turn);
            let path = format!("/api/3.0/mlflow/traces/{id}/assessments");
            let assessment = json!({
                "assessment_name": "helpful",
                "trace_id": id,
                "source": {"source_type": "HUMAN", "source_id": "bench"},
                "create_time": "2026-01-01T00:00:00Z",
                "last_update_time": "2026-01-01T00:00:00Z",
                "feedback": {"value": true},
            });
            let began = Instant::now();
            let reply = self
                .connection
                .send_json("POST", &path, &json!({"assessment": assessment}))
                .await?;
            series.note(began, &reply, |_| None);
        }
        Ok(Measured {
            hits: None,
            ..series.finish("add assessment")
        })
    }

    /// Each repetition deletes other traces; a small run stops before it has deleted half of them.
    async fn delete(&mut self) -> Result<Measured> {
        let mut series = Series::new();
        let possible = usize::try_from(self.traces / 2 / DELETED_AT_ONCE).unwrap_or(usize::MAX);
        let mut deleted = 0;
        for turn in 0..self.repetitions.min(possible) {
            let first = turn as u64 * DELETED_AT_ONCE;
            let ids: Vec<String> = (first..first + DELETED_AT_ONCE)
                .map(|number| TraceFacts::new(number, self.salt).id_text())
                .collect();
            let body = json!({"experiment_id": self.experiment, "request_ids": ids});
            let began = Instant::now();
            let reply = self
                .connection
                .send_json("POST", "/api/3.0/mlflow/traces/delete-traces", &body)
                .await?;
            series.note(began, &reply, |_| None);
            deleted = reply.json().ok().as_ref().and_then(count).unwrap_or(0);
        }
        Ok(Measured {
            hits: Some(deleted),
            ..series.finish("delete 100 by ids")
        })
    }

    /// From the second half, which is never deleted.
    fn some_trace(&self, turn: usize) -> String {
        let half = self.traces / 2;
        TraceFacts::new(half + mix(turn as u64) % (self.traces - half), self.salt).id_text()
    }
}

fn count(json: &Value) -> Option<usize> {
    json.get("traces_deleted")?
        .as_u64()
        .and_then(|count| usize::try_from(count).ok())
}
