//! Rows to a table: CSV or Parquet.

use std::io::{BufRead, BufWriter, Write};

use anyhow::Context;
use fanlight_sql::{CellType, TableFile};
use serde_json::Value as Json;

use crate::failure::Failure;

/// A table that is written row by row.
pub(super) trait Table {
    /// Cells in the order of the columns.
    fn row(&mut self, cells: Vec<Json>) -> Result<(), Failure>;
    fn end(&mut self) -> Result<(), Failure>;
}

/// Copies all rows, one line each.
pub(super) fn copy(rows: &mut dyn BufRead, table: &mut dyn Table) -> Result<(), Failure> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if rows.read_until(b'\n', &mut line)? == 0 {
            return table.end();
        }
        table.row(cells(&line)?)?;
    }
}

pub(super) fn cells(line: &[u8]) -> Result<Vec<Json>, Failure> {
    Ok(serde_json::from_slice(line).context("a row cannot be read")?)
}

/// `[{"name", "type"}]` as pairs.
pub(super) fn columns(told: &Json) -> Vec<(&str, &str)> {
    let columns = told.as_array().into_iter().flatten();
    columns
        .filter_map(|column| Some((column["name"].as_str()?, column["type"].as_str()?)))
        .collect()
}

/// The names of the columns as a row.
pub(super) fn names(told: &Json) -> Vec<Json> {
    let columns = columns(told).into_iter();
    columns.map(|(name, _)| name.into()).collect()
}

/// RFC 4180, with a line of names and `\n` between rows. What is not known is empty.
pub(super) struct CsvWriter<W: Write> {
    out: BufWriter<W>,
}

impl<W: Write> CsvWriter<W> {
    pub(super) fn start(out: W, told: &Json) -> Result<Self, Failure> {
        let mut out = BufWriter::with_capacity(256 << 10, out);
        csv_row(&mut out, names(told))?;
        Ok(Self { out })
    }
}

impl<W: Write> Table for CsvWriter<W> {
    fn row(&mut self, cells: Vec<Json>) -> Result<(), Failure> {
        csv_row(&mut self.out, cells)
    }

    fn end(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}

pub(super) fn csv_row(out: &mut dyn Write, cells: Vec<Json>) -> Result<(), Failure> {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        match cell {
            Json::Null => {}
            Json::String(text) => out.write_all(quoted(&text).as_bytes())?,
            other => write!(out, "{other}")?,
        }
    }
    Ok(out.write_all(b"\n")?)
}

/// In quotes where it has to be; the empty text always, to tell it from what is not known.
fn quoted(text: &str) -> std::borrow::Cow<'_, str> {
    let plain = |byte: u8| !matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if !text.is_empty() && text.bytes().all(plain) {
        return text.into();
    }
    format!("\"{}\"", text.replace('"', "\"\"")).into()
}

/// The file is written as it is made.
pub(super) struct ParquetWriter<W: Write> {
    out: W,
    file: TableFile,
}

impl<W: Write> ParquetWriter<W> {
    pub(super) fn start(out: W, told: &Json) -> Result<Self, Failure> {
        let columns = columns(told).into_iter().map(|(name, kind)| {
            let kind = match kind {
                "integer" => CellType::Integer,
                "number" => CellType::Number,
                _ => CellType::Text,
            };
            (name, kind)
        });
        let file = TableFile::start(columns).context("starting a Parquet file")?;
        Ok(Self { out, file })
    }

    fn write(&mut self) -> Result<(), Failure> {
        Ok(self.out.write_all(&self.file.take())?)
    }
}

impl<W: Write> Table for ParquetWriter<W> {
    fn row(&mut self, row: Vec<Json>) -> Result<(), Failure> {
        self.file.push(&row).context("writing rows of Parquet")?;
        self.write()
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.file.finish().context("ending a Parquet file")?;
        self.write()?;
        Ok(self.out.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn csv_quotes_what_would_break_it() {
        let told = json!([{"name": "a", "type": "text"}, {"name": "b", "type": "integer"}]);
        let mut out = Vec::new();
        let mut writer = CsvWriter::start(&mut out, &told).unwrap();
        let rows = concat!(
            r#"["plain",1]"#,
            "\n",
            r#"["say \"hi\",\nthen",null]"#,
            "\n",
            r#"["",2.5]"#,
            "\n",
        );
        copy(&mut rows.as_bytes(), &mut writer).unwrap();
        drop(writer);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a,b\nplain,1\n\"say \"\"hi\"\",\nthen\",\n\"\",2.5\n"
        );
    }
}
