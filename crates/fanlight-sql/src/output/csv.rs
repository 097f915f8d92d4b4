//! CSV as RFC 4180 has it. What is absent is nothing at all, and an empty text is `""`.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::arrow::error::ArrowError;

use super::values::Values;

pub(super) fn begin(schema: &Schema, out: &mut Vec<u8>) {
    for (at, field) in schema.fields().iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_field(field.name(), out);
    }
    out.push(b'\n');
}

pub(super) fn push(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
    let columns = batch.columns().iter().map(Values::of);
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    for row in 0..batch.num_rows() {
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            if !column.is_absent(row) {
                write_field(&column.text(row)?, out);
            }
        }
        out.push(b'\n');
    }
    Ok(())
}

fn write_field(text: &str, out: &mut Vec<u8>) {
    let needs_quotes = text.is_empty() || text.contains(['"', ',', '\n', '\r']);
    if !needs_quotes {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_quotes_has_them() {
        let field = |text| {
            let mut out = Vec::new();
            write_field(text, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(field("plain; text "), "plain; text ");
        assert_eq!(field(""), "\"\"");
        assert_eq!(field("a,b"), "\"a,b\"");
        assert_eq!(field("say \"hi\"\r\n"), "\"say \"\"hi\"\"\r\n\"");
        assert_eq!(field("=1+1"), "=1+1");
    }
}
