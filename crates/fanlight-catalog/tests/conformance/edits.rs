use std::collections::{BTreeMap, BTreeSet};

use fanlight_catalog::{CatalogError, Edited, EditedTrace};
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
    let pairs: Vec<_> = loaded.iter().map(|it| (it.trace, &it.edits)).collect();
    assert_eq!(pairs, [(trace(1), &first), (trace(2), &second)]);
    for known in loaded {
        let found = harness.catalog.trace_edits(known.trace).await.unwrap();
        assert_eq!(found, Some(known));
    }

    harness
        .catalog
        .delete_edits(&[trace(2), trace(3)])
        .await
        .unwrap();
    assert_eq!(harness.catalog.load_edits().await.unwrap().len(), 1);
    assert_eq!(harness.catalog.trace_edits(trace(2)).await.unwrap(), None);
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
    assert_eq!(loaded[0].trace, other);
    assert_eq!(loaded[0].edits.tags["k"].as_deref(), Some("there"));
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
    assert_eq!(loaded.iter().map(|it| it.trace).collect::<Vec<_>>(), traces);
}

async fn edits_of(harness: &Harness, number: u128) -> Option<EditedTrace> {
    let edits = harness.catalog.trace_edits(trace(number)).await;
    edits.expect("the catalog answers")
}

/// What a segment keeps of a trace.
fn kept() -> TraceEdits {
    TraceEdits {
        tags: BTreeMap::from([
            ("set".to_owned(), Some("1".to_owned())),
            ("removed".to_owned(), None),
        ]),
        assessments: vec![
            Assessment {
                valid: false,
                ..assessment("a-1")
            },
            overriding("a-2", "a-1"),
        ],
        runs: BTreeSet::from(["r1".to_owned(), "r2".to_owned()]),
        prompts: BTreeSet::from([LinkedPrompt {
            name: "p".to_owned(),
            version: "1".to_owned(),
        }]),
    }
}

#[tokio::test]
async fn the_first_edit_brings_along_what_was_kept_elsewhere_and_later_ones_do_not() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    let kept = kept();
    let edited = |number| Edited {
        trace: trace(number),
        known: Some(&kept),
    };
    let mut with_tag = kept.clone();
    with_tag.tags.insert("k".to_owned(), Some("v".to_owned()));
    let mut with_run = kept.clone();
    with_run.runs.insert("r3".to_owned());
    let mut without_override = kept.clone();
    without_override.assessments = vec![assessment("a-1")];
    let mut with_more = kept.clone();
    with_more.assessments.push(assessment("a-3"));
    let mut changed = kept.clone();
    changed.assessments[0].name = "new".to_owned();

    catalog.set_trace_tag(edited(1), "k", "v").await.unwrap();
    let linked = [edited(2), edited(3)];
    catalog.link_run(&linked, "r3").await.unwrap();
    let left = catalog.delete_assessment(edited(4), "a-2").await.unwrap();
    assert_eq!(validity(&left), [("a-1", true)]);
    let three = assessment("a-3");
    let all = catalog.add_assessment(edited(5), &three).await.unwrap();
    assert_eq!(
        validity(&all),
        [("a-1", false), ("a-2", true), ("a-3", true)]
    );
    let more = [(edited(6), three.clone()), (edited(6), three)];
    catalog.put_assessments(&more).await.unwrap();
    let rename = |known: Assessment| {
        Ok(Assessment {
            name: "new".to_owned(),
            ..known
        })
    };
    catalog
        .update_assessment::<CatalogError>(edited(7), "a-1", rename)
        .await
        .unwrap();
    catalog
        .link_prompts(edited(8), &kept.prompts.iter().cloned().collect::<Vec<_>>())
        .await
        .unwrap();
    for (number, expected) in [
        (1, &with_tag),
        (2, &with_run),
        (3, &with_run),
        (4, &without_override),
        (5, &with_more),
        (6, &with_more),
        (7, &changed),
        (8, &kept),
    ] {
        let found = edits_of(&harness, number).await.unwrap();
        assert_eq!(&found.edits, expected, "trace {number}");
    }

    // From now on it is the catalog that knows.
    catalog.delete_assessment(edited(4), "a-1").await.unwrap();
    assert_eq!(edits_of(&harness, 4).await.unwrap().edits.assessments, []);
    let stale = TraceEdits {
        runs: BTreeSet::from(["stale".to_owned()]),
        ..TraceEdits::default()
    };
    let stale = Edited {
        trace: trace(1),
        known: Some(&stale),
    };
    catalog.set_trace_tag(stale, "k", "w").await.unwrap();
    with_tag.tags.insert("k".to_owned(), Some("w".to_owned()));
    assert_eq!(edits_of(&harness, 1).await.unwrap().edits, with_tag);
}

#[tokio::test]
async fn a_trace_whose_edits_were_all_taken_back_is_still_an_edited_one() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    let kept = TraceEdits {
        assessments: vec![assessment("a-1")],
        ..TraceEdits::default()
    };
    let edited = Edited {
        trace: trace(1),
        known: Some(&kept),
    };
    catalog.delete_assessment(edited, "a-1").await.unwrap();
    let harness = harness.reopen().await;
    let loaded = harness.catalog.load_edits().await.unwrap();
    assert_eq!(loaded.len(), 1);
    assert_eq!(loaded[0].edits, TraceEdits::default());
}

#[tokio::test]
async fn an_edit_that_is_refused_or_does_nothing_brings_nothing_along() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    let kept = kept();
    let edited = Edited {
        trace: trace(1),
        known: Some(&kept),
    };
    catalog.delete_assessment(edited, "unknown").await.unwrap();
    let refused = catalog.add_assessment(edited, &assessment("a-2")).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    let refused = catalog
        .add_assessment(edited, &overriding("a-3", "unknown"))
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(edits_of(&harness, 1).await, None);
}

#[tokio::test]
async fn every_edit_gives_a_revision_that_was_never_there_before() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    let mut last = 0;
    for number in [1, 2, 1] {
        catalog
            .set_trace_tag(trace(number), "k", "v")
            .await
            .unwrap();
        let revision = edits_of(&harness, number).await.unwrap().revision;
        assert!(revision > last, "{revision} after {last}");
        last = revision;
    }
    catalog.delete_edits(&[trace(1), trace(2)]).await.unwrap();
    let harness = harness.reopen().await;
    harness
        .catalog
        .link_run(&[trace(3), trace(1)], "r")
        .await
        .unwrap();
    for number in [1, 3] {
        assert!(edits_of(&harness, number).await.unwrap().revision > last);
    }
}
