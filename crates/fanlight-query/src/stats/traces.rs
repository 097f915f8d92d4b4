//! Traces as rows of a table.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use fanlight_model::{TraceState, TraceSummary};
use fanlight_store::{HotTrace, Property};

use super::groups::{Added, Groups, Key};
use super::labels::Labels;
use super::names::Name;
use super::request::{Dimension, Measure};
use super::{HOT, Work};
use crate::QueryError;
use crate::matched::MatchedRows;

const READ_AT_ONCE: usize = 512;

impl Work<'_> {
    pub(super) fn add_traces(
        &self,
        groups: &mut Groups,
        part: u32,
        rows: &MatchedRows,
    ) -> Result<(), QueryError> {
        let segment = &rows.view.segment;
        let index = segment.rows();
        let labels = self.labels(rows)?;
        let failed = segment
            .facets()
            .rows_of(Property::State, TraceState::Error.as_str())
            .map_err(|reason| QueryError::segment(segment.id(), reason))?
            & &rows.must;
        let columns = self.trace_columns(rows)?;
        let mut values = vec![f64::NAN; self.request.measures.len()];
        for (at, row) in rows.must.iter().enumerate() {
            let start = index.start(row).0;
            if !self.request.covers(start) {
                continue;
            }
            let duration = index.duration(row);
            for ((value, column), measure) in
                values.iter_mut().zip(&columns).zip(&self.request.measures)
            {
                *value = match duration {
                    Some(length) if measure.is_time() => measure.of_length(length.0),
                    _ => column.get(at).copied().unwrap_or(f64::NAN),
                };
            }
            let added = Added {
                start,
                end: start.saturating_add(duration.map_or(0, |length| length.0)),
                failed: failed.contains(row),
                place: (part, row),
                values: &values,
            };
            let key = Key::at(self.request.interval_of(start));
            each_key(
                key,
                0,
                &|place| labels_at(&labels, place, row),
                labels.len(),
                &mut |key| groups.add(key, &added),
            )?;
        }
        Ok(())
    }

    /// What the rows of a segment are grouped under, one for each dimension of the trace.
    pub(super) fn labels(&self, rows: &MatchedRows) -> Result<Vec<Option<Labels>>, QueryError> {
        let dimensions = self.request.dimensions.iter();
        let labels = dimensions.map(|dimension| match dimension {
            Dimension::Trace(facet) => {
                Labels::of_segment(rows, facet, self.context.overlay, &self.names).map(Some)
            }
            Dimension::Span(_) | Dimension::SpanAttribute(_) => Ok(None),
        });
        labels.collect()
    }

    /// Values of each measure for the certain rows in their order; none for measures of time.
    fn trace_columns(&self, rows: &MatchedRows) -> Result<Vec<Vec<f64>>, QueryError> {
        let measures = &self.request.measures;
        let mut columns = vec![Vec::new(); measures.len()];
        let names: Vec<&str> = measures
            .iter()
            .filter_map(|measure| measure.column())
            .collect();
        if names.is_empty() {
            return Ok(columns);
        }
        let segment = &rows.view.segment;
        let Some(batches) = segment.trace_columns(&rows.must, &names)? else {
            return self.traces_one_by_one(rows, columns);
        };
        for batch in batches {
            let batch = batch?;
            for (column, measure) in columns.iter_mut().zip(measures) {
                if let Some(name) = measure.column() {
                    append_numbers(column, &batch, name)
                        .map_err(|reason| QueryError::segment(segment.id(), reason))?;
                }
            }
        }
        Ok(columns)
    }

    /// From whole traces: the file has no such column.
    fn traces_one_by_one(
        &self,
        rows: &MatchedRows,
        mut columns: Vec<Vec<f64>>,
    ) -> Result<Vec<Vec<f64>>, QueryError> {
        let all: Vec<u32> = rows.must.iter().collect();
        for lot in all.chunks(READ_AT_ONCE) {
            for stored in rows.view.segment.traces(lot)? {
                for (column, measure) in columns.iter_mut().zip(&self.request.measures) {
                    column.push(of_summary(*measure, &stored.summary));
                }
            }
        }
        Ok(columns)
    }

    pub(super) fn add_hot_trace(
        &self,
        groups: &mut Groups,
        place: u32,
        trace: &HotTrace,
    ) -> Result<(), QueryError> {
        let summary = trace.summary();
        let start = summary.start.0;
        if !self.request.covers(start) {
            return Ok(());
        }
        let measures = self.request.measures.iter();
        let values: Vec<f64> = measures
            .map(|measure| of_summary(*measure, summary))
            .collect();
        let labels = self.hot_labels(trace);
        let added = Added {
            start,
            end: summary.end().map_or(start, |end| end.0),
            failed: summary.state == TraceState::Error,
            place: (HOT, place),
            values: &values,
        };
        let key = Key::at(self.request.interval_of(start));
        each_key(key, 0, &|place| &labels[place], labels.len(), &mut |key| {
            groups.add(key, &added)
        })
    }

    /// What a trace in memory is grouped under; empty for dimensions of spans.
    pub(super) fn hot_labels(&self, trace: &HotTrace) -> Vec<Vec<Name>> {
        let overlay = self.context.overlay;
        let dimensions = self.request.dimensions.iter();
        let labels = dimensions.map(|dimension| {
            let Dimension::Trace(facet) = dimension else {
                return Vec::new();
            };
            let values = if facet.is_single() {
                let edits = overlay.of_hot(trace);
                facet.of_summary(trace.summary(), edits.as_deref())
            } else {
                facet.of_hot(trace, overlay).0
            };
            values
                .iter()
                .map(|value| self.names.number(value))
                .collect()
        });
        labels.collect()
    }
}

pub(super) fn labels_at(labels: &[Option<Labels>], place: usize, row: u32) -> &[Name] {
    labels[place]
        .as_ref()
        .map_or(&[], |labels| labels.of_row(row))
}

/// Calls `visit` with a key for each combination of values; dimensions without one leave their place absent.
pub(super) fn each_key<'l>(
    mut key: Key,
    place: usize,
    labels: &impl Fn(usize) -> &'l [Name],
    dimensions: usize,
    visit: &mut impl FnMut(Key) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    if place == dimensions {
        return visit(key);
    }
    match labels(place) {
        [] => each_key(key, place + 1, labels, dimensions, visit),
        names => {
            for name in names {
                key.names[place] = *name;
                each_key(key, place + 1, labels, dimensions, visit)?;
            }
            Ok(())
        }
    }
}

fn of_summary(measure: Measure, summary: &TraceSummary) -> f64 {
    match summary.duration {
        Some(length) if measure.is_time() => measure.of_length(length.0),
        _ => measure.of_figures(summary.usage.as_ref(), summary.cost.as_ref()),
    }
}

/// Numbers of a column; not a number where there is none.
pub(super) fn append_numbers(
    to: &mut Vec<f64>,
    batch: &RecordBatch,
    name: &str,
) -> Result<(), String> {
    let column = batch
        .column_by_name(name)
        .ok_or_else(|| format!("column `{name}` is missing"))?;
    to.reserve(column.len());
    let first = to.len();
    if let Some(counts) = column.as_primitive_opt::<UInt64Type>() {
        #[expect(clippy::cast_precision_loss, reason = "tokens stay far below 2^53")]
        to.extend(counts.values().iter().map(|count| *count as f64));
    } else if let Some(numbers) = column.as_primitive_opt::<Float64Type>() {
        to.extend_from_slice(numbers.values());
    } else {
        return Err(format!("column `{name}` has another type"));
    }
    if let Some(nulls) = column.nulls() {
        for absent in (!nulls.inner()).set_indices() {
            to[first + absent] = f64::NAN;
        }
    }
    Ok(())
}
