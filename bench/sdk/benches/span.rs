//! What a span costs the thread that makes it: with Fanlight, with OpenTelemetry's SDK and its batch exporter, and with
//! `tracing` through `tracing-opentelemetry`. All of them send to a receiver within this process; sending is not
//! measured, and the queues are empty before each round, so that nothing is dropped.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry_otlp::{Protocol, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use tracing_subscriber::layer::SubscriberExt as _;

/// Spans of one round: they fit into every queue.
const ROUND: u64 = 2_000;

/// Takes everything and says yes. Answers its address.
fn receiver() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    format!("http://{address}")
}

/// HTTP as far as exporters need it: requests with a length.
fn serve(mut stream: TcpStream) -> Option<()> {
    let mut pending = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let head = loop {
            if let Some(end) = pending.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
            pending.extend_from_slice(&buffer[..count]);
        };
        let text = String::from_utf8_lossy(&pending[..head]).to_ascii_lowercase();
        let (_, length) = text.split_once("content-length:")?;
        let length: usize = length.lines().next()?.trim().parse().ok()?;
        while pending.len() < head + length {
            let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
            pending.extend_from_slice(&buffer[..count]);
        }
        pending.drain(..head + length);
        let reply =
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(reply).ok()?;
    }
}

/// Measures `work` in rounds, and has what they left sent between them.
fn rounds(iterations: u64, mut work: impl FnMut(), mut flush: impl FnMut()) -> Duration {
    let mut measured = Duration::ZERO;
    let mut left = iterations;
    while left > 0 {
        let count = left.min(ROUND);
        let start = Instant::now();
        for _ in 0..count {
            work();
        }
        measured += start.elapsed();
        flush();
        left -= count;
    }
    measured
}

fn disabled(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("off");
    group.bench_function("fanlight::span!", |bencher| {
        bencher.iter(|| fanlight::span!("chat", model = black_box("gpt-4o"), tokens = 12));
    });
    #[fanlight::trace]
    fn traced(number: u64) -> u64 {
        black_box(number)
    }
    group.bench_function("#[fanlight::trace]", |bencher| {
        bencher.iter(|| traced(black_box(7)));
    });
    group.bench_function("tracing without a subscriber", |bencher| {
        bencher.iter(|| tracing::info_span!("chat", model = black_box("gpt-4o"), tokens = 12));
    });
}

fn enabled(criterion: &mut Criterion) {
    let url = receiver();
    let mut group = criterion.benchmark_group("on");
    with_fanlight(&mut group, &url);
    let provider = provider(&url);
    let tracer = provider.tracer("bench");
    let flush = || {
        provider
            .force_flush()
            .expect("the receiver takes everything")
    };
    group.bench_function("opentelemetry_sdk, batch over OTLP", |bencher| {
        let work = || {
            let mut span = tracer.start("chat");
            span.set_attribute(KeyValue::new("model", black_box("gpt-4o")));
            span.set_attribute(KeyValue::new("tokens", 12_i64));
            span.set_attribute(KeyValue::new("stream", true));
            span.end();
        };
        bencher.iter_custom(|iterations| rounds(iterations, work, flush));
    });
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        group.bench_function("tracing-opentelemetry, batch over OTLP", |bencher| {
            let work = || {
                drop(tracing::info_span!(
                    "chat",
                    model = black_box("gpt-4o"),
                    tokens = 12,
                    stream = true
                ));
            };
            bencher.iter_custom(|iterations| rounds(iterations, work, flush));
        });
    });
}

fn with_fanlight(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    url: &str,
) {
    let tracing = fanlight::builder()
        .endpoint(url)
        .no_spool()
        .install()
        .expect("threads start");
    let flush = || {
        let patience = Duration::from_secs(10);
        tracing
            .flush(patience)
            .expect("the receiver takes everything");
    };
    let work = || {
        drop(fanlight::span!(
            "chat",
            model = black_box("gpt-4o"),
            tokens = 12,
            stream = true
        ));
    };
    group.bench_function("fanlight, a root", |bencher| {
        bencher.iter_custom(|iterations| rounds(iterations, work, flush));
    });
    let root = fanlight::span!("root").entered();
    group.bench_function("fanlight, a child", |bencher| {
        bencher.iter_custom(|iterations| rounds(iterations, work, flush));
    });
    #[fanlight::trace]
    fn traced(model: &str, tokens: u64) -> bool {
        black_box(model.len() as u64 + tokens) > 0
    }
    group.bench_function(
        "fanlight, a traced function with inputs and outputs",
        |bencher| {
            let work = || {
                black_box(traced(black_box("gpt-4o"), 12));
            };
            bencher.iter_custom(|iterations| rounds(iterations, work, flush));
        },
    );
    drop(root);
    let stats = tracing.tracer().stats();
    assert_eq!(stats.dropped, 0, "every span was sent: {stats:?}");
}

fn provider(url: &str) -> SdkTracerProvider {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{url}/v1/traces"))
        .with_headers(std::collections::HashMap::new())
        .build()
        .expect("an exporter");
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(100_000)
        .build();
    let processor = BatchSpanProcessor::builder(exporter)
        .with_batch_config(config)
        .build();
    SdkTracerProvider::builder()
        .with_span_processor(processor)
        .build()
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = disabled, enabled
}
criterion_main!(benches);
