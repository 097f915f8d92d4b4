//! Traces and spans as flat rows: what a table has room for. Lists and objects are JSON text.

use fanlight_model::{Cost, Nanos, Span, TokenUsage, UnixNanos};
use fanlight_normalize::{decode_json_text, meaning};
use fanlight_query::ExportedTrace;
use serde_json::{Value as Json, json};

use super::Column;
use crate::mlflow::ids;
use crate::v1::spans::{render_attributes, render_event, render_link};
use crate::v1::trace::render_row;
use crate::v1::{instant, millis};

/// Columns of a trace, in the order of [`render_trace_row`].
pub const TRACE_COLUMNS: [Column; 30] = [
    Column::text("trace_id"),
    Column::text("experiment_id"),
    Column::text("experiment_name"),
    Column::text("name"),
    Column::text("state"),
    Column::text("start"),
    Column::integer("start_ns"),
    Column::number("duration_ms"),
    Column::text("session"),
    Column::text("user"),
    Column::text("client_request_id"),
    Column::text("request_preview"),
    Column::text("response_preview"),
    Column::integer("input_tokens"),
    Column::integer("output_tokens"),
    Column::integer("total_tokens"),
    Column::integer("cache_read_tokens"),
    Column::integer("cache_write_tokens"),
    Column::number("input_cost"),
    Column::number("output_cost"),
    Column::number("total_cost"),
    Column::text("models"),
    Column::integer("span_count"),
    Column::integer("error_count"),
    Column::text("runs"),
    Column::text("prompts"),
    Column::text("tags"),
    Column::text("metadata"),
    Column::text("assessments"),
    Column::text("removed_tags"),
];

/// Columns of a span, in the order of [`render_span_rows`].
pub const SPAN_COLUMNS: [Column; 33] = [
    Column::text("trace_id"),
    Column::text("span_id"),
    Column::text("parent_span_id"),
    Column::text("experiment_id"),
    Column::text("experiment_name"),
    Column::text("name"),
    Column::text("type"),
    Column::integer("kind"),
    Column::text("status"),
    Column::text("status_message"),
    Column::text("start"),
    Column::integer("start_ns"),
    Column::integer("end_ns"),
    Column::number("duration_ms"),
    Column::text("model"),
    Column::text("provider"),
    Column::integer("input_tokens"),
    Column::integer("output_tokens"),
    Column::integer("total_tokens"),
    Column::integer("cache_read_tokens"),
    Column::integer("cache_write_tokens"),
    Column::number("input_cost"),
    Column::number("output_cost"),
    Column::number("total_cost"),
    Column::text("inputs"),
    Column::text("outputs"),
    Column::text("attributes"),
    Column::text("events"),
    Column::text("links"),
    Column::text("scope_name"),
    Column::text("scope_version"),
    Column::text("resource"),
    Column::text("trace_state"),
];

/// A row of [`TRACE_COLUMNS`], as a list.
pub fn render_trace_row(trace: &ExportedTrace, experiment_name: Option<&str>) -> Json {
    let summary = &trace.record.summary;
    // The names and the form of lists are those of a search.
    let row = render_row(&trace.record);
    let mut cells = vec![
        ids::trace_id_text(summary).into(),
        summary.experiment.to_string().into(),
        experiment_name.into(),
        row.name.into(),
        summary.state.as_str().into(),
        instant(summary.start).into(),
        signed(summary.start),
        length(summary.duration),
        summary.session.clone().into(),
        summary.user.clone().into(),
        summary.client_request_id.clone().into(),
        summary.request_preview.clone().into(),
        summary.response_preview.clone().into(),
    ];
    cells.extend(figures(summary.usage.as_ref(), summary.cost.as_ref()));
    let prompts = trace.record.prompts.iter();
    let prompts = prompts.map(|prompt| json!({"name": prompt.name, "version": prompt.version}));
    cells.extend([
        json_text(&row.models),
        summary.span_count.into(),
        summary.error_count.into(),
        json_text(&row.runs),
        prompts.collect::<Json>().to_string().into(),
        json_text(&row.tags),
        json_text(&row.metadata),
        json_text(&row.assessments),
        json!(trace.removed_tags).to_string().into(),
    ]);
    Json::Array(cells)
}

/// A row of [`SPAN_COLUMNS`] for each span, as lists.
pub fn render_span_rows<'a>(
    trace: &'a ExportedTrace,
    experiment_name: Option<&'a str>,
) -> impl Iterator<Item = Json> + 'a {
    let id = ids::trace_id_text(&trace.record.summary);
    let experiment = trace.record.summary.experiment.to_string();
    let row = move |span: &'a std::sync::Arc<Span>| {
        let owner: [Json; 5] = [
            id.as_str().into(),
            span.span_id.to_string().into(),
            span.parent_id.map(|parent| parent.to_string()).into(),
            experiment.as_str().into(),
            experiment_name.into(),
        ];
        Json::Array(owner.into_iter().chain(span_cells(span)).collect())
    };
    trace.spans.iter().map(row)
}

fn span_cells(span: &Span) -> Vec<Json> {
    let meaning = meaning(span);
    let content = |value: &fanlight_model::Value| decode_json_text(value).to_text().into_owned();
    let mut cells: Vec<Json> = vec![
        span.name.as_str().into(),
        meaning.span_type.as_deref().into(),
        i32::from(span.kind).into(),
        span.status.code.as_str().into(),
        span.status.message.as_str().into(),
        instant(span.start).into(),
        signed(span.start),
        span.end.map_or(Json::Null, signed),
        length(span.duration()),
        meaning.model.as_deref().into(),
        meaning.provider.as_deref().into(),
    ];
    cells.extend(figures(meaning.usage.as_ref(), meaning.cost.as_ref()));
    let (inputs, outputs) = (meaning.inputs.as_ref(), meaning.outputs.as_ref());
    cells.extend([
        inputs.map(|field| content(field.value())).into(),
        outputs.map(|field| content(field.value())).into(),
        Json::from(render_attributes(&span.attributes))
            .to_string()
            .into(),
        json_text(&span.events.iter().map(render_event).collect::<Vec<_>>()),
        json_text(&span.links.iter().map(render_link).collect::<Vec<_>>()),
        span.scope.name.as_str().into(),
        span.scope.version.as_str().into(),
        Json::from(render_attributes(&span.resource.attributes))
            .to_string()
            .into(),
        span.trace_state.as_str().into(),
    ]);
    cells
}

fn json_text(value: &impl serde::Serialize) -> Json {
    serde_json::to_string(value).unwrap_or_default().into()
}

/// Five counts of tokens and three costs.
fn figures(usage: Option<&TokenUsage>, cost: Option<&Cost>) -> [Json; 8] {
    let tokens = |of: fn(&TokenUsage) -> Option<u64>| usage.and_then(of).into();
    let dollars = |of: fn(&Cost) -> f64| cost.map(of).into();
    [
        tokens(|usage| usage.input),
        tokens(|usage| usage.output),
        tokens(|usage| usage.total),
        tokens(|usage| usage.cache_read),
        tokens(|usage| usage.cache_write),
        dollars(|cost| cost.input),
        dollars(|cost| cost.output),
        dollars(|cost| cost.total),
    ]
}

/// Unknown beyond the year 2262, where the columns of other programs end too.
fn signed(instant: UnixNanos) -> Json {
    i64::try_from(instant.0).ok().into()
}

fn length(length: Option<Nanos>) -> Json {
    length.map(millis).into()
}
