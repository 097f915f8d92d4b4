//! Columns of a table: what each is called, what it holds, and how it is taken from a row.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, RecordBatch,
    RecordBatchOptions, StringBuilder, TimestampNanosecondBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::error::ArrowError;
use fanlight_model::{Nanos, UnixNanos};

/// The zone of every instant.
const ZONE: &str = "UTC";

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Float,
    /// Nanoseconds since 1970, UTC.
    Instant,
    Flag,
    Texts,
}

/// One value of one row.
pub(crate) enum Cell<'a> {
    Absent,
    Text(Cow<'a, str>),
    Integer(i64),
    Float(f64),
    Instant(i64),
    Flag(bool),
    Texts(Vec<Cow<'a, str>>),
}

/// A column of a table whose rows are `R`.
pub(crate) struct Column<R> {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// It can be absent.
    pub(crate) optional: bool,
    /// Known without reading the texts of the row.
    pub(crate) narrow: bool,
    pub(crate) value: for<'a> fn(&'a R) -> Cell<'a>,
}

impl<R> Column<R> {
    pub(crate) const fn new(
        name: &'static str,
        kind: Kind,
        value: for<'a> fn(&'a R) -> Cell<'a>,
    ) -> Self {
        Self {
            name,
            kind,
            optional: true,
            narrow: false,
            value,
        }
    }

    /// Every row has it.
    pub(crate) const fn required(mut self) -> Self {
        self.optional = false;
        self
    }

    /// It is known without reading texts.
    pub(crate) const fn narrow(mut self) -> Self {
        self.narrow = true;
        self
    }
}

impl<R> std::fmt::Debug for Column<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Kind {
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Instant => DataType::Timestamp(TimeUnit::Nanosecond, Some(ZONE.into())),
            Self::Flag => DataType::Boolean,
            Self::Texts => DataType::new_list(DataType::Utf8, true),
        }
    }
}

pub(crate) fn schema_of<R>(columns: &[Column<R>]) -> SchemaRef {
    let fields = columns
        .iter()
        .map(|column| Field::new(column.name, column.kind.data_type(), column.optional));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The rows as the columns of `schema`, which are those at `places` of `columns`.
pub(crate) fn batch_of<R>(
    schema: &SchemaRef,
    columns: &[Column<R>],
    places: &[usize],
    rows: &[R],
) -> Result<RecordBatch, ArrowError> {
    let arrays = places.iter().map(|place| array_of(&columns[*place], rows));
    batch(schema, arrays.collect(), rows.len())
}

/// A batch that may have no columns, only a number of rows.
pub(crate) fn batch(
    schema: &SchemaRef,
    arrays: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, ArrowError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
}

fn array_of<R>(column: &Column<R>, rows: &[R]) -> ArrayRef {
    let cells = rows.iter().map(column.value);
    match column.kind {
        Kind::Text => {
            let mut builder = StringBuilder::with_capacity(rows.len(), 0);
            for cell in cells {
                match cell {
                    Cell::Text(text) => builder.append_value(text),
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }
        Kind::Integer => {
            let mut builder = Int64Builder::with_capacity(rows.len());
            cells.for_each(|cell| builder.append_option(integer(&cell)));
            Arc::new(builder.finish())
        }
        Kind::Float => {
            let mut builder = Float64Builder::with_capacity(rows.len());
            cells.for_each(|cell| builder.append_option(float(&cell)));
            Arc::new(builder.finish())
        }
        Kind::Instant => instants(cells.map(|cell| integer(&cell))),
        Kind::Flag => {
            let mut builder = BooleanBuilder::with_capacity(rows.len());
            cells.for_each(|cell| builder.append_option(flag(&cell)));
            Arc::new(builder.finish())
        }
        Kind::Texts => {
            let mut builder = ListBuilder::new(StringBuilder::new());
            for cell in cells {
                let Cell::Texts(texts) = cell else {
                    builder.append_null();
                    continue;
                };
                for text in texts {
                    builder.values().append_value(text);
                }
                builder.append(true);
            }
            Arc::new(builder.finish())
        }
    }
}

fn integer(cell: &Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Integer(number) | Cell::Instant(number) => Some(*number),
        _ => None,
    }
}

fn float(cell: &Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Float(number) => Some(*number),
        _ => None,
    }
}

fn flag(cell: &Cell<'_>) -> Option<bool> {
    match cell {
        Cell::Flag(flag) => Some(*flag),
        _ => None,
    }
}

/// A column of instants, in nanoseconds.
pub(crate) fn instants(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    let mut builder = TimestampNanosecondBuilder::new().with_data_type(Kind::Instant.data_type());
    values.for_each(|value| builder.append_option(value));
    Arc::new(builder.finish())
}

/// The nanoseconds of an instant. Those after the year 2262, which no timestamp can hold, are the last it can.
pub(crate) fn nanos(instant: UnixNanos) -> i64 {
    i64::try_from(instant.0).unwrap_or(i64::MAX)
}

/// Milliseconds with a fraction.
#[expect(clippy::cast_precision_loss, reason = "exact up to a hundred days")]
pub(crate) fn millis(length: Nanos) -> f64 {
    length.0 as f64 / 1e6
}

impl<'a> Cell<'a> {
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub(crate) fn owned(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }

    pub(crate) fn text_or_absent(text: Option<&'a str>) -> Self {
        text.map_or(Self::Absent, Self::text)
    }

    pub(crate) fn count(count: Option<u64>) -> Self {
        count.map_or(Self::Absent, |count| {
            Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
        })
    }

    pub(crate) fn float(number: Option<f64>) -> Self {
        number.map_or(Self::Absent, Self::Float)
    }

    pub(crate) fn instant(instant: Option<UnixNanos>) -> Self {
        instant.map_or(Self::Absent, |instant| Self::Instant(nanos(instant)))
    }

    pub(crate) fn millis(length: Option<Nanos>) -> Self {
        Self::float(length.map(millis))
    }
}
