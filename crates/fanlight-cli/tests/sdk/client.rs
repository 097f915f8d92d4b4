//! What the SDK sends is found, described and said by its client, from the first line of a program to the last.

use fanlight::client::{
    Client, ClientError, Expectation, Export, Feedback, Format, Line, Search, Source, TraceName,
};
use fanlight::genai::{self, ChatMessage, TokenUsage};
use fanlight::redact::Redaction;
use serde_json::json;

use crate::PATIENCE;
use crate::support::Server;

fn client(server: &Server) -> Client {
    Client::new(&format!("http://127.0.0.1:{}", server.port))
}

#[fanlight::trace(span_type = "AGENT")]
fn answer(question: &str) -> Result<String, std::num::ParseIntError> {
    fanlight::update_current_trace(|trace| {
        trace.set_session("chat-17");
        trace.set_user("ada");
        trace.set_tag("env", "test");
    });
    let span = genai::chat("openai", "gpt-4o-mini").start();
    span.set_input_messages(&[ChatMessage::user(question)]);
    span.set_output_messages(&[ChatMessage::assistant("7").finish_reason("stop")]);
    span.set_token_usage(&TokenUsage {
        input: Some(1_000),
        output: Some(10),
        ..TokenUsage::default()
    });
    span.end();
    question.parse::<u8>()?;
    Ok("7, says ada@example.com".to_owned())
}

/// One program of this process at a time: the tracer is one for all of it.
fn traced(server: &Server, work: impl FnOnce()) -> Client {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let tracing = fanlight::builder()
        .endpoint(&format!("http://127.0.0.1:{}", server.port))
        .no_spool()
        .experiment("bot")
        .redaction(Redaction::default())
        .install()
        .unwrap();
    work();
    tracing.flush(PATIENCE).unwrap();
    client(server)
}

#[test]
fn a_traced_program_is_found_with_all_it_said() {
    let server = Server::start(&[]);
    let client = traced(&server, || {
        assert!(answer("7").is_ok());
        assert!(answer("seven").is_err());
    });
    let experiment = client.experiment_id("bot").unwrap().unwrap();
    assert_eq!(client.experiment_id("b'ot").unwrap(), None);

    let page = client.search(&Search::new([&experiment])).unwrap();
    assert_eq!(page.traces.len(), 2);
    let failed = Search::new([&experiment]).filter("status = 'ERROR'");
    let failed = client.search(&failed).unwrap().traces;
    assert_eq!(failed.len(), 1);
    let trace = &failed[0];
    assert_eq!(trace.name.as_deref(), Some("answer"));
    assert_eq!(trace.session.as_deref(), Some("chat-17"));
    assert_eq!(trace.user.as_deref(), Some("ada"));
    assert_eq!(trace.tags["env"], "test");
    assert_eq!(trace.tokens.unwrap().input, Some(1_000));
    assert!(trace.cost.unwrap().total > 0.0);

    let full = client.get_trace(&trace.id).unwrap();
    let [agent, call] = &full.spans[..] else {
        panic!("{:?}", full.spans)
    };
    assert_eq!(agent.r#type.as_deref(), Some("AGENT"));
    assert_eq!(agent.inputs, Some(json!({"question": "seven"})));
    assert_eq!(agent.status.code, "ERROR");
    assert_eq!(agent.status.message, "invalid digit found in string");
    assert_eq!(agent.events[0].name, "exception");
    assert_eq!(call.parent_id.as_deref(), Some(agent.id.as_str()));
    assert_eq!(call.model.as_deref(), Some("gpt-4o-mini"));
    assert_eq!(call.messages.output[0].parts[0]["content"], "7");
    assert_eq!(call.finish_reasons, ["stop"]);

    let fine = Search::new([&experiment]).filter("status = 'OK'");
    let fine = client.search(&fine).unwrap().traces;
    let full = client.get_trace(&fine[0].id).unwrap();
    assert_eq!(full.spans[0].outputs, Some(json!("7, says [EMAIL]")));
}

#[test]
fn pages_follow_each_other_until_there_are_no_more() {
    let server = Server::start(&[]);
    let client = traced(&server, || {
        for number in 0..7_u8 {
            drop(fanlight::span!("numbered", number = number));
        }
    });
    let experiment = client.experiment_id("bot").unwrap().unwrap();
    let search = Search::new([experiment])
        .limit(3)
        .order_by("timestamp_ms ASC");
    let found: Vec<_> = client.search_all(search).collect::<Result<_, _>>().unwrap();
    assert_eq!(found.len(), 7);
    let wrong = client.search_all(Search::new(["0"]).filter("no such thing"));
    let all: Vec<_> = wrong.collect();
    assert!(
        matches!(&all[..], [Err(ClientError::Refused { status: 400, code, .. })] if code == "invalid_input"),
        "{all:?}"
    );
}

#[test]
fn a_trace_is_tagged_assessed_and_deleted() {
    let server = Server::start(&[]);
    let mut ids = None;
    let client = traced(&server, || {
        let span = fanlight::span!("work");
        ids = span.trace_id().zip(span.span_id());
    });
    let (trace_id, span_id) = ids.unwrap();

    client.set_tag(trace_id, "reviewed", "yes").unwrap();
    client.set_tag(trace_id, "gone", "soon").unwrap();
    client.delete_tag(trace_id, "gone").unwrap();
    let trace = client.get_trace(trace_id).unwrap().trace;
    assert_eq!(trace.tags["reviewed"], "yes");
    assert!(!trace.tags.contains_key("gone"));

    let feedback = Feedback::new("correct", false)
        .by_human("ada")
        .rationale("no source");
    let first = client.log_feedback(trace_id, &feedback).unwrap();
    let second = Feedback::new("correct", true)
        .by_judge("gpt-4o")
        .span(span_id)
        .metadata("scorer", "v2")
        .overrides(&first);
    let second = client.log_feedback(trace_id, &second).unwrap();
    let expected =
        Expectation::new("answer", json!({"number": 7})).by(Source::Code("generator".into()));
    client.log_expectation(trace_id, &expected).unwrap();
    let said = client.get_trace(trace_id).unwrap().trace.assessments;
    let valid: Vec<_> = said
        .iter()
        .map(|said| (said.name.as_str(), said.source.kind.as_str(), &said.value))
        .collect();
    let number = json!({"number": 7});
    assert!(
        valid.contains(&("correct", "llm_judge", &json!(true))),
        "{valid:?}"
    );
    assert!(valid.contains(&("answer", "code", &number)), "{valid:?}");
    let judged = said.iter().find(|said| said.id == second).unwrap();
    assert_eq!(judged.span_id, Some(span_id.to_string()));

    client.delete_assessment(trace_id, &second).unwrap();
    let said = client.get_trace(trace_id).unwrap().trace.assessments;
    let again = said.iter().find(|said| said.id == first).unwrap();
    assert_eq!(again.rationale.as_deref(), Some("no source"));

    assert_eq!(client.delete_traces([trace_id]).unwrap(), 1);
    let error = client.get_trace(trace_id).unwrap_err();
    assert!(
        matches!(&error, ClientError::Refused { status: 404, code, .. } if code == "not_found"),
        "{error:?}"
    );
}

#[test]
fn an_export_is_whole_or_says_that_it_is_not() {
    let server = Server::start(&[]);
    let client = traced(&server, || {
        for _ in 0..5 {
            drop(fanlight::span!("exported"));
        }
    });
    let experiment = client.experiment_id("bot").unwrap().unwrap();
    for (format, member) in [(Format::Otlp, "resourceSpans"), (Format::Mlflow, "info")] {
        let export = Export {
            experiments: vec![experiment.clone()],
            format,
            ..Export::default()
        };
        let lines: Vec<_> = client
            .export(&export)
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let traces = lines
            .iter()
            .filter(|line| matches!(line, Line::Trace(trace) if trace.get(member).is_some()));
        assert_eq!(traces.count(), 5, "{lines:?}");
    }
}

#[test]
fn a_server_that_is_not_there_is_an_error_and_no_panic() {
    let client = Client::new("http://127.0.0.1:9").header("authorization", "Bearer s3cret");
    let error = client.get_trace("tr-1").unwrap_err();
    assert!(matches!(error, ClientError::Transport(_)), "{error:?}");
    assert!(!format!("{client:?}").contains("s3cret"));
    assert_eq!(TraceName::from("tr-1").as_str(), "tr-1");
}
