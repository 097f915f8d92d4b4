//! SQL sees what the engine sees, wherever traces are kept and however they were edited.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use fanlight_model::{ExperimentId, WorkspaceId};
use fanlight_query::filter::parse;
use fanlight_query::{Doomed, Effort, Narrowing, Search};
use fanlight_sql::SqlSettings;
use serde_json::{Value as Json, json};
use support::{Home, assessment, key};

/// A filter of the engine, and the condition that says the same.
const TRACES: [(&str, &str); 18] = [
    ("", "true"),
    ("trace.status = 'ERROR'", "state = 'ERROR'"),
    (
        "trace.status IN ('OK', 'IN_PROGRESS')",
        "state IN ('OK', 'IN_PROGRESS')",
    ),
    ("NOT trace.status = 'ERROR'", "state <> 'ERROR'"),
    (
        "timestamp >= 1767225650000",
        "start_time >= '2026-01-01T00:00:50Z'",
    ),
    (
        "timestamp >= 1767225650000 AND timestamp < 1767225680000",
        "start_time BETWEEN TIMESTAMP '2026-01-01T00:00:50Z' AND to_timestamp_nanos('2026-01-01T00:01:19.999999999Z')",
    ),
    (
        "timestamp < 1767225600000",
        "start_time < '2026-01-01T00:00:00Z'",
    ),
    (
        "metadata.`mlflow.trace.session` = 's3'",
        "session_id = 's3'",
    ),
    ("metadata.`mlflow.trace.user` = 'u2'", "user_id = 'u2'"),
    ("metadata.`mlflow.trace.user` IS NULL", "user_id IS NULL"),
    ("trace.name = 'named 1'", "name = 'named 1'"),
    ("trace.name = 'renamed'", "name = 'renamed'"),
    ("tag.env = 'prod'", "json_get(tags, 'env') = 'prod'"),
    ("tag.env = 'edited'", "json_get(tags, 'env') = 'edited'"),
    ("tag.env IS NULL", "json_get(tags, 'env') IS NULL"),
    ("request_id = 'req-22'", "trace_id = 'req-22'"),
    (
        "request_id = 'tr-00000000000000000000000000000016'",
        "trace_id = 'tr-00000000000000000000000000000016'",
    ),
    (
        "request_id IN ('tr-00000000000000000000000000000017', 'req-33', 'x')",
        "trace_id IN ('tr-00000000000000000000000000000017', 'req-33', 'x')",
    ),
];

/// The same of spans: the filter finds the traces that have such a span.
const SPANS: [(&str, &str); 8] = [
    ("span.name = 'call'", "name = 'call'"),
    ("span.name = 'tool 1'", "name = 'tool 1'"),
    ("span.type = 'TOOL'", "type = 'TOOL'"),
    (
        "span.type = 'LLM' AND span.status = 'ERROR'",
        "type = 'LLM' AND status = 'ERROR'",
    ),
    (
        "span.name IN ('tool 0', 'tool 2')",
        "name IN ('tool 0', 'tool 2')",
    ),
    ("span.name LIKE 'agent%'", "name LIKE 'agent%'"),
    (
        "span.attributes.`gen_ai.request.model` = 'gpt-4o'",
        "model = 'gpt-4o'",
    ),
    (
        "span.attributes.`input.value` LIKE 'question 1%'",
        "json_get(attributes, 'input.value') LIKE 'question 1%'",
    ),
];

async fn found(home: &Home, filter: &str) -> u64 {
    let search = Search {
        workspace: WorkspaceId::DEFAULT,
        experiments: (0..3).map(ExperimentId).collect(),
        filter: parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}")),
        order_by: Vec::new(),
        limit: 0,
        page_token: None,
    };
    home.engine.count(&search).await.unwrap()
}

async fn counts_agree(home: &Home, state: &str) {
    for (filter, condition) in TRACES {
        let expected = found(home, filter).await;
        for columns in ["count(*)", "count(DISTINCT trace_id)", "count(metadata)"] {
            let query = format!("SELECT {columns} FROM traces WHERE {condition}");
            assert_eq!(home.number(&query).await, expected, "{state}: {query}");
        }
    }
    for (filter, condition) in SPANS {
        let query = format!("SELECT count(DISTINCT trace_id) FROM spans WHERE {condition}");
        assert_eq!(
            home.number(&query).await,
            found(home, filter).await,
            "{state}: {query}"
        );
        let narrow = format!("SELECT count(*) FROM spans WHERE {condition}");
        let whole = format!("SELECT count(attributes) FROM spans WHERE {condition}");
        assert_eq!(
            home.number(&narrow).await,
            home.number(&whole).await,
            "{state}: {whole}"
        );
    }
    let all = home.number("SELECT sum(span_count) FROM traces").await;
    assert_eq!(
        home.number("SELECT count(*) FROM spans").await,
        all,
        "{state}"
    );
}

/// All rows of all tables, whole and with narrow columns alone.
async fn everything(home: &Home) -> Vec<(&'static str, Json)> {
    let mut all = Vec::new();
    for (name, query) in [
        ("traces", "SELECT * FROM traces ORDER BY trace_id"),
        ("spans", "SELECT * FROM spans ORDER BY trace_id, span_id"),
        (
            "assessments",
            "SELECT * FROM assessments ORDER BY assessment_id",
        ),
        (
            "events",
            "SELECT * FROM events ORDER BY trace_id, span_id, name",
        ),
        (
            "events' spans",
            "SELECT trace_id, span_id, json_length(events) FROM spans ORDER BY trace_id, span_id",
        ),
    ] {
        all.push((name, home.rows(query).await));
    }
    all
}

/// What a query of narrow columns answers is what a query of everything does.
async fn narrow_is_whole(home: &Home, table: &str, order: &str, columns: &[&str], wide: &str) {
    let list = columns.join(", ");
    let narrow = home
        .rows(&format!("SELECT {list} FROM {table} ORDER BY {order}"))
        .await;
    let whole = home
        .rows(&format!(
            "SELECT {list}, {wide} FROM {table} ORDER BY {order}"
        ))
        .await;
    let cut = whole.as_array().unwrap().iter().map(|row| {
        let row = row.as_array().unwrap();
        Json::from(&row[..row.len() - 1])
    });
    assert_eq!(narrow, cut.collect::<Json>(), "{table}");
}

async fn columns_agree(home: &Home) {
    let traces = [
        "trace_id",
        "experiment_id",
        "name",
        "state",
        "start_time",
        "end_time",
        "duration_ms",
        "session_id",
        "user_id",
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "total_cost",
        "span_count",
        "error_count",
    ];
    narrow_is_whole(home, "traces", "trace_id", &traces, "metadata").await;
    let spans = [
        "trace_id",
        "span_id",
        "parent_id",
        "experiment_id",
        "name",
        "type",
        "kind",
        "status",
        "status_message",
        "start_time",
        "end_time",
        "duration_ms",
        "model",
        "provider",
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "input_cost",
        "output_cost",
        "total_cost",
    ];
    narrow_is_whole(home, "spans", "trace_id, span_id", &spans, "attributes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_agrees_with_the_engine_in_every_state() {
    let home = Home::new(SqlSettings::default()).await;
    home.append(1..120).await;
    edit(&home).await;
    counts_agree(&home, "memory").await;
    let in_memory = everything(&home).await;
    assert_eq!(in_memory[0].1.as_array().unwrap().len(), 119 - 6);
    assert_eq!(in_memory[2].1.as_array().unwrap().len(), 5);

    home.engine.seal().await.unwrap();
    counts_agree(&home, "disk").await;
    columns_agree(&home).await;
    same(&everything(&home).await, &in_memory);

    // Some sealed traces are opened again, and others come.
    home.append(30..40).await;
    home.append(200..260).await;
    delete(&home, 202..205).await;
    counts_agree(&home, "memory and disk").await;
    let mixed = everything(&home).await;
    home.engine.seal().await.unwrap();
    counts_agree(&home, "two segments").await;
    same(&everything(&home).await, &mixed);

    assert!(home.engine.compact(Effort::All).await.unwrap() > 0);
    counts_agree(&home, "one segment of two parts").await;
    columns_agree(&home).await;
    same(&everything(&home).await, &mixed);

    delete(&home, 1..20).await;
    home.engine
        .set_tag(key(230), "env", "edited")
        .await
        .unwrap();
    counts_agree(&home, "edited once more").await;
    columns_agree(&home).await;
    home.engine.close().await;
}

/// Compares row by row: all of them at once are too much to read.
fn same(found: &[(&str, Json)], expected: &[(&str, Json)]) {
    for ((table, found), (_, expected)) in found.iter().zip(expected) {
        let (found, expected) = (parsed(found), parsed(expected));
        assert_eq!(found.len(), expected.len(), "{table}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{table}");
        }
    }
}

/// Cells with JSON as what they say: sealing changes the order of attributes.
fn parsed(rows: &Json) -> Vec<Vec<Json>> {
    let cell = |cell: &Json| match cell.as_str() {
        Some(text) if text.starts_with('{') => serde_json::from_str(text).unwrap(),
        _ => cell.clone(),
    };
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row.as_array().unwrap().iter().map(cell).collect())
        .collect()
}

async fn edit(home: &Home) {
    let engine = &home.engine;
    for number in [5, 6, 7, 22, 33] {
        engine.set_tag(key(number), "env", "edited").await.unwrap();
        engine
            .set_tag(key(number + 1), "mlflow.traceName", "renamed")
            .await
            .unwrap();
    }
    engine.delete_tag(key(9), "env").await.unwrap();
    engine
        .delete_tag(key(12), "mlflow.traceName")
        .await
        .unwrap();
    for (number, value) in [
        (3, json!(true)),
        (8, json!("yes")),
        (22, json!({"a": [1]})),
        (40, json!(0.5)),
        (41, json!(null)),
    ] {
        let given = assessment(number, "correct", value);
        engine.add_assessment(key(number), given).await.unwrap();
    }
    // What people said of a trace goes with it.
    let given = assessment(52, "correct", json!(1));
    engine.add_assessment(key(52), given).await.unwrap();
    delete(home, 50..56).await;
}

async fn delete(home: &Home, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let experiment = ExperimentId(number % 3);
        let doomed = Doomed::Ids(vec![key(number)]);
        let deleted = home.engine.delete(WorkspaceId::DEFAULT, experiment, doomed);
        deleted.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_stays_as_it_was() {
    let home = Home::new(SqlSettings::default()).await;
    home.append(1..20).await;
    home.engine.seal().await.unwrap();
    home.append(20..30).await;
    for number in [3, 25] {
        home.engine
            .set_tag(key(number), "env", "before")
            .await
            .unwrap();
    }
    let moment = home.engine.moment(WorkspaceId::DEFAULT);
    let seen = || {
        let rows = |view: &std::sync::Arc<_>| moment.candidates(view, &Narrowing::default());
        let sealed: u64 = moment.segments().iter().map(|view| rows(view).len()).sum();
        let tag = |number| {
            let sealed = moment.segments().iter().find_map(|view| {
                let row = view.segment.rows().find(key(number))?;
                moment.edits_of(view, &[row]).unwrap().pop()?
            });
            let hot = moment.hot();
            let hot = hot.iter().find(|trace| trace.key() == key(number));
            let edits = sealed.or_else(|| moment.edits_of_hot(hot?));
            edits.and_then(|edits| edits.tags["env"].clone())
        };
        (moment.hot().len(), sealed, tag(3), tag(25))
    };
    let before = seen();
    let text = Some("before".to_owned());
    assert_eq!(before, (10, 19, text.clone(), text));
    home.append(30..40).await;
    home.engine.set_tag(key(3), "env", "after").await.unwrap();
    delete(&home, 25..26).await;
    delete(&home, 1..2).await;
    home.engine.seal().await.unwrap();
    home.engine.compact(Effort::All).await.unwrap();
    assert_eq!(seen(), before);
    assert_eq!(home.number("SELECT count(*) FROM traces").await, 37);
    home.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_what_was_sent() {
    let home = Home::new(SqlSettings::default()).await;
    home.append(1..30).await;
    edit_one(&home).await;
    home.engine.seal().await.unwrap();
    let rows = home
        .rows(
            "SELECT trace_id, start_time, duration_ms, json_get_int(attributes, 'count') + 1, inputs, \
             json_get(attributes, 'input.value') = inputs FROM spans WHERE trace_id = 'req-22' AND parent_id IS NULL",
        )
        .await;
    let text = "question 22 \u{1f600} ".repeat(41);
    assert_eq!(
        rows,
        json!([[
            "req-22",
            "2026-01-01T00:00:11.000000002Z",
            22.000_022,
            "9223372036854775807",
            text,
            true
        ]])
    );
    let rows = home
        .rows(
            "SELECT value, value_number, kind, source_type, rationale, created_at, valid FROM assessments \
             JOIN traces USING (trace_id) WHERE span_count = 3",
        )
        .await;
    assert_eq!(
        rows,
        json!([[
            "0.25",
            0.25,
            "feedback",
            "HUMAN",
            "it \"is\", so",
            "1970-01-01T00:00:00.008Z",
            true
        ]])
    );
    let rows = home
        .rows("SELECT models, run_ids, unnest(models) FROM traces WHERE trace_id LIKE '%8' AND experiment_id = '2'")
        .await;
    assert_eq!(rows[0], json!([["gpt-4o"], [], "gpt-4o"]));
    home.engine.close().await;
}

async fn edit_one(home: &Home) {
    let given = assessment(8, "score", json!(0.25));
    home.engine.add_assessment(key(8), given).await.unwrap();
}
