//! Writing a segment: temporary name, sync, rename, sync of the directory.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use fanlight_model::{SegmentId, Span};
use fanlight_normalize::Meaning;
use serde::Serialize;

use super::{
    checked,
    content::Content,
    dir_of,
    draft::Draft,
    facets::FacetsBuilder,
    facets_of,
    fold::edited,
    rows::{self, SpanPlace},
    spans_write::SpansWriter,
    traces_file,
    words::ClosingWords,
};
use crate::StoreError;
use crate::disk::Disk;
use crate::hot::HotTrace;

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
const FORMAT: u32 = 2;

impl Figures {
    /// Their bytes are counted when all is written.
    pub(super) fn new(traces: usize, spans: usize, (newest_ns, oldest_ns): (u64, u64)) -> Self {
        Self {
            format: FORMAT,
            traces,
            spans,
            bytes: 0,
            newest_ns,
            oldest_ns,
        }
    }
}

/// Writes `traces` (newest first, all of them in memory) as segment `id`; complete and durable when it returns, but not announced.
pub(crate) fn write_segment(
    disk: &dyn Disk,
    segments: &Path,
    id: SegmentId,
    traces: &[Arc<HotTrace>],
) -> Result<Figures, StoreError> {
    publish(disk, segments, id, |draft| {
        let spans = write_files(draft, traces)?;
        let start_of =
            |trace: Option<&Arc<HotTrace>>| trace.map_or(0, |trace| trace.summary().start.0);
        let times = (start_of(traces.first()), start_of(traces.last()));
        Ok(Figures::new(traces.len(), spans, times))
    })
}

/// Makes the directory of segment `id` out of what `write` puts into an empty one.
pub(super) fn publish(
    disk: &dyn Disk,
    segments: &Path,
    id: SegmentId,
    write: impl FnOnce(Draft<'_>) -> Result<Figures, StoreError>,
) -> Result<Figures, StoreError> {
    let unfinished = segments.join(format!("{id}.unfinished"));
    let finished = dir_of(segments, id);
    // Of an attempt that failed in the end, should clearing have failed as well.
    clear(disk, &unfinished)?;
    clear(disk, &finished)?;
    let published = fill(disk, &unfinished, write).and_then(|figures| {
        disk.rename(&unfinished, &finished)
            .map_err(StoreError::io("renaming", &unfinished))?;
        disk.sync_dir(segments)
            .map_err(StoreError::io("syncing", segments))?;
        let bytes = size_of_dir(&finished).map_err(StoreError::io("measuring", &finished))?;
        Ok(Figures { bytes, ..figures })
    });
    if published.is_err() {
        // On a full disk half a segment is in the way of everything else.
        for dir in [&unfinished, &finished] {
            if let Err(error) = clear(disk, dir) {
                tracing::warn!(segment.id = %id, %error, "an unfinished segment stays until it is tried again");
            }
        }
    }
    published
}

fn fill(
    disk: &dyn Disk,
    dir: &Path,
    write: impl FnOnce(Draft<'_>) -> Result<Figures, StoreError>,
) -> Result<Figures, StoreError> {
    disk.create_dir(dir)
        .map_err(StoreError::io("creating", dir))?;
    let draft = Draft::new(disk, dir);
    let figures = write(draft)?;
    checked::write_all(draft).map_err(StoreError::io("checking", dir))?;
    disk.sync_dir(dir).map_err(StoreError::io("syncing", dir))?;
    Ok(figures)
}

fn clear(disk: &dyn Disk, dir: &Path) -> Result<(), StoreError> {
    if !dir.exists() {
        return Ok(());
    }
    disk.remove_dir(dir)
        .map_err(StoreError::io("clearing", dir))
}

fn write_files(draft: Draft<'_>, traces: &[Arc<HotTrace>]) -> Result<usize, StoreError> {
    let spans_path = draft.path("spans.parquet");
    let create = |name| {
        let file = draft.create(name);
        file.map_err(|cause| StoreError::io("creating", draft.path(name))(cause))
    };
    let parquet = |cause: parquet::errors::ParquetError| std::io::Error::other(cause);
    let spans_failed = |cause| StoreError::io("writing", &spans_path)(parquet(cause));
    let mut spans = SpansWriter::create(create("spans.parquet")?).map_err(spans_failed)?;
    let mut content = Content::create(draft).map_err(spans_failed)?;
    let mut facets = FacetsBuilder::default();
    let mut index = Vec::with_capacity(traces.len());
    let mut span_count = 0;
    for (row, trace) in (0_u32..).zip(traces) {
        let summary = trace.summary();
        facets_of::add_recorded(&mut facets, row, summary);
        let edits = trace.folded().map(AsRef::as_ref);
        facets_of::add_editable(&mut facets, row, &edited(summary, edits), edits);
        let add_facets = |span: &Arc<Span>, meaning: &Meaning<'_>| {
            facets_of::add_span(&mut facets, row, span, meaning);
        };
        let all = trace.spans_in_memory();
        spans
            .push(row, trace.key(), all, &mut content, add_facets)
            .map_err(spans_failed)?;
        let count = all.len();
        index.push(rows::Row {
            key: trace.key(),
            experiment: summary.experiment,
            start: summary.start,
            duration: summary.duration,
            spans: SpanPlace {
                part: 0,
                first: u32::try_from(span_count).unwrap_or(u32::MAX),
                count: u32::try_from(count).unwrap_or(u32::MAX),
            },
        });
        span_count += count;
    }
    let words = content.close().map_err(spans_failed)?;
    spans.finish().map_err(spans_failed)?;

    let records: Vec<_> = traces
        .iter()
        .map(|trace| traces_file::Row {
            summary: trace.summary(),
            facts: trace.facts(),
            edits: trace.folded().map(AsRef::as_ref),
        })
        .collect();
    let path = draft.path("traces.parquet");
    traces_file::write(create("traces.parquet")?, &records)
        .map_err(|cause| StoreError::io("writing", &path)(parquet(cause)))?;
    let path = draft.path("facets.idx");
    facets
        .write(create("facets.idx")?)
        .map_err(StoreError::io("writing", &path))?;
    let path = draft.path("rows.idx");
    rows::write(create("rows.idx")?, &index, 1).map_err(StoreError::io("writing", &path))?;
    let path = draft.path("words.idx");
    words
        .map_or(Ok(()), ClosingWords::finish)
        .map_err(StoreError::io("writing", &path))?;
    Ok(span_count)
}

fn size_of_dir(dir: &Path) -> std::io::Result<u64> {
    fs::read_dir(dir)?
        .map(|entry| Ok(entry?.metadata()?.len()))
        .sum()
}
