//! `spans.parquet`: all spans of a segment, grouped by trace row.

use std::sync::{Arc, LazyLock};

use arrow_array::builder::{
    FixedSizeBinaryBuilder, Float64Builder, StringBuilder, StringDictionaryBuilder, UInt32Builder,
    UInt64Builder,
};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field as Column, Schema, SchemaRef};
use fanlight_model::{Price, Priced, Span, TraceKey, Value};
use fanlight_normalize::{Field, Meaning, counted_elsewhere, meaning};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::content::{Content, Indexed, TextColumn};
use super::parquet_thread::ParquetThread;
use super::value_text::{attributes_to_text, write_attributes, write_value};
use crate::disk::DiskFile;
use crate::segment::spans_read::{EventText, LinkText, ScopeText};

/// In column `price`: no table knew the model. Null is: nobody looked.
pub(super) const UNKNOWN_PRICE: &str = "{}";
/// Spans are handed to Parquet in lots of this size.
const LOT: usize = 1024;
/// Pages of text are read whole to get at one trace: large enough to compress well, small enough to skip.
const TEXT_PAGE_BYTES: usize = 64 << 10;
/// Rows per page of narrow columns.
const PAGE_ROWS: usize = 4096;

/// Columns in file order. Names and meanings are part of the format; new ones go to the end.
pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let dictionary = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let required = |name: &str, kind| Column::new(name, kind, false);
    let optional = |name: &str, kind| Column::new(name, kind, true);
    let stretches = |name: &str| optional(name, DataType::new_list(DataType::UInt32, true));
    Arc::new(Schema::new(vec![
        required("trace_row", DataType::UInt32),
        required("trace_id", DataType::FixedSizeBinary(16)),
        required("span_id", DataType::FixedSizeBinary(8)),
        optional("parent_id", DataType::FixedSizeBinary(8)),
        required("name", dictionary()),
        required("kind", dictionary()),
        required("start_ns", DataType::UInt64),
        optional("end_ns", DataType::UInt64),
        required("status", dictionary()),
        optional("status_message", DataType::Utf8),
        optional("type", dictionary()),
        optional("model", dictionary()),
        optional("provider", dictionary()),
        optional("input_tokens", DataType::UInt64),
        optional("output_tokens", DataType::UInt64),
        optional("total_tokens", DataType::UInt64),
        optional("cost", DataType::Float64),
        optional("attributes", DataType::Utf8),
        optional("inputs_key", dictionary()),
        optional("inputs", DataType::Utf8),
        optional("outputs_key", dictionary()),
        optional("outputs", DataType::Utf8),
        optional("events", DataType::Utf8),
        optional("links", DataType::Utf8),
        required("scope", dictionary()),
        required("resource", dictionary()),
        optional("trace_state", dictionary()),
        required("flags", DataType::UInt32),
        required("dropped", dictionary()),
        stretches("attributes_texts"),
        stretches("inputs_texts"),
        stretches("outputs_texts"),
        stretches("events_texts"),
        optional("input_cost", DataType::Float64),
        optional("output_cost", DataType::Float64),
        optional("duration_ns", DataType::UInt64),
        optional("price", dictionary()),
    ]))
});

/// Where the tokens and the cost of a span count in sums over spans.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sums {
    Here,
    /// With another span of the trace, which reports the same.
    Elsewhere,
}

/// Writes spans in the order they are pushed.
pub(super) struct SpansWriter {
    parquet: ParquetThread,
    lot: Lot,
}

impl SpansWriter {
    pub(super) fn create(file: Box<dyn DiskFile>) -> Result<Self, ParquetError> {
        Ok(Self {
            parquet: ParquetThread::create(file, Arc::clone(&SCHEMA), properties()?)?,
            lot: Lot::default(),
        })
    }

    /// Writes all spans of a trace and shows `visit` what each of them means.
    pub(super) fn push(
        &mut self,
        row: u32,
        key: TraceKey,
        spans: &[Arc<Span>],
        content: &mut Content,
        mut visit: impl FnMut(&Arc<Span>, &Meaning<'_>),
    ) -> Result<(), ParquetError> {
        let meanings: Vec<_> = spans.iter().map(|span| meaning(span)).collect();
        let elsewhere = counted_elsewhere(spans, &meanings);
        for ((span, meaning), elsewhere) in spans.iter().zip(&meanings).zip(elsewhere) {
            visit(span, meaning);
            let sums = if elsewhere {
                Sums::Elsewhere
            } else {
                Sums::Here
            };
            self.lot.push(row, key, span, meaning, sums, content)?;
            if self.lot.length == LOT {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        if self.lot.length > 0 {
            self.parquet.write(self.lot.take()?);
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), ParquetError> {
        self.flush()?;
        self.parquet.finish()
    }
}

/// Texts that repeat. Whoever reads one row reads the whole dictionary, so it must stay small.
const DICTIONARIES: [&str; 14] = [
    "trace_id",
    "name",
    "kind",
    "status",
    "type",
    "model",
    "provider",
    "inputs_key",
    "outputs_key",
    "scope",
    "resource",
    "trace_state",
    "dropped",
    "price",
];
const DICTIONARY_BYTES: usize = 64 << 10;
/// Numbers that are close to the one before, or mostly absent: their differences are packed and leave nothing to
/// compress.
const DIFFERENCES: [&str; 8] = [
    "trace_row",
    "start_ns",
    "end_ns",
    "duration_ns",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "flags",
];

fn properties() -> Result<WriterProperties, ParquetError> {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_data_page_size_limit(TEXT_PAGE_BYTES)
        .set_write_batch_size(64)
        .set_max_row_group_row_count(None)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_dictionary_enabled(false)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES);
    for column in DICTIONARIES {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(column), true);
    }
    for column in DIFFERENCES {
        let column = ColumnPath::from(column);
        builder = builder
            .set_column_encoding(column.clone(), Encoding::DELTA_BINARY_PACKED)
            .set_column_compression(column, Compression::UNCOMPRESSED);
    }
    // Random bytes.
    builder =
        builder.set_column_compression(ColumnPath::from("span_id"), Compression::UNCOMPRESSED);
    // A history is mostly one row after the other: their differences take no room.
    for texts in ["attributes", "inputs", "outputs", "events"] {
        let list = [&format!("{texts}_texts"), "list", "item"].map(str::to_owned);
        let path = ColumnPath::new(list.to_vec());
        builder = builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    Ok(builder.build())
}

/// Columns being filled.
#[derive(Default)]
struct Lot {
    length: usize,
    trace_row: UInt32Builder,
    trace_id: Ids<16>,
    span_id: Ids<8>,
    parent_id: Ids<8>,
    name: StringDictionaryBuilder<Int32Type>,
    kind: StringDictionaryBuilder<Int32Type>,
    start: UInt64Builder,
    end: UInt64Builder,
    status: StringDictionaryBuilder<Int32Type>,
    status_message: StringBuilder,
    span_type: StringDictionaryBuilder<Int32Type>,
    model: StringDictionaryBuilder<Int32Type>,
    provider: StringDictionaryBuilder<Int32Type>,
    tokens: [UInt64Builder; 3],
    cost: Float64Builder,
    input_cost: Float64Builder,
    output_cost: Float64Builder,
    duration: UInt64Builder,
    attributes: TextColumn,
    /// Memory for one text after the other.
    scratch: String,
    inputs: FieldColumns,
    outputs: FieldColumns,
    events: TextColumn,
    links: StringBuilder,
    scope: SharedTexts<fanlight_model::Scope>,
    resource: SharedTexts<fanlight_model::Resource>,
    trace_state: StringDictionaryBuilder<Int32Type>,
    flags: UInt32Builder,
    dropped: StringDictionaryBuilder<Int32Type>,
    price: StringDictionaryBuilder<Int32Type>,
    /// The last price, and its text.
    last_price: Option<(Arc<Price>, String)>,
}

struct Ids<const WIDTH: i32>(FixedSizeBinaryBuilder);

impl<const WIDTH: i32> Default for Ids<WIDTH> {
    fn default() -> Self {
        Self(FixedSizeBinaryBuilder::new(WIDTH))
    }
}

/// Inputs or outputs: the value, and the attribute it was taken from.
#[derive(Default)]
struct FieldColumns {
    key: StringDictionaryBuilder<Int32Type>,
    text: TextColumn,
    /// Memory for one text after the other.
    scratch: String,
}

impl FieldColumns {
    fn push(
        &mut self,
        row: u32,
        field: Option<(&str, &Value)>,
        content: &mut Content,
    ) -> Result<(), ParquetError> {
        self.key.append_option(field.map(|(key, _)| key));
        let text = field.map(|(_, value)| {
            self.scratch.clear();
            write_value(&mut self.scratch, value);
            self.scratch.as_str()
        });
        self.text.push(row, text, content, Indexed::Yes)
    }
}

/// The attribute that is taken for inputs or outputs. What was composed from several is composed again when read.
fn column_of<'a>(field: Option<&'a Field<'_>>) -> Option<(&'a str, &'a Value)> {
    match field {
        Some(Field::Attribute(key, value)) => Some((key, value)),
        _ => None,
    }
}

/// Spans of one export share their resource and scope: its text is made once.
struct SharedTexts<T> {
    last: Option<(Arc<T>, String)>,
    column: StringDictionaryBuilder<Int32Type>,
}

impl<T> Default for SharedTexts<T> {
    fn default() -> Self {
        Self {
            last: None,
            column: StringDictionaryBuilder::new(),
        }
    }
}

impl<T> SharedTexts<T> {
    fn push(&mut self, shared: &Arc<T>, to_text: impl FnOnce(&T) -> String) {
        match &self.last {
            Some((known, text)) if Arc::ptr_eq(known, shared) => self.column.append_value(text),
            _ => {
                let text = to_text(shared);
                self.column.append_value(&text);
                self.last = Some((Arc::clone(shared), text));
            }
        }
    }
}

impl Lot {
    fn push(
        &mut self,
        row: u32,
        key: TraceKey,
        span: &Span,
        meaning: &Meaning<'_>,
        sums: Sums,
        content: &mut Content,
    ) -> Result<(), ParquetError> {
        self.length += 1;
        self.trace_row.append_value(row);
        self.trace_id.0.append_value(key.trace.to_bytes())?;
        self.span_id.0.append_value(span.span_id.to_bytes())?;
        match span.parent_id {
            Some(parent) => self.parent_id.0.append_value(parent.to_bytes())?,
            None => self.parent_id.0.append_null(),
        }
        self.name.append_value(&span.name);
        self.kind.append_value(i32::from(span.kind).to_string());
        self.start.append_value(span.start.0);
        self.end.append_option(span.end.map(|end| end.0));
        self.duration
            .append_option(span.duration().map(|length| length.0));
        self.status.append_value(span.status.code.as_str());
        self.status_message
            .append_option(non_empty(&span.status.message));
        self.push_meaning(meaning, sums);
        self.push_content(row, span, meaning, content)?;
        self.links.append_option(LinkText::list(&span.links));
        self.scope.push(&span.scope, ScopeText::of);
        self.resource.push(&span.resource, |resource| {
            attributes_to_text(&resource.attributes).unwrap_or_default()
        });
        self.trace_state.append_option(non_empty(&span.trace_state));
        self.flags.append_value(span.flags);
        match span.dropped {
            [0, 0, 0] => self.dropped.append_value("0,0,0"),
            [attributes, events, links] => self
                .dropped
                .append_value(format!("{attributes},{events},{links}")),
        }
        self.push_price(&span.price);
        Ok(())
    }

    fn push_content(
        &mut self,
        row: u32,
        span: &Span,
        meaning: &Meaning<'_>,
        content: &mut Content,
    ) -> Result<(), ParquetError> {
        let inputs = column_of(meaning.inputs.as_ref());
        let outputs = column_of(meaning.outputs.as_ref());
        let columns: Vec<&str> = inputs.iter().chain(&outputs).map(|(key, _)| *key).collect();
        self.inputs.push(row, inputs, content)?;
        self.outputs.push(row, outputs, content)?;
        self.scratch.clear();
        let has_more = write_attributes(&mut self.scratch, &span.attributes, &columns);
        let attributes = has_more.then_some(self.scratch.as_str());
        self.attributes
            .push(row, attributes, content, Indexed::No)?;
        let events = EventText::list(&span.events);
        self.events
            .push(row, events.as_deref(), content, Indexed::No)?;
        content.add_words_of(row, span, meaning, &columns);
        Ok(())
    }

    fn push_meaning(&mut self, meaning: &Meaning<'_>, sums: Sums) {
        self.span_type.append_option(meaning.span_type.as_deref());
        self.model.append_option(meaning.model.as_deref());
        self.provider.append_option(meaning.provider.as_deref());
        let counts = sums == Sums::Here;
        let usage = meaning.usage.filter(|_| counts).unwrap_or_default();
        let cost = meaning.cost.filter(|_| counts);
        self.tokens[0].append_option(usage.input);
        self.tokens[1].append_option(usage.output);
        self.tokens[2].append_option(usage.total);
        self.cost.append_option(cost.map(|cost| cost.total));
        self.input_cost.append_option(cost.map(|cost| cost.input));
        self.output_cost.append_option(cost.map(|cost| cost.output));
    }

    fn push_price(&mut self, price: &Priced) {
        let price = match price {
            Priced::Unasked => return self.price.append_null(),
            Priced::Unknown => return self.price.append_value(UNKNOWN_PRICE),
            Priced::At(price) => price,
        };
        match &self.last_price {
            Some((known, text)) if Arc::ptr_eq(known, price) => self.price.append_value(text),
            _ => {
                let text = serde_json::to_string(price).expect("plain structs have a text");
                self.price.append_value(&text);
                self.last_price = Some((Arc::clone(price), text));
            }
        }
    }

    /// The lot as a batch, leaving it empty.
    fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.length = 0;
        let [input, output, total] = &mut self.tokens;
        let (attributes, attributes_texts) = self.attributes.finish();
        let (inputs, inputs_texts) = self.inputs.text.finish();
        let (outputs, outputs_texts) = self.outputs.text.finish();
        let (events, events_texts) = self.events.finish();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.trace_row.finish()),
            Arc::new(self.trace_id.0.finish()),
            Arc::new(self.span_id.0.finish()),
            Arc::new(self.parent_id.0.finish()),
            Arc::new(self.name.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.start.finish()),
            Arc::new(self.end.finish()),
            Arc::new(self.status.finish()),
            Arc::new(self.status_message.finish()),
            Arc::new(self.span_type.finish()),
            Arc::new(self.model.finish()),
            Arc::new(self.provider.finish()),
            Arc::new(input.finish()),
            Arc::new(output.finish()),
            Arc::new(total.finish()),
            Arc::new(self.cost.finish()),
            Arc::new(attributes),
            Arc::new(self.inputs.key.finish()),
            Arc::new(inputs),
            Arc::new(self.outputs.key.finish()),
            Arc::new(outputs),
            Arc::new(events),
            Arc::new(self.links.finish()),
            Arc::new(self.scope.column.finish()),
            Arc::new(self.resource.column.finish()),
            Arc::new(self.trace_state.finish()),
            Arc::new(self.flags.finish()),
            Arc::new(self.dropped.finish()),
            Arc::new(attributes_texts),
            Arc::new(inputs_texts),
            Arc::new(outputs_texts),
            Arc::new(events_texts),
            Arc::new(self.input_cost.finish()),
            Arc::new(self.output_cost.finish()),
            Arc::new(self.duration.finish()),
            Arc::new(self.price.finish()),
        ];
        RecordBatch::try_new(Arc::clone(&SCHEMA), columns)
    }
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
