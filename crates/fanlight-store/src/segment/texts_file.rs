//! `texts.parquet`: stretches of long texts, each once.
//!
//! Agents send their whole history again at every step. A long text is cut where its content says so, and each distinct
//! stretch is a row of this file; the text is the list of their row numbers. So a history costs what was added to it.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field as Column, Schema, SchemaRef};
use hashbrown::HashMap;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::parquet_file::ParquetFile;
use super::parquet_thread::ParquetThread;
use super::words::ChunkKey;
use crate::disk::DiskFile;

/// Stretches are handed to Parquet in lots of this many bytes.
const LOT_BYTES: usize = 1 << 20;
/// Stretches that are in memory as a column at once.
const BATCH_ROWS: usize = 1024;
/// A trace needs stretches of a few places: small pages keep what is read beside them small.
const PAGE_BYTES: usize = 64 << 10;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![Column::new(
        "text",
        DataType::Utf8,
        false,
    )]))
});

/// Writes stretches as they come.
pub(super) struct TextsWriter {
    parquet: ParquetThread,
    lot: StringBuilder,
    known: HashMap<ChunkKey, u32>,
}

impl TextsWriter {
    pub(super) fn create(file: Box<dyn DiskFile>) -> Result<Self, ParquetError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_data_page_size_limit(PAGE_BYTES)
            .set_write_batch_size(16)
            .set_max_row_group_row_count(None)
            .set_dictionary_enabled(false)
            .set_statistics_enabled(EnabledStatistics::None)
            .build();
        Ok(Self {
            parquet: ParquetThread::create(file, Arc::clone(&SCHEMA), properties)?,
            lot: StringBuilder::new(),
            known: HashMap::new(),
        })
    }

    /// The row of a stretch, a new one when it is seen for the first time.
    pub(super) fn put(&mut self, key: ChunkKey, text: &str) -> Result<u32, ParquetError> {
        let next = u32::try_from(self.known.len())
            .map_err(|cause| ParquetError::External(cause.into()))?;
        match self.known.entry(key) {
            hashbrown::hash_map::Entry::Occupied(known) => return Ok(*known.get()),
            hashbrown::hash_map::Entry::Vacant(free) => free.insert(next),
        };
        self.lot.append_value(text);
        if self.lot.values_slice().len() >= LOT_BYTES {
            self.flush()?;
        }
        Ok(next)
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        let column: ArrayRef = Arc::new(self.lot.finish());
        self.parquet
            .write(RecordBatch::try_new(Arc::clone(&SCHEMA), vec![column])?);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), ParquetError> {
        self.flush()?;
        self.parquet.finish()
    }
}

/// The open file.
#[derive(Debug)]
pub(super) struct TextsFile(ParquetFile);

impl TextsFile {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        ParquetFile::open(path).map(Self)
    }

    /// The stretches of `rows`, which must ascend, each once.
    pub(super) fn read(&self, rows: Vec<u32>) -> Result<Stretches, String> {
        let mut texts = Vec::with_capacity(rows.len());
        if !rows.is_empty() {
            let ranges: Vec<_> = rows
                .iter()
                .map(|row| *row as usize..*row as usize + 1)
                .collect();
            let columns = self.0.columns(["text"])?;
            for batch in self.0.read(&columns, Some(&ranges), BATCH_ROWS)? {
                let batch = batch.map_err(|cause| cause.to_string())?;
                let column = batch
                    .column_by_name("text")
                    .and_then(|column| column.as_string_opt::<i32>())
                    .ok_or("texts.parquet has no column `text`")?;
                texts.extend(
                    column
                        .iter()
                        .map(|text| text.unwrap_or_default().to_owned()),
                );
            }
        }
        if texts.len() == rows.len() {
            Ok(Stretches { rows, texts })
        } else {
            Err("rows are missing in texts.parquet".to_owned())
        }
    }
}

/// Some stretches, by row.
#[derive(Debug, Default)]
pub(super) struct Stretches {
    rows: Vec<u32>,
    texts: Vec<String>,
}

impl Stretches {
    /// The text that these rows are together.
    pub(super) fn join(&self, rows: &[u32]) -> Result<String, String> {
        let texts = rows
            .iter()
            .map(|row| {
                let place = self.rows.binary_search(row);
                place.map(|place| self.texts[place].as_str())
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| "a stretch of text was not read")?;
        Ok(texts.concat())
    }
}
