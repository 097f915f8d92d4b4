//! Spans as rows of a table.

use std::ops::Range;

use fanlight_model::{Span, StatusCode};
use fanlight_store::{HotTrace, SpanFigures};

use super::Work;
use super::groups::{Groups, Key};
use super::labels::Labels;
use super::names::{ABSENT, Name};
use super::request::{Dimension, SpanProperty};
use super::span_columns::{Columns, PROPERTIES, STATUS, place_of};
use super::traces::{each_key, labels_at};
use crate::QueryError;
use crate::filter::attribute_text;
use crate::matched::MatchedRows;

/// Spans with their texts are large; they are read only for their attributes, and from files of older versions.
const READ_AT_ONCE: usize = 64;

/// What a table needs of one span.
struct Row<'a> {
    start: u64,
    /// In the order of [`PROPERTIES`]; absent when nobody asks.
    names: [Name; PROPERTIES.len()],
    /// One per measure.
    values: &'a [f64],
    /// Of the dimensions that are attributes, by place; absent elsewhere, and empty when there are none.
    attributes: &'a [Name],
}

/// What spans are added to.
struct Target<'a> {
    groups: &'a mut Groups,
    trace_start: u64,
    failed: Name,
    /// What spans must be equal to, by property.
    wanted: Vec<(usize, Name)>,
    known: KnownGroups,
}

/// Where the groups of an interval are, by the name of the only dimension: finding a group must cost less than reading
/// a span.
#[derive(Default)]
struct KnownGroups {
    interval: Option<u64>,
    places: Vec<Option<usize>>,
}

impl Work<'_> {
    pub(super) fn add_spans(
        &self,
        groups: &mut Groups,
        rows: &MatchedRows,
    ) -> Result<(), QueryError> {
        let segment = &rows.view.segment;
        let parts = if self.asks_for_attributes() {
            None
        } else {
            segment.span_columns(&rows.must, &self.columns())?
        };
        let Some(parts) = parts else {
            return self.spans_one_by_one(groups, rows);
        };
        let corrupt = |reason: String| QueryError::segment(segment.id(), reason);
        let labels = self.labels(rows)?;
        let index = segment.rows();
        let mut target = self.target(groups);
        let mut columns = Columns::new(self.request.measures.len());
        for part in parts {
            let mut owners = part.owners.into_iter();
            // The trace whose spans come next, and how many are still to come.
            let (mut owner, mut missing) = (0, 0);
            for batch in part.batches {
                let batch = batch?;
                columns.load(&batch, self).map_err(corrupt)?;
                let mut at = 0;
                while at < batch.num_rows() {
                    if missing == 0 {
                        let next = owners.next();
                        let next =
                            next.ok_or_else(|| corrupt("more spans than asked for".to_owned()));
                        let (row, count) = next?;
                        (owner, missing) = (row, count as usize);
                        target.trace_start = index.start(owner).0;
                        continue;
                    }
                    let length = missing.min(batch.num_rows() - at);
                    self.add_run(&mut target, &columns, at..at + length, &labels, owner)?;
                    missing -= length;
                    at += length;
                }
            }
        }
        Ok(())
    }

    /// Adds spans of one trace.
    fn add_run(
        &self,
        target: &mut Target<'_>,
        columns: &Columns,
        run: Range<usize>,
        labels: &[Option<Labels>],
        owner: u32,
    ) -> Result<(), QueryError> {
        let mut values = [f64::NAN; Columns::MOST];
        let values = &mut values[..columns.numbers.len()];
        let fill = |values: &mut [f64], at: usize| {
            for (value, column) in values.iter_mut().zip(&columns.numbers) {
                *value = column[at];
            }
        };
        let Some(property) = self.only_dimension() else {
            for at in run {
                fill(values, at);
                let row = Row {
                    start: columns.starts.get(at).copied().unwrap_or(0),
                    names: columns.names_of(at),
                    values,
                    attributes: &[],
                };
                self.add(target, &row, &|place| labels_at(labels, place, owner))?;
            }
            return Ok(());
        };
        if !self.request.covers(target.trace_start) {
            return Ok(());
        }
        let interval = self.request.interval_of(target.trace_start);
        target.known.begin(interval);
        let names = property.map(|property| &columns.names[place_of(property)]);
        let status = &columns.names[STATUS];
        for at in run {
            let is_wanted = |(place, name): &(usize, Name)| columns.names[*place][at] == *name;
            if !target.wanted.iter().all(is_wanted) {
                continue;
            }
            let name = names.map_or(ABSENT, |names| names[at]);
            let place = match target.known.get(name) {
                Some(place) => place,
                None => {
                    let mut key = Key::at(interval);
                    key.names[0] = name;
                    target.known.put(name, target.groups.place_of(key)?)
                }
            };
            let failed = status[at] == target.failed;
            if columns.is_valued(at) {
                fill(values, at);
                target.groups.add_at(place, failed, values)?;
            } else {
                target.groups.count_at(place, failed);
            }
        }
        Ok(())
    }

    /// Groups are told apart by one property of the span at most, and by the trace's time: `Some` of that property.
    #[expect(clippy::option_option, reason = "no property is an answer, too")]
    fn only_dimension(&self) -> Option<Option<SpanProperty>> {
        match self.request.dimensions.as_slice() {
            _ if self.request.timed_by_span => None,
            [] => Some(None),
            [Dimension::Span(property)] => Some(Some(*property)),
            _ => None,
        }
    }

    pub(super) fn add_hot_spans(
        &self,
        groups: &mut Groups,
        trace: &HotTrace,
    ) -> Result<(), QueryError> {
        let mut target = self.target(groups);
        target.trace_start = trace.summary().start.0;
        let labels = self.hot_labels(trace);
        let whole = trace.whole();
        for (span, figures) in whole.spans().iter().zip(whole.span_figures()) {
            self.add_span(&mut target, span, figures, &|place| &labels[place])?;
        }
        Ok(())
    }

    /// From whole spans: no column has what is asked for.
    fn spans_one_by_one(&self, groups: &mut Groups, rows: &MatchedRows) -> Result<(), QueryError> {
        let segment = &rows.view.segment;
        let labels = self.labels(rows)?;
        let mut target = self.target(groups);
        let all: Vec<u32> = rows.must.iter().collect();
        for lot in all.chunks(READ_AT_ONCE) {
            if self.context.is_late() {
                return Err(QueryError::OutOfTime);
            }
            for (row, spans) in lot.iter().zip(segment.spans(lot)?) {
                target.trace_start = segment.rows().start(*row).0;
                for (span, figures) in spans.iter().zip(SpanFigures::of_trace(&spans)) {
                    let labels = |place| labels_at(&labels, place, *row);
                    self.add_span(&mut target, span, &figures, &labels)?;
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
        let values = measures.map(|measure| match span.duration() {
            Some(length) if measure.is_time() => measure.of_length(length.0),
            _ => measure.of_figures(Some(&figures.usage), figures.cost.as_ref()),
        });
        let values: Vec<f64> = values.collect();
        let names = PROPERTIES.map(|property| {
            if !self.needs(property) {
                return ABSENT;
            }
            let text = match property {
                SpanProperty::Name => Some(span.name.as_str()),
                SpanProperty::Type => figures.span_type.as_deref(),
                SpanProperty::Status => Some(span.status.code.as_str()),
                SpanProperty::Model => figures.model.as_deref(),
                SpanProperty::Provider => figures.provider.as_deref(),
            };
            let known = &mut target.groups.known_names;
            text.map_or(ABSENT, |text| self.names.number_by(known, text))
        });
        let attributes = self.attributes(target, span);
        let row = Row {
            start: span.start.0,
            names,
            values: &values,
            attributes: &attributes,
        };
        self.add(target, &row, labels)
    }

    fn asks_for_attributes(&self) -> bool {
        let mut dimensions = self.request.dimensions.iter();
        dimensions.any(|dimension| matches!(dimension, Dimension::SpanAttribute(_)))
    }

    /// The texts of attributes that are dimensions, as names.
    fn attributes(&self, target: &mut Target<'_>, span: &Span) -> Vec<Name> {
        if !self.asks_for_attributes() {
            return Vec::new();
        }
        let known = &mut target.groups.known_names;
        let name = |dimension: &Dimension| match dimension {
            Dimension::SpanAttribute(key) => {
                attribute_text(span, key).map_or(ABSENT, |text| self.names.number_by(known, &text))
            }
            _ => ABSENT,
        };
        self.request.dimensions.iter().map(name).collect()
    }

    /// Adds one span, whatever is asked.
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
        let is_wanted = |(place, name): &(usize, Name)| row.names[*place] == *name;
        if !self.request.covers(at) || !target.wanted.iter().all(is_wanted) {
            return Ok(());
        }
        let failed = row.names[STATUS] == target.failed;
        let mut key = Key::at(self.request.interval_of(at));
        for (place, dimension) in self.request.dimensions.iter().enumerate() {
            match dimension {
                Dimension::Span(property) => key.names[place] = row.names[place_of(*property)],
                Dimension::SpanAttribute(_) => {
                    key.names[place] = row.attributes.get(place).copied().unwrap_or(ABSENT);
                }
                Dimension::Trace(_) => {}
            }
        }
        let groups = &mut *target.groups;
        each_key(key, 0, labels, self.request.dimensions.len(), &mut |key| {
            let place = groups.place_of(key)?;
            groups.add_at(place, failed, row.values)
        })
    }

    fn target<'g>(&self, groups: &'g mut Groups) -> Target<'g> {
        let wanted = self.request.spans.iter();
        Target {
            groups,
            trace_start: 0,
            failed: self.names.number(StatusCode::Error.as_str()),
            wanted: wanted
                .map(|(property, value)| (place_of(*property), self.names.number(value)))
                .collect(),
            known: KnownGroups::default(),
        }
    }
}

impl KnownGroups {
    fn begin(&mut self, interval: u64) {
        if self.interval != Some(interval) {
            self.interval = Some(interval);
            self.places.clear();
        }
    }

    #[inline]
    fn get(&self, name: Name) -> Option<usize> {
        self.places.get(name as usize).copied().flatten()
    }

    fn put(&mut self, name: Name, place: usize) -> usize {
        let needed = name as usize + 1;
        if self.places.len() < needed {
            self.places.resize(needed, None);
        }
        self.places[name as usize] = Some(place);
        place
    }
}
