use fanlight_model::{Status, Value, WorkspaceId};

use super::*;
use crate::testing::{child, json, span_id, trace_id};

fn facts() -> TraceFacts {
    TraceFacts::new(trace_id(), ExperimentId::DEFAULT)
}

fn summary<const N: usize>(facts: Option<&TraceFacts>, spans: [Span; N]) -> TraceSummary {
    let key = TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace: trace_id(),
    };
    let mut spans: Vec<_> = spans.into_iter().map(Arc::new).collect();
    let summary = summarize(key, ExperimentId(3), facts, &spans);
    spans.reverse();
    assert_eq!(
        summarize(key, ExperimentId(3), facts, &spans),
        summary,
        "the order of arrival must not matter"
    );
    summary
}

fn usage(text: &str) -> (&'static str, Value) {
    ("mlflow.chat.tokenUsage", json(text))
}

fn counts(summary: &TraceSummary) -> Value {
    token_usage::to_value(&summary.usage.unwrap())
}

fn failed(span: Span) -> Span {
    Span {
        status: Status {
            code: StatusCode::Error,
            message: String::new(),
        },
        ..span
    }
}

fn open(span: Span) -> Span {
    Span { end: None, ..span }
}

#[test]
fn a_trace_of_nothing_but_facts_shows_them() {
    let mut facts = facts();
    facts.start = Some(UnixNanos(5));
    facts.alias = Some("tr-x".into());
    let summary = summary(Some(&facts), []);
    assert_eq!(
        (summary.start, summary.duration, summary.state),
        (UnixNanos(5), None, TraceState::InProgress)
    );
    assert_eq!(
        (summary.alias.as_deref(), summary.span_count),
        (Some("tr-x"), 0)
    );
    assert_eq!(
        (summary.experiment, summary.usage, summary.cost),
        (ExperimentId(3), None, None)
    );
}

#[test]
fn the_first_root_decides_the_state() {
    let state = |facts, spans: [Span; 2]| summary(facts, spans).state;
    assert_eq!(
        state(None, [child(1, 0, []), failed(child(2, 1, []))]),
        TraceState::Ok
    );
    assert_eq!(
        state(None, [failed(child(1, 0, [])), child(2, 0, [])]),
        TraceState::Error
    );
    assert_eq!(
        state(None, [open(child(1, 0, [])), child(2, 0, [])]),
        TraceState::InProgress
    );
    assert_eq!(
        state(None, [child(2, 9, []), child(3, 2, [])]),
        TraceState::InProgress
    );
}

#[test]
fn how_the_client_says_it_ended_wins() {
    let mut said = facts();
    for state in [TraceState::Ok, TraceState::Error] {
        said.state = Some(state);
        assert_eq!(summary(Some(&said), [failed(child(1, 0, []))]).state, state);
        assert_eq!(summary(Some(&said), []).state, state);
    }
    said.state = Some(TraceState::InProgress);
    assert_eq!(
        summary(Some(&said), [child(1, 0, [])]).state,
        TraceState::Ok
    );
    said.state = Some(TraceState::Unspecified);
    assert_eq!(
        summary(Some(&said), [child(2, 9, [])]).state,
        TraceState::Unspecified
    );
}

#[test]
fn times_cover_the_known_spans() {
    let times = |facts: Option<&TraceFacts>, spans: [Span; 2]| {
        let summary = summary(facts, spans);
        (summary.start.0, summary.duration.map(|duration| duration.0))
    };
    assert_eq!(
        times(None, [child(10, 0, []), child(20, 10, [])]),
        (10, Some(110))
    );
    assert_eq!(
        times(None, [child(10, 0, []), open(child(20, 10, []))]),
        (10, Some(100))
    );
    assert_eq!(
        times(None, [open(child(10, 0, [])), child(20, 10, [])]),
        (10, None)
    );
    assert_eq!(
        times(None, [child(10, 9, []), child(20, 10, [])]),
        (10, Some(110))
    );
    assert_eq!(
        times(None, [open(child(10, 9, [])), open(child(20, 10, []))]),
        (10, None)
    );

    let mut said = facts();
    said.start = Some(UnixNanos(5));
    said.duration = Some(Nanos(0));
    assert_eq!(
        times(Some(&said), [child(10, 0, []), child(20, 10, [])]),
        (5, Some(0))
    );
    said.duration = None;
    assert_eq!(
        times(Some(&said), [child(10, 0, []), child(20, 10, [])]),
        (5, Some(115))
    );
    said.start = Some(UnixNanos(500));
    assert_eq!(
        times(Some(&said), [child(10, 0, []), child(20, 10, [])]),
        (500, None)
    );
}

#[test]
fn the_name_is_what_a_client_calls_the_trace() {
    let root = || Span {
        name: "root".into(),
        ..child(
            1,
            0,
            [("mlflow.traceTag.mlflow.traceName", "\"mine\"".into())],
        )
    };
    let named = summary(None, [root(), child(2, 1, [])]);
    assert_eq!(
        (named.name.as_deref(), named.root_name.as_deref()),
        (Some("mine"), Some("root"))
    );
    assert!(named.tags.is_empty());

    let mut said = facts();
    said.tags.insert("mlflow.traceName".into(), "theirs".into());
    assert_eq!(
        summary(Some(&said), [root()]).name.as_deref(),
        Some("theirs")
    );
    assert_eq!(summary(None, [child(2, 1, [])]).root_name, None);
}

#[test]
fn previews_come_from_the_last_root_that_has_content() {
    let spans = || {
        [
            child(
                1,
                0,
                [("input.value", "one".into()), ("output.value", "1".into())],
            ),
            child(2, 0, [("input.value", "two".into())]),
            child(3, 1, [("input.value", "child".into())]),
        ]
    };
    let derived = summary(None, spans());
    assert_eq!(derived.request_preview.as_deref(), Some("two"));
    assert_eq!(derived.response_preview.as_deref(), Some("1"));

    let mut said = facts();
    said.request_preview = Some("x".repeat(3000));
    let given = summary(Some(&said), spans());
    assert_eq!(given.request_preview.map(|text| text.len()), Some(3000));
    assert_eq!(given.response_preview.as_deref(), Some("1"));
}

#[test]
fn usage_is_summed_over_spans_without_a_counting_ancestor() {
    let two_calls = summary(
        None,
        [
            child(1, 0, []),
            child(
                2,
                1,
                [usage(
                    r#"{"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}"#,
                )],
            ),
            child(3, 1, [usage(r#"{"input_tokens": 7, "output_tokens": 3}"#)]),
        ],
    );
    assert_eq!(
        counts(&two_calls),
        json(r#"{"input_tokens": 17, "output_tokens": 8, "total_tokens": 15}"#)
    );

    let rolled_up = summary(
        None,
        [
            child(
                1,
                0,
                [usage(
                    r#"{"input_tokens": 10, "cache_read_input_tokens": 4}"#,
                )],
            ),
            child(2, 1, []),
            child(3, 2, [usage(r#"{"input_tokens": 10}"#)]),
        ],
    );
    let expected = r#"{"input_tokens": 10, "output_tokens": 0, "total_tokens": 0, "cache_read_input_tokens": 4}"#;
    assert_eq!(counts(&rolled_up), json(expected));
}

#[test]
fn parts_no_span_knows_count_zero() {
    let total_only = summary(None, [child(1, 0, [("llm.token_count.total", 9.into())])]);
    assert_eq!(
        counts(&total_only),
        json(r#"{"input_tokens": 0, "output_tokens": 0, "total_tokens": 9}"#)
    );
    let input_only = summary(
        None,
        [child(1, 0, [("gen_ai.usage.input_tokens", "12".into())])],
    );
    assert_eq!(
        counts(&input_only),
        json(r#"{"input_tokens": 12, "output_tokens": 0, "total_tokens": 0}"#)
    );
    assert_eq!(summary(None, [child(1, 0, [])]).usage, None);
}

#[test]
fn costs_are_summed_in_the_same_way() {
    let cost = |amount: f64| {
        (
            "mlflow.llm.cost",
            json(&format!(r#"{{"input_cost": {amount}}}"#)),
        )
    };
    let spans = [
        child(1, 0, []),
        child(2, 1, [cost(1.0)]),
        child(3, 1, [cost(2.0)]),
        child(4, 3, [cost(2.0)]),
    ];
    assert_eq!(
        summary(None, spans).cost,
        Some(Cost {
            input: 3.0,
            output: 0.0,
            total: 3.0
        })
    );
}

/// Anthropic's own client says how long caches are kept, and what is around it does not.
#[test]
fn a_call_has_the_parts_that_its_innermost_span_knows() {
    let call = |number, parent, more: Vec<(&str, Value)>| {
        let mut span = child(
            number,
            parent,
            [
                ("gen_ai.request.model", "claude-sonnet-4-5".into()),
                ("gen_ai.usage.input_tokens", 3000.into()),
                ("gen_ai.usage.output_tokens", 10.into()),
                ("gen_ai.usage.cache_creation.input_tokens", 2000.into()),
            ],
        );
        for (name, value) in more {
            span.attributes.insert(name, value);
        }
        span
    };
    let hour = vec![(
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
        500.into(),
    )];
    let alone = summary(None, [call(1, 0, hour.clone())]);
    let around = summary(
        None,
        [
            call(1, 0, Vec::new()),
            child(2, 1, []),
            call(3, 1, hour.clone()),
        ],
    );
    assert_eq!(around.usage.unwrap().cache_write_1h, Some(500));
    assert_eq!(around.cost, alone.cost);
    let stated = vec![("mlflow.llm.cost", json(r#"{"total_cost": 1}"#))];
    let stated = summary(None, [call(1, 0, stated), call(2, 1, hour)]);
    assert_eq!(stated.cost.map(|cost| cost.total), Some(1.0));
}

#[test]
fn figures_the_client_gave_win_and_junk_is_dropped() {
    let mut said = facts();
    said.metadata
        .insert(TOKEN_USAGE.into(), r#"{"total_tokens": 1}"#.into());
    said.metadata
        .insert(COST.into(), r#"{"total_cost": 0.5}"#.into());
    let spans = || [child(1, 0, [usage(r#"{"input_tokens": 10}"#)])];
    let given = summary(Some(&said), spans());
    assert_eq!(counts(&given), json(r#"{"total_tokens": 1}"#));
    assert_eq!(
        given.cost,
        Some(Cost {
            input: 0.0,
            output: 0.0,
            total: 0.5
        })
    );

    said.metadata.insert(TOKEN_USAGE.into(), "junk".into());
    said.metadata.insert(COST.into(), "{}".into());
    let junk = summary(Some(&said), spans());
    assert_eq!(
        counts(&junk),
        json(r#"{"input_tokens": 10, "output_tokens": 0, "total_tokens": 0}"#)
    );
    assert_eq!(junk.cost, None);
    assert!(junk.metadata.is_empty());
}

#[test]
fn session_user_and_run_have_fields_of_their_own() {
    let spans = || {
        [
            child(1, 0, []),
            child(
                2,
                1,
                [
                    ("gen_ai.conversation.id", "first".into()),
                    ("user.id", 7.into()),
                ],
            ),
            child(3, 1, [("session.id", "second".into())]),
        ]
    };
    let derived = summary(None, spans());
    assert_eq!(
        (derived.session.as_deref(), derived.user.as_deref()),
        (Some("first"), Some("7"))
    );

    let mut said = facts();
    for (key, value) in [
        (SESSION, "s"),
        (USER, "u"),
        (SOURCE_RUN, "r"),
        ("mlflow.user", "ann"),
    ] {
        said.metadata.insert(key.into(), value.into());
    }
    let given = summary(Some(&said), spans());
    assert_eq!(
        (given.session.as_deref(), given.user.as_deref()),
        (Some("s"), Some("u"))
    );
    assert_eq!(given.source_run.as_deref(), Some("r"));
    assert_eq!(
        given.metadata.into_iter().collect::<Vec<_>>(),
        [("mlflow.user".into(), "ann".into())]
    );
}

#[test]
fn models_are_distinct_and_counts_exact() {
    let summary = summary(
        None,
        [
            child(1, 0, []),
            failed(child(2, 1, [("gen_ai.request.model", "b".into())])),
            child(3, 1, [("gen_ai.request.model", "a".into())]),
            child(4, 1, [("input.value", r#"{"model":"b"}"#.into())]),
        ],
    );
    assert_eq!(summary.models, ["a", "b"]);
    assert_eq!((summary.span_count, summary.error_count), (4, 1));
}

#[test]
fn cycles_and_long_chains_are_summed_once() {
    let used = || [usage(r#"{"input_tokens": 1}"#)];
    let cycle = summary(
        None,
        [
            child(1, 2, used()),
            child(2, 1, used()),
            child(3, 1, used()),
        ],
    );
    assert_eq!(cycle.usage.unwrap().input, Some(2));

    let key = TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace: trace_id(),
    };
    let chain: Vec<_> = (1..=32_000)
        .rev()
        .map(|number| Arc::new(child(number, number - 1, used())))
        .collect();
    assert_eq!(
        summarize(key, ExperimentId::DEFAULT, None, &chain)
            .usage
            .unwrap()
            .input,
        Some(1)
    );
}

#[test]
fn spans_are_shown_roots_first_then_by_start() {
    let mut spans = [
        child(3, 2, []),
        child(2, 1, []),
        child(9, 0, []),
        Span {
            start: UnixNanos(2),
            ..child(1, 7, [])
        },
    ]
    .map(Arc::new);
    sort_spans(&mut spans);
    assert_eq!(spans.map(|span| span.span_id), [9, 1, 2, 3].map(span_id));
}

#[test]
fn what_a_client_says_of_tokens_means_what_its_spans_prove_and_is_kept_as_it_said_it() {
    // Anthropic's input leaves out what came from the cache; the answer is recorded beside it.
    let span = child(
        1,
        0,
        [
            (
                "mlflow.spanInputs",
                json(r#"{"model": "claude-sonnet-4-5"}"#),
            ),
            (
                "mlflow.spanOutputs",
                json(
                    r#"{"usage": {"input_tokens": 5000, "output_tokens": 500, "cache_read_input_tokens": 1000,
                        "cache_creation_input_tokens": 0}}"#,
                ),
            ),
            (
                "mlflow.chat.tokenUsage",
                json(r#"{"input_tokens": 5000, "output_tokens": 500, "total_tokens": 5500}"#),
            ),
        ],
    );
    let text = r#"{"input_tokens": 5000, "output_tokens": 500, "total_tokens": 5500}"#;
    let mut said = facts();
    said.metadata
        .insert(TOKEN_USAGE.to_owned(), text.to_owned());
    let row = summary(Some(&said), [span]);
    let usage = row.usage.unwrap();
    assert_eq!(
        (usage.input, usage.total, usage.cache_read),
        (Some(6000), Some(6500), Some(1000))
    );
    assert_eq!(
        row.metadata.get(TOKEN_USAGE).map(String::as_str),
        Some(text)
    );

    let plain = child(1, 0, [("mlflow.chat.tokenUsage", json(text))]);
    let row = summary(Some(&said), [plain]);
    assert_eq!(row.usage.unwrap().input, Some(5000));
    assert_eq!(row.metadata.get(TOKEN_USAGE), None);
}
