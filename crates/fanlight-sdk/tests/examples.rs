//! The examples run, and leave the traces that the documentation shows.
#![cfg(all(feature = "reqwest-middleware", feature = "client"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use fanlight::client::{Client, FullTrace, Search};
use support::{FakeLlm, Server};

/// Built beside this test.
fn example(name: &str, llm: &FakeLlm, server: &Server) -> Command {
    let here = std::env::current_exe().unwrap();
    let folder: PathBuf = here.ancestors().nth(2).unwrap().join("examples");
    let mut command = Command::new(folder.join(name));
    command
        .env("OPENAI_BASE_URL", format!("{}/v1", llm.url))
        .env("FANLIGHT_SERVER", &server.url)
        .env("FANLIGHT_SPOOL_DIR", "off")
        .env("MLFLOW_EXPERIMENT_ID", "0");
    command
}

fn only_trace(server: &Server) -> FullTrace {
    let client = Client::new(&server.url);
    let page = client.search(&Search::new(["0"])).unwrap();
    assert_eq!(page.traces.len(), 1, "{page:?}");
    client.get_trace(&page.traces[0].id).unwrap()
}

/// Each span as `TYPE name`, with its parent's name.
fn tree(trace: &FullTrace) -> Vec<(String, String)> {
    let name_of = |id: &str| {
        let found = trace.spans.iter().find(|span| span.id == id);
        found.unwrap().name.clone()
    };
    let shown = trace.spans.iter().map(|span| {
        let kind = span.r#type.clone().unwrap_or_default();
        let parent = span.parent_id.as_deref().map(name_of);
        (format!("{kind} {}", span.name), parent.unwrap_or_default())
    });
    let mut shown: Vec<_> = shown.collect();
    shown.sort();
    shown
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = expected.iter();
    pairs
        .map(|(span, parent)| ((*span).to_owned(), (*parent).to_owned()))
        .collect()
}

#[test]
#[ignore = "needs a server in FANLIGHT_BIN, and the examples built"]
fn the_agent_calls_its_model_and_its_tool() {
    let (llm, server) = (FakeLlm::start(), Server::start());
    let output = example("agent", &llm, &server).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("21 °C and sunny in Paris"), "{output:?}");
    let trace = only_trace(&server);
    let expected = pairs(&[
        ("AGENT answer", ""),
        ("CHAT_MODEL chat gpt-4o-mini", "answer"),
        ("CHAT_MODEL chat gpt-4o-mini", "answer"),
        ("TOOL weather", "answer"),
    ]);
    assert_eq!(tree(&trace), expected);
    assert_eq!(trace.trace.user.as_deref(), Some("ada"));
    assert!(trace.trace.tokens.unwrap().input > Some(0));
}

#[test]
#[ignore = "needs a server in FANLIGHT_BIN, and the examples built"]
fn the_pipeline_retrieves_and_generates() {
    let (llm, server) = (FakeLlm::start(), Server::start());
    let output = example("rag", &llm, &server).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let trace = only_trace(&server);
    let expected = pairs(&[
        ("CHAIN rag", ""),
        ("CHAT_MODEL chat gpt-4o-mini", "rag"),
        ("EMBEDDING embeddings text-embedding-3-small", "retrieve"),
        ("RETRIEVER retrieve", "rag"),
    ]);
    assert_eq!(tree(&trace), expected);
}

#[test]
#[ignore = "needs a server in FANLIGHT_BIN, and the examples built"]
fn the_service_goes_on_with_its_callers_trace_in_a_session() {
    let (llm, server) = (FakeLlm::start(), Server::start());
    let mut service = example("service", &llm, &server)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(service.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    let request = ureq_get(&format!("{}/chat/s-1?say=hello", url.trim()));
    assert_eq!(request, "You said: hello");
    // Ended politely, it sends what it has.
    let pid = service.id().to_string();
    Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(service.wait().unwrap().success());
    let trace = only_trace(&server);
    assert_eq!(trace.trace.id, "tr-0af7651916cd43dd8448eb211c80319c");
    assert_eq!(trace.trace.session.as_deref(), Some("s-1"));
    assert_eq!(
        trace.trace.response_preview.as_deref(),
        Some("You said: hello")
    );
    let names: Vec<_> = trace.spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["GET /chat/s-1", "answer", "chat gpt-4o-mini"]);
}

fn ureq_get(url: &str) -> String {
    let reply = ureq::get(url)
        .header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        .call();
    reply.unwrap().body_mut().read_to_string().unwrap()
}
