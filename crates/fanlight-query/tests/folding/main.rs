//! Edits that became part of segments read as they did before, whatever happens then.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod home;
mod reads;
mod steps;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fanlight_model::ExperimentId;
use fanlight_query::{Doomed, Effort};
use proptest::prelude::*;

use crate::home::{Home, TRACES, assessment, judged, key};
use crate::reads::{assert_same, begin_export, exported, found, reads};
use crate::steps::{Step, step, take};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// One engine keeps everything in memory and in the catalog; the other seals, folds, restarts and crashes.
    #[test]
    fn folded_edits_answer_as_those_in_the_catalog_do(steps in prop::collection::vec(step(), 5..40)) {
        runtime().block_on(async {
            let plain = Home::new().await;
            let mut folding = Home::new().await;
            for trace in 0..TRACES {
                let begin = Step::Append { trace, span: 0 };
                take(&plain, &begin).await.unwrap();
                take(&folding, &begin).await.unwrap();
            }
            for step in &steps {
                match step {
                    Step::Seal => drop(folding.engine.seal().await.unwrap()),
                    Step::Fold => folding.fold().await,
                    Step::Reopen => folding = folding.reopen().await,
                    Step::Crash => folding = folding.crash().await,
                    step => {
                        let expected = take(&plain, step).await;
                        prop_assert_eq!(take(&folding, step).await, expected, "{:?}", step);
                        continue;
                    }
                }
                assert_same(&reads(&folding).await, &reads(&plain).await);
            }
            folding.fold().await;
            assert_same(&reads(&folding).await, &reads(&plain).await);
            let folding = folding.reopen().await;
            assert_same(&reads(&folding).await, &reads(&plain).await);
            plain.engine.close().await;
            folding.engine.close().await;
            Ok(())
        })?;
    }
}

async fn with_edits() -> Home {
    let home = Home::new().await;
    for trace in 0..TRACES {
        take(&home, &Step::Append { trace, span: 0 }).await.unwrap();
    }
    let engine = &home.engine;
    engine.set_tag(key(0), "env", "set").await.unwrap();
    engine.delete_tag(key(1), "env").await.unwrap();
    engine
        .set_tag(key(2), "mlflow.traceName", "renamed")
        .await
        .unwrap();
    let given = assessment("a-1", "good", judged(0));
    engine.add_assessment(key(0), given).await.unwrap();
    let mut overriding = assessment("a-2", "good", judged(1));
    overriding.overrides = Some("a-1".to_owned());
    engine.add_assessment(key(0), overriding).await.unwrap();
    engine.link_run(&[key(0), key(3)], "r1").await.unwrap();
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn folding_leaves_nothing_in_the_catalog_and_changes_no_answer() {
    let home = with_edits().await;
    let before = reads(&home).await;
    assert_eq!(home.engine.edited_traces(), 4);
    home.fold().await;
    assert_eq!(home.engine.edited_traces(), 0);
    assert_eq!(home.engine.catalog().load_edits().await.unwrap(), []);
    assert_same(&reads(&home).await, &before);
    // Nothing is left to do.
    assert_eq!(home.engine.compact(Effort::All).await.unwrap(), 0);
    let home = home.reopen().await;
    assert_same(&reads(&home).await, &before);
    home.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_edits_of_a_segment_are_folded_without_being_asked_to_and_few_are_not() {
    let home = Home::new().await;
    for trace in 0..100 {
        let begin = Step::Append { trace, span: 0 };
        take(&home, &begin).await.unwrap();
    }
    let engine = &home.engine;
    engine.seal().await.unwrap();
    for trace in 0..63 {
        engine.set_tag(key(trace), "env", "set").await.unwrap();
    }
    assert_eq!(engine.compact(Effort::Due).await.unwrap(), 0);
    assert_eq!(engine.edited_traces(), 63);
    engine.set_tag(key(63), "env", "set").await.unwrap();
    engine.compact(Effort::Due).await.unwrap();
    assert_eq!(engine.edited_traces(), 0);
    let all: Vec<u8> = (0..64).collect();
    assert_eq!(found(engine, "tags.env = 'set'").await, all);
    home.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_edit_of_a_folded_trace_keeps_the_others_and_is_folded_again() {
    let home = with_edits().await;
    home.fold().await;
    let engine = &home.engine;
    engine.delete_tag(key(0), "env").await.unwrap();
    assert_eq!(engine.edited_traces(), 1);
    let record = engine.record(key(0)).await.unwrap().unwrap();
    assert_eq!(record.assessments.len(), 2);
    assert_eq!(record.summary.tags.get("env"), None);
    assert!(record.runs.contains("r1"));
    assert_eq!(found(engine, "tags.env = 'set'").await, [0_u8; 0]);

    engine.delete_assessment(key(0), "a-2").await.unwrap();
    let assessments = engine.record(key(0)).await.unwrap().unwrap().assessments;
    let validity: Vec<_> = assessments.iter().map(|it| (&*it.id, it.valid)).collect();
    assert_eq!(validity, [("a-1", true)]);
    engine.delete_assessment(key(0), "a-1").await.unwrap();
    assert_eq!(found(engine, "feedback.good IS NOT NULL").await, [0_u8; 0]);

    // What was taken back stays away.
    let home = home.reopen().await;
    let record = home.engine.record(key(0)).await.unwrap().unwrap();
    assert_eq!(record.assessments, []);
    home.fold().await;
    assert_eq!(home.engine.edited_traces(), 0);
    let record = home.engine.record(key(0)).await.unwrap().unwrap();
    assert_eq!(record.assessments, []);
    assert!(record.runs.contains("r1"));
    home.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_spans_keep_folded_edits_and_a_delete_takes_them_away() {
    let home = with_edits().await;
    home.fold().await;
    let before = home.engine.record(key(0)).await.unwrap().unwrap();
    let late = Step::Append { trace: 0, span: 1 };
    take(&home, &late).await.unwrap();
    let home = home.crash().await;
    for sealed in [false, true] {
        if sealed {
            home.engine.seal().await.unwrap();
        }
        let record = home.engine.record(key(0)).await.unwrap().unwrap();
        assert_eq!(record.summary.span_count, 2);
        assert_eq!(record.summary.tags, before.summary.tags);
        assert_eq!(record.assessments, before.assessments);
        assert_eq!(record.runs, before.runs);
        assert_eq!(found(&home.engine, "run_id = 'r1'").await, [0, 3]);
    }
    let doomed = Doomed::Ids(vec![key(0)]);
    let (workspace, experiment) = (key(0).workspace, ExperimentId::DEFAULT);
    home.engine
        .delete(workspace, experiment, doomed)
        .await
        .unwrap();
    take(&home, &late).await.unwrap();
    let record = home.engine.record(key(0)).await.unwrap().unwrap();
    assert_eq!((record.assessments.len(), record.runs.len()), (0, 0));
    home.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn assessments_of_a_session_still_count_for_its_other_traces() {
    let home = with_edits().await;
    let mut given = assessment("a-9", "calm", judged(0));
    given
        .metadata
        .insert("mlflow.trace.session".to_owned(), "s0".to_owned());
    home.engine.add_assessment(key(2), given).await.unwrap();
    let of_session = found(&home.engine, "feedback.calm = 'true'").await;
    assert_eq!(of_session, [0, 2, 4]);
    home.fold().await;
    assert_eq!(
        found(&home.engine, "feedback.calm = 'true'").await,
        of_session
    );
    let home = home.reopen().await;
    assert_eq!(
        found(&home.engine, "feedback.calm = 'true'").await,
        of_session
    );
    home.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_began_before_a_fold_has_the_edits() {
    let home = with_edits().await;
    home.engine.seal().await.unwrap();
    let mut before = Vec::new();
    exported(begin_export(&home.engine), &mut before);
    let begun = begin_export(&home.engine);
    home.fold().await;
    let mut after = Vec::new();
    exported(begun, &mut after);
    assert_same(&after, &before);
    home.engine.close().await;
}

/// Rows take over edits while their traces are opened again, as often as can be.
#[tokio::test(flavor = "multi_thread")]
async fn late_spans_that_meet_a_fold_lose_no_edits() {
    let home = with_edits().await;
    for round in 1..80_u8 {
        let (engine, value) = (&home.engine, round.to_string());
        engine.set_tag(key(0), "round", &value).await.unwrap();
        let late = async {
            for span in 0..20 {
                let late = Step::Append { trace: 0, span };
                take(&home, &late).await.unwrap();
            }
        };
        tokio::join!(home.fold(), late);
        let record = engine.record(key(0)).await.unwrap().unwrap();
        assert_eq!(record.summary.tags["round"], value);
        assert_eq!(record.assessments.len(), 2);
    }
    home.engine.close().await;
}

/// Trace 0 always has the tag, whatever value; trace 1 always has two assessments, one of them valid.
#[tokio::test(flavor = "multi_thread")]
async fn no_reader_ever_sees_a_row_without_its_edits() {
    let home = Arc::new(with_edits().await);
    home.engine.set_tag(key(0), "round", "0").await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let reader = {
        let (home, over) = (Arc::clone(&home), Arc::clone(&over));
        tokio::spawn(async move {
            let mut looks = 0_u32;
            while !over.load(Ordering::Relaxed) {
                let engine = &home.engine;
                assert_eq!(found(engine, "tags.round LIKE '%'").await, [0]);
                assert_eq!(found(engine, "run_id = 'r1'").await, [0, 3]);
                assert_eq!(found(engine, "feedback.good IS NOT NULL").await, [0]);
                let record = engine.record(key(0)).await.unwrap().unwrap();
                assert!(record.summary.tags.contains_key("round"));
                assert_eq!(record.assessments.len(), 2);
                let moment = engine.moment(key(0).workspace);
                let sealed = moment.segments().iter().filter(|view| {
                    let row = view.segment.rows().find(key(0));
                    row.is_some_and(|row| view.is_live(row))
                });
                for view in sealed {
                    let row = view.segment.rows().find(key(0)).unwrap();
                    let edits = moment.edits_of(view, &[row]).unwrap().pop().unwrap();
                    assert!(edits.unwrap().tags.contains_key("round"));
                }
                looks += 1;
            }
            looks
        })
    };
    for round in 1..60_u8 {
        let engine = &home.engine;
        let value = round.to_string();
        let (edited, folded) = tokio::join!(engine.set_tag(key(0), "round", &value), home.fold());
        edited.unwrap();
        let () = folded;
        let record = engine.record(key(0)).await.unwrap().unwrap();
        assert_eq!(record.summary.tags["round"], value);
        if round.is_multiple_of(4) {
            take(
                &home,
                &Step::Append {
                    trace: 0,
                    span: round,
                },
            )
            .await
            .unwrap();
        }
    }
    over.store(true, Ordering::Relaxed);
    assert!(reader.await.unwrap() > 0);
    home.engine.close().await;
}
