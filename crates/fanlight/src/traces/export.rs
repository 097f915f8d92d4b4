//! `fanlight traces export`: all traces of a search, spans included, page by page.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value as Json;

use super::find::{Pages, list};
use crate::cli::ExportArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::printer::Printer;

/// Traces asked for with their spans at a time: they may be large.
const BATCH: usize = 10;

/// What an export came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    written: usize,
    /// Found by the search and gone, or not complete, when asked for.
    left_out: usize,
}

pub(super) fn run(
    client: &Client,
    asked: &ExportArgs,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let mut pages = Pages::start(client, &asked.selection)?;
    let count = match &asked.output {
        Some(path) if path.as_os_str() != "-" => to_file(client, &mut pages, path)?,
        _ => copy(client, &mut pages, printer.writer())?,
    };
    Printer::stderr().line(&told(&count))?;
    if count.left_out > 0 {
        Err(Failure::Reported)
    } else {
        Ok(())
    }
}

fn told(count: &Count) -> String {
    match count.left_out {
        0 => format!("exported {} traces", count.written),
        left_out => format!(
            "exported {} traces; {left_out} more were found but could not be read in full (deleted meanwhile, or still \
             arriving)",
            count.written
        ),
    }
}

/// Under another name until complete, so that a broken export is not taken for a whole one.
fn to_file(client: &Client, pages: &mut Pages<'_>, path: &Path) -> Result<Count, Failure> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let file = File::create(&partial).with_context(|| format!("creating {}", partial.display()))?;
    let mut writer = BufWriter::new(file);
    let count = copy(client, pages, &mut writer)?;
    writer
        .flush()
        .with_context(|| format!("writing {}", partial.display()))?;
    writer
        .get_ref()
        .sync_all()
        .with_context(|| format!("writing {}", partial.display()))?;
    std::fs::rename(&partial, path).with_context(|| format!("renaming {}", partial.display()))?;
    Ok(count)
}

fn copy(client: &Client, pages: &mut Pages<'_>, writer: &mut dyn Write) -> Result<Count, Failure> {
    let mut count = Count::default();
    while let Some(infos) = pages.next(usize::MAX)? {
        let ids: Vec<&str> = infos
            .iter()
            .filter_map(|info| info["trace_id"].as_str())
            .collect();
        for ids in ids.chunks(BATCH) {
            let traces = with_spans(client, ids)?;
            count.written += traces.len();
            count.left_out += ids.len().saturating_sub(traces.len());
            for trace in traces {
                writeln!(writer, "{trace}")?;
            }
        }
    }
    writer.flush()?;
    Ok(count)
}

fn with_spans(client: &Client, ids: &[&str]) -> Result<Vec<Json>, Failure> {
    let query: Vec<(&str, &str)> = ids.iter().map(|id| ("trace_ids", *id)).collect();
    let mut reply = client.get("/api/3.0/mlflow/traces/batchGet", &query)?;
    Ok(list(reply["traces"].take()))
}
