//! Everything said of spans and traces arrives.

use fanlight::{
    Destination, Experiment, RemoteParent, Settings, SpanKind, Tracer, UnixNanos, Value,
};
use serde_json::{Value as Json, json};

use crate::support::Server;
use crate::{PATIENCE, roots, settings};

/// The value of an attribute of something that has some.
fn attribute(of: &Json, key: &str) -> Json {
    let attributes = of["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == key);
    plain(&found.unwrap_or_else(|| panic!("no {key}: {of}"))["value"])
}

/// An `AnyValue` as the JSON it stands for.
fn plain(value: &Json) -> Json {
    let Some((kind, content)) = value.as_object().and_then(|members| members.iter().next()) else {
        return Json::Null;
    };
    match kind.as_str() {
        "int_value" => content.as_str().map_or(content.clone(), |digits| {
            digits.parse::<i64>().unwrap().into()
        }),
        "array_value" => content["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(plain)
            .collect(),
        "kvlist_value" => {
            let entries = content["values"].as_array().unwrap();
            entries
                .iter()
                .map(|entry| {
                    (
                        entry["key"].as_str().unwrap().to_owned(),
                        plain(&entry["value"]),
                    )
                })
                .collect()
        }
        _ => content.clone(),
    }
}

fn spans(server: &Server, trace_id: &str) -> Vec<Json> {
    let trace = server.trace(trace_id).json();
    let mut spans = trace["trace"]["spans"].as_array().unwrap().clone();
    spans.sort_unstable_by_key(|span| span["name"].as_str().unwrap().to_owned());
    spans
}

#[test]
fn everything_about_a_span_arrives() {
    let server = Server::start(&[]);
    let tracer = Tracer::start(settings(server.port)).unwrap();
    let agent = tracer.span("agent").span_type("AGENT").start();
    agent.set_inputs_json(r#"{"question":"why"}"#);
    let tool = tracer
        .span("tool")
        .parent(&agent)
        .span_type("TOOL")
        .kind(SpanKind::Client)
        .attribute("count", 3)
        .attribute(
            "list",
            Value::Array(vec!["a".into(), 2.5.into(), true.into(), Value::Null]),
        )
        .link(agent.trace_id().unwrap(), agent.span_id().unwrap())
        .start();
    tool.add_event("chunk", vec![("size".into(), 7.into())]);
    tool.record_exception("ToolError", "no such tool", "at tool.rs:1");
    tool.set_error("no such tool");
    tool.end();
    agent.set_outputs_json(r#""because""#);
    agent.set_ok();
    agent.end();
    tracer.flush(PATIENCE).unwrap();

    let trace_id = format!("tr-{}", agent.trace_id().unwrap());
    let [agent, tool] = &spans(&server, &trace_id)[..] else {
        panic!("{}", server.trace(&trace_id).text())
    };
    assert_eq!(attribute(agent, "mlflow.spanType"), "AGENT");
    assert_eq!(
        attribute(agent, "mlflow.spanInputs"),
        json!({"question": "why"})
    );
    assert_eq!(attribute(agent, "mlflow.spanOutputs"), "because");
    assert_eq!(agent["status"]["code"], "STATUS_CODE_OK");
    assert_eq!(tool["parent_span_id"], agent["span_id"]);
    assert_eq!(attribute(tool, "count"), 3);
    assert_eq!(attribute(tool, "list"), json!(["a", 2.5, true, null]));
    assert_eq!(
        tool["status"],
        json!({"code": "STATUS_CODE_ERROR", "message": "no such tool"})
    );
    let events = tool["events"].as_array().unwrap();
    assert_eq!(events[0]["name"], "chunk");
    assert_eq!(attribute(&events[1], "exception.type"), "ToolError");
    assert_eq!(tool["links"][0]["span_id"], agent["span_id"]);
}

#[test]
fn what_is_said_of_the_trace_is_its_tags_metadata_and_previews() {
    let server = Server::start(&[]);
    let tracer = Tracer::start(settings(server.port)).unwrap();
    let root = tracer.span("root").start();
    let child = tracer.span("child").parent(&root).start();
    child.edit_trace(|trace| {
        trace.set_tag("team", "search");
        trace.set_metadata(fanlight::attributes::SESSION, "s-1");
        trace.set_metadata(fanlight::attributes::USER, "u-1");
        trace.request_preview = Some("a question".into());
        trace.response_preview = Some("an answer".into());
    });
    child.end();
    root.end();
    tracer.flush(PATIENCE).unwrap();

    let [trace] = &server.search("tags.team = 'search'")[..] else {
        panic!("{:?}", server.search(""))
    };
    assert_eq!(trace["trace_metadata"]["mlflow.trace.session"], "s-1");
    assert_eq!(trace["trace_metadata"]["mlflow.trace.user"], "u-1");
    assert_eq!(trace["request_preview"], "a question");
    assert_eq!(trace["response_preview"], "an answer");
    assert_eq!(trace["state"], "OK");
}

#[test]
fn a_trace_goes_to_the_experiment_it_names() {
    let server = Server::start(&[]);
    let tracer = Tracer::start(Settings {
        experiment: Some(Experiment::Name("shop".into())),
        ..settings(server.port)
    })
    .unwrap();
    let spans = [
        tracer.span("by setting").start(),
        tracer
            .span("by name")
            .experiment(Experiment::Name("other".into()))
            .start(),
        tracer
            .span("by id")
            .experiment(Experiment::Id("0".into()))
            .start(),
    ];
    // Named before the change, and so not concerned by it.
    tracer.set_experiment(Some(Experiment::Id("0".into())));
    drop(spans);
    tracer.flush(PATIENCE).unwrap();

    assert_eq!(roots(&server, "0"), ["by id"]);
    for (experiment, name) in [("shop", "by setting"), ("other", "by name")] {
        let path = format!("/api/2.0/mlflow/experiments/get-by-name?experiment_name={experiment}");
        let id = server.get(&path).json()["experiment"]["experiment_id"].clone();
        assert_eq!(roots(&server, id.as_str().unwrap()), [name]);
    }
}

#[test]
fn a_trace_goes_on_in_another_process() {
    let server = Server::start(&[]);
    let here = Tracer::start(settings(server.port)).unwrap();
    let there = Tracer::start(settings(server.port)).unwrap();
    let caller = here.span("caller").start();
    let header = caller.as_remote_parent().unwrap().to_string();
    let parent: RemoteParent = header.parse().unwrap();
    there.span("callee").remote_parent(parent).start().end();
    caller.end();
    here.flush(PATIENCE).unwrap();
    there.flush(PATIENCE).unwrap();
    let trace_id = format!("tr-{}", caller.trace_id().unwrap());
    let [below, above] = &spans(&server, &trace_id)[..] else {
        panic!("{}", server.trace(&trace_id).text())
    };
    assert_eq!(below["parent_span_id"], above["span_id"]);
}

#[test]
fn times_can_be_given() {
    let server = Server::start(&[]);
    let tracer = Tracer::start(settings(server.port)).unwrap();
    let start = UnixNanos(1_767_225_600_000_000_000);
    let span = tracer.span("past").start_time(start).start();
    span.end_at(UnixNanos(start.0 + 2_500_000_000));
    tracer.flush(PATIENCE).unwrap();
    let [trace] = &server.search("")[..] else {
        panic!("{:?}", server.search(""))
    };
    assert_eq!(trace["request_time"], "2026-01-01T00:00:00Z");
    assert_eq!(trace["execution_duration"], "2.500s");
}

#[test]
fn a_long_text_is_cut_and_says_so() {
    let server = Server::start(&[]);
    let tracer = Tracer::start(Settings {
        max_value_bytes: 10,
        ..settings(server.port)
    })
    .unwrap();
    let span = tracer
        .span("long")
        .attribute("text", "0123456789abc")
        .start();
    span.end();
    tracer.flush(PATIENCE).unwrap();
    let trace_id = format!("tr-{}", span.trace_id().unwrap());
    let text = attribute(&spans(&server, &trace_id)[0], "text");
    assert_eq!(text, "0123456789… [cut: 10 of 13 bytes]");
}

#[test]
fn nothing_is_recorded_while_it_is_off() {
    let server = Server::start(&[]);
    let tracer = Tracer::start(Settings {
        enabled: false,
        ..settings(server.port)
    })
    .unwrap();
    let span = tracer.span("off").start();
    assert_eq!((span.is_recording(), span.trace_id()), (false, None));
    tracer.span("child").parent(&span).start().end();
    span.end();
    tracer.flush(PATIENCE).unwrap();
    assert_eq!(tracer.stats().ended, 0);
    assert!(server.search_ids("").is_empty());
}

#[test]
fn headers_go_with_every_request() {
    let server = Server::start(&[]);
    let destination = Destination::server(&format!("http://127.0.0.1:{}", server.port));
    let created = server.post_json(
        "/api/2.0/mlflow/experiments/create",
        &json!({"name": "by header"}),
    );
    let id = created.json()["experiment_id"].as_str().unwrap().to_owned();
    let tracer = Tracer::start(Settings {
        destinations: vec![destination.header("x-mlflow-experiment-id", &id)],
        ..Settings::default()
    })
    .unwrap();
    tracer.span("one").start().end();
    tracer.flush(PATIENCE).unwrap();
    assert_eq!(roots(&server, &id), ["one"]);
}
