//! A part without the spans that nobody needs any more: what was deleted leaves the disk.

use std::ops::Range;
use std::path::Path;

use fanlight_model::TraceKey;

use super::content::Content;
use super::part_file;
use super::spans_write::SpansWriter;
use super::{Part, spans_read};

/// Traces that are moved at once: their spans are in memory meanwhile.
const LOT: usize = 16;

/// A trace whose spans stay.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// In the new segment.
    pub(super) row: u32,
    pub(super) key: TraceKey,
    /// Its spans in the old part.
    pub(super) spans: Range<usize>,
}

impl Part {
    /// How many spans its files hold, needed or not.
    pub(super) fn span_count(&self) -> Result<usize, String> {
        let reader = spans_read::builder(&self.spans.bytes, &self.spans.metadata)?;
        let rows = reader.metadata().file_metadata().num_rows();
        usize::try_from(rows).map_err(|cause| cause.to_string())
    }

    /// Writes the spans of `kept`, which must be in their order here, as part `number` of the segment in `dir`.
    pub(super) fn rewrite(&self, kept: &[Kept], dir: &Path, number: u32) -> Result<(), String> {
        let describe = |cause: parquet::errors::ParquetError| cause.to_string();
        let mut spans = SpansWriter::create(&part_file(dir, "spans", number)).map_err(describe)?;
        let mut content =
            Content::without_words(&part_file(dir, "texts", number)).map_err(describe)?;
        for lot in kept.chunks(LOT) {
            let ranges: Vec<_> = lot.iter().map(|kept| kept.spans.clone()).collect();
            let read = self.spans.read(&ranges, &self.texts)?;
            for (Kept { row, key, .. }, of_trace) in lot.iter().zip(read) {
                for span in of_trace {
                    let meaning = fanlight_normalize::meaning(&span);
                    spans
                        .push(*row, *key, &span, &meaning, &mut content)
                        .map_err(describe)?;
                }
            }
        }
        content.close().map_err(describe)?;
        spans.finish().map_err(describe)
    }
}
