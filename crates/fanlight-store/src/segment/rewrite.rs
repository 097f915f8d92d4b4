//! A part without the spans that nobody needs any more: what was deleted leaves the disk.

use std::ops::Range;

use fanlight_model::TraceKey;

use super::Part;
use super::content::Content;
use super::draft::Draft;
use super::part_file;
use super::spans_read::SpansOf;
use super::spans_write::SpansWriter;

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
        self.spans.parquet.row_count()
    }

    /// Writes the spans of `kept`, which must be in their order here, as part `number` of the segment in `dir`.
    pub(super) fn rewrite(
        &self,
        kept: &[Kept],
        draft: Draft<'_>,
        number: u32,
    ) -> Result<(), String> {
        let describe = |cause: parquet::errors::ParquetError| cause.to_string();
        let create = |name| draft.create(&part_file(name, number));
        let spans = create("spans").map_err(|cause| cause.to_string())?;
        let mut spans = SpansWriter::create(spans).map_err(describe)?;
        let texts = create("texts").map_err(|cause| cause.to_string())?;
        let mut content = Content::without_words(texts).map_err(describe)?;
        for lot in kept.chunks(LOT) {
            let spans_of = |kept: &Kept| SpansOf {
                trace: kept.key.trace,
                rows: kept.spans.clone(),
            };
            let wanted: Vec<_> = lot.iter().map(spans_of).collect();
            let read = self.spans.read(&wanted, &self.texts)?;
            for (Kept { row, key, .. }, of_trace) in lot.iter().zip(read) {
                spans
                    .push(*row, *key, &of_trace, &mut content, |_, _| {})
                    .map_err(describe)?;
            }
        }
        content.close().map_err(describe)?;
        spans.finish().map_err(describe)
    }
}
