//! Spans as `traces.json` holds them: what the web UI and newer clients read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fanlight_model::{Attributes, Span, StatusCode};
use serde_json::{Value as Json, json};

use super::stored::stored_attributes;
use crate::mlflow::ids;

/// The document `{"spans": […]}` of the trace that clients know as `trace_id`.
pub fn render_document<'a>(spans: impl Iterator<Item = &'a Span>, trace_id: &str) -> Json {
    json!({"spans": spans.map(|span| render_span(span, trace_id)).collect::<Json>()})
}

fn render_span(span: &Span, trace_id: &str) -> Json {
    let attributes = stored_attributes(span, trace_id);
    let attributes = attributes
        .into_iter()
        .map(|(key, text)| (key, Json::String(text)));
    json!({
        "trace_id": STANDARD.encode(span.trace_id.to_bytes()),
        "span_id": STANDARD.encode(span.span_id.to_bytes()),
        "parent_span_id": span.parent_id.map(|parent| STANDARD.encode(parent.to_bytes())),
        "name": span.name,
        "start_time_unix_nano": span.start.0,
        "end_time_unix_nano": span.end.map(|end| end.0),
        "status": {"code": status_name(span.status.code), "message": span.status.message},
        "attributes": Json::Object(attributes.collect()),
        "events": render_events(span),
        "links": render_links(span),
    })
}

const fn status_name(code: StatusCode) -> &'static str {
    match code {
        StatusCode::Unset => "STATUS_CODE_UNSET",
        StatusCode::Ok => "STATUS_CODE_OK",
        StatusCode::Error => "STATUS_CODE_ERROR",
    }
}

fn render_events(span: &Span) -> Json {
    let render = |event: &fanlight_model::Event| {
        json!({
            "name": event.name,
            "time_unix_nano": event.time.0,
            "attributes": raw(&event.attributes),
        })
    };
    span.events.iter().map(render).collect()
}

fn render_links(span: &Span) -> Json {
    let render = |link: &fanlight_model::Link| {
        json!({
            "trace_id": ids::standard(link.trace_id),
            "span_id": link.span_id.to_string(),
            "attributes": raw(&link.attributes),
        })
    };
    span.links.iter().map(render).collect()
}

/// Values as plain JSON: unlike those of a span, they have no second layer of text.
pub(super) fn raw(attributes: &Attributes) -> Json {
    Json::Object(
        attributes
            .iter()
            .map(|(key, value)| (key.to_owned(), value.to_json()))
            .collect(),
    )
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use fanlight_model::{
        Event, Link, Resource, Scope, SpanId, SpanKind, Status, UnixNanos, Value,
    };

    use super::*;
    use crate::mlflow::TraceRef;

    fn span_id(number: u64) -> SpanId {
        SpanId::from_bytes(number.to_be_bytes()).unwrap()
    }

    /// A root span of type AGENT with text in and out, status unset.
    pub(in crate::mlflow::spans) fn root() -> Span {
        Span {
            trace_id: TraceRef::of("tr-0af7651916cd43dd8448eb211c80319c").id,
            span_id: span_id(1),
            parent_id: None,
            name: "agent".into(),
            kind: SpanKind::Internal,
            start: UnixNanos(1_795_224_643_443_000_001),
            end: Some(UnixNanos(1_795_224_643_482_000_002)),
            status: Status::default(),
            attributes: Attributes::from_entries(vec![
                ("mlflow.spanType".into(), "AGENT".into()),
                (
                    "mlflow.spanInputs".into(),
                    Value::Map(vec![("q".into(), "hi".into())]),
                ),
                ("mlflow.spanOutputs".into(), "done".into()),
            ]),
            events: Vec::new(),
            links: Vec::new(),
            trace_state: String::new(),
            flags: 0,
            price: fanlight_model::Priced::Unasked,
            dropped: [0; 3],
            scope: Arc::new(Scope::default()),
            resource: Arc::new(Resource::default()),
        }
    }

    /// A failed child with an event and a link.
    pub(in crate::mlflow::spans) fn child() -> Span {
        let root = root();
        let attributes = Attributes::from_entries(vec![("n".into(), 5.into())]);
        Span {
            span_id: span_id(2),
            parent_id: Some(root.span_id),
            name: "tool".into(),
            end: None,
            status: Status {
                code: StatusCode::Error,
                message: "boom".into(),
            },
            attributes: attributes.clone(),
            events: vec![Event {
                name: "exception".into(),
                time: UnixNanos(7),
                attributes: attributes.clone(),
                dropped_attributes: 0,
            }],
            links: vec![Link {
                trace_id: root.trace_id,
                span_id: root.span_id,
                trace_state: String::new(),
                attributes: Attributes::new(),
                dropped_attributes: 0,
                flags: 0,
            }],
            ..root
        }
    }

    #[test]
    fn a_document_holds_attributes_as_json_text() {
        let spans = [root(), child()];
        insta::assert_snapshot!(
            serde_json::to_string_pretty(&render_document(spans.iter(), "tr-0af7651916cd43dd8448eb211c80319c")).unwrap(),
            @r#"
        {
          "spans": [
            {
              "trace_id": "CvdlGRbNQ92ESOshHIAxnA==",
              "span_id": "AAAAAAAAAAE=",
              "parent_span_id": null,
              "name": "agent",
              "start_time_unix_nano": 1795224643443000001,
              "end_time_unix_nano": 1795224643482000002,
              "status": {
                "code": "STATUS_CODE_UNSET",
                "message": ""
              },
              "attributes": {
                "mlflow.spanType": "\"AGENT\"",
                "mlflow.spanInputs": "{\"q\": \"hi\"}",
                "mlflow.spanOutputs": "\"done\"",
                "mlflow.traceRequestId": "\"tr-0af7651916cd43dd8448eb211c80319c\""
              },
              "events": [],
              "links": []
            },
            {
              "trace_id": "CvdlGRbNQ92ESOshHIAxnA==",
              "span_id": "AAAAAAAAAAI=",
              "parent_span_id": "AAAAAAAAAAE=",
              "name": "tool",
              "start_time_unix_nano": 1795224643443000001,
              "end_time_unix_nano": null,
              "status": {
                "code": "STATUS_CODE_ERROR",
                "message": "boom"
              },
              "attributes": {
                "n": "5",
                "mlflow.traceRequestId": "\"tr-0af7651916cd43dd8448eb211c80319c\""
              },
              "events": [
                {
                  "name": "exception",
                  "time_unix_nano": 7,
                  "attributes": {
                    "n": 5
                  }
                }
              ],
              "links": [
                {
                  "trace_id": "tr-0af7651916cd43dd8448eb211c80319c",
                  "span_id": "0000000000000001",
                  "attributes": {}
                }
              ]
            }
          ]
        }
        "#
        );
    }
}
