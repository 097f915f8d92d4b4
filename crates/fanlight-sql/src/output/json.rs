//! JSON: one object with all rows, or one object a row.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::arrow::error::ArrowError;
use serde_json::{Value as Json, json};

use super::values::{Values, type_name, write_json_text};

/// `{"columns": [{"name", "type"}], "rows": [` and then the rows.
pub(super) fn begin(schema: &Schema, out: &mut Vec<u8>) {
    let columns = schema.fields().iter();
    let columns: Json = columns
        .map(|field| json!({"name": field.name(), "type": type_name(field.data_type())}))
        .collect();
    out.extend_from_slice(format!("{{\"columns\":{columns},\"rows\":[").as_bytes());
}

pub(super) fn push(
    batch: &RecordBatch,
    is_first: bool,
    out: &mut Vec<u8>,
) -> Result<(), ArrowError> {
    let columns = values(batch)?;
    for row in 0..batch.num_rows() {
        out.extend_from_slice(if is_first && row == 0 { b"\n" } else { b",\n" });
        out.push(b'[');
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            column.write_json(row, out)?;
        }
        out.push(b']');
    }
    Ok(())
}

pub(super) fn finish(rows: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("\n],\"row_count\":{rows}}}\n").as_bytes());
}

pub(super) fn push_lines(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
    let columns = values(batch)?;
    let schema = batch.schema();
    for row in 0..batch.num_rows() {
        out.push(b'{');
        for (at, (field, column)) in schema.fields().iter().zip(&columns).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_json_text(field.name(), out);
            out.push(b':');
            column.write_json(row, out)?;
        }
        out.extend_from_slice(b"}\n");
    }
    Ok(())
}

fn values(batch: &RecordBatch) -> Result<Vec<Values>, ArrowError> {
    batch.columns().iter().map(Values::of).collect()
}
