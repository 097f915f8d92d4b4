//! A sealed segment: a small immutable search engine over some thousand traces.
//!
//! A directory named after the segment's id with four files, described in `docs/format.md`: `traces.parquet` (a row
//! per trace, newest first), `spans.parquet` (all spans, grouped by trace row), `facets.idx` (terms to rows) and
//! `rows.idx` (trace id to row, and the numbers every search needs). The index files are memory-mapped.

mod blocks;
mod checked;
mod content;
mod draft;
mod facets;
mod facets_of;
mod file;
mod fold;
mod hot_values;
mod json_text;
mod merge;
mod narrow;
mod parquet_file;
mod parquet_thread;
mod plain_texts;
mod postings;
mod rewrite;
mod row_bytes;
mod rows;
mod spans_read;
mod spans_write;
mod terms;
mod texts_file;
mod traces_file;
mod value_text;
mod verify;
mod words;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fanlight_model::{SegmentId, Span, TraceEdits, TraceFacts, TraceSummary};

use crate::StoreError;
use spans_read::SpansOf;

pub use facets::{Facets, Property, Term};
pub use facets_of::SpanProfile;
pub(crate) use fold::NewEdits;
pub(crate) use merge::{LEFT_OUT, Source, Unused, merge, plan};
pub use narrow::{Batches, SpanColumns};
pub use row_bytes::RowBytes;
pub use rows::Rows;
pub use terms::Postings;
pub use verify::Contents;
pub use words::{Holders, WordPart, Words, stands_alone, words};
pub(crate) use write::{Figures, write_segment};

/// A trace as its row keeps it.
#[derive(Clone, Debug)]
pub struct StoredTrace {
    /// Before edits.
    pub summary: TraceSummary,
    /// What the client said, needed when later facts join.
    pub facts: Option<TraceFacts>,
    /// Everything people had said about it when their edits became part of the row. Edits of the registry replace it.
    pub edits: Option<Arc<TraceEdits>>,
}

/// An open segment. All reads are through the operating system's page cache.
#[derive(Debug)]
pub struct Segment {
    id: SegmentId,
    log_seq: u64,
    rows: Rows,
    facets: Facets,
    traces: traces_file::TracesFile,
    words: Words,
    parts: Vec<Part>,
    /// What all files but those of the parts take on disk.
    index_bytes: u64,
}

/// Spans and their long texts. A segment that was compacted has a part of each segment it was made from.
#[derive(Debug)]
struct Part {
    spans: spans_read::SpansFile,
    texts: texts_file::TextsFile,
    /// What its files take on disk.
    bytes: u64,
}

impl Segment {
    /// Opens and checks the index files; the Parquet files are checked block by block when read.
    pub(crate) fn open(dir: &Path, id: SegmentId, log_seq: u64) -> Result<Self, StoreError> {
        let corrupt = |reason: String| StoreError::CorruptSegment {
            segment: id,
            reason,
        };
        let rows = Rows::open(&dir.join("rows.idx")).map_err(corrupt)?;
        let facets = Facets::open(&dir.join("facets.idx")).map_err(corrupt)?;
        let traces = traces_file::TracesFile::open(&dir.join("traces.parquet")).map_err(corrupt)?;
        let words = Words::open(&dir.join("words.idx")).map_err(corrupt)?;
        let parts = (0..rows.part_count())
            .map(|part| {
                let file = |name| dir.join(part_file(name, part));
                let (spans, texts) = (file("spans"), file("texts"));
                Ok(Part {
                    bytes: bytes_of(&spans) + bytes_of(&texts),
                    spans: spans_read::SpansFile::open(&spans)?,
                    texts: texts_file::TextsFile::open(&texts)?,
                })
            })
            .collect::<Result<_, _>>()
            .map_err(corrupt)?;
        Ok(Self {
            id,
            log_seq,
            rows,
            facets,
            traces,
            words,
            parts,
            index_bytes: INDEX_FILES
                .iter()
                .map(|name| bytes_of(&dir.join(name)))
                .sum(),
        })
    }

    pub fn id(&self) -> SegmentId {
        self.id
    }

    /// Each trace here holds everything the log said of it up to and including this record.
    pub(crate) fn log_seq(&self) -> u64 {
        self.log_seq
    }

    /// How many files of spans it has.
    pub(crate) fn part_count(&self) -> usize {
        self.parts.len()
    }

    /// Spans in its files that none of its rows has.
    pub(crate) fn unused_spans(&self) -> Result<usize, StoreError> {
        let held = self.parts.iter().map(Part::span_count);
        let held: usize = held
            .sum::<Result<_, _>>()
            .map_err(|reason| self.corrupt(reason))?;
        let used = (0..self.row_count()).map(|row| self.rows.spans(row).count as usize);
        Ok(held.saturating_sub(used.sum()))
    }

    /// What its spans and texts take on disk.
    pub(crate) fn part_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    /// What everything else of it takes on disk.
    pub(crate) fn index_bytes(&self) -> u64 {
        self.index_bytes
    }

    pub fn row_count(&self) -> u32 {
        self.rows.len()
    }

    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    pub fn facets(&self) -> &Facets {
        &self.facets
    }

    pub fn words(&self) -> &Words {
        &self.words
    }

    /// The traces of `rows`, which must be ascending. One pass over the pages that hold them.
    pub fn traces(&self, rows: &[u32]) -> Result<Vec<StoredTrace>, StoreError> {
        self.traces
            .read(rows)
            .map_err(|reason| self.corrupt(reason))
    }

    /// The spans of each of `rows`, which must be ascending: roots first, then by start.
    pub fn spans(&self, rows: &[u32]) -> Result<Vec<Vec<Arc<Span>>>, StoreError> {
        let mut spans = vec![Vec::new(); rows.len()];
        for (number, part) in (0_u32..).zip(&self.parts) {
            let mut here = Vec::new();
            let mut wanted = Vec::new();
            for (at, row) in rows.iter().enumerate() {
                let place = self.rows.spans(*row);
                if place.part == number {
                    let key = self.rows.key(*row);
                    let key = key.ok_or_else(|| self.corrupt(format!("row {row} has no id")))?;
                    here.push(at);
                    wanted.push(SpansOf {
                        trace: key.trace,
                        rows: place.range(),
                    });
                }
            }
            if here.is_empty() {
                continue;
            }
            let read = part.spans.read(&wanted, &part.texts);
            for (at, of_row) in here
                .into_iter()
                .zip(read.map_err(|reason| self.corrupt(reason))?)
            {
                spans[at] = of_row;
            }
        }
        Ok(spans)
    }

    /// One trace with its spans.
    pub fn trace(&self, row: u32) -> Result<(StoredTrace, Vec<Arc<Span>>), StoreError> {
        let stored = self
            .traces(&[row])?
            .pop()
            .ok_or_else(|| self.corrupt(format!("row {row} is missing")))?;
        let spans = self.spans(&[row])?.pop().unwrap_or_default();
        Ok((stored, spans))
    }

    fn corrupt(&self, reason: String) -> StoreError {
        StoreError::CorruptSegment {
            segment: self.id,
            reason,
        }
    }
}

/// Written anew whenever segments are merged.
const INDEX_FILES: [&str; 4] = ["traces.parquet", "facets.idx", "words.idx", "rows.idx"];

/// What a file takes, with its checksums where it has some. One that is missing takes nothing.
fn bytes_of(path: &Path) -> u64 {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    length(path) + length(&path.with_extension(checked::EXTENSION))
}

/// The first part has the plain name.
fn part_file(name: &str, part: u32) -> String {
    match part {
        0 => format!("{name}.parquet"),
        part => format!("{name}.{part}.parquet"),
    }
}

/// Where segment `id` lives under the segments directory.
pub(crate) fn dir_of(segments: &Path, id: SegmentId) -> PathBuf {
    segments.join(id.to_string())
}
