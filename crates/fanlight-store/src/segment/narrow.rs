//! Narrow columns of the Parquet files for a set of rows: what statistics read instead of whole traces.
//!
//! Pages in which no wanted row lies are neither decompressed nor decoded, and neither are columns nobody named.

use std::ops::Range;

use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use roaring::RoaringBitmap;

use super::Segment;
use super::parquet_file::ParquetFile;
use crate::StoreError;

/// Large enough that the cost of a batch does not show, small enough to stay in the processor's cache.
const BATCH_ROWS: usize = 8192;

/// Batches of the named columns, in file order. Together they have exactly the rows asked for.
#[derive(Debug)]
pub struct Batches<'a> {
    segment: &'a Segment,
    /// `None` when nothing was asked for.
    reader: Option<ParquetRecordBatchReader>,
}

/// Columns of the spans in one part of a segment.
#[derive(Debug)]
pub struct SpanColumns<'a> {
    /// Rows with the number of their spans, in the order of the spans.
    pub owners: Vec<(u32, u32)>,
    pub batches: Batches<'a>,
}

impl Iterator for Batches<'_> {
    type Item = Result<RecordBatch, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.as_mut()?.next()?;
        Some(batch.map_err(|cause| self.segment.corrupt(cause.to_string())))
    }
}

impl Segment {
    /// `columns` of `traces.parquet` for `rows`. `None` when a file of an older version lacks one of them.
    pub fn trace_columns(
        &self,
        rows: &RoaringBitmap,
        columns: &[&str],
    ) -> Result<Option<Batches<'_>>, StoreError> {
        let ranges = ranges_of(rows.iter().map(|row| row as usize..row as usize + 1));
        self.batches(&self.traces.0, &ranges, columns)
    }

    /// `columns` of `spans.parquet` for all spans of `rows`, part by part. `None` when a file of an older version lacks
    /// one of them.
    pub fn span_columns(
        &self,
        rows: &RoaringBitmap,
        columns: &[&str],
    ) -> Result<Option<Vec<SpanColumns<'_>>>, StoreError> {
        let mut owners = vec![Vec::new(); self.parts.len()];
        let mut ranges = vec![Vec::new(); self.parts.len()];
        for row in rows {
            let spans = self.rows.spans(row);
            let part = spans.part as usize;
            if part >= self.parts.len() {
                return Err(self.corrupt(format!("row {row} points to a part that is missing")));
            }
            owners[part].push((row, spans.count));
            ranges[part].push(spans.range());
        }
        let mut found = Vec::new();
        for ((part, owners), ranges) in self.parts.iter().zip(owners).zip(ranges) {
            let ranges = ranges_of(ranges.into_iter());
            match self.batches(&part.spans.parquet, &ranges, columns)? {
                Some(batches) => found.push(SpanColumns { owners, batches }),
                None => return Ok(None),
            }
        }
        Ok(Some(found))
    }

    fn batches(
        &self,
        file: &ParquetFile,
        ranges: &[Range<usize>],
        columns: &[&str],
    ) -> Result<Option<Batches<'_>>, StoreError> {
        let corrupt = |reason: String| self.corrupt(reason);
        let schema = file.schema().map_err(corrupt)?;
        if columns.iter().any(|name| schema.index_of(name).is_err()) {
            return Ok(None);
        }
        if ranges.is_empty() || columns.is_empty() {
            return Ok(Some(Batches {
                segment: self,
                reader: None,
            }));
        }
        let rows = file.row_count().map_err(corrupt)?;
        // Reading everything needs no selection, which is not free.
        let all = matches!(ranges, [all] if *all == (0..rows));
        let columns = file.columns(columns.iter().copied()).map_err(corrupt)?;
        let reader = file
            .read(&columns, (!all).then_some(ranges), BATCH_ROWS)
            .map_err(corrupt)?;
        Ok(Some(Batches {
            segment: self,
            reader: Some(reader),
        }))
    }
}

/// Neighbours joined; empty ones left out.
fn ranges_of(ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges.filter(|range| !range.is_empty()) {
        match joined.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_read_as_one() {
        assert_eq!(
            ranges_of([0..2, 2..2, 2..5, 7..8].into_iter()),
            [0..5, 7..8]
        );
        assert!(ranges_of(std::iter::empty()).is_empty());
    }
}
