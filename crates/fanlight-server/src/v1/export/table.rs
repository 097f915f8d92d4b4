//! Rows of an export as a Parquet file. Only a file that has everything has its end, without which nothing reads it.

use std::collections::BTreeMap;
use std::io;

use fanlight_api::v1::portable::{
    Column, ColumnType, ExportShape, SPAN_COLUMNS, TRACE_COLUMNS, render_span_rows,
    render_trace_row,
};
use fanlight_model::ExperimentId;
use fanlight_query::ExportedTrace;
use fanlight_sql::{CellType, TableFile, TableFileError};
use serde_json::Value as Json;

use super::output::{Output, Sent};

pub(super) struct TableRows {
    shape: ExportShape,
    names: BTreeMap<ExperimentId, String>,
    file: TableFile,
}

impl TableRows {
    pub(super) fn start(
        shape: ExportShape,
        names: BTreeMap<ExperimentId, String>,
    ) -> Result<Self, TableFileError> {
        let columns: &[Column] = match shape {
            ExportShape::SpanRows => &SPAN_COLUMNS,
            _ => &TRACE_COLUMNS,
        };
        let file = TableFile::start(columns.iter().map(|column| {
            let kind = match column.kind {
                ColumnType::Text => CellType::Text,
                ColumnType::Integer => CellType::Integer,
                ColumnType::Number => CellType::Number,
            };
            (column.name, kind)
        }))?;
        Ok(Self { shape, names, file })
    }
}

impl Output for TableRows {
    fn begin(&mut self, _: &mut Vec<u8>) {}

    fn push(&mut self, buffer: &mut Vec<u8>, trace: &ExportedTrace) -> io::Result<()> {
        let name = self.names.get(&trace.record.summary.experiment);
        let name = name.map(String::as_str);
        let file = &mut self.file;
        let mut push = |row: &Json| {
            let cells = row.as_array().map_or(&[][..], Vec::as_slice);
            file.push(cells).map_err(io::Error::other)
        };
        if self.shape == ExportShape::SpanRows {
            for row in render_span_rows(trace, name) {
                push(&row)?;
            }
        } else {
            push(&render_trace_row(trace, name))?;
        }
        buffer.append(&mut self.file.take());
        Ok(())
    }

    fn so_far(&mut self, _: &mut Vec<u8>, _: &str, _: Sent) {}

    fn end(&mut self, buffer: &mut Vec<u8>, _: Sent) -> io::Result<()> {
        self.file.finish().map_err(io::Error::other)?;
        buffer.append(&mut self.file.take());
        Ok(())
    }
}
