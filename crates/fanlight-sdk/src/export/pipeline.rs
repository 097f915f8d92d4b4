//! The queue, the thread that encodes, and the destinations behind it.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::write::GzEncoder;

use super::http::Client;
use super::outbox::Outbox;
use super::spool::Spool;
use super::{Payload, sender};
use crate::encode::Source;
use crate::limits::cut_long_values;
use crate::queue::{Bounds, Queue, Refused, Taken};
use crate::record::SpanRecord;
use crate::settings::{Compression, Settings};
use crate::stats::DestinationStats;
use crate::sync::{Condvar, Mutex, lock};

/// Spans of one request take about as much as this in memory, before they are encoded.
const MAX_BATCH_BYTES: usize = 4 << 20;

/// What is in memory of a batch that is encoded: its spans, what they are in protobuf, and that packed, whose place is
/// at most tripled while it grows.
pub(crate) const ENCODING_BYTES: usize = 6 * MAX_BATCH_BYTES;

/// What is in memory of a batch that is sent: the batch, and what the connection keeps.
pub(crate) const SENDING_BYTES: usize = 2 * MAX_BATCH_BYTES;

/// Spans that were not acknowledged in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{spans} spans were not sent within {}{}", seconds(*waited), because(last_error.as_deref()))]
pub struct NotSent {
    /// How many.
    pub spans: u64,
    /// The patience that ended.
    pub waited: Duration,
    /// Why the latest attempt failed, if one did.
    pub last_error: Option<String>,
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

fn because(error: Option<&str>) -> String {
    error.map_or_else(String::new, |error| format!(": {error}"))
}

#[derive(Debug)]
pub(crate) struct Pipeline {
    shared: Arc<Shared>,
    outboxes: Vec<Arc<Outbox>>,
    queue_full_wait: Duration,
}

#[derive(Debug)]
struct Shared {
    queue: Queue<Arc<SpanRecord>>,
    /// How many spans went through the thread that encodes.
    encoded: Mutex<u64>,
    progress: Condvar,
}

impl Pipeline {
    /// Starts the threads. Fails when the system gives none.
    pub(crate) fn start(settings: &Settings, source: Source) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Queue::new(Bounds {
                items: settings.max_queue_spans,
                bytes: settings.max_queue_bytes,
                batch: settings
                    .batch_spans
                    .clamp(1, settings.max_queue_spans.max(1)),
                batch_bytes: MAX_BATCH_BYTES,
            }),
            encoded: Mutex::new(0),
            progress: Condvar::new(),
        });
        let mut outboxes = Vec::new();
        for destination in &settings.destinations {
            // Without its folder there is no spool; the batches stay in memory and the figures say what is lost.
            let spool = settings
                .spool
                .as_ref()
                .and_then(|spool| Spool::open(spool, &destination.url).ok());
            let client = Client::new(destination.clone());
            let outbox = Arc::new(Outbox::new(client.url(), settings.max_pending_bytes, spool));
            outboxes.push(Arc::clone(&outbox));
            start_thread("fanlight-send", move || sender::run(&outbox, &client))?;
        }
        let encoder = Encoder {
            shared: Arc::clone(&shared),
            outboxes: outboxes.clone(),
            settings: settings.clone(),
            source,
        };
        start_thread("fanlight-encode", move || encoder.run())?;
        Ok(Self {
            shared,
            outboxes,
            queue_full_wait: settings.queue_full_wait,
        })
    }

    /// Never blocks, unless the settings allow for waiting.
    pub(crate) fn push(&self, span: Arc<SpanRecord>) -> Result<(), Refused> {
        let bytes = span.size_bytes();
        if self.queue_full_wait.is_zero() {
            self.shared.queue.push(span, bytes)
        } else {
            self.shared
                .queue
                .push_waiting(span, bytes, self.queue_full_wait)
        }
    }

    /// Waits until all spans pushed before are acknowledged, or refused for good, by every destination.
    pub(crate) fn flush(&self, patience: Duration) -> Result<(), NotSent> {
        let deadline = Instant::now() + patience;
        let target = self.shared.queue.hurry();
        let is_encoded = self.wait_until_encoded(target, deadline);
        let settled = self
            .outboxes
            .iter()
            .filter(|outbox| outbox.wait_until_settled(deadline));
        if is_encoded && settled.count() == self.outboxes.len() {
            return Ok(());
        }
        let waiting = |stats: &DestinationStats| stats.waiting + stats.spooled;
        let worst = self.destination_stats().into_iter().max_by_key(waiting);
        Err(NotSent {
            spans: self.queued() + worst.as_ref().map_or(0, waiting),
            waited: patience,
            last_error: worst.and_then(|stats| stats.last_error),
        })
    }

    /// Waits until all spans pushed before went through the processors.
    pub(crate) fn wait_until_all_encoded(&self, patience: Duration) -> bool {
        let target = self.shared.queue.hurry();
        self.wait_until_encoded(target, Instant::now() + patience)
    }

    /// Takes no more spans, sends what is here as long as `patience` lasts, and leaves the rest on disk if it may.
    pub(crate) fn shut_down(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let target = self.shared.queue.hurry();
        self.shared.queue.close();
        self.wait_until_encoded(target, deadline);
        for outbox in &self.outboxes {
            outbox.finish(deadline);
        }
    }

    /// Spans that wait to be encoded, or are just being.
    pub(crate) fn queued(&self) -> u64 {
        let accepted = self.shared.queue.accepted();
        accepted.saturating_sub(*lock(&self.shared.encoded))
    }

    pub(crate) fn destination_stats(&self) -> Vec<DestinationStats> {
        self.outboxes.iter().map(|outbox| outbox.stats()).collect()
    }

    fn wait_until_encoded(&self, target: u64, deadline: Instant) -> bool {
        let mut encoded = lock(&self.shared.encoded);
        while *encoded < target {
            let Some(left) = deadline
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())
            else {
                return false;
            };
            encoded = self
                .shared
                .progress
                .wait_timeout(encoded, left)
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .0;
        }
        true
    }
}

fn start_thread(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(run).map(drop)
}

/// What the thread that encodes works with.
struct Encoder {
    shared: Arc<Shared>,
    outboxes: Vec<Arc<Outbox>>,
    settings: Settings,
    source: Source,
}

impl Encoder {
    fn run(self) {
        while let Taken::Lots(lots) = self.shared.queue.take(self.settings.batch_wait) {
            let mut batch = Vec::with_capacity(lots.iter().map(Vec::len).sum());
            let mut bytes = 0;
            for span in lots.into_iter().flatten() {
                // Copied here, not where it ended, when somebody still reads it.
                let mut span = Arc::unwrap_or_clone(span);
                self.prepare(&mut span);
                bytes += span.size_bytes();
                batch.push(span);
                if bytes >= MAX_BATCH_BYTES {
                    self.hand_on(&batch, bytes);
                    batch.clear();
                    bytes = 0;
                }
            }
            self.hand_on(&batch, bytes);
        }
    }

    fn prepare(&self, span: &mut SpanRecord) {
        for processor in &self.settings.processors {
            processor.apply(span);
        }
        cut_long_values(span, self.settings.max_value_bytes);
    }

    fn hand_on(&self, batch: &[SpanRecord], bytes: usize) {
        if batch.is_empty() {
            return;
        }
        // Encoded, a span is smaller than in memory: this place does not grow.
        let plain = self.source.encode(batch, bytes);
        let wants_gzip =
            |destination: &crate::Destination| destination.compression == Compression::Gzip;
        let mut packed = None;
        let alone = self.outboxes.len() == 1;
        for (destination, outbox) in self.settings.destinations.iter().zip(&self.outboxes) {
            let is_gzip = wants_gzip(destination);
            let payload = if is_gzip {
                Arc::clone(packed.get_or_insert_with(|| payload(gzip(&plain), batch.len(), true)))
            } else {
                payload(plain.clone(), batch.len(), false)
            };
            outbox.offer(payload, alone);
        }
        *lock(&self.shared.encoded) += batch.len() as u64;
        self.shared.progress.notify_all();
    }
}

fn payload(mut body: Vec<u8>, spans: usize, is_gzip: bool) -> Arc<Payload> {
    // It may wait for long, and counts with its length.
    body.shrink_to_fit();
    Arc::new(Payload {
        body,
        spans,
        is_gzip,
    })
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(
        Vec::with_capacity(plain.len() / 4),
        flate2::Compression::fast(),
    );
    encoder
        .write_all(plain)
        .and_then(|()| encoder.finish())
        .expect("memory takes what is written to it")
}
