//! What is asked of an export and of an import.

use fanlight_model::WorkspaceId;
use fanlight_query::Search;

use crate::v1::{Members, Refusal, parse_experiments, parse_filter};

/// What a line of an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportShape {
    /// OTLP `TracesData` of one trace, with a companion.
    Otlp,
    /// `Trace.to_dict()` of MLflow.
    Mlflow,
    /// A flat row of a trace.
    TraceRows,
    /// A flat row of a span.
    SpanRows,
}

impl ExportShape {
    pub fn needs_spans(self) -> bool {
        self != Self::TraceRows
    }
}

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportForm {
    /// Lines, some of which are about the stream.
    Lines,
    /// A file that is whole, or cannot be read.
    Parquet,
}

/// `GET` or `POST /api/v1/traces/export`.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// Its page token is the cursor.
    pub search: Search,
    pub shape: ExportShape,
    pub form: ExportForm,
}

impl ExportRequest {
    pub fn parse(mut members: Members, workspace: WorkspaceId) -> Result<Self, Refusal> {
        let shape = match members.text("format")?.as_deref() {
            None | Some("otlp") => ExportShape::Otlp,
            Some("mlflow") => ExportShape::Mlflow,
            Some("traces") => ExportShape::TraceRows,
            Some("spans") => ExportShape::SpanRows,
            Some(_) => {
                return Err(members.refuse("format", "expected otlp, mlflow, traces or spans"));
            }
        };
        let is_table = matches!(shape, ExportShape::TraceRows | ExportShape::SpanRows);
        let form = match members.text("as")?.as_deref() {
            None | Some("lines") => ExportForm::Lines,
            Some("parquet") if is_table => ExportForm::Parquet,
            Some("parquet") => {
                return Err(members.refuse("as", "Parquet is for the formats traces and spans"));
            }
            Some(_) => return Err(members.refuse("as", "expected lines or parquet")),
        };
        let search = Search {
            workspace,
            experiments: parse_experiments(&mut members)?,
            filter: parse_filter(&mut members)?,
            order_by: Vec::new(),
            limit: usize::MAX,
            page_token: members.text("cursor")?,
        };
        members.finish()?;
        Ok(Self {
            search,
            shape,
            form,
        })
    }
}

/// The parameters of `POST /api/v1/traces/import`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Name or id of the experiment that everything goes to.
    pub experiment: Option<String>,
    /// Bad lines are told and left out; otherwise the first one is the end, and nothing is kept.
    pub skip_bad_lines: bool,
}

impl ImportOptions {
    pub fn parse(mut members: Members) -> Result<Self, Refusal> {
        let experiment = members.text("experiment")?.filter(|text| !text.is_empty());
        let skip_bad_lines = match members.text("on_error")?.as_deref() {
            None | Some("stop") => false,
            Some("skip") => true,
            Some(_) => return Err(members.refuse("on_error", "expected stop or skip")),
        };
        members.finish()?;
        Ok(Self {
            experiment,
            skip_bad_lines,
        })
    }
}
