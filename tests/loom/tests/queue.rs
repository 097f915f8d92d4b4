//! The queue between an application and the thread that sends, in every order in which threads can meet.
#![allow(dead_code, reason = "the models use a part of the queue")]

#[path = "../../../crates/fanlight-sdk/src/queue.rs"]
mod queue;

/// What the queue is built of, as loom can steer it. Its clock does not pass: a wait with a time limit lasts until
/// somebody wakes it, so that the models also show that nobody relies on the limit.
mod sync {
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
}

use std::time::Duration;

use loom::sync::Arc;
use loom::thread;
use queue::{Bounds, Queue, Refused, Taken};

fn queue(items: usize, batch: usize) -> Arc<Queue<u32>> {
    Arc::new(Queue::new(Bounds {
        items,
        bytes: 1_000,
        batch,
        batch_bytes: 500,
    }))
}

/// Everything until the end.
fn take_all(queue: &Queue<u32>) -> Vec<u32> {
    let mut taken = Vec::new();
    while let Taken::Lots(lots) = queue.take(Duration::ZERO) {
        taken.extend(lots.into_iter().flatten());
    }
    taken
}

#[test]
fn what_is_taken_in_is_taken_out_once_before_the_end() {
    loom::model(|| {
        let queue = queue(10, 10);
        let threads: Vec<_> = (1..=2)
            .map(|number| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || queue.push(number, 1).is_ok())
            })
            .collect();
        let taker = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || take_all(&queue))
        };
        let pushed = threads.into_iter().map(|thread| thread.join().unwrap());
        assert_eq!(pushed.collect::<Vec<_>>(), [true, true]);
        queue.close();
        let mut taken = taker.join().unwrap();
        taken.sort_unstable();
        assert_eq!(taken, [1, 2]);
    });
}

#[test]
fn a_push_beside_a_close_is_refused_or_taken_out() {
    loom::model(|| {
        let queue = queue(10, 10);
        let pusher = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.push(1, 1))
        };
        let closer = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.close())
        };
        let taken = take_all(&queue);
        closer.join().unwrap();
        match pusher.join().unwrap() {
            Ok(()) => assert_eq!(taken, [1]),
            Err(refused) => {
                assert_eq!(refused, Refused::Closed);
                assert!(taken.is_empty());
            }
        }
    });
}

#[test]
fn nothing_beyond_the_bound_is_taken_in() {
    loom::model(|| {
        let queue = queue(1, 1);
        let threads: Vec<_> = (1..=2)
            .map(|number| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || queue.push(number, 1))
            })
            .collect();
        let results: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        queue.close();
        assert_eq!(take_all(&queue).len(), 1);
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        assert!(results.contains(&Err(Refused::Full)));
    });
}

#[test]
fn who_waits_for_room_gets_it_when_something_is_taken() {
    loom::model(|| {
        let queue = queue(1, 1);
        queue.push(1, 1).unwrap();
        let waiter = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.push_waiting(2, 1, Duration::from_secs(3_600)))
        };
        assert_eq!(queue.take(Duration::ZERO), Taken::Lots(vec![vec![1]]));
        assert_eq!(waiter.join().unwrap(), Ok(()));
        assert_eq!(queue.take(Duration::ZERO), Taken::Lots(vec![vec![2]]));
    });
}

#[test]
fn who_waits_for_room_is_told_of_the_end() {
    loom::model(|| {
        let queue = queue(1, 1);
        queue.push(1, 1).unwrap();
        let waiter = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.push_waiting(2, 1, Duration::from_secs(3_600)))
        };
        queue.close();
        assert_eq!(waiter.join().unwrap(), Err(Refused::Closed));
    });
}

#[test]
fn a_flush_is_not_slept_through() {
    loom::model(|| {
        let queue = queue(10, 10);
        let taker = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.take(Duration::from_secs(3_600)))
        };
        queue.push(1, 1).unwrap();
        // The batch is not full: without this the taker would wait for more.
        assert_eq!(queue.hurry(), 1);
        assert_eq!(taker.join().unwrap(), Taken::Lots(vec![vec![1]]));
    });
}
