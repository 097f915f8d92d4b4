use fanlight_catalog::{NewSegment, SegmentList, SegmentRow};
use fanlight_model::{ErrorKind, SegmentId};

use crate::{Harness, trace};

fn segment(id: u64) -> NewSegment {
    NewSegment {
        id: SegmentId(id),
        meta_json: format!("{{\"rows\":{id}}}"),
        log_seq: id * 10,
    }
}

fn row(id: u64, dead: &[u8]) -> SegmentRow {
    let NewSegment {
        id,
        meta_json,
        log_seq,
    } = segment(id);
    SegmentRow {
        id,
        meta_json,
        log_seq,
        dead: dead.to_vec(),
    }
}

#[tokio::test]
async fn segments_are_announced_with_what_they_replace() {
    let harness = Harness::start().await;
    assert_eq!(
        harness.catalog.load_segments().await.unwrap(),
        SegmentList::default()
    );
    harness
        .catalog
        .announce_segment(&segment(2), &[], 5)
        .await
        .unwrap();
    let dead = [(SegmentId(2), vec![1, 2]), (SegmentId(9), vec![3])];
    harness
        .catalog
        .announce_segment(&segment(1), &dead, 7)
        .await
        .unwrap();

    let harness = harness.reopen().await;
    let loaded = harness.catalog.load_segments().await.unwrap();
    assert_eq!(
        loaded,
        SegmentList {
            segments: vec![row(1, &[]), row(2, &[1, 2])],
            log_position: 7
        }
    );
    // Twice: nobody knows whether an unanswered call took effect.
    for _ in 0..2 {
        harness
            .catalog
            .replace_segments(Some(&row(3, &[4])), &[SegmentId(2), SegmentId(9)], &[])
            .await
            .unwrap();
        assert_eq!(
            harness.catalog.load_segments().await.unwrap().segments,
            [row(1, &[]), row(3, &[4])]
        );
    }
    harness
        .catalog
        .replace_segments(None, &[SegmentId(3)], &[])
        .await
        .unwrap();
    assert_eq!(
        harness.catalog.load_segments().await.unwrap().segments,
        [row(1, &[])]
    );
}

#[tokio::test]
async fn a_refused_announcement_leaves_nothing_behind() {
    let harness = Harness::start().await;
    let refused = harness
        .catalog
        .announce_segment(&segment(1), &[], u64::MAX)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert_eq!(
        harness.catalog.load_segments().await.unwrap(),
        SegmentList::default()
    );
}

#[tokio::test]
async fn deletes_forget_edits_and_are_remembered_until_pruned() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    catalog.announce_segment(&segment(1), &[], 0).await.unwrap();
    catalog.set_trace_tag(trace(1), "k", "v").await.unwrap();
    catalog.set_trace_tag(trace(2), "k", "v").await.unwrap();
    let deletes = [(trace(3), 4), (trace(1), 6), (trace(1), 5)];
    catalog
        .record_deletes(&deletes, &[(SegmentId(1), vec![7])])
        .await
        .unwrap();
    catalog.record_deletes(&[(trace(3), 2)], &[]).await.unwrap();

    let harness = harness.reopen().await;
    let catalog = &harness.catalog;
    assert_eq!(
        catalog.load_tombstones().await.unwrap(),
        [(trace(1), 6), (trace(3), 4)]
    );
    assert_eq!(
        catalog.load_segments().await.unwrap().segments,
        [row(1, &[7])]
    );
    assert_eq!(catalog.trace_edits(trace(1)).await.unwrap(), None);
    let other = catalog.trace_edits(trace(2)).await.unwrap().unwrap();
    assert_eq!(other.edits.tags.len(), 1);
    catalog.prune_tombstones(6).await.unwrap();
    assert_eq!(catalog.load_tombstones().await.unwrap(), [(trace(1), 6)]);
}

#[tokio::test]
async fn edits_that_a_segment_keeps_are_forgotten_unless_they_changed() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    for number in 1..=3 {
        catalog
            .set_trace_tag(trace(number), "k", "v")
            .await
            .unwrap();
    }
    let frozen = catalog.load_edits().await.unwrap();
    let revisions: Vec<u64> = frozen.iter().take(2).map(|it| it.revision).collect();
    catalog.set_trace_tag(trace(2), "k", "later").await.unwrap();
    // Twice: nobody knows whether an unanswered call took effect.
    for _ in 0..2 {
        catalog
            .replace_segments(Some(&row(1, &[])), &[], &revisions)
            .await
            .unwrap();
        let left = catalog.load_edits().await.unwrap();
        let left: Vec<_> = left
            .iter()
            .map(|it| (it.trace, it.edits.tags["k"].as_deref()))
            .collect();
        let expected = [(trace(2), Some("later")), (trace(3), Some("v"))];
        assert_eq!(left, expected);
    }
    // A trace that is edited again has none of its old rows.
    catalog.link_run(&[trace(1)], "r").await.unwrap();
    let again = catalog.trace_edits(trace(1)).await.unwrap().unwrap();
    assert_eq!(again.edits.tags.len(), 0);
}

#[tokio::test]
async fn a_refused_replacement_forgets_no_edits() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    catalog.set_trace_tag(trace(1), "k", "v").await.unwrap();
    let known = catalog.load_edits().await.unwrap();
    let impossible = SegmentRow {
        log_seq: u64::MAX,
        ..row(1, &[])
    };
    let refused = catalog
        .replace_segments(Some(&impossible), &[], &[known[0].revision])
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    let refused = catalog
        .replace_segments(Some(&row(1, &[])), &[], &[known[0].revision, u64::MAX])
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(catalog.load_edits().await.unwrap(), known);
    assert_eq!(
        catalog.load_segments().await.unwrap(),
        SegmentList::default()
    );
}

#[tokio::test]
async fn a_hundred_thousand_edits_are_forgotten_at_once() {
    let harness = Harness::start().await;
    let traces: Vec<_> = (1..=100_000).map(trace).collect();
    harness.catalog.link_run(&traces, "r").await.unwrap();
    let known = harness.catalog.load_edits().await.unwrap();
    let revisions: Vec<u64> = known.iter().skip(1).map(|it| it.revision).collect();
    harness
        .catalog
        .replace_segments(None, &[], &revisions)
        .await
        .unwrap();
    assert_eq!(harness.catalog.load_edits().await.unwrap(), known[..1]);
}

#[tokio::test]
async fn a_hundred_thousand_traces_are_deleted_at_once() {
    let harness = Harness::start().await;
    let traces: Vec<_> = (1..=100_000).map(trace).collect();
    harness.catalog.link_run(&traces, "r").await.unwrap();
    let deletes: Vec<_> = traces.iter().rev().map(|key| (*key, 1)).collect();
    harness.catalog.record_deletes(&deletes, &[]).await.unwrap();
    assert_eq!(
        harness.catalog.load_tombstones().await.unwrap().len(),
        100_000
    );
    assert_eq!(harness.catalog.load_edits().await.unwrap(), []);
}
