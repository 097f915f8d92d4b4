//! Answers as bytes, in the format somebody asked for.

mod csv;
mod json;
mod values;

use std::io::Write;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::common::{DataFusionError, Result};
use parking_lot::Mutex;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

/// Rows of a Parquet answer are written when this much of them is gathered.
const ROW_GROUP_BYTES: usize = 32 << 20;

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One object with `columns`, `rows` (arrays) and `row_count`.
    #[default]
    Json,
    /// An object per row and line.
    JsonLines,
    /// RFC 4180 with a line of names; lines end with a line feed.
    Csv,
    /// Arrow's streaming format.
    Arrow,
    Parquet,
}

impl Format {
    pub const ALL: [Self; 5] = [
        Self::Json,
        Self::JsonLines,
        Self::Csv,
        Self::Arrow,
        Self::Parquet,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
        }
    }

    /// As a `Content-Type` and `Accept` header name it.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::JsonLines => "application/x-ndjson",
            Self::Csv => "text/csv",
            Self::Arrow => "application/vnd.apache.arrow.stream",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Turns batches into bytes, which the caller takes whenever there are enough.
pub(crate) struct Encoder {
    /// Of what is written: without the types only the query engine knows.
    schema: SchemaRef,
    kind: Kind,
    buffer: Buffer,
}

enum Kind {
    Json {
        rows: usize,
    },
    JsonLines,
    Csv,
    Arrow(Box<StreamWriter<Buffer>>),
    /// `None` once it is finished.
    Parquet(Option<Box<ArrowWriter<Buffer>>>),
}

/// Bytes that were written and not yet taken.
#[derive(Clone, Debug, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Encoder {
    pub(crate) fn new(format: Format, schema: &Schema) -> Result<Self> {
        let fields = schema.fields().iter();
        let fields: Vec<Field> = fields
            .map(|field| {
                let kind = plain(field.data_type());
                Field::new(field.name(), kind, field.is_nullable())
            })
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let buffer = Buffer::default();
        let kind = match format {
            Format::Json => {
                json::begin(&schema, &mut buffer.0.lock());
                Kind::Json { rows: 0 }
            }
            Format::JsonLines => Kind::JsonLines,
            Format::Csv => {
                csv::begin(&schema, &mut buffer.0.lock());
                Kind::Csv
            }
            Format::Arrow => {
                let writer = StreamWriter::try_new(buffer.clone(), &schema)?;
                Kind::Arrow(Box::new(writer))
            }
            Format::Parquet => {
                let level = ZstdLevel::try_new(3).map_err(|cause| parquet(&cause))?;
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(level))
                    .build();
                let writer =
                    ArrowWriter::try_new(buffer.clone(), Arc::clone(&schema), Some(properties));
                Kind::Parquet(Some(Box::new(writer.map_err(|cause| parquet(&cause))?)))
            }
        };
        Ok(Self {
            schema,
            kind,
            buffer,
        })
    }

    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let columns = batch.columns().iter().zip(self.schema.fields());
        let columns = columns.map(|(column, field)| {
            if column.data_type() == field.data_type() {
                Ok(Arc::clone(column))
            } else {
                cast(column, field.data_type())
            }
        });
        let columns: Vec<ArrayRef> = columns.collect::<std::result::Result<_, _>>()?;
        let batch = crate::column::batch(&self.schema, columns, batch.num_rows())?;
        match &mut self.kind {
            Kind::Json { rows } => {
                json::push(&batch, *rows == 0, &mut self.buffer.0.lock())?;
                *rows += batch.num_rows();
            }
            Kind::JsonLines => json::push_lines(&batch, &mut self.buffer.0.lock())?,
            Kind::Csv => csv::push(&batch, &mut self.buffer.0.lock())?,
            Kind::Arrow(writer) => writer.write(&batch)?,
            Kind::Parquet(None) => {}
            Kind::Parquet(Some(writer)) => {
                writer.write(&batch).map_err(|cause| parquet(&cause))?;
                if writer.in_progress_size() >= ROW_GROUP_BYTES {
                    writer.flush().map_err(|cause| parquet(&cause))?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Result<()> {
        match &mut self.kind {
            Kind::Json { rows } => json::finish(*rows, &mut self.buffer.0.lock()),
            Kind::JsonLines | Kind::Csv => {}
            Kind::Arrow(writer) => writer.finish()?,
            Kind::Parquet(writer) => {
                if let Some(writer) = writer.take() {
                    writer.close().map_err(|cause| parquet(&cause))?;
                }
            }
        }
        Ok(())
    }

    /// Bytes that can be taken.
    pub(crate) fn len(&self) -> usize {
        self.buffer.0.lock().len()
    }

    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut *self.buffer.0.lock())
    }
}

fn parquet(cause: &ParquetError) -> DataFusionError {
    DataFusionError::Execution(format!("the answer cannot be written as Parquet: {cause}"))
}

/// A type that every reader of Arrow and Parquet knows.
fn plain(kind: &DataType) -> DataType {
    match kind {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::Dictionary(_, values) => plain(values),
        DataType::List(item) | DataType::ListView(item) => {
            let item = item.as_ref().clone();
            let inner = plain(item.data_type());
            DataType::List(Arc::new(item.with_data_type(inner)))
        }
        other => other.clone(),
    }
}
