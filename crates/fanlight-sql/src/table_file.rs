//! Rows of cells as a Parquet file, which is taken piece by piece.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Builder, Int64Builder, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::DataFusionError;
use serde_json::Value as Json;

use crate::output::{Encoder, Format};

/// Rows and bytes of text held until they are encoded.
const HELD_ROWS: usize = 8_192;
const HELD_BYTES: usize = 16 << 20;

/// What the cells of a column hold; any cell may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellType {
    Text,
    Integer,
    Number,
}

/// A Parquet file in the making, compressed with zstd. It is whole once [`TableFile::finish`] was called.
pub struct TableFile {
    encoder: Encoder,
    schema: SchemaRef,
    cells: Vec<Cells>,
    held_rows: usize,
    held_bytes: usize,
}

impl std::fmt::Debug for TableFile {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut said = out.debug_struct("TableFile");
        said.field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// Why rows cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("rows cannot be written as Parquet")]
pub struct TableFileError(#[from] DataFusionError);

impl TableFile {
    pub fn start<'a>(
        columns: impl IntoIterator<Item = (&'a str, CellType)>,
    ) -> Result<Self, TableFileError> {
        let (fields, cells): (Vec<_>, Vec<_>) = columns
            .into_iter()
            .map(|(name, kind)| {
                let cells = Cells::of(kind);
                (Field::new(name, cells.data_type(), true), cells)
            })
            .unzip();
        let schema = Arc::new(Schema::new(fields));
        Ok(Self {
            encoder: Encoder::new(Format::Parquet, &schema)?,
            schema,
            cells,
            held_rows: 0,
            held_bytes: 0,
        })
    }

    /// A row with its cells in the order of the columns; what has another type than its column counts as missing.
    pub fn push(&mut self, row: &[Json]) -> Result<(), TableFileError> {
        for (at, cells) in self.cells.iter_mut().enumerate() {
            let cell = row.get(at);
            self.held_bytes += cell.and_then(Json::as_str).map_or(8, str::len);
            cells.push(cell);
        }
        self.held_rows += 1;
        if self.held_rows >= HELD_ROWS || self.held_bytes >= HELD_BYTES {
            self.encode()?;
        }
        Ok(())
    }

    /// What has been made of the file since it was last taken; often nothing.
    pub fn take(&mut self) -> Vec<u8> {
        self.encoder.take()
    }

    /// The rest of the file is there to be taken afterwards.
    pub fn finish(&mut self) -> Result<(), TableFileError> {
        self.encode()?;
        Ok(self.encoder.finish()?)
    }

    fn encode(&mut self) -> Result<(), TableFileError> {
        if self.held_rows == 0 {
            return Ok(());
        }
        let arrays = self.cells.iter_mut().map(Cells::finish).collect();
        let batch = crate::column::batch(&self.schema, arrays, self.held_rows)
            .map_err(DataFusionError::from)?;
        (self.held_rows, self.held_bytes) = (0, 0);
        Ok(self.encoder.push(&batch)?)
    }
}

enum Cells {
    Text(StringBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
}

impl Cells {
    fn of(kind: CellType) -> Self {
        match kind {
            CellType::Text => Self::Text(StringBuilder::new()),
            CellType::Integer => Self::Integer(Int64Builder::new()),
            CellType::Number => Self::Number(Float64Builder::new()),
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use datafusion::arrow::array::RecordBatch;
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use serde_json::json;

    use super::*;

    #[test]
    fn pieces_that_were_taken_are_a_file() {
        let columns = [
            ("name", CellType::Text),
            ("tokens", CellType::Integer),
            ("cost", CellType::Number),
        ];
        let mut file = TableFile::start(columns).unwrap();
        let mut bytes = file.take();
        file.push(&[json!("a, \"b\""), json!(7), json!(0.5)])
            .unwrap();
        bytes.extend(file.take());
        file.push(&[json!(null), json!("seven"), json!(2)]).unwrap();
        file.finish().unwrap();
        bytes.extend(file.take());

        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
        let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
        assert_eq!(
            pretty_format_batches(&batches).unwrap().to_string(),
            "+--------+--------+------+\n\
             | name   | tokens | cost |\n\
             +--------+--------+------+\n\
             | a, \"b\" | 7      | 0.5  |\n\
             |        |        | 2.0  |\n\
             +--------+--------+------+"
        );
    }
}
