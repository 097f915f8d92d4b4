//! Load generator and measurements.
//!
//! Fills a server with agent traces over OTLP, reads them back through MLflow's API and reports throughput, latency, CPU,
//! memory and disk. It starts a Fanlight server of its own for every size, or measures any server that speaks both
//! protocols at a given URL. It refuses to know anything about the server's inside: a socket, `/proc` and the size of a
//! directory are all it looks at, but for `--target normalize`, which measures a library alone. Start reading at
//! [`run::size`].

mod corpus;
mod dashboards;
mod goals;
mod http;
mod ingest;
mod memory;
mod normalize;
mod patch;
mod process;
mod reads;
mod report;
mod run;
mod stats;
mod writes;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::{Parser, ValueEnum};

use corpus::Corpus;
use report::Results;

/// Measures a trace server under load.
#[derive(Debug, Parser)]
#[command(name = "fanlight-bench")]
pub(crate) struct Args {
    /// What is measured. `fanlight` starts the server itself.
    #[arg(long, value_enum, default_value_t = Target::Fanlight)]
    pub(crate) target: Target,
    /// The server binary to start, for target `fanlight`.
    #[arg(long, value_name = "PATH", required_if_eq("target", "fanlight"))]
    pub(crate) server_bin: Option<PathBuf>,
    /// Base URL of a running server, for target `mlflow`, e.g. `http://127.0.0.1:5000`.
    #[arg(long, required_if_eq("target", "mlflow"))]
    pub(crate) url: Option<String>,
    /// Process of the running server, to measure its CPU and memory (children included).
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// Where the running server keeps its data, to measure disk use.
    #[arg(long, value_name = "PATH")]
    pub(crate) data: Option<PathBuf>,
    /// Traces to send; may be given several times.
    #[arg(long, default_values_t = [10_000])]
    pub(crate) traces: Vec<u64>,
    /// What the traces are.
    #[arg(long, value_enum, default_value_t = Workload::Support)]
    pub(crate) workload: Workload,
    /// Connections that send at the same time.
    #[arg(long, default_value_t = 8)]
    pub(crate) connections: usize,
    /// Traces in one request.
    #[arg(long, default_value_t = 50)]
    pub(crate) batch: usize,
    /// Spans of each trace, for workload `running`.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) spans: u64,
    /// How often each read is repeated.
    #[arg(long, default_value_t = 30)]
    pub(crate) repetitions: usize,
    /// No kind of read is repeated for longer than this many seconds.
    #[arg(long, default_value_t = 30)]
    pub(crate) read_seconds: u64,
    /// Folder for the data of servers started here; a temporary one by default.
    #[arg(long, value_name = "PATH")]
    pub(crate) work_dir: Option<PathBuf>,
    /// Write the results as JSON.
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
    /// Earlier results to compare with.
    #[arg(long, value_name = "PATH")]
    pub(crate) baseline: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    Fanlight,
    Mlflow,
    /// No server: how fast spans get their meaning on one core.
    Normalize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workload {
    /// Agents of ten spans with 2.2 KB each.
    Support,
    /// Agents of 400 spans that send a history of up to 100 KB again and again; a trace is about 10 MB.
    History,
    /// Two spans with some 400 bytes each: for ten million traces.
    Small,
    /// Traces that grow at the same time, 50 spans of 2.2 KB per request, each to `--spans`. Nothing is read back.
    Running,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    if args.batch == 0 || args.connections == 0 || args.repetitions == 0 {
        bail!("--batch, --connections and --repetitions must be at least 1");
    }
    let baseline = args.baseline.as_deref().map(Results::load).transpose()?;
    let corpus = match args.workload {
        Workload::Support => Corpus::build(args.batch),
        Workload::History => Corpus::build_histories(),
        Workload::Small => Corpus::build_small(args.batch),
        Workload::Running => Corpus::build_running(args.spans),
    };
    report::say(&format!(
        "{} traces in {} bodies prepared, {} bytes per span",
        corpus.trace_count(),
        corpus.bodies.len(),
        corpus.raw_bytes() / corpus.span_count(),
    ));
    if args.target == Target::Normalize {
        return normalize::measure(&corpus);
    }
    let mut results = Results::new(&args);
    for traces in &args.traces {
        let measured = run::size(&args, &corpus, *traces).await?;
        report::say(&measured.table());
        report::say(&goals::table(&measured));
        results.sizes.push(measured);
    }
    if let Some(path) = &args.out {
        results
            .save(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(baseline) = baseline {
        report::say(&results.compared_with(&baseline));
    }
    Ok(())
}
