//! What the SDK keeps in memory, counted byte by byte, stays within what its settings say, whatever the receiver does.
//!
//! Every byte of this process is counted, those of the threads that make spans among them.
#![allow(
    clippy::unwrap_used,
    unsafe_code,
    reason = "a test fails by panicking, and an allocator is unsafe to write"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fanlight::{Destination, Settings, SpoolSettings, Tracer};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

impl Counting {
    fn add(bytes: usize) {
        let live = LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
        PEAK.fetch_max(live, Ordering::Relaxed);
    }
}

// SAFETY: everything is left to the system's allocator, under its own rules.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::add(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(place, layout) }
    }

    /// Both places count until the old one is free: that is how it is while bytes move.
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::add(size);
        let moved = unsafe { System.realloc(place, layout, size) };
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        moved
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What becomes of requests.
#[derive(Clone, Copy, Debug)]
enum Receiver {
    /// Connections are taken, and nothing happens on them.
    Hangs,
    /// Nobody is there.
    Away,
    Slow,
}

fn start(receiver: Receiver) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            match receiver {
                Receiver::Hangs => held.push(stream.unwrap()),
                Receiver::Away => drop(stream),
                // Whoever shuts down does not wait for answers.
                Receiver::Slow => drop(answer(stream.unwrap())),
            }
        }
    });
    url
}

/// Reads requests and says yes to each a while later.
fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 8 << 10];
    let mut unread: usize = 0;
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let read = String::from_utf8_lossy(&buffer[..count]).to_ascii_lowercase();
        match read.split_once("content-length: ") {
            Some((_, length)) if unread == 0 => {
                let length: usize = length.lines().next().unwrap().parse().unwrap();
                let head = buffer
                    .windows(4)
                    .position(|four| four == b"\r\n\r\n")
                    .unwrap()
                    + 4;
                unread = length - (count - head);
            }
            _ => unread -= count,
        }
        if unread == 0 {
            std::thread::sleep(Duration::from_millis(30));
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
        }
    }
}

/// Letters that do not become fewer when they are packed.
fn noise(seed: usize, length: usize) -> String {
    let mut state = seed as u64 | 1;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b'!' + (state >> 58) as u8)
    };
    (0..length).map(next).collect()
}

/// Spans of many shapes: small ones, some with long texts, many attributes or events.
fn make_spans(tracer: &Tracer, count: usize) {
    for number in 0..count {
        let span = tracer.span("step").attribute("number", number).start();
        match number % 16 {
            0 => span.set_inputs_json(noise(number, number % 20_000)),
            1 => {
                for key in 0..30 {
                    span.set_attribute(format!("attribute.{key}"), vec![key, number]);
                }
            }
            2 => {
                for _ in 0..9 {
                    span.add_event("tried", vec![("why".into(), "no luck".into())]);
                }
            }
            _ => span.set_attribute("text", "short"),
        }
        if number % 5_000 == 0 {
            span.set_outputs_json(noise(number, 300_000));
        }
    }
}

/// The most that was live while threads made spans, beyond what was before.
fn peak_while(work: impl FnOnce()) -> usize {
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    work();
    PEAK.load(Ordering::Relaxed) - before
}

/// Memory is given back some time after a tracer has shut down, when its threads have ended.
fn wait_until_live(at_most: usize) {
    for _ in 0..6_000 {
        if LIVE.load(Ordering::Relaxed) <= at_most {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let live = LIVE.load(Ordering::Relaxed);
    panic!("{live} bytes are live after a minute, {at_most} were before");
}

fn settings(receiver: Receiver) -> Settings {
    Settings {
        destinations: vec![Destination {
            timeout: Duration::from_secs(2),
            ..Destination::otlp(&start(receiver))
        }],
        // Small, so that a test of a minute can fill it.
        max_queue_bytes: 16 << 20,
        max_held_bytes: 4 << 20,
        max_pending_bytes: 4 << 20,
        ..Settings::default()
    }
}

/// One test, as there is one heap.
#[test]
fn live_bytes_stay_within_the_bound_and_are_given_back() {
    const SLACK: usize = 1 << 20;
    // First: what threads of an earlier tracer still give back would count, and this bound is a narrow one.
    unsampled_traces(SLACK);
    let home = tempfile::tempdir().unwrap();
    for (receiver, has_spool) in [
        (Receiver::Hangs, false),
        (Receiver::Hangs, true),
        (Receiver::Away, true),
        (Receiver::Slow, false),
    ] {
        let before = LIVE.load(Ordering::Relaxed);
        let settings = Settings {
            spool: has_spool.then(|| SpoolSettings::new(home.path())),
            ..settings(receiver)
        };
        let bound = settings.memory_bound();
        let tracer = Tracer::start(settings).unwrap();
        let peak = peak_while(|| {
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| make_spans(&tracer, 20_000));
                }
            });
        });
        let stats = tracer.stats();
        let told = format!("{receiver:?}, spool {has_spool}: {peak} of {bound}, {stats:?}");
        assert!(peak <= bound, "{told}");
        // It was put to the test: more came than there was room for.
        assert!(stats.dropped > 1_000 && peak > 16 << 20, "{told}");
        tracer.shut_down(Duration::ZERO);
        drop(tracer);
        wait_until_live(before + SLACK);
    }
}

fn unsampled_traces(slack: usize) {
    let before = LIVE.load(Ordering::Relaxed);
    let settings = Settings {
        sampling_ratio: 0.0,
        ..settings(Receiver::Slow)
    };
    let (max_held, tracer) = (settings.max_held_bytes, Tracer::start(settings).unwrap());
    let roots: Vec<_> = (0..20).map(|_| tracer.span("root").start()).collect();
    let peak = peak_while(|| {
        for number in 0..40_000 {
            let root = &roots[number % roots.len()];
            tracer.span("step").parent(root).start().end();
        }
    });
    let told = format!("unsampled: {peak} of {max_held}, {:?}", tracer.stats());
    assert!(peak <= max_held + slack / 10, "{told}");
    assert!(tracer.stats().sampled_out > 1_000, "{told}");
    roots[0].set_error("this one is sent after all");
    drop(roots);
    assert_eq!(tracer.stats().queued + tracer.stats().sampled_out, 40_020);
    tracer.shut_down(Duration::ZERO);
    drop(tracer);
    wait_until_live(before + slack);
}
