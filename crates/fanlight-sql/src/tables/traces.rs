//! `traces`: a row per trace.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use fanlight_model::TraceSummary;
use fanlight_query::{Moment, QueryError, TraceRecord, shown_id};
use fanlight_store::HotTrace;

use super::narrow::{Index, NarrowRows, read_columns};
use super::{Picked, Sealed, Table, json_of_texts};
use crate::column::{Cell, Column, Kind};

#[derive(Debug)]
pub(crate) struct Traces;

/// A trace with its edits.
#[derive(Debug)]
pub(crate) struct TraceRow {
    id: String,
    record: TraceRecord,
}

static COLUMNS: [Column<TraceRow>; 26] = [
    Column::<TraceRow>::new("trace_id", Kind::Text, |row| Cell::text(&row.id))
        .required()
        .narrow(),
    Column::<TraceRow>::new("experiment_id", Kind::Text, |row| {
        Cell::owned(row.summary().experiment.to_string())
    })
    .required()
    .narrow(),
    Column::<TraceRow>::new("name", Kind::Text, |row| {
        let summary = row.summary();
        let name = summary.name.as_deref();
        Cell::text_or_absent(name.or(summary.root_name.as_deref()))
    })
    .narrow(),
    Column::<TraceRow>::new("state", Kind::Text, |row| {
        Cell::text(row.summary().state.as_str())
    })
    .required()
    .narrow(),
    Column::<TraceRow>::new("start_time", Kind::Instant, |row| {
        Cell::instant(Some(row.summary().start))
    })
    .required()
    .narrow(),
    Column::<TraceRow>::new("end_time", Kind::Instant, |row| {
        Cell::instant(row.summary().end())
    })
    .narrow(),
    Column::<TraceRow>::new("duration_ms", Kind::Float, |row| {
        Cell::millis(row.summary().duration)
    })
    .narrow(),
    Column::<TraceRow>::new("session_id", Kind::Text, |row| {
        Cell::text_or_absent(row.summary().session.as_deref())
    })
    .narrow(),
    Column::<TraceRow>::new("user_id", Kind::Text, |row| {
        Cell::text_or_absent(row.summary().user.as_deref())
    })
    .narrow(),
    Column::<TraceRow>::new("client_request_id", Kind::Text, |row| {
        Cell::text_or_absent(row.summary().client_request_id.as_deref())
    }),
    Column::<TraceRow>::new("request_preview", Kind::Text, |row| {
        Cell::text_or_absent(row.summary().request_preview.as_deref())
    }),
    Column::<TraceRow>::new("response_preview", Kind::Text, |row| {
        Cell::text_or_absent(row.summary().response_preview.as_deref())
    }),
    Column::<TraceRow>::new("input_tokens", Kind::Integer, |row| {
        Cell::count(row.summary().usage.and_then(|usage| usage.input))
    })
    .narrow(),
    Column::<TraceRow>::new("output_tokens", Kind::Integer, |row| {
        Cell::count(row.summary().usage.and_then(|usage| usage.output))
    })
    .narrow(),
    Column::<TraceRow>::new("total_tokens", Kind::Integer, |row| {
        Cell::count(row.summary().usage.and_then(|usage| usage.total))
    })
    .narrow(),
    Column::<TraceRow>::new("cache_read_tokens", Kind::Integer, |row| {
        Cell::count(row.summary().usage.and_then(|usage| usage.cache_read))
    })
    .narrow(),
    Column::<TraceRow>::new("cache_write_tokens", Kind::Integer, |row| {
        Cell::count(row.summary().usage.and_then(|usage| usage.cache_write))
    })
    .narrow(),
    Column::<TraceRow>::new("input_cost", Kind::Float, |row| {
        Cell::float(row.summary().cost.map(|cost| cost.input))
    }),
    Column::<TraceRow>::new("output_cost", Kind::Float, |row| {
        Cell::float(row.summary().cost.map(|cost| cost.output))
    }),
    Column::<TraceRow>::new("total_cost", Kind::Float, |row| {
        Cell::float(row.summary().cost.map(|cost| cost.total))
    })
    .narrow(),
    Column::<TraceRow>::new("models", Kind::Texts, |row| {
        let models = row.summary().models.iter();
        Cell::Texts(models.map(|model| model.as_str().into()).collect())
    })
    .required(),
    Column::<TraceRow>::new("run_ids", Kind::Texts, |row| {
        let made_in = row.summary().source_run.as_ref();
        let runs: BTreeSet<&String> = made_in.into_iter().chain(&row.record.runs).collect();
        let runs = runs.into_iter();
        Cell::Texts(runs.map(|run| run.as_str().into()).collect())
    })
    .required(),
    Column::<TraceRow>::new("span_count", Kind::Integer, |row| {
        Cell::Integer(row.summary().span_count.into())
    })
    .required()
    .narrow(),
    Column::<TraceRow>::new("error_count", Kind::Integer, |row| {
        Cell::Integer(row.summary().error_count.into())
    })
    .required()
    .narrow(),
    Column::<TraceRow>::new("tags", Kind::Text, |row| {
        Cell::owned(json_of_texts(&row.summary().tags))
    })
    .required(),
    Column::<TraceRow>::new("metadata", Kind::Text, |row| {
        Cell::owned(json_of_texts(&row.summary().metadata))
    })
    .required(),
];

impl TraceRow {
    fn new(record: TraceRecord) -> Self {
        Self {
            id: shown_id(&record.summary),
            record,
        }
    }

    fn summary(&self) -> &TraceSummary {
        &self.record.summary
    }
}

/// Where `traces.parquet` has a column.
fn stored_name(column: &str) -> Option<&str> {
    Some(match column {
        "session_id" => "session",
        "user_id" => "user",
        "total_cost" => "cost",
        "name" | "state" | "input_tokens" | "output_tokens" | "total_tokens"
        | "cache_read_tokens" | "cache_write_tokens" | "span_count" | "error_count" => column,
        _ => return None,
    })
}

impl Table for Traces {
    type Row = TraceRow;

    const NAME: &'static str = "traces";
    const WHOLE_AT_ONCE: usize = 512;

    fn columns() -> &'static [Column<TraceRow>] {
        &COLUMNS
    }

    fn add_hot(moment: &Moment, trace: &HotTrace, rows: &mut Vec<TraceRow>) {
        rows.push(TraceRow::new(moment.record_of_hot(trace)));
    }

    fn weight(_: &Sealed, _: u32) -> usize {
        1
    }

    fn read(
        moment: &Moment,
        sealed: &Sealed,
        picked: &[Picked],
    ) -> Result<Vec<TraceRow>, QueryError> {
        let rows: Vec<u32> = picked.iter().map(|picked| picked.row).collect();
        let stored = sealed.view.segment.traces(&rows)?.into_iter();
        Ok(stored
            .map(|stored| TraceRow::new(moment.record(stored)))
            .collect())
    }

    fn read_narrow(
        moment: &Moment,
        sealed: &Sealed,
        columns: &[&'static str],
    ) -> Result<Option<NarrowRows>, QueryError> {
        let segment = &sealed.view.segment;
        let names: Vec<&str> = columns
            .iter()
            .filter_map(|column| stored_name(column))
            .collect();
        let rows: Vec<u32> = sealed.rows.iter().collect();
        let stored = if names.is_empty() {
            Vec::new()
        } else {
            match segment.trace_columns(&sealed.rows, &names)? {
                Some(batches) => read_columns(batches, &names, segment, rows.len())?,
                None => return Ok(None),
            }
        };
        let mut stored = stored.into_iter();
        let index = Index {
            sealed,
            rows: &rows,
        };
        let arrays = columns.iter().map(|column| {
            let array = if stored_name(column).is_some() {
                stored
                    .next()
                    .ok_or_else(|| index.corrupt("a column is missing"))?
            } else {
                index.column(column)?
            };
            if *column == "name" {
                renamed(moment, sealed, &rows, array)
            } else {
                Ok(array)
            }
        });
        Ok(Some(NarrowRows {
            arrays: arrays.collect::<Result<_, QueryError>>()?,
            owners: rows.iter().map(|row| (*row, 1)).collect(),
        }))
    }
}

/// The names with what people changed about them.
fn renamed(
    moment: &Moment,
    sealed: &Sealed,
    rows: &[u32],
    names: ArrayRef,
) -> Result<ArrayRef, QueryError> {
    use datafusion::arrow::array::{Array, AsArray, StringArray};
    let renamed: Vec<u32> = (moment.renamed_rows(&sealed.view) & &sealed.rows)
        .iter()
        .collect();
    if renamed.is_empty() {
        return Ok(names);
    }
    let picked: Vec<Picked> = renamed.iter().map(|row| Picked::whole(*row)).collect();
    let read = Traces::read(moment, sealed, &picked)?;
    let texts = names.as_string::<i32>();
    let changed: StringArray = rows
        .iter()
        .enumerate()
        .map(|(at, row)| match renamed.binary_search(row) {
            Ok(place) => {
                let summary = read[place].summary();
                summary.name.as_deref().or(summary.root_name.as_deref())
            }
            Err(_) => texts.is_valid(at).then(|| texts.value(at)),
        })
        .collect();
    Ok(Arc::new(changed))
}
