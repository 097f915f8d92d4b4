//! A span as `traces/get` and `traces/batchGet` write it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fanlight_model::{Span, Status, StatusCode};
use fanlight_normalize::mlflow_attributes;
use serde_json::{Map, Value as Json, json};

use super::any_value::key_values;

/// The JSON of a span of the trace that clients know as `trace_id`. What is empty is left out.
pub fn render_rest(span: &Span, trace_id: &str) -> Json {
    let mut members = Map::new();
    let mut set = |name: &str, value: Json| members.insert(name.to_owned(), value);
    set("trace_id", STANDARD.encode(span.trace_id.to_bytes()).into());
    set("span_id", STANDARD.encode(span.span_id.to_bytes()).into());
    if let Some(parent) = span.parent_id {
        set("parent_span_id", STANDARD.encode(parent.to_bytes()).into());
    }
    set("name", span.name.as_str().into());
    set("start_time_unix_nano", span.start.0.into());
    if let Some(end) = span.end {
        set("end_time_unix_nano", end.0.into());
    }
    set("attributes", key_values(&mlflow_attributes(span, trace_id)));
    set("status", render_status(&span.status));
    if !span.events.is_empty() {
        let events = span.events.iter().map(|event| {
            without_empty(json!({
                "time_unix_nano": event.time.0,
                "name": event.name,
                "attributes": key_values(&event.attributes),
            }))
        });
        set("events", events.collect());
    }
    if !span.links.is_empty() {
        let links = span.links.iter().map(|link| {
            without_empty(json!({
                "trace_id": STANDARD.encode(link.trace_id.to_bytes()),
                "span_id": STANDARD.encode(link.span_id.to_bytes()),
                "attributes": key_values(&link.attributes),
            }))
        });
        set("links", links.collect());
    }
    Json::Object(members)
}

/// Leaves out an empty list of attributes.
fn without_empty(mut json: Json) -> Json {
    if let Some(members) = json.as_object_mut() {
        members.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
    }
    json
}

fn render_status(status: &Status) -> Json {
    let mut members = Map::new();
    match status.code {
        StatusCode::Unset => {}
        StatusCode::Ok => drop(members.insert("code".to_owned(), "STATUS_CODE_OK".into())),
        StatusCode::Error => drop(members.insert("code".to_owned(), "STATUS_CODE_ERROR".into())),
    }
    if !status.message.is_empty() {
        members.insert("message".to_owned(), status.message.as_str().into());
    }
    Json::Object(members)
}

#[cfg(test)]
mod tests {
    use super::super::dict::tests::{child, root};
    use super::*;

    #[test]
    fn a_root_has_no_parent_and_an_unset_status_is_empty() {
        insta::assert_snapshot!(
            render_rest(&root(), "tr-0af7651916cd43dd8448eb211c80319c"),
            @r#"{"trace_id":"CvdlGRbNQ92ESOshHIAxnA==","span_id":"AAAAAAAAAAE=","name":"agent","start_time_unix_nano":1795224643443000001,"end_time_unix_nano":1795224643482000002,"attributes":[{"key":"mlflow.spanType","value":{"string_value":"AGENT"}},{"key":"mlflow.spanInputs","value":{"kvlist_value":{"values":[{"key":"q","value":{"string_value":"hi"}}]}}},{"key":"mlflow.spanOutputs","value":{"string_value":"done"}},{"key":"mlflow.traceRequestId","value":{"string_value":"tr-0af7651916cd43dd8448eb211c80319c"}}],"status":{}}"#
        );
    }

    #[test]
    fn events_and_links_keep_their_attributes() {
        insta::assert_snapshot!(
            render_rest(&child(), "tr-0af7651916cd43dd8448eb211c80319c"),
            @r#"{"trace_id":"CvdlGRbNQ92ESOshHIAxnA==","span_id":"AAAAAAAAAAI=","parent_span_id":"AAAAAAAAAAE=","name":"tool","start_time_unix_nano":1795224643443000001,"attributes":[{"key":"n","value":{"int_value":5}},{"key":"mlflow.traceRequestId","value":{"string_value":"tr-0af7651916cd43dd8448eb211c80319c"}}],"status":{"code":"STATUS_CODE_ERROR","message":"boom"},"events":[{"time_unix_nano":7,"name":"exception","attributes":[{"key":"n","value":{"int_value":5}}]}],"links":[{"trace_id":"CvdlGRbNQ92ESOshHIAxnA==","span_id":"AAAAAAAAAAE="}]}"#
        );
    }
}
