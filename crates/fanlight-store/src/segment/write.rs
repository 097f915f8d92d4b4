//! Writing a segment: temporary name, sync, rename, sync of the directory.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use fanlight_model::SegmentId;
use serde::Serialize;

use super::{
    dir_of, facets::FacetsBuilder, facets_of, rows, spans_write::SpansWriter, traces_file,
};
use crate::StoreError;
use crate::hot::HotTrace;
use crate::log::sync_dir;

/// What is in a segment, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Figures {
    pub(crate) format: u32,
    pub(crate) traces: usize,
    pub(crate) spans: usize,
    pub(crate) bytes: u64,
    pub(crate) newest_ns: u64,
    pub(crate) oldest_ns: u64,
}

/// Version of the layout as a whole.
const FORMAT: u32 = 1;

/// Writes `traces` (newest first) as segment `id`; complete and durable when it returns, but not announced.
pub(crate) fn write_segment(
    segments: &Path,
    id: SegmentId,
    traces: &[Arc<HotTrace>],
) -> Result<Figures, StoreError> {
    let unfinished = segments.join(format!("{id}.unfinished"));
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(StoreError::io("clearing", &unfinished))?;
    }
    fs::create_dir_all(&unfinished).map_err(StoreError::io("creating", &unfinished))?;
    let spans = write_files(&unfinished, traces)?;
    sync_dir(&unfinished)?;
    let finished = dir_of(segments, id);
    fs::rename(&unfinished, &finished).map_err(StoreError::io("renaming", &unfinished))?;
    sync_dir(segments)?;
    let start_of = |trace: Option<&Arc<HotTrace>>| trace.map_or(0, |trace| trace.summary().start.0);
    Ok(Figures {
        format: FORMAT,
        traces: traces.len(),
        spans,
        bytes: size_of_dir(&finished).map_err(StoreError::io("measuring", &finished))?,
        newest_ns: start_of(traces.first()),
        oldest_ns: start_of(traces.last()),
    })
}

fn write_files(dir: &Path, traces: &[Arc<HotTrace>]) -> Result<usize, StoreError> {
    let spans_path = dir.join("spans.parquet");
    let parquet = |cause: parquet::errors::ParquetError| std::io::Error::other(cause);
    let spans_failed = |cause| StoreError::io("writing", &spans_path)(parquet(cause));
    let mut spans = SpansWriter::create(&spans_path).map_err(spans_failed)?;
    let mut facets = FacetsBuilder::default();
    let mut index = Vec::with_capacity(traces.len());
    let mut span_count = 0;
    for (row, trace) in (0_u32..).zip(traces) {
        let summary = trace.summary();
        facets_of::add_trace(&mut facets, row, summary);
        for span in trace.spans() {
            let meaning = fanlight_normalize::meaning(span);
            facets_of::add_span(&mut facets, row, span, &meaning);
            spans
                .push(row, trace.key(), span, &meaning)
                .map_err(spans_failed)?;
        }
        span_count += trace.spans().len();
        index.push(rows::Row {
            key: trace.key(),
            experiment: summary.experiment,
            start: summary.start,
            duration: summary.duration,
            spans: u32::try_from(trace.spans().len()).unwrap_or(u32::MAX),
        });
    }
    spans.finish().map_err(spans_failed)?;

    let records: Vec<_> = traces
        .iter()
        .map(|trace| (trace.summary(), trace.facts()))
        .collect();
    let path = dir.join("traces.parquet");
    traces_file::write(&path, &records)
        .map_err(|cause| StoreError::io("writing", &path)(parquet(cause)))?;
    let path = dir.join("facets.idx");
    facets
        .write(&path)
        .map_err(StoreError::io("writing", &path))?;
    let path = dir.join("rows.idx");
    rows::write(&path, &index).map_err(StoreError::io("writing", &path))?;
    Ok(span_count)
}

fn size_of_dir(dir: &Path) -> std::io::Result<u64> {
    fs::read_dir(dir)?
        .map(|entry| Ok(entry?.metadata()?.len()))
        .sum()
}
