//! Between the threads of an application and the one that sends: bounded in count and bytes, and never in the way.

use std::collections::VecDeque;
use std::time::Duration;

use super::sync::{Condvar, Mutex, MutexGuard};

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) items: usize,
    pub(crate) bytes: usize,
    /// That many make a batch, which is taken at once.
    pub(crate) batch: usize,
}

#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    /// For the taker: something to do.
    filled: Condvar,
    /// For those who wait for room.
    taken: Condvar,
    bounds: Bounds,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    accepted: u64,
    waiting_for_room: usize,
    /// Somebody wants what is here to be taken now.
    hurried: bool,
    closed: bool,
}

impl<T> State<T> {
    fn has_room(&self, bytes: usize, bounds: Bounds) -> bool {
        // A single item larger than all room goes in alone, or it never would.
        self.items.len() < bounds.items
            && (self.bytes + bytes <= bounds.bytes || self.items.is_empty())
    }
}

/// Why an item was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Full,
    Closed,
}

/// What the taker gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken<T> {
    Items(Vec<T>),
    /// Closed and empty: nothing will ever come.
    End,
}

impl<T> Queue<T> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            state: Mutex::new(State {
                items: VecDeque::new(),
                bytes: 0,
                accepted: 0,
                waiting_for_room: 0,
                hurried: false,
                closed: false,
            }),
            filled: Condvar::new(),
            taken: Condvar::new(),
            bounds,
        }
    }

    /// Takes the item in, or refuses it at once. Wakes the taker only for the first item and for a full batch: waking
    /// costs more than all else here.
    pub(crate) fn push(&self, item: T, bytes: usize) -> Result<(), Refused> {
        self.put(self.lock(), item, bytes)
    }

    /// As [`push`](Self::push), but waits up to `patience` for room.
    pub(crate) fn push_waiting(
        &self,
        item: T,
        bytes: usize,
        patience: Duration,
    ) -> Result<(), Refused> {
        let mut state = self.lock();
        if !state.closed && !state.has_room(bytes, self.bounds) {
            state.waiting_for_room += 1;
            state = wait_while(&self.taken, state, patience, |state| {
                !state.closed && !state.has_room(bytes, self.bounds)
            });
            state.waiting_for_room -= 1;
        }
        self.put(state, item, bytes)
    }

    fn put(
        &self,
        mut state: MutexGuard<'_, State<T>>,
        item: T,
        bytes: usize,
    ) -> Result<(), Refused> {
        if state.closed {
            return Err(Refused::Closed);
        }
        if !state.has_room(bytes, self.bounds) {
            return Err(Refused::Full);
        }
        let bytes_before = state.bytes;
        state.items.push_back((item, bytes));
        state.bytes += bytes;
        state.accepted += 1;
        let count = state.items.len();
        let half = self.bounds.bytes / 2;
        let wakes = count == 1
            || count == self.bounds.batch
            || (bytes_before < half && state.bytes >= half);
        drop(state);
        if wakes {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Up to one batch, as soon as there is a whole one, or `linger` after its first item. Waits for the first item as
    /// long as it takes.
    pub(crate) fn take(&self, linger: Duration) -> Taken<T> {
        let mut state = self.lock();
        while state.items.is_empty() && !state.closed {
            // Whoever hurries wants what was here before: that is gone already.
            state.hurried = false;
            state = wait(&self.filled, state);
        }
        let bounds = self.bounds;
        state = wait_while(&self.filled, state, linger, |state| {
            state.items.len() < bounds.batch
                && state.bytes < bounds.bytes / 2
                && !state.hurried
                && !state.closed
        });
        if state.items.is_empty() {
            return Taken::End;
        }
        let count = state.items.len().min(bounds.batch);
        let mut items = Vec::with_capacity(count);
        let mut freed = 0;
        for (item, bytes) in state.items.drain(..count) {
            items.push(item);
            freed += bytes;
        }
        state.bytes -= freed;
        let awaited = state.waiting_for_room > 0;
        drop(state);
        if awaited {
            self.taken.notify_all();
        }
        Taken::Items(items)
    }

    /// Lets the taker have what is here without waiting for more. Answers as [`accepted`](Self::accepted).
    pub(crate) fn hurry(&self) -> u64 {
        let mut state = self.lock();
        state.hurried = true;
        let accepted = state.accepted;
        drop(state);
        self.filled.notify_one();
        accepted
    }

    /// Nothing is taken in from now on; what is here can still be taken.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
        self.taken.notify_all();
    }

    /// How many items were ever taken in.
    pub(crate) fn accepted(&self) -> u64 {
        self.lock().accepted
    }

    /// A panic of another thread leaves nothing half done here: the state is whole between any two statements that
    /// could panic.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn wait<'a, T>(condition: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condition
        .wait(guard)
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Waits as long as `blocked` holds, but no longer than `patience`.
fn wait_while<'a, T>(
    condition: &Condvar,
    mut guard: MutexGuard<'a, T>,
    patience: Duration,
    blocked: impl Fn(&T) -> bool,
) -> MutexGuard<'a, T> {
    let start = std::time::Instant::now();
    while blocked(&guard) {
        let Some(left) = patience
            .checked_sub(start.elapsed())
            .filter(|left| !left.is_zero())
        else {
            break;
        };
        guard = condition
            .wait_timeout(guard, left)
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .0;
    }
    guard
}
