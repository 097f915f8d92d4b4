//! The one path in: whatever the transport, telemetry is decoded, given an experiment, stored and accounted for here.

mod decode;
mod error;
mod import;
mod lines;
mod sink;
mod target;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::available_parallelism;

use axum::body::Body;
use axum::http::HeaderMap;
use bytes::Bytes;
use fanlight_ingest::{DecodedLogs, DecodedTraces, Encoding, Limits, Rejected};
use fanlight_model::{Addition, Batch, Clock, TraceKey};
use tokio::sync::Semaphore;

use crate::ServerSettings;
use crate::body::read_body;
use crate::budget::{Budget, Reservation};
use crate::metrics::Counters;

pub(crate) use error::IntakeError;
pub(crate) use sink::Sink;
pub(crate) use target::Target;

/// Takes telemetry in.
#[derive(Debug)]
pub(crate) struct Intake {
    sink: Arc<dyn Sink>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    max_body_bytes: usize,
    max_decompressed_bytes: usize,
    budget: Budget,
    /// Large bodies that are decoded at one time, one per core: more would not be done earlier, only hold memory.
    decoding: Semaphore,
    counters: Arc<Counters>,
}

/// A request body in memory, and the bytes it may hold there.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) bytes: Bytes,
    pub(crate) encoding: Encoding,
    /// As in `Content-Encoding`; empty for none.
    pub(crate) compression: String,
    pub(crate) reservation: Reservation,
}

/// What became of the spans of one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TraceOutcome {
    pub(crate) accepted: usize,
    pub(crate) rejected: Vec<Rejected>,
}

impl Intake {
    pub(crate) fn new(
        sink: Arc<dyn Sink>,
        clock: Arc<dyn Clock>,
        settings: &ServerSettings,
        budget: Budget,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            sink,
            clock,
            limits: Limits::default(),
            max_body_bytes: settings.max_body_bytes,
            max_decompressed_bytes: settings.max_decompressed_bytes,
            budget,
            decoding: Semaphore::new(available_parallelism().map_or(1, usize::from)),
            counters,
        }
    }

    /// The bytes of request bodies all transports share.
    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The most a body may unpack to, for a transport that unpacks it itself.
    pub(crate) fn max_decompressed_bytes(&self) -> usize {
        self.max_decompressed_bytes
    }

    /// Where the request wants its traces, from its headers or gRPC metadata.
    pub(crate) async fn target(&self, headers: &HeaderMap) -> Result<Target, IntakeError> {
        Target::read(headers, self.sink.as_ref()).await
    }

    /// Reads a request body within the limits on one and on all of them.
    pub(crate) async fn read(
        &self,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<(Bytes, Reservation), IntakeError> {
        let mut reservation = self.budget.empty_reservation();
        let bytes = read_body(headers, body, self.max_body_bytes, &mut reservation).await?;
        self.counters.body_bytes.add(bytes.len());
        Ok((bytes, reservation))
    }

    /// Stores the spans of an export request; they survive a crash and are visible when this returns.
    pub(crate) async fn traces(
        &self,
        target: &Target,
        payload: Payload,
    ) -> Result<TraceOutcome, IntakeError> {
        self.sink.wait_for_room().await?;
        let (decoded, _reservation) = self.decode(payload, fanlight_ingest::decode_traces).await?;
        let DecodedTraces { groups, rejected } = decoded;
        let groups = target.place(groups, self.sink.as_ref()).await?;
        let batch = Batch {
            groups,
            ..self.empty_batch(target)
        };

        let accepted = batch.span_count();
        let with_root = if target.run.is_some() {
            traces_with_root(&batch)
        } else {
            Vec::new()
        };
        if !batch.is_empty() {
            self.sink.append(batch).await?;
        }
        if let Some(run) = &target.run {
            self.link_run(&with_root, run).await;
        }
        self.counters.spans_accepted.add(accepted);
        self.counters.spans_rejected.add(rejected.len());
        Ok(TraceOutcome { accepted, rejected })
    }

    /// Joins the log records of an export request to their spans, as far as they are content of one.
    pub(crate) async fn logs(&self, target: &Target, payload: Payload) -> Result<(), IntakeError> {
        self.sink.wait_for_room().await?;
        let (decoded, _reservation) = self.decode(payload, fanlight_ingest::decode_logs).await?;
        let DecodedLogs {
            additions: found,
            ignored,
        } = decoded;
        let mut additions = Vec::with_capacity(found.len());
        let mut experiments = target.experiments(self.sink.as_ref());
        for (resource, content) in found {
            let experiment = experiments.of(&resource).await?;
            let (trace_id, span_id, event) = (content.trace_id, content.span_id, content.event);
            additions.push(Addition {
                trace_id,
                span_id,
                experiment,
                event,
            });
        }
        self.counters.log_records_joined.add(additions.len());
        self.counters.log_records_ignored.add(ignored);
        if !additions.is_empty() {
            self.sink
                .append(Batch {
                    additions,
                    ..self.empty_batch(target)
                })
                .await?;
        }
        Ok(())
    }

    fn empty_batch(&self, target: &Target) -> Batch {
        Batch {
            workspace: target.workspace,
            received_at: self.clock.now(),
            ..Batch::default()
        }
    }

    /// Links are a convenience of the caller: the spans are stored already, so a failure must not make it send them
    /// again.
    async fn link_run(&self, keys: &[TraceKey], run: &str) {
        if keys.is_empty() {
            return;
        }
        if let Err(error) = self.sink.link_run(keys, run).await {
            tracing::warn!(traces = keys.len(), kind = ?error.kind, "could not link traces to the run of their request");
        }
    }
}

/// The traces whose root is in the batch.
fn traces_with_root(batch: &Batch) -> Vec<TraceKey> {
    let spans = batch.groups.iter().flat_map(|group| &group.spans);
    let traces: BTreeSet<_> = spans
        .filter(|span| span.is_root())
        .map(|span| span.trace_id)
        .collect();
    traces
        .into_iter()
        .map(|trace| TraceKey {
            workspace: batch.workspace,
            trace,
        })
        .collect()
}
