//! Ten times more than the server can take: it stays within its memory, refuses so that clients retry, answers
//! queries meanwhile, and keeps what it acknowledged. A minute with `make torture`, a moment with `make test`.
//!
//! What it can take is measured first, with senders that wait for their answers. Then requests come on a schedule that
//! does not care about answers: waiting is no way to slow them down.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fanlight_ingest::encode_traces;
use fanlight_model::Span;
use support::http::{Reply, send_with};
use support::otlp::{PROTOBUF, child, root, trace_id, with_attribute};
use support::{Server, binary};

/// Senders that wait for their answer: enough to keep the server busy.
const WAITING_SENDERS: usize = 8;
/// Requests that are under way at the same time, at most.
const SCHEDULED_SENDERS: usize = 1024;
/// Requests with texts of their own.
const TEMPLATES: u128 = 32;
/// What is offered, compared to what is sustained.
const OVERLOAD: u32 = 10;
/// A request that cannot be sent for so long, because all senders wait for answers, is not sent at all.
const MOST_LATE: Duration = Duration::from_secs(1);
const TRACES_PER_REQUEST: u64 = 8;
/// Of the text of a span; a trace has two.
const TEXT_BYTES: usize = 12_500;
/// What the server is told it may take. Everything is in it: recent traces, bodies in flight, what is being decoded and
/// sealed, and what the allocator keeps of it, which is the largest part with so many senders.
const MEMORY_BUDGET: &str = "1GiB";
const MEMORY_BUDGET_BYTES: u64 = 1 << 30;
/// Small, so that a short test comes to its end.
const HOT_LIMIT: &str = "32MiB";
/// What queries should take; printed beside what they took.
const GOAL_MS: u128 = 250;

/// How long too much is offered.
fn length() -> Duration {
    let chosen = std::env::var("FANLIGHT_OVERLOAD_SECONDS").ok();
    Duration::from_secs(chosen.and_then(|text| text.parse().ok()).unwrap_or(4))
}

/// How long it is measured what can be taken.
fn calibration() -> Duration {
    (length() / 6).max(Duration::from_secs(2))
}

/// The most memory the process ever had, by `/proc`.
fn peak_memory_bytes(server: &Server) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// Some kilobytes that do not compress to nothing.
fn large_trace(trace: u128) -> Vec<Span> {
    let mut text = String::with_capacity(TEXT_BYTES);
    let mut number = trace;
    while text.len() < TEXT_BYTES {
        number = number.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645) + 1;
        write!(text, "{:x} ", number >> 64).unwrap();
    }
    [root(trace, "load"), child(trace, 2, "step")]
        .map(|span| with_attribute(span, "text", text.as_str()))
        .to_vec()
}

/// A request that is sent with other traces each time: sending costs next to nothing, and takes no memory.
struct Template {
    body: Vec<u8>,
    /// Where ids are, in order, and of which trace each is.
    places: Vec<(usize, usize)>,
}

impl Template {
    fn new(number: u128) -> Self {
        let ids: Vec<u128> = (0..TRACES_PER_REQUEST)
            .map(|place| !(number * 1000 + u128::from(place)))
            .collect();
        let spans: Vec<Span> = ids.iter().flat_map(|id| large_trace(*id)).collect();
        let body = encode_traces(&spans);
        let mut places = Vec::new();
        for (trace, id) in ids.iter().enumerate() {
            let id = id.to_be_bytes();
            let windows = body.windows(16).enumerate();
            let here = windows.filter(|(_, window)| *window == id);
            places.extend(here.map(|(place, _)| (place, trace)));
        }
        places.sort_unstable();
        Self { body, places }
    }

    fn send(&self, port: u16, traces: &[u128]) -> io::Result<Reply> {
        send_with(port, |stream| {
            let mut stream = BufWriter::with_capacity(16 << 10, stream);
            write!(
                stream,
                "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{}: {}\r\ncontent-length: {}\r\n\r\n",
                PROTOBUF.0,
                PROTOBUF.1,
                self.body.len()
            )?;
            let mut written = 0;
            for (place, trace) in &self.places {
                stream.write_all(&self.body[written..*place])?;
                stream.write_all(&traces[*trace].to_be_bytes())?;
                written = place + 16;
            }
            stream.write_all(&self.body[written..])?;
            stream.flush()
        })
    }
}

/// What became of requests.
#[derive(Debug, Default)]
struct Outcomes {
    acknowledged: Mutex<Vec<u128>>,
    refused: AtomicU64,
    sent: AtomicU64,
    /// Due, and not sent, because all senders were waiting.
    not_sent: AtomicU64,
    next_trace: AtomicU64,
    /// Any other answer, and connections that broke off.
    wrong: Mutex<Vec<String>>,
}

impl Outcomes {
    /// Sends one request; true when it was acknowledged.
    fn offer(&self, server: &Server, template: &Template) -> bool {
        let first = 1 + self
            .next_trace
            .fetch_add(TRACES_PER_REQUEST, Ordering::Relaxed);
        let traces: Vec<u128> = (first..first + TRACES_PER_REQUEST)
            .map(u128::from)
            .collect();
        self.sent.fetch_add(1, Ordering::Relaxed);
        match template.send(server.port, &traces) {
            Ok(reply) if reply.status == 200 => {
                self.acknowledged.lock().unwrap().extend(traces);
                return true;
            }
            Ok(reply) if is_later(&reply) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
            Ok(reply) => self.note(format!("{}: {}", reply.status, reply.text())),
            Err(error) => self.note(format!("a connection broke off: {error}")),
        }
        false
    }

    fn note(&self, wrong: String) {
        self.wrong.lock().unwrap().push(wrong);
    }

    /// Fails when anything was answered but "yes" and "later".
    fn assert_none_wrong(&self) {
        let wrong = self.wrong.lock().unwrap();
        let first = wrong.first();
        assert!(first.is_none(), "{} answers like {first:?}", wrong.len());
    }
}

fn is_later(reply: &Reply) -> bool {
    [429, 503].contains(&reply.status) && reply.header("retry-after").is_some()
}

/// Requests per second that are acknowledged when everybody waits for the answer.
fn sustained(server: &Server, outcomes: &Outcomes, templates: &[Template]) -> f64 {
    let acknowledged = || outcomes.acknowledged.lock().unwrap().len();
    let before = acknowledged();
    let started = Instant::now();
    let length = calibration();
    std::thread::scope(|scope| {
        for template in templates.iter().cycle().take(WAITING_SENDERS) {
            scope.spawn(move || {
                while started.elapsed() < length {
                    if !outcomes.offer(server, template) {
                        std::thread::sleep(Duration::from_millis(50));
                    }
                }
            });
        }
    });
    let traces = u32::try_from(acknowledged() - before).unwrap();
    f64::from(traces)
        / f64::from(u32::try_from(TRACES_PER_REQUEST).unwrap())
        / started.elapsed().as_secs_f64()
}

/// Offers `rate` requests per second, whatever becomes of them.
fn overload(server: &Server, outcomes: &Outcomes, templates: &[Template], rate: f64) {
    let (started, length) = (Instant::now(), length());
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for template in templates.iter().cycle().take(SCHEDULED_SENDERS) {
            let next = &next;
            let run = move || {
                loop {
                    let number = u32::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap();
                    let due = Duration::from_secs_f64(f64::from(number) / rate);
                    if due >= length {
                        return;
                    }
                    std::thread::sleep(due.saturating_sub(started.elapsed()));
                    if started.elapsed() > due + MOST_LATE {
                        outcomes.not_sent.fetch_add(1, Ordering::Relaxed);
                    } else {
                        outcomes.offer(server, template);
                    }
                }
            };
            std::thread::Builder::new()
                .stack_size(256 << 10)
                .spawn_scoped(scope, run)
                .unwrap();
        }
    });
}

/// What it takes to answer a query, again and again until `stop`.
fn query(server: &Server, stop: &AtomicBool) -> Vec<Duration> {
    let mut latencies = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let started = Instant::now();
        server.search_page(&serde_json::json!({
            "filter": "span.name = 'step'", "max_results": 50,
        }));
        latencies.push(started.elapsed());
        std::thread::sleep(Duration::from_millis(20));
    }
    latencies.sort_unstable();
    latencies
}

fn quantile(sorted: &[Duration], part: usize) -> u128 {
    let place = (sorted.len() * part / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).map_or(0, Duration::as_millis)
}

#[test]
fn too_much_is_refused_and_nothing_acknowledged_is_lost() {
    let server = Server::start(&[
        "--memory-budget",
        MEMORY_BUDGET,
        "--hot-limit-bytes",
        HOT_LIMIT,
        "--seal-bytes",
        "8MiB",
        "--quiet-ms",
        "0",
        "--log",
        "error,fanlight_store=info",
    ]);
    let templates: Vec<_> = (1..=TEMPLATES).map(Template::new).collect();
    let before = Outcomes::default();
    // The memory for recent traces is filled first, which goes faster than emptying it.
    sustained(&server, &before, &templates);
    let rate = sustained(&server, &before, &templates);
    assert!(rate > 0.0, "nothing was acknowledged: {before:?}");

    let during = Outcomes {
        next_trace: AtomicU64::new(before.next_trace.load(Ordering::Relaxed)),
        ..Outcomes::default()
    };
    let stop = AtomicBool::new(false);
    let (latencies, length) = std::thread::scope(|scope| {
        let queries = scope.spawn(|| query(&server, &stop));
        let started = Instant::now();
        overload(&server, &during, &templates, rate * f64::from(OVERLOAD));
        let length = started.elapsed();
        stop.store(true, Ordering::Relaxed);
        (queries.join().unwrap(), length)
    });
    let peak = peak_memory_bytes(&server);
    let [sent, refused, not_sent] = [&during.sent, &during.refused, &during.not_sent]
        .map(|count| count.load(Ordering::Relaxed));
    let taken = during.acknowledged.lock().unwrap().len() as u64 / TRACES_PER_REQUEST;
    eprintln!(
        "{}: sustained {rate:.1} requests/s of {} KB for {:?}; then {OVERLOAD} times that offered for {length:.1?}: \
         {sent} sent, {taken} acknowledged, {refused} refused, {not_sent} not sent because all {SCHEDULED_SENDERS} \
         senders waited; peak memory {} MiB (budget {} MiB); {} queries p50 {} ms, p99 {} ms (goal {GOAL_MS} ms)",
        binary().display(),
        templates[0].body.len() / 1000,
        calibration(),
        peak.unwrap_or(0) >> 20,
        MEMORY_BUDGET_BYTES >> 20,
        latencies.len(),
        quantile(&latencies, 50),
        quantile(&latencies, 99),
    );
    assert!(peak.is_none_or(|peak| peak < MEMORY_BUDGET_BYTES));
    before.assert_none_wrong();
    during.assert_none_wrong();
    assert_ne!(taken, 0, "an overloaded server still takes what it can");
    assert!(refused + not_sent > 0, "it was not overloaded");
    assert!(!latencies.is_empty(), "no query was answered");
    let mut acknowledged = before.acknowledged.into_inner().unwrap();
    acknowledged.extend(during.acknowledged.into_inner().unwrap());

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
