//! Between the threads of an application and the one that sends: bounded in count and bytes, and never in the way.
//!
//! Items lie in lots, which are taken as they are: nothing is copied while others wait, and what is not needed any more
//! is given back.

use std::collections::VecDeque;
use std::time::Duration;

use super::sync::{Condvar, Mutex, MutexGuard};

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) items: usize,
    pub(crate) bytes: usize,
    /// That many items, or bytes, make a batch, which is taken at once.
    pub(crate) batch: usize,
    pub(crate) batch_bytes: usize,
}

impl Bounds {
    /// Lots to a batch, so that one is at most that part too large or too small.
    const LOTS: usize = 8;

    fn lot(self) -> usize {
        self.batch.div_ceil(Self::LOTS)
    }

    fn is_full<T>(self, lot: &Lot<T>) -> bool {
        lot.items.len() >= self.lot() || lot.bytes >= self.batch_bytes / Self::LOTS
    }

    /// Whether a batch is there.
    fn is_batch(self, items: usize, bytes: usize) -> bool {
        items >= self.batch || bytes >= self.batch_bytes.min(self.bytes / 2)
    }
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
    /// The last one still grows.
    lots: VecDeque<Lot<T>>,
    items: usize,
    bytes: usize,
    accepted: u64,
    waiting_for_room: usize,
    /// Somebody wants what is here to be taken now.
    hurried: bool,
    closed: bool,
}

#[derive(Debug)]
struct Lot<T> {
    items: Vec<T>,
    bytes: usize,
}

impl<T> State<T> {
    fn has_room(&self, bytes: usize, bounds: Bounds) -> bool {
        // A single item larger than all room goes in alone, or it never would.
        self.items < bounds.items && (self.bytes + bytes <= bounds.bytes || self.items == 0)
    }

    fn put(&mut self, item: T, bytes: usize, bounds: Bounds) {
        if self.lots.back().is_none_or(|lot| bounds.is_full(lot)) {
            self.lots.push_back(Lot {
                items: Vec::with_capacity(bounds.lot()),
                bytes: 0,
            });
        }
        if let Some(lot) = self.lots.back_mut() {
            lot.items.push(item);
            lot.bytes += bytes;
            if bounds.is_full(lot) {
                // Few large ones leave most of its places empty.
                lot.items.shrink_to_fit();
            }
        }
        self.items += 1;
        self.bytes += bytes;
    }

    /// Lots that make up to one batch; one at least.
    fn take(&mut self, bounds: Bounds) -> Vec<Vec<T>> {
        let mut taken = Vec::new();
        let (mut items, mut bytes) = (0, 0);
        while let Some(lot) = self.lots.pop_front_if(|lot| {
            let fits = items + lot.items.len() <= bounds.batch && bytes < bounds.batch_bytes;
            items == 0 || fits
        }) {
            items += lot.items.len();
            bytes += lot.bytes;
            taken.push(lot.items);
        }
        self.items -= items;
        self.bytes -= bytes;
        taken
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
    Lots(Vec<Vec<T>>),
    /// Closed and empty: nothing will ever come.
    End,
}

impl<T> Queue<T> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            state: Mutex::new(State {
                lots: VecDeque::new(),
                items: 0,
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
        let was_batch = self.bounds.is_batch(state.items, state.bytes);
        state.put(item, bytes, self.bounds);
        state.accepted += 1;
        let is_batch = self.bounds.is_batch(state.items, state.bytes);
        let wakes = state.items == 1 || (is_batch && !was_batch);
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
        while state.items == 0 && !state.closed {
            // Whoever hurries wants what was here before: that is gone already.
            state.hurried = false;
            state = wait(&self.filled, state);
        }
        let bounds = self.bounds;
        state = wait_while(&self.filled, state, linger, |state| {
            !bounds.is_batch(state.items, state.bytes) && !state.hurried && !state.closed
        });
        if state.items == 0 {
            return Taken::End;
        }
        let taken = state.take(bounds);
        let awaited = state.waiting_for_room > 0;
        drop(state);
        if awaited {
            self.taken.notify_all();
        }
        Taken::Lots(taken)
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
