//! `traces.parquet`: a row per trace, newest first.
//!
//! The narrow columns are for other tools and for aggregates. What Fanlight itself reads is the `record` column, the
//! whole row as JSON: a page of a hundred scattered rows then touches one column instead of twenty.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use arrow_array::builder::{
    FixedSizeBinaryBuilder, Float64Builder, StringBuilder, StringDictionaryBuilder, UInt32Builder,
    UInt64Builder,
};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field as Column, Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use fanlight_model::{TraceEdits, TraceFacts, TraceSummary};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};

use super::StoredTrace;
use super::fold::edited;
use super::parquet_file::ParquetFile;
use crate::disk::DiskFile;

const LOT: usize = 1024;
/// A record is one or two kilobytes: a page holds some five, so scattered rows cost little more than themselves. Half of
/// it would take a fifth more disk, twice of it is half of the time a page of scattered traces takes.
const RECORD_PAGE_BYTES: usize = 8 << 10;

/// Columns in file order. Names and meanings are part of the format; new ones go to the end.
static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let dictionary = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let required = |name: &str, kind| Column::new(name, kind, false);
    let optional = |name: &str, kind| Column::new(name, kind, true);
    Arc::new(Schema::new(vec![
        required("trace_id", DataType::FixedSizeBinary(16)),
        required("workspace", DataType::UInt32),
        required("experiment", DataType::UInt64),
        required("start_ns", DataType::UInt64),
        optional("duration_ns", DataType::UInt64),
        required("state", dictionary()),
        optional("name", dictionary()),
        optional("session", DataType::Utf8),
        optional("user", DataType::Utf8),
        optional("input_tokens", DataType::UInt64),
        optional("output_tokens", DataType::UInt64),
        optional("total_tokens", DataType::UInt64),
        optional("cost", DataType::Float64),
        required("span_count", DataType::UInt32),
        required("error_count", DataType::UInt32),
        required("record", DataType::Utf8),
        optional("cache_read_tokens", DataType::UInt64),
        optional("cache_write_tokens", DataType::UInt64),
    ]))
});

/// What a row is made from; its `record` is this as JSON.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Row<'a> {
    /// Before edits.
    pub(super) summary: &'a TraceSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) facts: Option<&'a TraceFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) edits: Option<&'a TraceEdits>,
}

#[derive(Deserialize)]
struct RecordIn {
    summary: TraceSummary,
    #[serde(default)]
    facts: Option<TraceFacts>,
    #[serde(default)]
    edits: Option<Arc<TraceEdits>>,
}

impl Row<'_> {
    pub(super) fn to_record(self) -> serde_json::Result<String> {
        serde_json::to_string(&self)
    }
}

/// The name a trace is shown by: column `name`.
pub(super) fn shown_name(edited: &TraceSummary) -> Option<&str> {
    edited.name.as_deref().or(edited.root_name.as_deref())
}

pub(super) fn parse_record(text: &str) -> Result<StoredTrace, String> {
    let record = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
    let RecordIn {
        summary,
        facts,
        edits,
    } = record;
    Ok(StoredTrace {
        summary,
        facts,
        edits,
    })
}

/// Writes and syncs the file; `traces` are newest first.
pub(super) fn write(file: Box<dyn DiskFile>, traces: &[Row<'_>]) -> Result<(), ParquetError> {
    let mut writer = TracesWriter::create(file)?;
    for lot in traces.chunks(LOT) {
        writer.push(&batch_of(lot)?)?;
    }
    writer.finish()
}

/// Writes rows that are columns already.
pub(super) struct TracesWriter(ArrowWriter<Box<dyn DiskFile>>);

impl TracesWriter {
    pub(super) fn create(file: Box<dyn DiskFile>) -> Result<Self, ParquetError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_data_page_size_limit(RECORD_PAGE_BYTES)
            .set_write_batch_size(16)
            .set_max_row_group_row_count(None)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_column_dictionary_enabled(ColumnPath::from("record"), false)
            .build();
        ArrowWriter::try_new(file, Arc::clone(&SCHEMA), Some(properties)).map(Self)
    }

    pub(super) fn push(&mut self, rows: &RecordBatch) -> Result<(), ParquetError> {
        self.0.write(rows)
    }

    /// Syncs the file.
    pub(super) fn finish(self) -> Result<(), ParquetError> {
        self.0.into_inner()?.sync()?;
        Ok(())
    }
}

fn batch_of(traces: &[Row<'_>]) -> Result<RecordBatch, ParquetError> {
    let mut trace_id = FixedSizeBinaryBuilder::new(16);
    let (mut workspace, mut span_count, mut error_count) = (
        UInt32Builder::new(),
        UInt32Builder::new(),
        UInt32Builder::new(),
    );
    let (mut experiment, mut start, mut duration) = (
        UInt64Builder::new(),
        UInt64Builder::new(),
        UInt64Builder::new(),
    );
    let (mut state, mut name) = (
        StringDictionaryBuilder::<Int32Type>::new(),
        StringDictionaryBuilder::<Int32Type>::new(),
    );
    let (mut session, mut user, mut record) = (
        StringBuilder::new(),
        StringBuilder::new(),
        StringBuilder::new(),
    );
    let mut tokens: [UInt64Builder; 5] = Default::default();
    let mut cost = Float64Builder::new();
    for row in traces {
        let summary = row.summary;
        trace_id.append_value(summary.key.trace.to_bytes())?;
        workspace.append_value(summary.key.workspace.0);
        experiment.append_value(summary.experiment.0);
        start.append_value(summary.start.0);
        duration.append_option(summary.duration.map(|duration| duration.0));
        state.append_value(summary.state.as_str());
        name.append_option(shown_name(&edited(summary, row.edits)));
        session.append_option(summary.session.as_deref());
        user.append_option(summary.user.as_deref());
        let usage = summary.usage.unwrap_or_default();
        for (column, count) in tokens.iter_mut().zip([
            usage.input,
            usage.output,
            usage.total,
            usage.cache_read,
            usage.cache_write,
        ]) {
            column.append_option(count);
        }
        cost.append_option(summary.cost.map(|cost| cost.total));
        span_count.append_value(summary.span_count);
        error_count.append_value(summary.error_count);
        let text = row.to_record();
        record.append_value(text.map_err(|cause| ParquetError::External(cause.into()))?);
    }
    let [
        mut input,
        mut output,
        mut total,
        mut cache_read,
        mut cache_write,
    ] = tokens;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(trace_id.finish()),
        Arc::new(workspace.finish()),
        Arc::new(experiment.finish()),
        Arc::new(start.finish()),
        Arc::new(duration.finish()),
        Arc::new(state.finish()),
        Arc::new(name.finish()),
        Arc::new(session.finish()),
        Arc::new(user.finish()),
        Arc::new(input.finish()),
        Arc::new(output.finish()),
        Arc::new(total.finish()),
        Arc::new(cost.finish()),
        Arc::new(span_count.finish()),
        Arc::new(error_count.finish()),
        Arc::new(record.finish()),
        Arc::new(cache_read.finish()),
        Arc::new(cache_write.finish()),
    ];
    Ok(RecordBatch::try_new(Arc::clone(&SCHEMA), columns)?)
}

/// The open file.
#[derive(Debug)]
pub(super) struct TracesFile(pub(super) ParquetFile);

impl TracesFile {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        ParquetFile::open(path).map(Self)
    }

    /// The traces of `rows`, which must ascend.
    pub(super) fn read(&self, rows: &[u32]) -> Result<Vec<StoredTrace>, String> {
        let mut traces = Vec::with_capacity(rows.len());
        self.0.each_text("record", rows, |text| {
            traces.push(parse_record(text)?);
            Ok(())
        })?;
        Ok(traces)
    }

    /// All columns of `rows`, which must ascend.
    pub(super) fn columns(&self, rows: &[u32]) -> Result<RecordBatch, String> {
        if rows.is_empty() {
            return Ok(RecordBatch::new_empty(Arc::clone(&SCHEMA)));
        }
        let columns = SCHEMA.fields().iter().map(|column| column.name().as_str());
        let columns = self.0.columns(columns)?;
        let batches = self.0.read(&columns, Some(&single(rows)), LOT)?;
        let batches = batches
            .collect::<Result<Vec<_>, _>>()
            .map_err(|cause| cause.to_string())?;
        let all = concat_batches(&SCHEMA, &batches).map_err(|cause| cause.to_string())?;
        if all.num_rows() == rows.len() {
            Ok(all)
        } else {
            Err("rows are missing in traces.parquet".to_owned())
        }
    }
}

fn single(rows: &[u32]) -> Vec<Range<usize>> {
    let range = |row: &u32| *row as usize..*row as usize + 1;
    rows.iter().map(range).collect()
}
