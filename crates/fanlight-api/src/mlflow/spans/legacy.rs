//! Spans as `traces.json` held them before MLflow 3: the only shape 2.x clients read, and one that
//! newer ones still do.

use fanlight_model::{Span, StatusCode};
use serde_json::{Value as Json, json};

use super::dict::raw;
use super::stored::stored_attributes;

/// The document `{"spans": […], "request": …, "response": …}` of the trace that clients know as `trace_id`.
///
/// Ids are hex, and a status is `OK`, `ERROR` or `UNSET`. `request` and `response` are the JSON texts
/// of the first root's inputs and outputs.
pub fn render_legacy_document<'a>(spans: impl Iterator<Item = &'a Span>, trace_id: &str) -> Json {
    let mut rendered = Vec::new();
    let (mut request, mut response) = (Json::Null, Json::Null);
    let mut root_seen = false;
    for span in spans {
        let attributes = stored_attributes(span, trace_id);
        if span.is_root() && !std::mem::replace(&mut root_seen, true) {
            request = text_of(&attributes, "mlflow.spanInputs");
            response = text_of(&attributes, "mlflow.spanOutputs");
        }
        rendered.push(render_span(span, attributes));
    }
    json!({"spans": rendered, "request": request, "response": response})
}

fn text_of(attributes: &[(String, String)], key: &str) -> Json {
    attributes
        .iter()
        .find(|(known, _)| known == key)
        .map(|(_, text)| text.as_str())
        .into()
}

fn render_span(span: &Span, attributes: Vec<(String, String)>) -> Json {
    let attributes = attributes
        .into_iter()
        .map(|(key, text)| (key, Json::String(text)));
    let events = span.events.iter().map(|event| {
        json!({
            "name": event.name,
            "timestamp": legacy_event_time(event.time),
            "attributes": raw(&event.attributes),
        })
    });
    json!({
        "name": span.name,
        "context": {"span_id": span.span_id.to_string(), "trace_id": span.trace_id.to_string()},
        "parent_id": span.parent_id.map(|parent| parent.to_string()),
        "start_time": span.start.0,
        "end_time": span.end.map(|end| end.0),
        "status_code": span.status.code.as_str(),
        "status_message": legacy_message(span),
        "attributes": Json::Object(attributes.collect()),
        "events": events.collect::<Json>(),
    })
}

/// 2.x clients refuse a message beside any status but an error.
fn legacy_message(span: &Span) -> &str {
    match span.status.code {
        StatusCode::Error => &span.status.message,
        StatusCode::Unset | StatusCode::Ok => "",
    }
}

/// 2.x clients stamp events in microseconds unless the user gave nanoseconds, and show the number as it was given.
fn legacy_event_time(time: fanlight_model::UnixNanos) -> u64 {
    if time.0.is_multiple_of(1000) {
        time.0 / 1000
    } else {
        time.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::dict::tests::{child, root};
    use super::*;

    #[test]
    fn ids_are_hex_and_the_roots_texts_stand_beside_the_spans() {
        let spans = [root(), child()];
        insta::assert_snapshot!(
            serde_json::to_string_pretty(&render_legacy_document(spans.iter(), "ba441d0000000000000000000000000f")).unwrap(),
            @r#"
        {
          "spans": [
            {
              "name": "agent",
              "context": {
                "span_id": "0000000000000001",
                "trace_id": "0af7651916cd43dd8448eb211c80319c"
              },
              "parent_id": null,
              "start_time": 1795224643443000001,
              "end_time": 1795224643482000002,
              "status_code": "UNSET",
              "status_message": "",
              "attributes": {
                "mlflow.spanType": "\"AGENT\"",
                "mlflow.spanInputs": "{\"q\": \"hi\"}",
                "mlflow.spanOutputs": "\"done\"",
                "mlflow.traceRequestId": "\"ba441d0000000000000000000000000f\""
              },
              "events": []
            },
            {
              "name": "tool",
              "context": {
                "span_id": "0000000000000002",
                "trace_id": "0af7651916cd43dd8448eb211c80319c"
              },
              "parent_id": "0000000000000001",
              "start_time": 1795224643443000001,
              "end_time": null,
              "status_code": "ERROR",
              "status_message": "boom",
              "attributes": {
                "n": "5",
                "mlflow.traceRequestId": "\"ba441d0000000000000000000000000f\""
              },
              "events": [
                {
                  "name": "exception",
                  "timestamp": 7,
                  "attributes": {
                    "n": 5
                  }
                }
              ]
            }
          ],
          "request": "{\"q\": \"hi\"}",
          "response": "\"done\""
        }
        "#
        );
    }
}
