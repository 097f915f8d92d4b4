//! Columns that are known without reading texts: from the index in memory, and from narrow columns of the files.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringArray, UInt64Array};
use datafusion::arrow::compute::{cast, concat};
use datafusion::arrow::datatypes::{DataType, UInt64Type};
use fanlight_model::{Nanos, UnixNanos};
use fanlight_query::{QueryError, standard_id};
use fanlight_store::{Segment, StoreError};

use super::Sealed;
use crate::column::{instants, millis, nanos};

/// The narrow columns of some rows of a table.
#[derive(Debug)]
pub(crate) struct NarrowRows {
    /// As they were asked for.
    pub(crate) arrays: Vec<ArrayRef>,
    /// Rows of the segment with how many rows of the table each has, in their order.
    pub(crate) owners: Vec<(u32, u32)>,
}

impl NarrowRows {
    pub(crate) fn len(&self) -> usize {
        self.owners.iter().map(|(_, count)| *count as usize).sum()
    }
}

/// What the index knows of traces; one row of the result for each of `rows`.
pub(crate) struct Index<'a> {
    pub(crate) sealed: &'a Sealed,
    pub(crate) rows: &'a [u32],
}

impl Index<'_> {
    /// A column of that name, which has to be one of those below.
    pub(crate) fn column(&self, name: &str) -> Result<ArrayRef, QueryError> {
        let index = self.sealed.view.segment.rows();
        let rows = || self.rows.iter().copied();
        Ok(match name {
            "trace_id" => {
                let ids = rows().map(|row| self.sealed.trace_id(row));
                let ids = ids.collect::<Option<Vec<_>>>();
                let ids = ids.ok_or_else(|| self.corrupt("a row has no trace id"))?;
                Arc::new(StringArray::from_iter_values(ids))
            }
            "experiment_id" => Arc::new(StringArray::from_iter_values(
                rows().map(|row| index.experiment(row).to_string()),
            )),
            "start_time" => instants(rows().map(|row| Some(nanos(index.start(row))))),
            "end_time" => instants(rows().map(|row| {
                let length = index.duration(row)?;
                Some(nanos(index.start(row).saturating_add(length)))
            })),
            "duration_ms" => {
                let lengths = rows().map(|row| index.duration(row).map(millis));
                Arc::new(lengths.collect::<Float64Array>())
            }
            _ => return Err(self.corrupt("a column is missing")),
        })
    }

    pub(crate) fn corrupt(&self, reason: &str) -> QueryError {
        corrupt(&self.sealed.view.segment, reason.to_owned())
    }
}

pub(crate) fn corrupt(segment: &Segment, reason: String) -> QueryError {
    StoreError::CorruptSegment {
        segment: segment.id(),
        reason,
    }
    .into()
}

impl Sealed {
    /// As MLflow writes it; `None` only when the index is damaged.
    pub(crate) fn trace_id(&self, row: u32) -> Option<String> {
        match self.aliases.get(&row) {
            Some(alias) => Some(alias.clone()),
            None => Some(standard_id(self.view.segment.rows().key(row)?.trace)),
        }
    }
}

/// Whole columns of the batches, in the types of SQL; `expected` rows of each.
pub(crate) fn read_columns(
    batches: fanlight_store::segment::Batches<'_>,
    names: &[&str],
    segment: &Segment,
    expected: usize,
) -> Result<Vec<ArrayRef>, QueryError> {
    let wrong = |reason: String| corrupt(segment, reason);
    let mut columns: Vec<Vec<ArrayRef>> = vec![Vec::new(); names.len()];
    for batch in batches {
        let batch = batch?;
        for (column, name) in columns.iter_mut().zip(names) {
            let array = batch.column_by_name(name);
            let array = array.ok_or_else(|| wrong(format!("column `{name}` is missing")))?;
            column.push(in_sql(name, array).map_err(wrong)?);
        }
    }
    let joined = columns.into_iter().map(|parts| {
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        let array = match parts.as_slice() {
            [] => return Err(wrong("rows are missing".to_owned())),
            parts => concat(parts).map_err(|cause| wrong(cause.to_string()))?,
        };
        if array.len() == expected {
            Ok(array)
        } else {
            Err(wrong("rows are missing".to_owned()))
        }
    });
    joined.collect()
}

/// A stored column as SQL shows it.
fn in_sql(name: &str, array: &ArrayRef) -> Result<ArrayRef, String> {
    let wrong = || format!("column `{name}` has another type");
    let kind = array.data_type().clone();
    Ok(match name {
        "start_ns" | "end_ns" => {
            let numbers = array.as_primitive_opt::<UInt64Type>().ok_or_else(wrong)?;
            instants(numbers.iter().map(|at| at.map(|at| nanos(UnixNanos(at)))))
        }
        "duration_ns" => {
            let numbers: &UInt64Array = array.as_primitive_opt::<UInt64Type>().ok_or_else(wrong)?;
            let lengths = numbers
                .iter()
                .map(|length| length.map(|length| millis(Nanos(length))));
            Arc::new(lengths.collect::<Float64Array>())
        }
        "span_id" | "parent_id" => {
            let ids = array.as_fixed_size_binary_opt().ok_or_else(wrong)?;
            let texts = ids.iter().map(|id| id.map(hex));
            Arc::new(texts.collect::<StringArray>())
        }
        _ => match kind {
            DataType::Dictionary(..) => {
                cast(array, &DataType::Utf8).map_err(|cause| cause.to_string())?
            }
            DataType::UInt32 | DataType::UInt64 => {
                cast(array, &DataType::Int64).map_err(|cause| cause.to_string())?
            }
            _ => Arc::clone(array),
        },
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to text does not fail");
    }
    text
}
