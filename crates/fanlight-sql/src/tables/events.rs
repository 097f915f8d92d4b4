//! `events`: a row per event of a span.

use std::sync::Arc;

use fanlight_model::{Event, ExperimentId, Span};
use fanlight_query::{Moment, QueryError, shown_id};
use fanlight_store::HotTrace;

use super::spans::each_trace;
use super::{NarrowRows, Picked, Sealed, Table, json_of_attributes};
use crate::column::{Cell, Column, Kind};

#[derive(Debug)]
pub(crate) struct Events;

#[derive(Debug)]
pub(crate) struct EventRow {
    trace_id: Arc<str>,
    experiment: ExperimentId,
    span: Arc<Span>,
    /// Which of the span's.
    place: usize,
}

static COLUMNS: [Column<EventRow>; 7] = [
    Column::<EventRow>::new("trace_id", Kind::Text, |row| Cell::text(&row.trace_id)).required(),
    Column::<EventRow>::new("span_id", Kind::Text, |row| {
        Cell::owned(row.span.span_id.to_string())
    })
    .required(),
    Column::<EventRow>::new("experiment_id", Kind::Text, |row| {
        Cell::owned(row.experiment.to_string())
    })
    .required(),
    Column::<EventRow>::new("span_name", Kind::Text, |row| Cell::text(&row.span.name)).required(),
    Column::<EventRow>::new("name", Kind::Text, |row| Cell::text(&row.event().name)).required(),
    Column::<EventRow>::new("time", Kind::Instant, |row| {
        Cell::instant(Some(row.event().time))
    })
    .required(),
    Column::<EventRow>::new("attributes", Kind::Text, |row| {
        Cell::owned(json_of_attributes(&row.event().attributes).to_string())
    })
    .required(),
];

impl EventRow {
    fn event(&self) -> &Event {
        &self.span.events[self.place]
    }
}

impl Table for Events {
    type Row = EventRow;

    const NAME: &'static str = "events";
    const WHOLE_AT_ONCE: usize = 32;

    fn columns() -> &'static [Column<EventRow>] {
        &COLUMNS
    }

    fn weight(sealed: &Sealed, row: u32) -> usize {
        sealed.view.segment.rows().span_count(row) as usize
    }

    fn add_hot(_: &Moment, trace: &HotTrace, rows: &mut Vec<EventRow>) {
        let id = Arc::from(shown_id(trace.summary()));
        add_events(&id, trace.experiment(), trace.whole().spans(), rows);
    }

    fn read(_: &Moment, sealed: &Sealed, picked: &[Picked]) -> Result<Vec<EventRow>, QueryError> {
        let mut rows = Vec::new();
        each_trace(sealed, picked, |_, id, experiment, spans| {
            add_events(id, experiment, spans, &mut rows);
        })?;
        Ok(rows)
    }

    /// The files have no narrow columns of events.
    fn read_narrow(
        _: &Moment,
        _: &Sealed,
        _: &[&'static str],
    ) -> Result<Option<NarrowRows>, QueryError> {
        Ok(None)
    }
}

fn add_events(
    trace_id: &Arc<str>,
    experiment: ExperimentId,
    spans: &[Arc<Span>],
    rows: &mut Vec<EventRow>,
) {
    for span in spans {
        rows.extend((0..span.events.len()).map(|place| EventRow {
            trace_id: Arc::clone(trace_id),
            experiment,
            span: Arc::clone(span),
            place,
        }));
    }
}
