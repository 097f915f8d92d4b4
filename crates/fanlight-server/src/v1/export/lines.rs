//! Lines of an export: traces in the shape asked for, and what is said about the export itself.

use std::collections::BTreeMap;
use std::io::{self, Write};

use fanlight_api::v1::portable::{
    Column, ExportShape, SPAN_COLUMNS, TRACE_COLUMNS, render_companion, render_mlflow_dict,
    render_span_rows, render_trace_row,
};
use fanlight_ingest::{encode_request, wire};
use fanlight_model::ExperimentId;
use fanlight_query::ExportedTrace;
use serde_json::{Value as Json, json};

use super::output::{Output, Sent};

pub(super) struct Lines {
    pub(super) shape: ExportShape,
    /// Of experiments.
    pub(super) names: BTreeMap<ExperimentId, String>,
}

impl Lines {
    /// What comes before the first row of a table.
    fn opening(&self) -> Option<Json> {
        let columns = |columns: &[Column]| columns.iter().map(Column::render).collect::<Json>();
        match self.shape {
            ExportShape::Otlp | ExportShape::Mlflow => None,
            ExportShape::TraceRows => Some(json!({"export": {"columns": columns(&TRACE_COLUMNS)}})),
            ExportShape::SpanRows => Some(json!({"export": {"columns": columns(&SPAN_COLUMNS)}})),
        }
    }
}

impl Output for Lines {
    fn begin(&mut self, buffer: &mut Vec<u8>) {
        if let Some(opening) = self.opening() {
            push_line(buffer, &opening);
        }
    }

    fn push(&mut self, buffer: &mut Vec<u8>, trace: &ExportedTrace) -> io::Result<()> {
        let name = self.names.get(&trace.record.summary.experiment);
        let name = name.map(String::as_str);
        match self.shape {
            ExportShape::Otlp => push_otlp(buffer, trace, name),
            ExportShape::Mlflow => push_line(buffer, &render_mlflow_dict(trace, name)),
            ExportShape::TraceRows => push_line(buffer, &render_trace_row(trace, name)),
            ExportShape::SpanRows => {
                for row in render_span_rows(trace, name) {
                    push_line(buffer, &row);
                }
            }
        }
        Ok(())
    }

    fn so_far(&mut self, buffer: &mut Vec<u8>, cursor: &str, sent: Sent) {
        let so_far = json!({"export": {
            "cursor": cursor, "traces": sent.traces, "spans": sent.spans, "unreadable": sent.unreadable,
        }});
        push_line(buffer, &so_far);
    }

    fn end(&mut self, buffer: &mut Vec<u8>, sent: Sent) -> io::Result<()> {
        let end = json!({"export": {
            "complete": true, "traces": sent.traces, "spans": sent.spans, "unreadable": sent.unreadable,
        }});
        push_line(buffer, &end);
        Ok(())
    }
}

fn push_line(buffer: &mut Vec<u8>, line: &Json) {
    writeln!(buffer, "{line}").expect("writing to memory does not fail");
}

/// OTLP's own document with one more member, which its readers pass over.
fn push_otlp(buffer: &mut Vec<u8>, trace: &ExportedTrace, name: Option<&str>) {
    let mut request = encode_request(trace.spans.iter().map(AsRef::as_ref));
    if request.resource_spans.is_empty() {
        // A document without any is refused as empty.
        request.resource_spans.push(wire::ResourceSpans::default());
    }
    let companion = render_companion(trace, name);
    serde_json::to_writer(&mut *buffer, &request)
        .expect("wire messages have text keys and infallible forms");
    let closing = buffer.pop();
    debug_assert_eq!(closing, Some(b'}'), "a request is an object");
    writeln!(buffer, ",\"fanlight\":{companion}}}").expect("writing to memory does not fail");
}
