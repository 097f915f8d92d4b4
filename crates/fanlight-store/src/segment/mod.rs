//! A sealed segment: a small immutable search engine over some thousand traces.
//!
//! A directory named after the segment's id with four files, described in `docs/format.md`: `traces.parquet` (a row
//! per trace, newest first), `spans.parquet` (all spans, grouped by trace row), `facets.idx` (terms to rows) and
//! `rows.idx` (trace id to row, and the numbers every search needs). The index files are memory-mapped.

mod facets;
mod facets_of;
mod file;
mod hot_values;
mod narrow;
mod rows;
mod spans_read;
mod spans_write;
mod terms;
mod traces_file;
mod value_text;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fanlight_model::{SegmentId, Span, TraceFacts, TraceSummary};

use crate::StoreError;

pub use facets::{Facets, Property, Term};
pub use facets_of::SpanProfile;
pub use narrow::Batches;
pub use rows::Rows;
pub use terms::Postings;
pub(crate) use write::{Figures, write_segment};

/// A trace as its row keeps it.
#[derive(Clone, Debug)]
pub struct StoredTrace {
    pub summary: TraceSummary,
    /// What the client said, needed when later facts join.
    pub facts: Option<TraceFacts>,
}

/// An open segment. All reads are through the operating system's page cache.
#[derive(Debug)]
pub struct Segment {
    id: SegmentId,
    log_seq: u64,
    rows: Rows,
    facets: Facets,
    traces: traces_file::TracesFile,
    spans: spans_read::SpansFile,
}

impl Segment {
    /// Opens and checks the index files; the Parquet files are checked page by page when read.
    pub(crate) fn open(dir: &Path, id: SegmentId, log_seq: u64) -> Result<Self, StoreError> {
        let corrupt = |reason: String| StoreError::CorruptSegment {
            segment: id,
            reason,
        };
        let rows = Rows::open(&dir.join("rows.idx")).map_err(corrupt)?;
        let facets = Facets::open(&dir.join("facets.idx")).map_err(corrupt)?;
        let traces = traces_file::TracesFile::open(&dir.join("traces.parquet")).map_err(corrupt)?;
        let spans = spans_read::SpansFile::open(&dir.join("spans.parquet")).map_err(corrupt)?;
        Ok(Self {
            id,
            log_seq,
            rows,
            facets,
            traces,
            spans,
        })
    }

    pub fn id(&self) -> SegmentId {
        self.id
    }

    /// Each trace here holds everything the log said of it up to and including this record.
    pub(crate) fn log_seq(&self) -> u64 {
        self.log_seq
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

    /// The traces of `rows`, which must be ascending. One pass over the pages that hold them.
    pub fn traces(&self, rows: &[u32]) -> Result<Vec<StoredTrace>, StoreError> {
        self.traces
            .read(rows)
            .map_err(|reason| self.corrupt(reason))
    }

    /// The spans of each of `rows`, which must be ascending: roots first, then by start.
    pub fn spans(&self, rows: &[u32]) -> Result<Vec<Vec<Arc<Span>>>, StoreError> {
        let ranges: Vec<_> = rows.iter().map(|row| self.rows.span_range(*row)).collect();
        self.spans
            .read(&ranges)
            .map_err(|reason| self.corrupt(reason))
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

/// Where segment `id` lives under the segments directory.
pub(crate) fn dir_of(segments: &Path, id: SegmentId) -> PathBuf {
    segments.join(id.to_string())
}
