//! Whatever fails and whenever the power goes: acknowledged facts are there, refused ones wholly or not at all, and
//! nothing is there twice.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod sim_disk;
mod world;

use fanlight_model::{ErrorKind, Nanos};
use fanlight_store::Effort;
use proptest::prelude::*;
use sim_disk::Fault;
use world::{Put, Step, World};

fn put() -> impl Strategy<Value = Put> {
    let span = (0..world::TRACES, 0..world::SPANS);
    prop::collection::vec(span, 1..4)
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::ShortWrite),
        Just(Fault::Sync),
        Just(Fault::SyncDir),
        Just(Fault::Create),
        Just(Fault::Rename),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let traces = prop::collection::vec(0..world::TRACES, 1..3);
    prop_oneof![
        8 => prop::collection::vec(put(), 1..4).prop_map(Step::Append),
        1 => traces.prop_map(Step::Delete),
        2 => Just(Step::Seal),
        1 => Just(Step::Compact),
        3 => fault().prop_map(Step::Fail),
        1 => (0..200_usize).prop_map(Step::Fill),
        1 => (0..20_000_usize).prop_map(Step::Fill),
        1 => Just(Step::MakeRoom),
        2 => (0..8_u32).prop_map(Step::PowerOffAfter),
        // In the midst of writing a segment.
        2 => (0..80_u32).prop_map(Step::PowerOffAfter),
        2 => any::<u64>().prop_map(Step::PowerLoss),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn any_history_of_faults_keeps_what_was_acknowledged(steps in prop::collection::vec(step(), 1..30)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        world.take(&Step::PowerLoss(7));
        world.assert_writes_work();
    }
}

/// More with `FANLIGHT_CRASH_CASES`, as `make torture` does.
fn cases() -> u32 {
    let chosen = std::env::var("FANLIGHT_CRASH_CASES").ok();
    chosen.and_then(|cases| cases.parse().ok()).unwrap_or(200)
}

#[test]
fn a_full_disk_refuses_writes_until_there_is_room_again() {
    let mut world = World::new();
    world.take(&Step::Append(vec![vec![(0, 0)], vec![(1, 1)]]));
    world.take(&Step::Fill(30));
    for _ in 0..3 {
        assert_eq!(world.append(&[vec![(2, 0)]]), [false]);
    }
    world.take(&Step::MakeRoom);
    assert_eq!(world.append(&[vec![(2, 1)]]), [true]);
    world.take(&Step::PowerLoss(1));
}

#[test]
fn what_sealing_needs_is_left_free() {
    let mut world = World::new();
    world.take(&Step::Append(vec![vec![(0, 0), (1, 0)]]));
    // Less than the reserve: no writes, but a seal fits.
    world.disk.say_free(Some(1 << 20));
    assert_eq!(world.append(&[vec![(2, 0)]]), [false]);
    assert_eq!(world.store().seal_all().unwrap(), 2);
    world.disk.say_free(None);
    assert_eq!(world.append(&[vec![(2, 0)]]), [true]);
    // Too little for a segment: nothing is begun, nothing is lost.
    world.disk.say_free(Some(100));
    assert_eq!(
        world.store().seal_all().unwrap_err().kind(),
        ErrorKind::Unavailable
    );
    world.disk.say_free(None);
    world.take(&Step::PowerLoss(3));
}

#[test]
fn a_segment_that_could_not_be_written_leaves_nothing_behind_and_is_tried_again() {
    for fault in [
        Fault::ShortWrite,
        Fault::Sync,
        Fault::SyncDir,
        Fault::Create,
        Fault::Rename,
    ] {
        let mut world = World::new();
        for trace in 0..2 {
            world.take(&Step::Append(vec![vec![(trace, 0)]]));
            world.take(&Step::Fail(fault));
            assert!(world.store().seal_all().is_err(), "{fault:?}");
            assert_eq!(world.segment_dirs().len(), usize::from(trace), "{fault:?}");
            assert_eq!(world.store().seal_all().unwrap(), 1);
        }
        // The log must have gone on before what is in it may be merged.
        world.take(&Step::Append(vec![vec![(2, 0)]]));
        let before = world.segment_dirs();
        assert_eq!(before.len(), 2);
        world.take(&Step::Fail(fault));
        assert!(world.store().compact(Effort::All).is_err(), "{fault:?}");
        assert_eq!(world.segment_dirs(), before, "{fault:?}");
        assert_eq!(
            world.store().compact(Effort::All).unwrap(),
            0,
            "not at once"
        );
        world.clock.advance(Nanos(600_000_000_000));
        assert_eq!(world.store().compact(Effort::All).unwrap(), 2, "{fault:?}");
        assert_eq!(world.segment_dirs().len(), 1);
        world.take(&Step::PowerLoss(5));
    }
}

#[test]
fn a_segment_that_could_neither_be_finished_nor_cleared_away_is_written_anew() {
    for operations in 0..80 {
        let mut world = World::new();
        world.take(&Step::Append(vec![vec![(0, 0)]]));
        for _ in 0..2 {
            world.take(&Step::PowerOffAfter(operations));
            world.take(&Step::Seal);
        }
        world.take(&Step::PowerLoss(u64::from(operations)));
    }
}

#[test]
fn a_sync_that_failed_is_not_believed_the_second_time() {
    for seed in 0..50 {
        let mut world = World::new();
        world.take(&Step::Append(vec![vec![(0, 0)]]));
        world.take(&Step::Fail(Fault::Sync));
        assert_eq!(world.append(&[vec![(0, 0), (1, 1)]]), [false]);
        assert_eq!(world.append(&[vec![(0, 1)]]), [true]);
        world.take(&Step::PowerLoss(seed));
    }
}
