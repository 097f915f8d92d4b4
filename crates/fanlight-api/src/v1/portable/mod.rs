//! Traces on their way from one server to another: exported lines, and what is read out of them.

mod assessment;
mod columns;
mod companion;
mod mlflow_dict;
mod request;
mod rows;

pub use columns::{Column, ColumnType};
pub use companion::{parse_companion, render_companion};
pub use mlflow_dict::{parse_mlflow_dict, render_mlflow_dict};
pub use request::{ExportForm, ExportRequest, ExportShape, ImportOptions};
pub use rows::{SPAN_COLUMNS, TRACE_COLUMNS, render_span_rows, render_trace_row};

use fanlight_model::{ExperimentId, TraceEdits, TraceFacts};

use crate::mlflow::TraceRef;

/// A trace that was read from a line, apart from its spans.
#[derive(Clone, Debug, PartialEq)]
pub struct PortableTrace {
    pub trace: TraceRef,
    /// Of the server it comes from.
    pub experiment_id: Option<ExperimentId>,
    /// Tells the experiment on another server.
    pub experiment_name: Option<String>,
    /// The experiment in it is still to be decided. `None` when nothing is said about the trace as a whole.
    pub facts: Option<TraceFacts>,
    /// Removed tags, assessments and links.
    pub edits: TraceEdits,
}
