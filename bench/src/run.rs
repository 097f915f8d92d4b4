//! One size from start to finish.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use fanlight_model::{Clock as _, SystemClock};
use serde_json::json;
use tempfile::TempDir;

use crate::corpus::Corpus;
use crate::dashboards::Dashboards;
use crate::http::Connection;
use crate::ingest::{Load, as_f64};
use crate::memory::OwnMemory;
use crate::patch::mix;
use crate::process::{Server, Tree, disk_bytes, settled_disk_bytes, until_at_rest};
use crate::reads::Reader;
use crate::report::Size;
use crate::stats::Measured;
use crate::writes::Writer;
use crate::{Args, Target, Workload};

/// What is measured, started or found.
struct Subject {
    authority: String,
    tree: Option<Tree>,
    data: Option<PathBuf>,
}

/// Fills a server with `traces` traces and measures it, then, if it was started here, how fast it starts again.
pub(crate) async fn size(args: &Args, corpus: &Corpus, traces: u64) -> Result<Size> {
    match args.target {
        Target::Mlflow => {
            let subject = Subject {
                authority: authority(args.url.as_deref().unwrap_or_default())?,
                tree: args.pid.map(Tree),
                data: args.data.clone(),
            };
            measure(args, corpus, traces, &subject).await
        }
        Target::Fanlight => {
            let binary = args
                .server_bin
                .as_deref()
                .context("--server-bin is missing")?;
            started_here(args, corpus, traces, binary).await
        }
        Target::Normalize => bail!("normalisation is measured without a server"),
    }
}

async fn started_here(args: &Args, corpus: &Corpus, traces: u64, binary: &Path) -> Result<Size> {
    let work_dir = match &args.work_dir {
        Some(path) => TempDir::new_in(path)?,
        None => TempDir::new()?,
    };
    let (data, log) = (
        work_dir.path().join("data"),
        work_dir.path().join("server.log"),
    );
    let server = Server::start(binary, &data, &log).await?;
    let subject = Subject {
        authority: server.authority.clone(),
        tree: Some(Tree(server.pid())),
        data: Some(data.clone()),
    };
    let start_ms = server.start_ms;
    let mut measured = measure(args, corpus, traces, &subject).await?;
    measured.start_empty_ms = Some(start_ms);
    server.stop().await?;
    let again = Server::start(binary, &data, &log).await?;
    measured.start_full_ms = Some(again.start_ms);
    again.stop().await?;
    Ok(measured)
}

async fn measure(args: &Args, corpus: &Corpus, traces: u64, subject: &Subject) -> Result<Size> {
    // Two runs against one server must not send the same ids.
    let salt = mix(SystemClock.now().0);
    let mut connection = Connection::open(&subject.authority).await?;
    let experiment = create_experiment(&mut connection, salt).await?;
    // Memory just after the start still holds what starting needed.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle_mb = subject.tree.map(|tree| tree.memory_mb().0);
    let disk_before = subject.data.as_deref().map_or(0, disk_bytes);

    let cpu_before = subject.tree.map(Tree::cpu_seconds);
    let own_memory = subject.tree.map(OwnMemory::watch);
    let load = Load {
        authority: &subject.authority,
        experiment: &experiment,
        corpus,
        traces,
        connections: args.connections,
        salt,
        first: 0,
        spans_per_second: None,
    };
    let mut ingested = load.run().await?;
    ingested.work_left_seconds = rest(subject).await.map(|length| length.as_secs_f64());
    let disk = match &subject.data {
        Some(path) => Some(settled_disk_bytes(path).await.saturating_sub(disk_before)),
        None => None,
    };
    // After the pause, so that work put off during the load counts too.
    if let (Some(tree), Some(before)) = (subject.tree, cpu_before) {
        let per_span = (tree.cpu_seconds() - before) / as_f64(ingested.spans);
        ingested.cpu_seconds_per_million_spans = Some(per_span * 1e6);
    }
    let ingest_peak_mb = subject.tree.map(|tree| tree.memory_mb().1);
    let ingest_own_mb = own_memory.as_ref().map(OwnMemory::largest_mb);
    drop(own_memory);

    // The server may have closed the idle connection meanwhile.
    let mut connection = Connection::open(&subject.authority).await?;
    let requests = match args.workload {
        // Reading traces of tens of thousands of spans says nothing about the others.
        Workload::Running => Vec::new(),
        _ => requests(args, &mut connection, &load, subject).await?,
    };
    Ok(Size {
        traces,
        start_empty_ms: None,
        start_full_ms: None,
        idle_mb,
        ingest_peak_mb,
        ingest_own_mb,
        peak_mb: subject.tree.map(|tree| tree.memory_mb().1),
        disk_bytes_per_span: disk.map(|bytes| as_f64(bytes) / as_f64(ingested.spans)),
        disk_per_cent_of_raw: disk.map(|bytes| as_f64(bytes) * 100.0 / as_f64(ingested.raw_bytes)),
        ingested,
        requests,
    })
}

/// Everything that is measured once the traces of `load` are there.
async fn requests(
    args: &Args,
    connection: &mut Connection,
    load: &Load<'_>,
    subject: &Subject,
) -> Result<Vec<Measured>> {
    let Load {
        experiment,
        traces,
        salt,
        ..
    } = *load;
    let mut reader = Reader {
        connection,
        experiment,
        traces,
        salt,
        repetitions: args.repetitions,
        patience: Duration::from_secs(args.read_seconds),
    };
    let mut requests = reader.run().await?;
    if args.target == Target::Fanlight {
        requests.push(for_a_while("any search at rest", &mut reader).await?);
        requests.push(while_ingesting(load, &mut reader).await?);
        requests.push(for_a_while("any search right after that", &mut reader).await?);
        rest(subject).await;
        let mut dashboards = Dashboards {
            connection,
            experiment,
            repetitions: args.repetitions.min(10),
            patience: Duration::from_secs(args.read_seconds),
        };
        requests.extend(dashboards.run().await?);
    }
    let mut writer = Writer {
        connection,
        experiment,
        traces,
        salt,
        repetitions: args.repetitions,
    };
    requests.extend(writer.run().await?);
    Ok(requests)
}

/// Searches of all kinds, one after the other.
async fn for_a_while(name: &'static str, reader: &mut Reader<'_>) -> Result<Measured> {
    let until = Instant::now() + Duration::from_secs(5);
    reader.run_until(name, || Instant::now() >= until).await
}

/// Waits until the server is done with what came in; answers how long that took.
async fn rest(subject: &Subject) -> Option<Duration> {
    Some(until_at_rest(subject.tree?).await)
}

/// The same while spans come in at a steady rate.
async fn while_ingesting(load: &Load<'_>, reader: &mut Reader<'_>) -> Result<Measured> {
    const SECONDS: u64 = 20;
    const SPANS_PER_SECOND: u64 = 20_000;
    let more = Load {
        traces: SECONDS * SPANS_PER_SECOND / load.corpus.spans_per_trace,
        first: load.traces,
        spans_per_second: Some(as_f64(SPANS_PER_SECOND)),
        ..*load
    };
    let done = AtomicBool::new(false);
    let ingest = async {
        let ingested = more.run().await;
        done.store(true, Ordering::Relaxed);
        ingested
    };
    let (ingested, measured) = tokio::join!(
        ingest,
        reader.run_until("any search while ingesting", || done
            .load(Ordering::Relaxed))
    );
    ingested?;
    measured
}

async fn create_experiment(connection: &mut Connection, salt: u64) -> Result<String> {
    let body = json!({"name": format!("bench-{salt:016x}")});
    let reply = connection
        .send_json("POST", "/api/2.0/mlflow/experiments/create", &body)
        .await?;
    let json = reply.json().context("creating an experiment")?;
    let id = json
        .get("experiment_id")
        .and_then(|id| id.as_str())
        .context("no experiment_id in the answer")?;
    Ok(id.to_owned())
}

/// `host:port` of a plain HTTP URL.
fn authority(url: &str) -> Result<String> {
    let Some(rest) = url.strip_prefix("http://") else {
        bail!("`{url}` does not begin with http://");
    };
    let authority = rest.trim_end_matches('/');
    Ok(if authority.contains(':') {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    })
}
