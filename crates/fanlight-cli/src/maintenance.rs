//! `fanlight compact`, `verify` and `retention`: work on a data directory that no server has open.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use fanlight_model::{SystemClock, render_bytes};
use fanlight_query::{Effort, Engine, Excess};
use tokio::runtime::Runtime;

use crate::cli::RetentionArgs;
use crate::config::{SettingFlags, Settings, load};
use crate::failure::Failure;
use crate::printer::Printer;

pub(crate) fn compact(flags: &SettingFlags, printer: &mut Printer) -> Result<(), Failure> {
    with_engine(flags, async |engine| {
        let merged = engine
            .compact(Effort::All)
            .await
            .context("merging segments")?;
        match merged {
            0 => printer.line("nothing to merge"),
            merged => printer.line(&format!("merged {merged} segments")),
        }
    })
}

pub(crate) fn verify(flags: &SettingFlags, printer: &mut Printer) -> Result<(), Failure> {
    with_engine(flags, async |engine| {
        let mut damaged = 0;
        for (segment, contents) in engine.verify().await.context("reading segments")? {
            let line = match contents {
                Ok(contents) => format!(
                    "segment {segment}: ok, {} traces, {} spans",
                    contents.traces, contents.spans
                ),
                Err(error) => {
                    damaged += 1;
                    format!("segment {segment}: {error}")
                }
            };
            printer.line(&line)?;
        }
        match damaged {
            0 => Ok(()),
            damaged => Err(anyhow::anyhow!("{damaged} segments are damaged").into()),
        }
    })
}

pub(crate) fn retention(asked: &RetentionArgs, printer: &mut Printer) -> Result<(), Failure> {
    with_engine(&asked.settings, async |engine| {
        let excess = engine.excess().await.context("looking for old traces")?;
        for beyond in &excess {
            printer.line(&describe(beyond))?;
        }
        if asked.delete {
            let deleted = engine.expire().await.context("deleting old traces")?;
            printer.line(&format!("deleted {deleted} traces"))?;
        } else if excess.is_empty() {
            printer.line("nothing is beyond its retention")?;
        }
        Ok(())
    })
}

fn describe(beyond: &Excess) -> String {
    let kept = beyond.kept;
    let limits = [
        kept.days.map(|days| format!("{days} days")),
        kept.traces.map(|traces| format!("{traces} traces")),
        kept.bytes.map(render_bytes),
    ];
    let limits: Vec<_> = limits.into_iter().flatten().collect();
    let limits = limits.join(", ");
    let of = beyond.experiment.as_deref();
    let of = of.unwrap_or("all experiments together");
    let (traces, size) = (beyond.traces, render_bytes(beyond.bytes));
    format!("{of}: {traces} traces (about {size}) beyond {limits}")
}

/// Opens the data directory for `work` and closes it in order.
fn with_engine(
    flags: &SettingFlags,
    work: impl AsyncFnOnce(&Engine) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let environment =
        |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let loaded = load(flags, &environment, Path::new("")).map_err(anyhow::Error::from)?;
    let runtime = Runtime::new().context("starting the async runtime")?;
    runtime.block_on(async {
        let engine = open(&loaded.settings).await?;
        let done = work(&engine).await;
        engine.close().await;
        done
    })
}

async fn open(settings: &Settings) -> Result<Arc<Engine>, Failure> {
    let dir = &settings.data_dir;
    if !dir.is_dir() {
        return Err(anyhow::anyhow!("there is no data directory {}", dir.display()).into());
    }
    let mut engine = settings.engine();
    // Only a server deletes by itself: who looks at something large for a while does not want that.
    engine.retention_every = Duration::MAX;
    let opened = Engine::open(dir, engine, Arc::new(SystemClock)).await;
    let opened = opened.with_context(|| format!("opening data directory {}", dir.display()))?;
    Ok(opened)
}
