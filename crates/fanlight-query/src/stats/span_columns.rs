//! Columns of spans, resolved to names and numbers batch by batch, so that walking them takes no look-ups.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, UInt64Type};
use arrow_array::{Array, RecordBatch, StringArray, UInt64Array};
use arrow_buffer::BooleanBuffer;

use super::Work;
use super::names::{ABSENT, Name};
use super::request::{Dimension, SpanProperty};
use super::traces::append_numbers;

pub(super) const PROPERTIES: [SpanProperty; 5] = [
    SpanProperty::Name,
    SpanProperty::Type,
    SpanProperty::Status,
    SpanProperty::Model,
    SpanProperty::Provider,
];
pub(super) const STATUS: usize = 2;

pub(super) fn place_of(property: SpanProperty) -> usize {
    PROPERTIES
        .iter()
        .position(|known| *known == property)
        .unwrap_or(0)
}

impl Work<'_> {
    pub(super) fn needs(&self, property: SpanProperty) -> bool {
        let mut dimensions = self.request.dimensions.iter();
        property == SpanProperty::Status
            || dimensions.any(|dimension| *dimension == Dimension::Span(property))
            || self
                .request
                .spans
                .iter()
                .any(|(wanted, _)| *wanted == property)
    }

    /// Columns of `spans.parquet` that matter. There is always one, which tells how many spans there are.
    pub(super) fn columns(&self) -> Vec<&'static str> {
        let needed = PROPERTIES.iter().filter(|property| self.needs(**property));
        let mut columns: Vec<_> = needed.map(|property| property.column()).collect();
        let measures = &self.request.measures;
        columns.extend(measures.iter().filter_map(|measure| measure.column()));
        let needs_times = measures.iter().any(|measure| measure.is_time());
        if needs_times {
            columns.push("duration_ns");
        }
        if self.request.timed_by_span {
            columns.push("start_ns");
        }
        columns
    }
}

/// The columns of one batch, ready to be walked.
pub(super) struct Columns {
    /// By property; empty when nobody asks.
    pub(super) names: [Vec<Name>; PROPERTIES.len()],
    dictionaries: [Dictionary; PROPERTIES.len()],
    /// By measure.
    pub(super) numbers: Vec<Vec<f64>>,
    /// Which rows have a number in any of them; absent where all have. Most spans have neither tokens nor cost.
    valued: Option<BooleanBuffer>,
    pub(super) starts: Vec<u64>,
}

impl Columns {
    /// Measures of one table: there are not more kinds.
    pub(super) const MOST: usize = 16;

    pub(super) fn new(measures: usize) -> Self {
        Self {
            names: Default::default(),
            dictionaries: Default::default(),
            numbers: vec![Vec::new(); measures.min(Self::MOST)],
            valued: None,
            starts: Vec::new(),
        }
    }

    pub(super) fn load(&mut self, batch: &RecordBatch, work: &Work<'_>) -> Result<(), String> {
        let dictionaries = self.names.iter_mut().zip(&mut self.dictionaries);
        for (property, (names, dictionary)) in PROPERTIES.iter().zip(dictionaries) {
            if work.needs(*property) {
                dictionary.load(names, batch, *property, work)?;
            }
        }
        self.starts.clear();
        if let Some(starts) = numbers(batch, "start_ns")? {
            self.starts.extend_from_slice(starts.values());
        }
        let lengths = numbers(batch, "duration_ns")?;
        let measures = work.request.measures.iter().map(|measure| measure.column());
        self.valued = valued(
            batch,
            measures.map(|column| column.unwrap_or("duration_ns")),
        );
        for (to, measure) in self.numbers.iter_mut().zip(&work.request.measures) {
            to.clear();
            match (measure.column(), lengths) {
                (Some(column), _) => append_numbers(to, batch, column)?,
                (None, Some(lengths)) => to.extend(
                    lengths
                        .iter()
                        .map(|length| length.map_or(f64::NAN, |length| measure.of_length(length))),
                ),
                (None, None) => to.resize(batch.num_rows(), f64::NAN),
            }
        }
        Ok(())
    }

    /// Whether the row has any number.
    #[inline]
    pub(super) fn is_valued(&self, at: usize) -> bool {
        self.valued.as_ref().is_none_or(|valued| valued.value(at))
    }

    pub(super) fn names_of(&self, at: usize) -> [Name; PROPERTIES.len()] {
        let mut names = [ABSENT; PROPERTIES.len()];
        for (name, column) in names.iter_mut().zip(&self.names) {
            *name = column.get(at).copied().unwrap_or(ABSENT);
        }
        names
    }
}

/// The names of a dictionary's entries; mostly it is the same for all batches.
#[derive(Default)]
struct Dictionary {
    known: Option<Arc<dyn Array>>,
    names: Vec<Name>,
}

impl Dictionary {
    fn load(
        &mut self,
        to: &mut Vec<Name>,
        batch: &RecordBatch,
        property: SpanProperty,
        work: &Work<'_>,
    ) -> Result<(), String> {
        let wrong = || format!("column `{}` has another type", property.column());
        let column = batch.column_by_name(property.column()).ok_or_else(wrong)?;
        let column = column.as_dictionary_opt::<Int32Type>().ok_or_else(wrong)?;
        let values = column.values();
        let is_known = self
            .known
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, values));
        if !is_known {
            let texts: &StringArray = values.as_string_opt::<i32>().ok_or_else(wrong)?;
            self.names.clear();
            self.names
                .extend(texts.iter().map(|text| work.names.of_option(text)));
            self.known = Some(Arc::clone(values));
        }
        let name = |key: i32| {
            let place = usize::try_from(key).ok();
            place
                .and_then(|place| self.names.get(place))
                .copied()
                .unwrap_or(ABSENT)
        };
        let keys = column.keys();
        to.clear();
        if keys.null_count() == 0 {
            to.extend(keys.values().iter().map(|key| name(*key)));
        } else {
            to.extend(keys.iter().map(|key| key.map_or(ABSENT, name)));
        }
        Ok(())
    }
}

/// Rows that are not null in one of `columns` at least; `None` for all rows.
fn valued<'a>(
    batch: &RecordBatch,
    columns: impl Iterator<Item = &'a str>,
) -> Option<BooleanBuffer> {
    let mut valued = BooleanBuffer::new_unset(batch.num_rows());
    for column in columns.filter_map(|name| batch.column_by_name(name)) {
        valued = &valued | column.nulls()?.inner();
    }
    Some(valued)
}

/// A column of whole numbers; `None` when it was not asked for.
fn numbers<'a>(batch: &'a RecordBatch, name: &str) -> Result<Option<&'a UInt64Array>, String> {
    let Some(column) = batch.column_by_name(name) else {
        return Ok(None);
    };
    let numbers = column.as_primitive_opt::<UInt64Type>();
    numbers
        .map(Some)
        .ok_or_else(|| format!("column `{name}` has another type"))
}
