use std::collections::{BTreeMap, HashSet};

use fanlight_model::{Nanos, StatusCode, Value};

use super::*;

const NOW: UnixNanos = UnixNanos(1_795_200_000_123_456_789);
const DAY: u64 = 24 * 3600 * 1_000_000_000;

fn service(span: &Span) -> &str {
    span.resource.attributes.get_str("service.name").unwrap()
}

fn of<'a>(traces: &'a [Vec<Span>], name: &str) -> Vec<&'a Vec<Span>> {
    traces
        .iter()
        .filter(|spans| service(&spans[0]) == name)
        .collect()
}

#[test]
fn three_applications_share_three_hundred_traces() {
    let traces = traces(NOW, 7);
    let counts =
        ["mortgage-agents", "docs-agent", "manga-shop"].map(|name| of(&traces, name).len());
    assert_eq!(counts, [120, 80, 100]);
}

#[test]
fn the_same_seed_gives_the_same_traces() {
    assert_eq!(traces(NOW, 7), traces(NOW, 7));
    assert_ne!(traces(NOW, 7), traces(NOW, 8));
}

#[test]
fn exactly_one_session_has_seven_turns() {
    let traces = traces(NOW, 7);
    let mut turns: BTreeMap<&str, Vec<&Span>> = BTreeMap::new();
    for root in traces.iter().map(|spans| &spans[0]) {
        if let Some(session) = root.attributes.get_str("session.id") {
            turns.entry(session).or_default().push(root);
        }
    }
    let long: Vec<_> = turns.iter().filter(|(_, roots)| roots.len() >= 6).collect();
    let [(name, roots)] = long.as_slice() else {
        panic!("{long:?}")
    };
    assert_eq!(**name, "thread-refinance");
    assert_eq!(roots.len(), 7);
    let users: HashSet<_> = roots
        .iter()
        .map(|root| root.attributes.get_str("user.id"))
        .collect();
    assert_eq!(users.len(), 1);
    assert!(roots.iter().all(|root| root.status.code == StatusCode::Ok));
}

#[test]
fn two_per_cent_fail_with_an_exception() {
    for seed in [1, 7, 99] {
        let traces = traces(NOW, seed);
        let failed: Vec<_> = traces
            .iter()
            .filter(|spans| spans[0].status.code == StatusCode::Error)
            .collect();
        assert_eq!(failed.len(), 6);
        for spans in failed {
            let event = &spans.last().unwrap().events[0];
            assert_eq!(event.name, "exception");
            let text = |key: &str| event.attributes.get_str(key).unwrap().to_owned();
            assert!(
                text("exception.stacktrace")
                    .starts_with("Traceback (most recent call last):\n  File \"/")
            );
            assert!(text("exception.stacktrace").ends_with(&format!(
                "{}: {}\n",
                text("exception.type"),
                text("exception.message")
            )));
            assert_eq!(spans[0].attributes.get("output.value"), None);
            assert_eq!(spans[0].attributes.get("mlflow.spanOutputs"), None);
        }
        let with_errors = |spans: &&Vec<Span>| {
            spans
                .iter()
                .any(|span| span.status.code == StatusCode::Error)
        };
        assert_eq!(traces.iter().filter(with_errors).count(), 6);
    }
}

#[test]
fn the_docs_agent_uses_fixed_numbers_of_tokens() {
    let traces = traces(NOW, 7);
    for spans in of(&traces, "docs-agent") {
        let count =
            |span: &Span, part: &str| match span.attributes.get(&format!("llm.token_count.{part}"))
            {
                Some(Value::Int(tokens)) => *tokens,
                other => panic!("{other:?}"),
            };
        let calls = spans
            .iter()
            .filter(|span| span.attributes.get("llm.model_name").is_some());
        let used: Vec<_> = calls
            .map(|span| ["prompt", "completion", "total"].map(|part| count(span, part)))
            .collect();
        if spans[0].status.code == StatusCode::Error {
            assert_eq!(used, [[67, 45, 112]]);
        } else {
            assert_eq!(used, [[67, 45, 112], [245, 180, 425]]);
        }
    }
}

#[test]
fn every_trace_is_a_tree_within_its_root_and_the_last_fourteen_days() {
    let mut ids = HashSet::new();
    for spans in traces(NOW, 7) {
        let root = &spans[0];
        assert_eq!(root.parent_id, None);
        assert!(root.start.0 >= NOW.0 - 14 * DAY, "{root:?}");
        assert!(root.end.unwrap() < NOW, "{root:?}");
        assert!(root.duration().unwrap() < Nanos::from_millis(60_000));
        for (place, span) in spans.iter().enumerate().skip(1) {
            let parent = spans[..place]
                .iter()
                .find(|earlier| Some(earlier.span_id) == span.parent_id)
                .unwrap();
            assert!(
                parent.start <= span.start && span.end <= parent.end,
                "{} in {}",
                span.name,
                parent.name
            );
        }
        assert!(
            spans
                .iter()
                .all(|span| span.trace_id == root.trace_id && ids.insert(span.span_id))
        );
    }
}

#[test]
fn days_are_busier_than_nights() {
    let traces = traces(NOW, 7);
    let hour = |spans: &&Vec<Span>| spans[0].start.0 % DAY / (DAY / 24);
    let by_day = traces
        .iter()
        .filter(|spans| (8..18).contains(&hour(spans)))
        .count();
    assert!(by_day > 190, "{by_day}");
    let days: HashSet<_> = traces.iter().map(|spans| spans[0].start.0 / DAY).collect();
    assert!(days.len() >= 12, "{days:?}");
}

#[test]
fn a_mortgage_trace_is_a_graph_of_agents() {
    let traces = traces(NOW, 7);
    let spans = of(&traces, "mortgage-agents")[3];
    let shape = |span: &Span| {
        let mut depth = 0;
        let mut parent = span.parent_id;
        while let Some(id) = parent {
            depth += 1;
            parent = spans
                .iter()
                .find(|span| span.span_id == id)
                .and_then(|span| span.parent_id);
        }
        let span_type = span.attributes.get_str("mlflow.spanType").unwrap();
        format!("{}{} {span_type}", "  ".repeat(depth), span.name)
    };
    insta::assert_snapshot!(spans.iter().map(shape).collect::<Vec<_>>().join("\n"), @r"
    LangGraph CHAIN
      input_shield GUARDRAIL
        ChatOpenAI CHAT_MODEL
      supervisor AGENT
        ChatOpenAI CHAT_MODEL
        route CHAIN
      documents_agent AGENT
        ChatOpenAI CHAT_MODEL
      tools CHAIN
        authorize_tool TOOL
        list_required_documents TOOL
      documents_agent AGENT
        ChatOpenAI CHAT_MODEL
      output_shield GUARDRAIL
        ChatOpenAI CHAT_MODEL
    ");
    let root = spans[0]
        .attributes
        .get("mlflow.spanInputs")
        .unwrap()
        .to_json();
    assert!(
        root["user"]["email"]
            .as_str()
            .unwrap()
            .ends_with("@example.com"),
        "{root}"
    );
}

#[test]
fn all_five_agents_and_four_models_take_part() {
    let traces = traces(NOW, 7);
    let spans: Vec<&Span> = traces.iter().flatten().collect();
    let agents: HashSet<_> = spans
        .iter()
        .map(|span| span.name.as_str())
        .filter(|name| name.ends_with("_agent"))
        .collect();
    // Five of the lender, and the root of the documentation agent.
    assert_eq!(agents.len(), 6, "{agents:?}");
    let model_keys = [
        "mlflow.llm.model",
        "llm.model_name",
        "embedding.model_name",
        "gen_ai.request.model",
    ];
    let models: HashSet<_> = spans
        .iter()
        .flat_map(|span| {
            model_keys
                .iter()
                .filter_map(|key| span.attributes.get_str(key))
        })
        .collect();
    assert_eq!(
        models,
        HashSet::from([
            "gpt-4o",
            "gpt-4o-mini",
            "claude-sonnet-4-5",
            "text-embedding-3-small"
        ])
    );
}
