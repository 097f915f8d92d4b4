//! Ten times more than the server can take: it stays within its memory, refuses so that clients retry, answers
//! queries meanwhile, and keeps what it acknowledged. A minute with `make torture`, a moment with `make test`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fmt::Write;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fanlight_ingest::encode_traces;
use fanlight_model::Span;
use support::Server;
use support::otlp::{PROTOBUF, child, root, trace_id, with_attribute};

/// Sends as fast as they can, each waiting for its answer: far more than two cores take in.
const SENDERS: u128 = 32;
const TRACES_PER_REQUEST: u64 = 8;
/// What the server is told it may keep in memory before it refuses.
const HOT_LIMIT: &str = "32MiB";
/// The hot part, bodies in flight, what is being decoded and sealed, and what the allocator keeps of it: with so many
/// senders that is the largest part.
const MEMORY_LIMIT_BYTES: u64 = 1 << 30;

fn length() -> Duration {
    let chosen = std::env::var("FANLIGHT_OVERLOAD_SECONDS").ok();
    Duration::from_secs(chosen.and_then(|text| text.parse().ok()).unwrap_or(3))
}

/// The most memory the process ever had, by `/proc`.
fn peak_memory_bytes(server: &Server) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// About a hundred kilobytes that do not compress to nothing.
fn big_trace(trace: u128) -> Vec<Span> {
    let mut text = String::with_capacity(50_000);
    let mut number = trace;
    while text.len() < 50_000 {
        number = number.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645) + 1;
        write!(text, "{:x} ", number >> 64).unwrap();
    }
    [root(trace, "load"), child(trace, 2, "step")]
        .map(|span| with_attribute(span, "text", text.as_str()))
        .to_vec()
}

/// A request whose traces can be exchanged without encoding it again, so that sending costs next to nothing.
struct Template {
    body: Vec<u8>,
    /// Where the ids of each trace are.
    places: Vec<Vec<usize>>,
}

impl Template {
    fn new(sender: u128) -> Self {
        let ids: Vec<u128> = (0..TRACES_PER_REQUEST)
            .map(|number| !(sender * 1000 + u128::from(number)))
            .collect();
        let spans: Vec<Span> = ids.iter().flat_map(|id| big_trace(*id)).collect();
        let body = encode_traces(&spans);
        let places = ids.iter().map(|id| {
            let id = id.to_be_bytes();
            let windows = body.windows(16).enumerate();
            let here = windows.filter(|(_, window)| *window == id);
            here.map(|(place, _)| place).collect()
        });
        Self {
            places: places.collect(),
            body,
        }
    }

    fn set_traces(&mut self, traces: &[u128]) {
        for (trace, places) in traces.iter().zip(&self.places) {
            for place in places {
                self.body[*place..*place + 16].copy_from_slice(&trace.to_be_bytes());
            }
        }
    }
}

fn quantile(sorted: &[Duration], part: usize) -> u128 {
    let place = (sorted.len() * part / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).map_or(0, Duration::as_millis)
}

#[test]
fn too_much_is_refused_and_nothing_acknowledged_is_lost() {
    let server = Server::start(&[
        "--hot-limit-bytes",
        HOT_LIMIT,
        "--max-inflight-bytes",
        "64MiB",
        "--max-body-bytes",
        "16MiB",
        "--max-decompressed-bytes",
        "64MiB",
        "--seal-bytes",
        "8MiB",
        "--quiet-ms",
        "0",
        "--log",
        "error,fanlight_store=info",
    ]);
    let stop = AtomicBool::new(false);
    let (acknowledged, latencies) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let (refused, next) = (AtomicU64::new(0), AtomicU64::new(1));
    let sent_bytes = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for sender in 1..=SENDERS {
            let (server, stop, next) = (&server, &stop, &next);
            let (acknowledged, refused, sent_bytes) = (&acknowledged, &refused, &sent_bytes);
            scope.spawn(move || {
                let mut template = Template::new(sender);
                while !stop.load(Ordering::Relaxed) {
                    let first = next.fetch_add(TRACES_PER_REQUEST, Ordering::Relaxed);
                    let traces: Vec<u128> = (first..first + TRACES_PER_REQUEST)
                        .map(u128::from)
                        .collect();
                    template.set_traces(&traces);
                    sent_bytes.fetch_add(template.body.len() as u64, Ordering::Relaxed);
                    let reply = server.export(&[PROTOBUF], &template.body);
                    match reply.status {
                        200 => acknowledged.lock().unwrap().extend(traces),
                        429 | 503 => {
                            assert!(reply.header("retry-after").is_some());
                            refused.fetch_add(1, Ordering::Relaxed);
                        }
                        other => panic!("{other}: {}", reply.text()),
                    }
                }
            });
        }
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let started = Instant::now();
                server.search_page(&serde_json::json!({
                    "filter": "span.name = 'step'", "max_results": 50,
                }));
                latencies.lock().unwrap().push(started.elapsed());
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        std::thread::sleep(length());
        stop.store(true, Ordering::Relaxed);
    });
    let mut acknowledged = acknowledged.into_inner().unwrap();
    let mut latencies = latencies.into_inner().unwrap();
    latencies.sort_unstable();
    let peak = peak_memory_bytes(&server);
    eprintln!(
        "overload for {:?}: {} MB sent, {} traces acknowledged, {} requests refused, \
         peak memory {} MiB (limit {}), {} searches p50 {} ms, p99 {} ms",
        length(),
        sent_bytes.into_inner() / 1_000_000,
        acknowledged.len(),
        refused.load(Ordering::Relaxed),
        peak.unwrap_or(0) >> 20,
        MEMORY_LIMIT_BYTES >> 20,
        latencies.len(),
        quantile(&latencies, 50),
        quantile(&latencies, 99),
    );
    assert!(peak.is_none_or(|peak| peak < MEMORY_LIMIT_BYTES));
    assert!(!acknowledged.is_empty());

    let server = server.kill().start(&[]);
    let mut found = server.search_ids("");
    found.sort_unstable();
    acknowledged.sort_unstable();
    let twice = found.windows(2).find(|pair| pair[0] == pair[1]);
    assert_eq!(twice, None, "a trace counts twice");
    for trace in acknowledged {
        assert!(
            found.binary_search(&trace_id(trace)).is_ok(),
            "trace {trace} is lost"
        );
    }
    server.assert_well();
}
