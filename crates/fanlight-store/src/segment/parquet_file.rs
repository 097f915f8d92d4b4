//! Reading rows of a Parquet file.
//!
//! The library makes a decompressor, and a compressor, for every column that is read, which takes longer than what a
//! single trace needs of them. So it is told that nothing is compressed, and pages are decompressed on their way to it
//! with the one decompressor that a thread keeps.

use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use arrow_schema::SchemaRef;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, RowGroups, RowSelection,
    RowSelector,
};
use parquet::arrow::{FieldLevels, ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::Compression;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::serialized_reader::SerializedPageReader;
use zstd::bulk::Decompressor;
use zstd::zstd_safe;

use super::checked::Checked;

/// An open file. Its footer is read at the first use: starting must not touch every segment.
#[derive(Debug)]
pub(super) struct ParquetFile {
    bytes: Arc<Checked>,
    contents: OnceLock<Contents>,
}

#[derive(Clone, Debug)]
struct Contents {
    schema: SchemaRef,
    /// Says of every column that it is not compressed.
    metadata: Arc<ParquetMetaData>,
    /// Of each column, whether it is.
    is_zstd: Arc<[bool]>,
}

impl ParquetFile {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        Ok(Self {
            bytes: Arc::new(Checked::open(path)?),
            contents: OnceLock::new(),
        })
    }

    pub(super) fn schema(&self) -> Result<&SchemaRef, String> {
        Ok(&self.contents()?.schema)
    }

    pub(super) fn release_pages(&self) {
        self.bytes.release_pages();
    }

    pub(super) fn row_count(&self) -> Result<usize, String> {
        let rows = self.contents()?.metadata.file_metadata().num_rows();
        usize::try_from(rows).map_err(|cause| cause.to_string())
    }

    /// What is read of the named columns. Takes about as long as reading a page: worth keeping.
    pub(super) fn columns<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<FieldLevels, String> {
        let Contents {
            schema, metadata, ..
        } = self.contents()?;
        let descriptor = metadata.file_metadata().schema_descr();
        let mask = ProjectionMask::columns(descriptor, names);
        parquet_to_arrow_field_levels(descriptor, mask, Some(schema.fields()))
            .map_err(|cause| cause.to_string())
    }

    /// The rows in `ranges`, which must ascend and not overlap, or all rows.
    pub(super) fn read(
        &self,
        columns: &FieldLevels,
        ranges: Option<&[Range<usize>]>,
        batch_rows: usize,
    ) -> Result<ParquetRecordBatchReader, String> {
        let file = Pages {
            bytes: Arc::clone(&self.bytes),
            contents: self.contents()?.clone(),
        };
        let batch_rows = batch_rows.min(file.num_rows()).max(1);
        let selection = ranges.map(selection);
        ParquetRecordBatchReader::try_new_with_row_groups(columns, &file, batch_rows, selection)
            .map_err(|cause| cause.to_string())
    }

    /// The place of a column among all of the file.
    pub(super) fn column(&self, name: &str) -> Result<usize, String> {
        let columns = self.contents()?.metadata.file_metadata().schema_descr();
        let column = columns
            .columns()
            .iter()
            .position(|column| column.name() == name);
        column.ok_or_else(|| format!("column `{name}` is missing"))
    }

    pub(super) fn group_count(&self) -> Result<usize, String> {
        Ok(self.contents()?.metadata.num_row_groups())
    }

    pub(super) fn group_rows(&self, group: usize) -> Result<usize, String> {
        let rows = self.contents()?.metadata.row_group(group).num_rows();
        usize::try_from(rows).map_err(|cause| cause.to_string())
    }

    /// Where the pages of a column begin.
    pub(super) fn locations(&self, group: usize, column: usize) -> Result<&[PageLocation], String> {
        self.contents()?
            .locations(group, column)
            .map_err(|cause| cause.to_string())
    }

    /// Reads nothing but `pages` of a column, which must ascend and have no dictionary.
    pub(super) fn reader_of(
        &self,
        group: usize,
        column: usize,
        pages: &[usize],
    ) -> Result<Box<dyn PageReader>, String> {
        let contents = self.contents()?;
        let all = self.locations(group, column)?;
        // The library takes what is before the first page it is told of for a dictionary.
        let first = all.first().filter(|_| pages.first() != Some(&0));
        let chosen = pages.iter().filter_map(|page| all.get(*page));
        let locations = first.into_iter().chain(chosen).cloned().collect();
        let open = || {
            let mut reader = contents.pages(&self.bytes, group, column, locations)?;
            if first.is_some() {
                reader.skip_next_page()?;
            }
            Ok(reader)
        };
        open().map_err(|cause: ParquetError| cause.to_string())
    }

    fn contents(&self) -> Result<&Contents, String> {
        if let Some(contents) = self.contents.get() {
            return Ok(contents);
        }
        let contents = Contents::load(&self.bytes).map_err(|cause| cause.to_string())?;
        Ok(self.contents.get_or_init(|| contents))
    }
}

impl Contents {
    fn locations(&self, group: usize, column: usize) -> ParquetResult<&[PageLocation]> {
        let index = self.metadata.offset_index();
        let of_group = index.and_then(|index| index.get(group));
        let of_column = of_group.and_then(|columns| columns.get(column));
        of_column
            .map(|column| column.page_locations.as_slice())
            .ok_or_else(|| ParquetError::General("a column has no index of pages".to_owned()))
    }

    /// Those of `locations`, decompressed.
    fn pages(
        &self,
        bytes: &Arc<Checked>,
        group: usize,
        column: usize,
        locations: Vec<PageLocation>,
    ) -> ParquetResult<Box<dyn PageReader>> {
        let of_group = self.metadata.row_group(group);
        let compressed = SerializedPageReader::new(
            Arc::clone(bytes),
            of_group.column(column),
            usize::try_from(of_group.num_rows())?,
            Some(locations),
        )?;
        if self.is_zstd[group * of_group.num_columns() + column] {
            Ok(Box::new(Decompressed(compressed)))
        } else {
            Ok(Box::new(compressed))
        }
    }

    fn load(bytes: &Arc<Checked>) -> ParquetResult<Self> {
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        let loaded = ArrowReaderMetadata::load(bytes.as_ref(), options)?;
        let is_zstd = loaded.metadata().row_groups().iter().flat_map(|group| {
            let columns = group.columns().iter();
            columns.map(|column| matches!(column.compression(), Compression::ZSTD(_)))
        });
        let is_zstd = is_zstd.collect();
        let metadata = ParquetMetaData::clone(loaded.metadata());
        let groups = metadata.row_groups().iter().cloned().map(uncompressed);
        let groups = groups.collect::<ParquetResult<_>>()?;
        Ok(Self {
            schema: Arc::clone(loaded.schema()),
            metadata: Arc::new(metadata.into_builder().set_row_groups(groups).build()),
            is_zstd,
        })
    }
}

fn uncompressed(group: RowGroupMetaData) -> ParquetResult<RowGroupMetaData> {
    let columns = group.columns().iter().cloned();
    let columns = columns
        .map(|column| {
            column
                .into_builder()
                .set_compression(Compression::UNCOMPRESSED)
                .build()
        })
        .collect::<ParquetResult<_>>()?;
    group.into_builder().set_column_metadata(columns).build()
}

/// Reads `ranges` and skips what is between them.
fn selection(ranges: &[Range<usize>]) -> RowSelection {
    let mut selectors = Vec::with_capacity(ranges.len() * 2);
    let mut at = 0;
    for range in ranges {
        if range.start > at {
            selectors.push(RowSelector::skip(range.start - at));
        }
        if !range.is_empty() {
            selectors.push(RowSelector::select(range.len()));
        }
        at = range.end.max(at);
    }
    selectors.into()
}

/// The file as the library asks for it.
struct Pages {
    bytes: Arc<Checked>,
    contents: Contents,
}

impl RowGroups for Pages {
    fn num_rows(&self) -> usize {
        let rows = self.contents.metadata.file_metadata().num_rows();
        usize::try_from(rows).unwrap_or(0)
    }

    fn column_chunks(&self, column: usize) -> ParquetResult<Box<dyn PageIterator>> {
        Ok(Box::new(ColumnChunks {
            bytes: Arc::clone(&self.bytes),
            contents: self.contents.clone(),
            column,
            group: 0,
        }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.contents.metadata.row_groups().iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.contents.metadata
    }
}

/// A column, row group by row group.
struct ColumnChunks {
    bytes: Arc<Checked>,
    contents: Contents,
    column: usize,
    group: usize,
}

impl ColumnChunks {
    fn chunk(&self, group: usize) -> ParquetResult<Box<dyn PageReader>> {
        let locations = self.contents.locations(group, self.column)?.to_vec();
        self.contents
            .pages(&self.bytes, group, self.column, locations)
    }
}

impl Iterator for ColumnChunks {
    type Item = ParquetResult<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.group;
        if group >= self.contents.metadata.num_row_groups() {
            return None;
        }
        self.group += 1;
        Some(self.chunk(group))
    }
}

impl PageIterator for ColumnChunks {}

/// Pages that are decompressed when it is their turn.
struct Decompressed(SerializedPageReader<Checked>);

impl PageReader for Decompressed {
    fn get_next_page(&mut self) -> ParquetResult<Option<Page>> {
        self.0.get_next_page()?.map(decompress).transpose()
    }

    fn peek_next_page(&mut self) -> ParquetResult<Option<PageMetadata>> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> ParquetResult<()> {
        self.0.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> ParquetResult<bool> {
        self.0.at_record_boundary()
    }
}

impl Iterator for Decompressed {
    type Item = ParquetResult<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

fn decompress(mut page: Page) -> ParquetResult<Page> {
    match &mut page {
        Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
            *buf = decompressed(buf)?;
            Ok(page)
        }
        Page::DataPageV2 { .. } => Err(ParquetError::General(
            "a page is of a version that is never written".to_owned(),
        )),
    }
}

thread_local! {
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

fn decompressed(bytes: &[u8]) -> ParquetResult<Bytes> {
    // A page without values.
    if bytes.is_empty() {
        return Ok(Bytes::new());
    }
    let length = zstd_safe::get_frame_content_size(bytes)
        .ok()
        .flatten()
        .and_then(|length| i32::try_from(length).ok())
        .and_then(|length| usize::try_from(length).ok())
        .ok_or_else(|| ParquetError::General("a page does not say how long it is".to_owned()))?;
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::new()?),
        };
        Ok(Bytes::from(decompressor.decompress(bytes, length)?))
    })
}
