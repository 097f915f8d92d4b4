//! Sending traces as fast as the server takes them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use fanlight_model::{Clock as _, SystemClock};
use serde::{Deserialize, Serialize};

use crate::corpus::Corpus;
use crate::http::Connection;
use crate::patch::Turn;
use crate::stats::percentile_ms;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ingested {
    pub(crate) requests: usize,
    /// Requests refused for the moment and sent again.
    pub(crate) retried: usize,
    pub(crate) spans: u64,
    pub(crate) raw_bytes: u64,
    pub(crate) seconds: f64,
    pub(crate) spans_per_second: f64,
    pub(crate) megabytes_per_second: f64,
    pub(crate) request_p50_ms: f64,
    pub(crate) request_p99_ms: f64,
    /// Speed of the last tenth of the spans, as a share of that of the first tenth.
    #[serde(default)]
    pub(crate) last_tenth_of_first: Option<f64>,
    /// CPU seconds of the server per million spans; absent when its process is not known.
    pub(crate) cpu_seconds_per_million_spans: Option<f64>,
    /// How long the server went on working after the last acknowledgement.
    pub(crate) work_left_seconds: Option<f64>,
}

/// Where and what to send.
#[derive(Debug)]
pub(crate) struct Load<'a> {
    pub(crate) authority: &'a str,
    pub(crate) experiment: &'a str,
    pub(crate) corpus: &'a Corpus,
    /// Rounded up to whole bodies.
    pub(crate) traces: u64,
    pub(crate) connections: usize,
    pub(crate) salt: u64,
    /// Number of the first trace.
    pub(crate) first: u64,
    /// No faster than this; as fast as the server takes them when absent.
    pub(crate) spans_per_second: Option<f64>,
}

/// Traces are started so long before they are sent, so that none ends in the future.
const BEFORE_NOW_NANOS: u64 = 60_000_000_000;

impl Load<'_> {
    pub(crate) async fn run(&self) -> Result<Ingested> {
        let next = AtomicU64::new(0);
        let began = Instant::now();
        // All senders share this task: patching is cheap, and the server deserves the other processor.
        let senders = (0..self.connections).map(|_| self.sender(&next, began));
        let mut sent = Sent::default();
        for part in join_all(senders).await {
            let part = part?;
            sent.times.extend(part.times);
            sent.ends.extend(part.ends);
            sent.retried += part.retried;
            sent.bytes += part.bytes;
            sent.spans += part.spans;
        }
        let seconds = began.elapsed().as_secs_f64();
        sent.times.sort_unstable();
        Ok(Ingested {
            requests: sent.times.len(),
            retried: sent.retried,
            spans: sent.spans,
            raw_bytes: sent.bytes,
            seconds,
            spans_per_second: as_f64(sent.spans) / seconds,
            megabytes_per_second: as_f64(sent.bytes) / seconds / 1e6,
            request_p50_ms: percentile_ms(&sent.times, 50),
            request_p99_ms: percentile_ms(&sent.times, 99),
            last_tenth_of_first: last_tenth_of_first(began, sent.ends),
            cpu_seconds_per_million_spans: None,
            work_left_seconds: None,
        })
    }

    async fn sender(&self, next: &AtomicU64, began: Instant) -> Result<Sent> {
        let headers = format!(
            "content-type: application/x-protobuf\r\nx-mlflow-experiment-id: {}\r\n",
            self.experiment
        );
        let mut connection = Connection::open(self.authority).await?;
        let mut buffer = Vec::new();
        let mut sent = Sent::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some((body, turn)) = self.corpus.at(number, self.traces) else {
                return Ok(sent);
            };
            let turn = Turn {
                first: self.first + turn.first,
                ..turn
            };
            if let Some(spans_per_second) = self.spans_per_second {
                let before = as_f64(number * body.traces * self.corpus.spans_per_trace)
                    / as_f64(self.corpus.bodies_per_trace);
                let due = began + Duration::from_secs_f64(before / spans_per_second);
                tokio::time::sleep_until(due.into()).await;
            }
            let start = SystemClock.now().0.saturating_sub(BEFORE_NOW_NANOS);
            body.write(&mut buffer, turn, self.salt, start);
            let sending = Instant::now();
            sent.retried += export(&mut connection, &headers, &buffer)
                .await
                .context("sending traces")?;
            sent.times.push(sending.elapsed());
            sent.ends.push(Instant::now());
            sent.bytes += buffer.len() as u64;
            sent.spans += body.spans();
        }
    }
}

#[derive(Debug, Default)]
struct Sent {
    times: Vec<Duration>,
    /// When each request was answered.
    ends: Vec<Instant>,
    retried: usize,
    bytes: u64,
    spans: u64,
}

/// All requests are of one size, so their number tells how much was sent.
fn last_tenth_of_first(began: Instant, mut ends: Vec<Instant>) -> Option<f64> {
    ends.sort_unstable();
    let tenth = ends.len() / 10;
    let last = ends
        .last()?
        .duration_since(*ends.get(ends.len() - 1 - tenth)?);
    let first = ends.get(tenth)?.duration_since(began);
    (tenth > 0 && !last.is_zero()).then(|| first.as_secs_f64() / last.as_secs_f64())
}

/// Sends one body until it is accepted, as an exporter would; returns how often it had to be sent again.
async fn export(connection: &mut Connection, headers: &str, body: &[u8]) -> Result<usize> {
    const PAUSE: Duration = Duration::from_millis(20);
    for retried in 0..500 {
        let reply = connection
            .request("POST", "/v1/traces", headers, body)
            .await?;
        match reply.status {
            200 if reply.body.is_empty() => return Ok(retried),
            200 => bail!(
                "spans were refused: {}",
                String::from_utf8_lossy(&reply.body)
            ),
            429 | 503 => tokio::time::sleep(PAUSE).await,
            status => bail!("status {status}: {}", String::from_utf8_lossy(&reply.body)),
        }
    }
    bail!("the server refused a request for 10 s")
}

/// Polls all futures on this task until each is done.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(|future| Some(Box::pin(future))).collect();
    let mut outputs = Vec::with_capacity(running.len());
    std::future::poll_fn(|context| {
        for slot in &mut running {
            if let Some(future) = slot
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                outputs.push(output);
                *slot = None;
            }
        }
        if running.iter().all(Option::is_none) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    outputs
}

pub(crate) fn as_f64(number: u64) -> f64 {
    // Counts stay far below 2^53; two halves keep the conversion exact without a cast.
    let [high, low] = [number >> 32, number & 0xffff_ffff]
        .map(|half| f64::from(u32::try_from(half).unwrap_or(u32::MAX)));
    high * 4_294_967_296.0 + low
}
