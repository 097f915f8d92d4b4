//! `spans`: a row per span.

use std::sync::{Arc, OnceLock};

use datafusion::arrow::array::{ArrayRef, AsArray, StringArray, UInt32Array};
use datafusion::arrow::compute::take;
use fanlight_model::{Event, ExperimentId, Link, Span, SpanKind};
use fanlight_normalize::meaning;
use fanlight_query::{Moment, QueryError, shown_id};
use fanlight_store::{HotTrace, SpanFigures};
use serde_json::{Value as Json, json};

use super::narrow::{Index, NarrowRows, corrupt, read_columns};
use super::{Picked, Sealed, Table, json_of_attributes};
use crate::column::{Cell, Column, Kind};

#[derive(Debug)]
pub(crate) struct Spans;

#[derive(Debug)]
pub(crate) struct SpanRow {
    trace_id: Arc<str>,
    experiment: ExperimentId,
    span: Arc<Span>,
    trace: Arc<TraceSpans>,
    /// Among the spans of the trace.
    place: usize,
}

/// All spans of a trace: what one of them means for sums depends on the others.
#[derive(Debug)]
struct TraceSpans {
    spans: Vec<Arc<Span>>,
    /// Made when somebody asks.
    figures: OnceLock<Vec<SpanFigures>>,
}

impl TraceSpans {
    fn new(spans: &[Arc<Span>]) -> Arc<Self> {
        Arc::new(Self {
            spans: spans.to_vec(),
            figures: OnceLock::new(),
        })
    }

    fn row(
        self: &Arc<Self>,
        place: usize,
        trace_id: &Arc<str>,
        experiment: ExperimentId,
    ) -> SpanRow {
        SpanRow {
            trace_id: Arc::clone(trace_id),
            experiment,
            span: Arc::clone(&self.spans[place]),
            trace: Arc::clone(self),
            place,
        }
    }
}

impl SpanRow {
    fn figures(&self) -> &SpanFigures {
        let of_trace = || SpanFigures::of_trace(&self.trace.spans);
        &self.trace.figures.get_or_init(of_trace)[self.place]
    }
}

static COLUMNS: [Column<SpanRow>; 30] = [
    Column::<SpanRow>::new("trace_id", Kind::Text, |row| Cell::text(&row.trace_id))
        .required()
        .narrow(),
    Column::<SpanRow>::new("span_id", Kind::Text, |row| {
        Cell::owned(row.span.span_id.to_string())
    })
    .required()
    .narrow(),
    Column::<SpanRow>::new("parent_id", Kind::Text, |row| {
        let parent = row.span.parent_id;
        parent.map_or(Cell::Absent, |id| Cell::owned(id.to_string()))
    })
    .narrow(),
    Column::<SpanRow>::new("experiment_id", Kind::Text, |row| {
        Cell::owned(row.experiment.to_string())
    })
    .required()
    .narrow(),
    Column::<SpanRow>::new("name", Kind::Text, |row| Cell::text(&row.span.name))
        .required()
        .narrow(),
    Column::<SpanRow>::new("type", Kind::Text, |row| {
        Cell::text_or_absent(row.figures().span_type.as_deref())
    })
    .narrow(),
    Column::<SpanRow>::new("kind", Kind::Text, |row| {
        Cell::owned(kind_name(row.span.kind.into()))
    })
    .required()
    .narrow(),
    Column::<SpanRow>::new("status", Kind::Text, |row| {
        Cell::text(row.span.status.code.as_str())
    })
    .required()
    .narrow(),
    Column::<SpanRow>::new("status_message", Kind::Text, |row| {
        let message = row.span.status.message.as_str();
        Cell::text_or_absent(Some(message).filter(|message| !message.is_empty()))
    })
    .narrow(),
    Column::<SpanRow>::new("start_time", Kind::Instant, |row| {
        Cell::instant(Some(row.span.start))
    })
    .required()
    .narrow(),
    Column::<SpanRow>::new("end_time", Kind::Instant, |row| Cell::instant(row.span.end)).narrow(),
    Column::<SpanRow>::new("duration_ms", Kind::Float, |row| {
        Cell::millis(row.span.duration())
    })
    .narrow(),
    Column::<SpanRow>::new("model", Kind::Text, |row| {
        Cell::text_or_absent(row.figures().model.as_deref())
    })
    .narrow(),
    Column::<SpanRow>::new("provider", Kind::Text, |row| {
        Cell::text_or_absent(row.figures().provider.as_deref())
    })
    .narrow(),
    Column::<SpanRow>::new("input_tokens", Kind::Integer, |row| {
        Cell::count(row.figures().usage.input)
    })
    .narrow(),
    Column::<SpanRow>::new("output_tokens", Kind::Integer, |row| {
        Cell::count(row.figures().usage.output)
    })
    .narrow(),
    Column::<SpanRow>::new("total_tokens", Kind::Integer, |row| {
        Cell::count(row.figures().usage.total)
    })
    .narrow(),
    Column::<SpanRow>::new("cache_read_tokens", Kind::Integer, |row| {
        Cell::count(row.figures().usage.cache_read)
    }),
    Column::<SpanRow>::new("cache_write_tokens", Kind::Integer, |row| {
        Cell::count(row.figures().usage.cache_write)
    }),
    Column::<SpanRow>::new("input_cost", Kind::Float, |row| {
        Cell::float(row.figures().cost.map(|cost| cost.input))
    })
    .narrow(),
    Column::<SpanRow>::new("output_cost", Kind::Float, |row| {
        Cell::float(row.figures().cost.map(|cost| cost.output))
    })
    .narrow(),
    Column::<SpanRow>::new("total_cost", Kind::Float, |row| {
        Cell::float(row.figures().cost.map(|cost| cost.total))
    })
    .narrow(),
    Column::<SpanRow>::new("inputs", Kind::Text, |row| {
        let inputs = meaning(&row.span).inputs;
        let text = inputs.map(|field| field.value().to_text().into_owned());
        text.map_or(Cell::Absent, Cell::owned)
    }),
    Column::<SpanRow>::new("outputs", Kind::Text, |row| {
        let outputs = meaning(&row.span).outputs;
        let text = outputs.map(|field| field.value().to_text().into_owned());
        text.map_or(Cell::Absent, Cell::owned)
    }),
    Column::<SpanRow>::new("attributes", Kind::Text, |row| {
        Cell::owned(json_of_attributes(&row.span.attributes).to_string())
    })
    .required(),
    Column::<SpanRow>::new("events", Kind::Text, |row| {
        let events = row.span.events.iter();
        Cell::owned(events.map(json_of_event).collect::<Json>().to_string())
    })
    .required(),
    Column::<SpanRow>::new("links", Kind::Text, |row| {
        let links = row.span.links.iter();
        Cell::owned(links.map(json_of_link).collect::<Json>().to_string())
    })
    .required(),
    Column::<SpanRow>::new("scope_name", Kind::Text, |row| {
        Cell::text(&row.span.scope.name)
    })
    .required(),
    Column::<SpanRow>::new("scope_version", Kind::Text, |row| {
        Cell::text(&row.span.scope.version)
    })
    .required(),
    Column::<SpanRow>::new("resource", Kind::Text, |row| {
        Cell::owned(json_of_attributes(&row.span.resource.attributes).to_string())
    })
    .required(),
];

fn json_of_event(event: &Event) -> Json {
    json!({
        "name": event.name, "time_ns": event.time.0.to_string(),
        "attributes": json_of_attributes(&event.attributes),
    })
}

fn json_of_link(link: &Link) -> Json {
    json!({
        "trace_id": fanlight_query::standard_id(link.trace_id), "span_id": link.span_id.to_string(),
        "attributes": json_of_attributes(&link.attributes),
    })
}

/// OpenTelemetry's name of a span kind; a number it does not know stays one.
fn kind_name(number: i32) -> String {
    match SpanKind::from(number) {
        SpanKind::Unspecified => "UNSPECIFIED".to_owned(),
        SpanKind::Internal => "INTERNAL".to_owned(),
        SpanKind::Server => "SERVER".to_owned(),
        SpanKind::Client => "CLIENT".to_owned(),
        SpanKind::Producer => "PRODUCER".to_owned(),
        SpanKind::Consumer => "CONSUMER".to_owned(),
        SpanKind::Other(other) => other.to_string(),
    }
}

/// Where `spans.parquet` has a column; the others are of the trace.
fn stored_name(column: &str) -> Option<&str> {
    Some(match column {
        "trace_id" | "experiment_id" => return None,
        "start_time" => "start_ns",
        "end_time" => "end_ns",
        "duration_ms" => "duration_ns",
        "total_cost" => "cost",
        other => other,
    })
}

impl Table for Spans {
    type Row = SpanRow;

    const NAME: &'static str = "spans";
    const WHOLE_AT_ONCE: usize = 32;

    fn columns() -> &'static [Column<SpanRow>] {
        &COLUMNS
    }

    fn add_hot(_: &Moment, trace: &HotTrace, rows: &mut Vec<SpanRow>) {
        let id = Arc::from(shown_id(trace.summary()));
        let whole = trace.whole();
        let spans = TraceSpans::new(whole.spans());
        let places = 0..spans.spans.len();
        rows.extend(places.map(|place| spans.row(place, &id, trace.experiment())));
    }

    fn weight(sealed: &Sealed, row: u32) -> usize {
        sealed.view.segment.rows().span_count(row) as usize
    }

    fn read(_: &Moment, sealed: &Sealed, picked: &[Picked]) -> Result<Vec<SpanRow>, QueryError> {
        let mut found = Vec::new();
        each_trace(sealed, picked, |picked, id, experiment, spans| {
            let all = TraceSpans::new(spans);
            let places = picked.of(spans).map(|(place, _)| place);
            found.extend(places.map(|place| all.row(place, id, experiment)));
        })?;
        Ok(found)
    }

    fn read_narrow(
        _: &Moment,
        sealed: &Sealed,
        columns: &[&'static str],
    ) -> Result<Option<NarrowRows>, QueryError> {
        let segment = &sealed.view.segment;
        let names: Vec<&str> = columns
            .iter()
            .filter_map(|column| stored_name(column))
            .collect();
        if names.is_empty() {
            let owners = sealed.rows.iter();
            let owners: Vec<_> = owners
                .map(|row| (row, segment.rows().span_count(row)))
                .collect();
            return of_traces(sealed, columns, owners, Vec::new()).map(Some);
        }
        let Some(parts) = segment.span_columns(&sealed.rows, &names)? else {
            return Ok(None);
        };
        let mut owners = Vec::new();
        let mut stored: Vec<Vec<ArrayRef>> = vec![Vec::new(); names.len()];
        for part in parts {
            let count: usize = part.owners.iter().map(|(_, count)| *count as usize).sum();
            if count == 0 {
                continue;
            }
            owners.extend(part.owners);
            let arrays = read_columns(part.batches, &names, segment, count)?;
            for (column, array) in stored.iter_mut().zip(arrays) {
                column.push(array);
            }
        }
        if owners.is_empty() {
            return of_traces(sealed, &[], owners, Vec::new()).map(Some);
        }
        of_traces(sealed, columns, owners, stored).map(Some)
    }
}

/// Reads the spans of some traces, which ascend.
pub(super) fn each_trace(
    sealed: &Sealed,
    picked: &[Picked],
    mut visit: impl FnMut(&Picked, &Arc<str>, ExperimentId, &[Arc<Span>]),
) -> Result<(), QueryError> {
    let segment = &sealed.view.segment;
    let rows: Vec<u32> = picked.iter().map(|picked| picked.row).collect();
    for (picked, spans) in picked.iter().zip(segment.spans(&rows)?) {
        let id = sealed.trace_id(picked.row);
        let id = id.ok_or_else(|| corrupt(segment, "a row has no trace id".to_owned()))?;
        let experiment = segment.rows().experiment(picked.row);
        visit(picked, &Arc::from(id), experiment, &spans);
    }
    Ok(())
}

/// Joins stored columns, in the order of `columns`, with what the index knows of the traces.
fn of_traces(
    sealed: &Sealed,
    columns: &[&'static str],
    owners: Vec<(u32, u32)>,
    stored: Vec<Vec<ArrayRef>>,
) -> Result<NarrowRows, QueryError> {
    use datafusion::arrow::array::Array;
    let segment = &sealed.view.segment;
    let wrong = |cause: datafusion::arrow::error::ArrowError| corrupt(segment, cause.to_string());
    let rows: Vec<u32> = owners.iter().map(|(row, _)| *row).collect();
    let index = Index {
        sealed,
        rows: &rows,
    };
    // Which trace each span is of.
    let places: UInt32Array = (0_u32..)
        .zip(&owners)
        .flat_map(|(place, (_, count))| std::iter::repeat_n(place, *count as usize))
        .collect();
    let mut stored = stored.into_iter();
    let arrays = columns.iter().map(|column| {
        if stored_name(column).is_none() {
            return take(&index.column(column)?, &places, None).map_err(wrong);
        }
        let parts = stored
            .next()
            .ok_or_else(|| index.corrupt("a column is missing"))?;
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        let array = datafusion::arrow::compute::concat(&parts).map_err(wrong)?;
        if *column == "kind" {
            let names = array.as_string::<i32>().iter();
            let names =
                names.map(|number| kind_name(number.and_then(|it| it.parse().ok()).unwrap_or(0)));
            return Ok(Arc::new(StringArray::from_iter_values(names)) as ArrayRef);
        }
        Ok(array)
    });
    let arrays = arrays.collect::<Result<_, QueryError>>()?;
    Ok(NarrowRows { arrays, owners })
}
