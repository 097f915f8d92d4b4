//! How fast spans get their meaning, apart from everything else a server does with them.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use fanlight_ingest::{Encoding, Limits, decode_traces};
use fanlight_model::{ExperimentId, Span, TraceId, TraceKey, WorkspaceId};
use fanlight_normalize::{conversation, meaning, summarize};

use crate::corpus::Corpus;
use crate::patch::Turn;
use crate::report;

const START_NANOS: u64 = 1_767_225_600_000_000_000;
const SALT: u64 = 7;
/// Of three rounds the best one counts: the others had company on their core.
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(2);

/// Prints spans per second on one core: their meaning, as on arrival; their trace's summary, which needs parts of the
/// meaning again; their messages, as on reading.
pub(crate) fn measure(corpus: &Corpus) -> Result<()> {
    let traces = decoded(corpus)?;
    let spans: u64 = traces.iter().map(|spans| spans.len() as u64).sum();
    let figures = [
        (
            "meaning",
            best(&traces, spans, |spans| {
                for span in spans {
                    black_box(meaning(span));
                }
            }),
        ),
        (
            "summary",
            best(&traces, spans, |spans| {
                let key = TraceKey {
                    workspace: WorkspaceId::DEFAULT,
                    trace: spans[0].trace_id,
                };
                black_box(summarize(key, ExperimentId(0), None, spans));
            }),
        ),
        (
            "messages",
            best(&traces, spans, |spans| {
                for span in spans {
                    black_box(conversation(span));
                }
            }),
        ),
    ];
    for (name, spans_per_second) in figures {
        report::say(&format!(
            "{name}: {spans_per_second:.0} spans/s on one core"
        ));
    }
    Ok(())
}

/// The spans as the server decodes them, by trace.
fn decoded(corpus: &Corpus) -> Result<Vec<Vec<Arc<Span>>>> {
    let mut traces: BTreeMap<TraceId, Vec<Arc<Span>>> = BTreeMap::new();
    let mut buffer = Vec::new();
    let mut first = 0;
    for body in &corpus.bodies {
        body.write(&mut buffer, Turn { first, part: 0 }, SALT, START_NANOS);
        first += body.traces;
        let request = decode_traces(&buffer, Encoding::Protobuf, &Limits::default())
            .context("the benchmark's own request does not decode")?;
        for span in request.groups.into_iter().flat_map(|group| group.spans) {
            traces
                .entry(span.trace_id)
                .or_default()
                .push(Arc::new(span));
        }
    }
    Ok(traces.into_values().collect())
}

fn best(traces: &[Vec<Arc<Span>>], spans: u64, work: impl Fn(&[Arc<Span>])) -> f64 {
    let round = || {
        let started = Instant::now();
        let mut passes = 0_u32;
        while passes == 0 || started.elapsed() < ROUND {
            for spans in traces {
                work(spans);
            }
            passes += 1;
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of spans")]
        let spans = spans as f64;
        spans * f64::from(passes) / started.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(|_| round()).fold(0.0, f64::max)
}
