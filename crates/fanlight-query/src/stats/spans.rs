//! Spans as rows of a table.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use fanlight_model::{Span, StatusCode};
use fanlight_store::{HotTrace, SpanFigures};

use super::groups::{Added, Groups, Key};
use super::names::{ABSENT, Name};
use super::request::{Dimension, SpanProperty};
use super::traces::{append_numbers, each_key, labels_at};
use super::{HOT, Work};
use crate::QueryError;
use crate::matched::MatchedRows;

/// Spans with their texts are large; they are read only from files of older versions.
const READ_AT_ONCE: usize = 64;

/// What a table needs of one span.
struct Row<'a> {
    start: u64,
    end: Option<u64>,
    /// In the order of [`PROPERTIES`]; absent when nobody asks.
    names: [Name; PROPERTIES.len()],
    figures: &'a [f64],
}

const PROPERTIES: [SpanProperty; 5] = [
    SpanProperty::Name,
    SpanProperty::Type,
    SpanProperty::Status,
    SpanProperty::Model,
    SpanProperty::Provider,
];

/// What a span of one trace is added to.
struct Target<'a> {
    trace_start: u64,
    place: (u32, u32),
    failed: Name,
    /// What spans must be equal to, by property.
    wanted: Vec<(usize, Name)>,
    values: Vec<f64>,
    groups: &'a mut Groups,
}

fn place_of(property: SpanProperty) -> usize {
    PROPERTIES
        .iter()
        .position(|known| *known == property)
        .unwrap_or(0)
}

impl Work<'_> {
    pub(super) fn add_spans(
        &self,
        groups: &mut Groups,
        part: u32,
        rows: &MatchedRows,
    ) -> Result<(), QueryError> {
        let segment = &rows.view.segment;
        let columns = self.columns();
        let Some(parts) = segment.span_columns(&rows.must, &columns)? else {
            return self.spans_one_by_one(groups, part, rows);
        };
        let corrupt = |reason: String| QueryError::segment(segment.id(), reason);
        let labels = self.labels(rows)?;
        let index = segment.rows();
        let mut target = self.target(groups);
        let mut texts: [Texts; PROPERTIES.len()] = Default::default();
        let mut numbers: Vec<Vec<f64>> = vec![Vec::new(); self.request.measures.len()];
        for of_part in parts {
            let mut owners = of_part.owners.into_iter();
            let mut owner = (0, 0);
            for batch in of_part.batches {
                let batch = batch?;
                let starts = times(&batch, "start_ns").map_err(corrupt)?;
                let ends = times(&batch, "end_ns").map_err(corrupt)?;
                for (property, texts) in PROPERTIES.iter().zip(&mut texts) {
                    texts.load(&batch, *property, self).map_err(corrupt)?;
                }
                for (column, measure) in numbers.iter_mut().zip(&self.request.measures) {
                    column.clear();
                    if let Some(name) = measure.column() {
                        append_numbers(column, &batch, name).map_err(corrupt)?;
                    }
                }
                let mut figures = vec![f64::NAN; numbers.len()];
                for at in 0..batch.num_rows() {
                    while owner.1 == 0 {
                        owner = owners
                            .next()
                            .ok_or_else(|| corrupt("more spans than asked for".to_owned()))?;
                        target.trace_start = index.start(owner.0).0;
                        target.place = (part, owner.0);
                    }
                    owner.1 -= 1;
                    for (figure, column) in figures.iter_mut().zip(&numbers) {
                        *figure = column.get(at).copied().unwrap_or(f64::NAN);
                    }
                    let row = Row {
                        start: starts.map_or(0, |starts| starts.value(at)),
                        end: ends.and_then(|ends| ends.is_valid(at).then(|| ends.value(at))),
                        names: texts.each_ref().map(|texts| texts.name(at)),
                        figures: &figures,
                    };
                    self.add(&mut target, &row, &|place| {
                        labels_at(&labels, place, owner.0)
                    })?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn add_hot_spans(
        &self,
        groups: &mut Groups,
        place: u32,
        trace: &HotTrace,
    ) -> Result<(), QueryError> {
        let mut target = self.target(groups);
        (target.trace_start, target.place) = (trace.summary().start.0, (HOT, place));
        let labels = self.hot_labels(trace);
        for (span, figures) in trace.spans().iter().zip(trace.span_figures()) {
            self.add_span(&mut target, span, figures, &|place| &labels[place])?;
        }
        Ok(())
    }

    /// From whole spans: the file lacks a column.
    fn spans_one_by_one(
        &self,
        groups: &mut Groups,
        part: u32,
        rows: &MatchedRows,
    ) -> Result<(), QueryError> {
        let segment = &rows.view.segment;
        let labels = self.labels(rows)?;
        let mut target = self.target(groups);
        let all: Vec<u32> = rows.must.iter().collect();
        for lot in all.chunks(READ_AT_ONCE) {
            if self.context.is_late() {
                return Err(QueryError::OutOfTime);
            }
            for (row, spans) in lot.iter().zip(segment.spans(lot)?) {
                (target.trace_start, target.place) = (segment.rows().start(*row).0, (part, *row));
                for span in spans {
                    let figures = SpanFigures::of(&span);
                    let labels = |place| labels_at(&labels, place, *row);
                    self.add_span(&mut target, &span, &figures, &labels)?;
                }
            }
        }
        Ok(())
    }

    fn add_span<'l>(
        &self,
        target: &mut Target<'_>,
        span: &Span,
        figures: &SpanFigures,
        labels: &impl Fn(usize) -> &'l [Name],
    ) -> Result<(), QueryError> {
        let measures = self.request.measures.iter();
        let values: Vec<f64> = measures
            .map(|measure| measure.of_figures(Some(&figures.usage), figures.cost.as_ref()))
            .collect();
        let names = PROPERTIES.map(|property| {
            if !self.needs(property) {
                return ABSENT;
            }
            self.names.of_option(match property {
                SpanProperty::Name => Some(&span.name),
                SpanProperty::Type => figures.span_type.as_deref(),
                SpanProperty::Status => Some(span.status.code.as_str()),
                SpanProperty::Model => figures.model.as_deref(),
                SpanProperty::Provider => figures.provider.as_deref(),
            })
        });
        let row = Row {
            start: span.start.0,
            end: span.end.map(|end| end.0),
            names,
            figures: &values,
        };
        self.add(target, &row, labels)
    }

    fn add<'l>(
        &self,
        target: &mut Target<'_>,
        row: &Row<'_>,
        labels: &impl Fn(usize) -> &'l [Name],
    ) -> Result<(), QueryError> {
        let at = if self.request.timed_by_span {
            row.start
        } else {
            target.trace_start
        };
        let wanted = |(place, name): &(usize, Name)| row.names[*place] == *name;
        if !self.request.covers(at) || !target.wanted.iter().all(wanted) {
            return Ok(());
        }
        let length = row.end.and_then(|end| end.checked_sub(row.start));
        target.values.clear();
        let figures = self.request.measures.iter().zip(row.figures);
        target
            .values
            .extend(figures.map(|(measure, figure)| match length {
                Some(length) if measure.is_time() => measure.of_length(length),
                _ => *figure,
            }));
        let added = Added {
            start: row.start,
            end: row.end.unwrap_or(row.start),
            failed: row.names[place_of(SpanProperty::Status)] == target.failed,
            place: target.place,
            values: &target.values,
        };
        let mut key = Key::at(self.request.interval_of(at));
        for (place, dimension) in self.request.dimensions.iter().enumerate() {
            if let Dimension::Span(property) = dimension {
                key.names[place] = row.names[place_of(*property)];
            }
        }
        let groups = &mut *target.groups;
        each_key(key, 0, labels, self.request.dimensions.len(), &mut |key| {
            groups.add(key, &added)
        })
    }

    fn target<'g>(&self, groups: &'g mut Groups) -> Target<'g> {
        let wanted = self.request.spans.iter();
        Target {
            trace_start: 0,
            place: (0, 0),
            failed: self.names.number(StatusCode::Error.as_str()),
            wanted: wanted
                .map(|(property, value)| (place_of(*property), self.names.number(value)))
                .collect(),
            values: Vec::new(),
            groups,
        }
    }

    fn needs(&self, property: SpanProperty) -> bool {
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
    fn columns(&self) -> Vec<&'static str> {
        let needed = PROPERTIES.iter().filter(|property| self.needs(**property));
        let mut columns: Vec<_> = needed.map(|property| property.column()).collect();
        let measures = &self.request.measures;
        columns.extend(measures.iter().filter_map(|measure| measure.column()));
        let needs_times = measures.iter().any(|measure| measure.is_time());
        if needs_times || self.request.timed_by_span {
            columns.push("start_ns");
        }
        if needs_times {
            columns.push("end_ns");
        }
        columns
    }
}

/// One property of the spans of a batch, as numbers of the dictionary and names of those.
#[derive(Default)]
struct Texts {
    column: Option<ArrayRef>,
    /// Dictionary the names are of; mostly the same for all batches.
    known: Option<Arc<dyn Array>>,
    names: Vec<Name>,
}

impl Texts {
    fn load(
        &mut self,
        batch: &RecordBatch,
        property: SpanProperty,
        work: &Work<'_>,
    ) -> Result<(), String> {
        self.column = None;
        if !work.needs(property) {
            return Ok(());
        }
        let wrong = || format!("column `{}` has another type", property.column());
        let column = batch.column_by_name(property.column()).ok_or_else(wrong)?;
        let dictionary = column.as_dictionary_opt::<Int32Type>().ok_or_else(wrong)?;
        let values = dictionary.values();
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
        self.column = Some(Arc::clone(column));
        Ok(())
    }

    fn name(&self, at: usize) -> Name {
        let Some(column) = &self.column else {
            return ABSENT;
        };
        let dictionary = column.as_dictionary::<Int32Type>();
        let key = dictionary.key(at);
        key.and_then(|key| self.names.get(key))
            .copied()
            .unwrap_or(ABSENT)
    }
}

/// A column of instants; `None` when it was not asked for.
fn times<'a>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<Option<&'a arrow_array::UInt64Array>, String> {
    let Some(column) = batch.column_by_name(name) else {
        return Ok(None);
    };
    let times = column.as_primitive_opt::<UInt64Type>();
    times
        .map(Some)
        .ok_or_else(|| format!("column `{name}` has another type"))
}
