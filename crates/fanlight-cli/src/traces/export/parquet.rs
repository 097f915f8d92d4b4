//! Rows to a Parquet file.

use std::io::Write;
use std::sync::Arc;

use anyhow::Context;
use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::Value as Json;

use super::table::{Table, columns};
use crate::failure::Failure;

/// Rows and bytes of text held until they are written.
const HELD_ROWS: usize = 8_192;
const HELD_BYTES: usize = 16 << 20;
/// Encoded bytes held until a row group ends.
const GROUP_BYTES: usize = 64 << 20;

enum Cells {
    Text(StringBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
}

impl Cells {
    fn of(kind: &str) -> Self {
        match kind {
            "integer" => Self::Integer(Int64Builder::new()),
            "number" => Self::Number(Float64Builder::new()),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Text(_) => DataType::Utf8,
            Self::Integer(_) => DataType::Int64,
            Self::Number(_) => DataType::Float64,
        }
    }

    fn push(&mut self, cell: Option<&Json>) {
        match self {
            Self::Text(cells) => cells.append_option(cell.and_then(Json::as_str)),
            Self::Integer(cells) => cells.append_option(cell.and_then(Json::as_i64)),
            Self::Number(cells) => cells.append_option(cell.and_then(Json::as_f64)),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(cells) => Arc::new(cells.finish()),
            Self::Integer(cells) => Arc::new(cells.finish()),
            Self::Number(cells) => Arc::new(cells.finish()),
        }
    }
}

/// A table in Parquet, compressed with zstd.
pub(super) struct ParquetWriter<W: Write + Send> {
    writer: Option<ArrowWriter<W>>,
    schema: Arc<Schema>,
    cells: Vec<Cells>,
    held_rows: usize,
    held_bytes: usize,
}

impl<W: Write + Send> ParquetWriter<W> {
    pub(super) fn start(out: W, told: &Json) -> Result<Self, Failure> {
        let named = columns(told);
        let cells: Vec<Cells> = named.iter().map(|(_, kind)| Cells::of(kind)).collect();
        let fields = named
            .iter()
            .zip(&cells)
            .map(|((name, _), cells)| Field::new(*name, cells.data_type(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties));
        Ok(Self {
            writer: Some(writer.context("starting a Parquet file")?),
            schema,
            cells,
            held_rows: 0,
            held_bytes: 0,
        })
    }

    fn write(&mut self) -> Result<(), Failure> {
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        let arrays = self.cells.iter_mut().map(Cells::finish).collect();
        (self.held_rows, self.held_bytes) = (0, 0);
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays);
        let batch = batch.context("making rows of Parquet")?;
        writer.write(&batch).context("writing rows of Parquet")?;
        if writer.in_progress_size() >= GROUP_BYTES {
            writer.flush().context("writing rows of Parquet")?;
        }
        Ok(())
    }
}

impl<W: Write + Send> Table for ParquetWriter<W> {
    fn row(&mut self, row: Vec<Json>) -> Result<(), Failure> {
        for (at, cells) in self.cells.iter_mut().enumerate() {
            let cell = row.get(at);
            self.held_bytes += cell.and_then(Json::as_str).map_or(8, str::len);
            cells.push(cell);
        }
        self.held_rows += 1;
        if self.held_rows >= HELD_ROWS || self.held_bytes >= HELD_BYTES {
            self.write()?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Failure> {
        if self.held_rows > 0 {
            self.write()?;
        }
        if let Some(writer) = self.writer.take() {
            writer.close().context("ending a Parquet file")?;
        }
        Ok(())
    }
}
