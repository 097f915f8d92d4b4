use std::collections::{BTreeMap, BTreeSet};

use fanlight_catalog::CatalogError;
use fanlight_model::{
    Assessment, AssessmentSource, ErrorKind, FeedbackError, Judgement, LinkedPrompt, SourceType,
    TraceEdits, TraceKey, UnixNanos, WorkspaceId,
};
use serde_json::json;

use crate::{Harness, trace};

fn assessment(id: &str) -> Assessment {
    Assessment {
        id: id.to_owned(),
        name: "correct".to_owned(),
        span_id: Some("9bba0b2ef45d43f2".to_owned()),
        source: AssessmentSource {
            kind: SourceType::Human,
            id: Some("bob".to_owned()),
        },
        judgement: Judgement::Feedback {
            value: json!(true),
            error: None,
        },
        rationale: Some("because".to_owned()),
        metadata: BTreeMap::from([("m".to_owned(), "1".to_owned())]),
        created_at: UnixNanos(1_000_000_001),
        updated_at: UnixNanos(1_000_000_002),
        overrides: None,
        valid: true,
    }
}

fn overriding(id: &str, target: &str) -> Assessment {
    Assessment {
        overrides: Some(target.to_owned()),
        ..assessment(id)
    }
}

fn validity(assessments: &[Assessment]) -> Vec<(&str, bool)> {
    assessments
        .iter()
        .map(|assessment| (assessment.id.as_str(), assessment.valid))
        .collect()
}

#[tokio::test]
async fn all_edits_are_loaded_after_reopening() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    catalog
        .set_trace_tag(trace(2), "kept", "old")
        .await
        .unwrap();
    catalog
        .set_trace_tag(trace(2), "kept", "new")
        .await
        .unwrap();
    catalog.delete_trace_tag(trace(2), "removed").await.unwrap();
    catalog
        .link_run(&[trace(1), trace(2), trace(1)], "r1")
        .await
        .unwrap();
    catalog.link_run(&[trace(2)], "r1").await.unwrap();
    let prompt = LinkedPrompt {
        name: "p".to_owned(),
        version: "3".to_owned(),
    };
    catalog
        .link_prompts(trace(2), &[prompt.clone(), prompt.clone()])
        .await
        .unwrap();
    catalog
        .put_assessments(&[(trace(2), assessment("a-1"))])
        .await
        .unwrap();

    let harness = harness.reopen().await;
    let runs = BTreeSet::from(["r1".to_owned()]);
    let second = TraceEdits {
        tags: BTreeMap::from([
            ("kept".to_owned(), Some("new".to_owned())),
            ("removed".to_owned(), None),
        ]),
        assessments: vec![assessment("a-1")],
        runs: runs.clone(),
        prompts: BTreeSet::from([prompt]),
    };
    let first = TraceEdits {
        runs,
        ..TraceEdits::default()
    };
    let loaded = harness.catalog.load_edits().await.unwrap();
    assert_eq!(loaded, [(trace(1), first), (trace(2), second.clone())]);
    assert_eq!(harness.catalog.trace_edits(trace(2)).await.unwrap(), second);

    harness
        .catalog
        .delete_edits(&[trace(2), trace(3)])
        .await
        .unwrap();
    assert_eq!(harness.catalog.load_edits().await.unwrap().len(), 1);
    assert_eq!(
        harness.catalog.trace_edits(trace(2)).await.unwrap(),
        TraceEdits::default()
    );
}

#[tokio::test]
async fn the_same_trace_id_in_two_workspaces_is_two_traces() {
    let harness = Harness::start().await;
    let other = TraceKey {
        workspace: WorkspaceId(7),
        ..trace(1)
    };
    harness
        .catalog
        .set_trace_tag(trace(1), "k", "here")
        .await
        .unwrap();
    harness
        .catalog
        .set_trace_tag(other, "k", "there")
        .await
        .unwrap();
    harness.catalog.delete_edits(&[trace(1)]).await.unwrap();
    let loaded = harness.catalog.load_edits().await.unwrap();
    assert_eq!(loaded.len(), 1);
    assert_eq!(loaded[0].0, other);
    assert_eq!(loaded[0].1.tags["k"].as_deref(), Some("there"));
}

#[tokio::test]
async fn every_kind_of_judgement_comes_back_as_it_was() {
    let harness = Harness::start().await;
    let error = FeedbackError {
        code: Some("TIMEOUT".to_owned()),
        message: None,
        stack_trace: Some("at judge".to_owned()),
    };
    let judgements = [
        Judgement::Feedback {
            value: json!(null),
            error: None,
        },
        Judgement::Feedback {
            value: json!({"b": [1, 2.0, "x"], "a": null}),
            error: Some(error),
        },
        Judgement::Expectation {
            value: json!("it's \"quoted\""),
        },
        Judgement::Issue {
            issue_name: "slow".to_owned(),
        },
    ];
    let kinds = [
        SourceType::Unspecified,
        SourceType::LlmJudge,
        SourceType::Code,
        SourceType::Human,
    ];
    let written: Vec<_> = std::iter::zip(judgements, kinds)
        .enumerate()
        .map(|(number, (judgement, kind))| Assessment {
            judgement,
            source: AssessmentSource { kind, id: None },
            ..assessment(&format!("a-{number}"))
        })
        .collect();
    let rows: Vec<_> = written
        .iter()
        .map(|assessment| (trace(1), assessment.clone()))
        .collect();
    harness.catalog.put_assessments(&rows).await.unwrap();
    assert_eq!(
        harness.catalog.list_assessments(trace(1)).await.unwrap(),
        written
    );
}

#[tokio::test]
async fn overriding_invalidates_until_the_override_is_deleted() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    catalog
        .add_assessment(trace(1), &assessment("a-1"))
        .await
        .unwrap();
    catalog
        .add_assessment(trace(1), &overriding("a-2", "a-1"))
        .await
        .unwrap();
    let all = catalog
        .add_assessment(trace(1), &overriding("a-3", "a-1"))
        .await
        .unwrap();
    assert_eq!(
        validity(&all),
        [("a-1", false), ("a-2", true), ("a-3", true)]
    );
    let all = catalog.delete_assessment(trace(1), "a-2").await.unwrap();
    assert_eq!(validity(&all), [("a-1", false), ("a-3", true)]);
    let all = catalog.delete_assessment(trace(1), "a-3").await.unwrap();
    assert_eq!(validity(&all), [("a-1", true)]);
    let all = catalog
        .delete_assessment(trace(1), "unknown")
        .await
        .unwrap();
    assert_eq!(validity(&all), [("a-1", true)]);
}

#[tokio::test]
async fn a_refused_assessment_leaves_nothing_behind() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    catalog
        .add_assessment(trace(1), &assessment("a-1"))
        .await
        .unwrap();
    let refused = catalog
        .add_assessment(trace(1), &overriding("a-1", "a-1"))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.to_string().as_str(), refused.kind()),
        ("assessment `a-1` already exists", ErrorKind::Conflict)
    );
    let refused = catalog
        .add_assessment(trace(2), &overriding("a-2", "a-1"))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.to_string().as_str(), refused.kind()),
        ("assessment `a-1` does not exist", ErrorKind::NotFound)
    );
    assert_eq!(
        validity(&catalog.list_assessments(trace(1)).await.unwrap()),
        [("a-1", true)]
    );
    assert_eq!(catalog.list_assessments(trace(2)).await.unwrap(), []);
}

#[tokio::test]
async fn a_changed_assessment_keeps_its_id_and_place() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    for id in ["a-1", "a-2"] {
        catalog
            .add_assessment(trace(1), &assessment(id))
            .await
            .unwrap();
    }
    let rename = |known: Assessment| {
        Ok(Assessment {
            name: "new".to_owned(),
            id: "other".to_owned(),
            ..known
        })
    };
    let all = catalog
        .update_assessment::<CatalogError>(trace(1), "a-1", rename)
        .await
        .unwrap();
    assert_eq!(
        all,
        [
            Assessment {
                name: "new".to_owned(),
                ..assessment("a-1")
            },
            assessment("a-2")
        ]
    );
    let refuse = |_: Assessment| Err(CatalogError::Empty { what: "the change" });
    let refused = catalog
        .update_assessment(trace(1), "a-1", refuse)
        .await
        .unwrap_err();
    assert_eq!(refused.to_string(), "the change must not be empty");
    let missing = catalog
        .update_assessment(trace(1), "a-9", Ok::<_, CatalogError>)
        .await
        .unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn more_edits_than_are_read_at_once_are_all_loaded() {
    let harness = Harness::start().await;
    let traces: Vec<_> = (1..=25_000).map(trace).collect();
    harness.catalog.link_run(&traces, "r").await.unwrap();
    let loaded = harness.catalog.load_edits().await.unwrap();
    assert_eq!(
        loaded.iter().map(|(key, _)| *key).collect::<Vec<_>>(),
        traces
    );
}
