//! What waits for one destination: in memory up to a bound, beyond it on disk.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Payload;
use super::spool::{Claimed, Spool};
use crate::stats::{Counter, DestinationStats, LastError};
use crate::sync::{Condvar, Mutex, MutexGuard, lock};

#[derive(Debug)]
pub(super) struct Outbox {
    url: String,
    max_bytes: usize,
    spool: Option<Mutex<Spool>>,
    state: Mutex<State>,
    /// Told of every change of `state`: there is little of it, batches are large.
    changed: Condvar,
    sent: Counter,
    failed: Counter,
    dropped: Counter,
    last_error: LastError,
}

#[derive(Debug, Default)]
struct State {
    batches: VecDeque<Arc<Payload>>,
    bytes: usize,
    in_flight: InFlight,
    /// There may be something in the spool, of whichever process.
    spool_may_hold: bool,
    /// Spans this process put in the spool, as far as it knows not sent yet.
    spooled: usize,
    /// The latest attempt failed.
    away: bool,
    /// Somebody waits: try now.
    hurried: bool,
    phase: Phase,
}

/// What is being sent.
#[derive(Debug, Default)]
enum InFlight {
    #[default]
    Nothing,
    InMemory(Arc<Payload>),
    Spooled,
}

impl InFlight {
    /// What would be lost if the process ended now.
    fn take_from_memory(&mut self) -> Option<Arc<Payload>> {
        match std::mem::take(self) {
            Self::InMemory(payload) => Some(payload),
            Self::Nothing | Self::Spooled => None,
        }
    }

    fn spans(&self) -> usize {
        match self {
            Self::InMemory(payload) => payload.spans,
            Self::Nothing | Self::Spooled => 0,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    #[default]
    Open,
    /// Nothing new will come.
    Closing,
    /// Nothing is sent any more.
    GivenUp,
}

/// What to send next.
#[derive(Debug)]
pub(super) enum Job {
    InMemory(Arc<Payload>),
    Spooled(Claimed),
}

impl Job {
    pub(super) fn payload(&self) -> &Payload {
        match self {
            Self::InMemory(payload) => payload,
            Self::Spooled(claimed) => &claimed.payload,
        }
    }
}

impl Outbox {
    pub(super) fn new(url: &str, max_bytes: usize, spool: Option<Spool>) -> Self {
        Self {
            url: url.to_owned(),
            max_bytes,
            state: Mutex::new(State {
                // An earlier process may have left something.
                spool_may_hold: spool.is_some(),
                ..State::default()
            }),
            spool: spool.map(Mutex::new),
            changed: Condvar::new(),
            sent: Counter::default(),
            failed: Counter::default(),
            dropped: Counter::default(),
            last_error: LastError::default(),
        }
    }

    /// Takes a batch in: in memory, or on disk when memory is full. Without a disk it waits for room; not, unless it is
    /// `alone`, for a receiver that is away: then it leaves the batch out and counts it, for the sake of the others.
    pub(super) fn offer(&self, payload: Arc<Payload>, alone: bool) {
        let mut state = lock(&self.state);
        let has_room = |state: &State| {
            state.batches.is_empty() || state.bytes + payload.body.len() <= self.max_bytes
        };
        if !has_room(&state) && self.spool.is_some() {
            drop(state);
            self.spill(&payload);
            return;
        }
        while (alone || !state.away) && !has_room(&state) && state.phase < Phase::GivenUp {
            state = self.wait(state);
        }
        if has_room(&state) && state.phase < Phase::GivenUp {
            state.bytes += payload.body.len();
            state.batches.push_back(payload);
            self.changed.notify_all();
        } else {
            self.dropped.add(payload.spans);
        }
    }

    /// The next batch, as soon as there is one; `None` when nothing will be sent any more.
    pub(super) fn next(&self) -> Option<Job> {
        let mut state = lock(&self.state);
        loop {
            if state.phase == Phase::GivenUp {
                return None;
            }
            if state.phase >= Phase::Closing && state.away && self.spool.is_some() {
                self.spill_all(state);
                return None;
            }
            if let Some(payload) = state.batches.pop_front() {
                state.bytes -= payload.body.len();
                state.in_flight = InFlight::InMemory(Arc::clone(&payload));
                self.changed.notify_all();
                return Some(Job::InMemory(payload));
            }
            if state.spool_may_hold {
                state.in_flight = InFlight::Spooled;
                drop(state);
                let claimed = self.claim();
                state = lock(&self.state);
                if let Some(claimed) = claimed {
                    return Some(Job::Spooled(claimed));
                }
                state.in_flight = InFlight::Nothing;
                state.spool_may_hold = false;
                // Whatever is not there any more, another process has sent.
                state.spooled = 0;
                self.changed.notify_all();
                continue;
            }
            if state.phase >= Phase::Closing {
                return None;
            }
            state = self.wait(state);
        }
    }

    /// The receiver has spoken for good: of the batch, `refused` spans were not taken.
    pub(super) fn settle(&self, job: Job, refused: usize, reason: Option<String>) {
        let spans = job.payload().spans;
        let refused = refused.min(spans);
        // Whoever gave up has put what was on its way on disk, or counted it as dropped.
        if matches!(job, Job::InMemory(_)) && lock(&self.state).phase == Phase::GivenUp {
            return;
        }
        self.sent.add(spans - refused);
        self.failed.add(refused);
        self.last_error.set(reason);
        let of_mine = match job {
            Job::InMemory(_) => 0,
            Job::Spooled(claimed) => {
                if claimed.remove() {
                    spans
                } else {
                    0
                }
            }
        };
        let mut state = lock(&self.state);
        state.away = false;
        state.in_flight = InFlight::Nothing;
        state.spooled = state.spooled.saturating_sub(of_mine);
        self.changed.notify_all();
    }

    /// The receiver is away: the batch waits for `pause`, or until somebody hurries.
    pub(super) fn postpone(&self, job: Job, reason: String, pause: Duration) {
        self.last_error.set(Some(reason));
        let mut state = lock(&self.state);
        state.away = true;
        // Given up meanwhile: whoever did that has put it on disk, or counted it.
        if let Some(payload) = state.in_flight.take_from_memory()
            && state.phase < Phase::GivenUp
        {
            state.bytes += payload.body.len();
            state.batches.push_front(payload);
        }
        drop(job);
        let until = Instant::now() + pause;
        let ends_in_spool = |state: &State| state.phase >= Phase::Closing && self.spool.is_some();
        while !state.hurried && state.phase < Phase::GivenUp && !ends_in_spool(&state) {
            let Some(left) = until
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())
            else {
                break;
            };
            state = self.wait_for(state, left);
        }
        state.hurried = false;
    }

    /// Waits until everything taken in is settled. `false` when `deadline` came first.
    pub(super) fn wait_until_settled(&self, deadline: Instant) -> bool {
        let mut state = lock(&self.state);
        state.hurried = state.away;
        self.changed.notify_all();
        loop {
            let is_settled = state.batches.is_empty()
                && matches!(state.in_flight, InFlight::Nothing)
                && state.spooled == 0;
            if is_settled {
                return true;
            }
            let Some(left) = deadline
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())
            else {
                return false;
            };
            state = self.wait_for(state, left);
        }
    }

    /// Sends what is here until `deadline`. What is left then goes to disk, or is counted as dropped.
    pub(super) fn finish(&self, deadline: Instant) {
        let mut state = lock(&self.state);
        state.phase = Phase::Closing;
        self.changed.notify_all();
        while !state.batches.is_empty() || !matches!(state.in_flight, InFlight::Nothing) {
            let Some(left) = deadline
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())
            else {
                break;
            };
            state = self.wait_for(state, left);
        }
        state.phase = Phase::GivenUp;
        self.spill_all(state);
        self.changed.notify_all();
    }

    pub(super) fn stats(&self) -> DestinationStats {
        let state = lock(&self.state);
        let waiting: usize = state.batches.iter().map(|payload| payload.spans).sum();
        DestinationStats {
            url: self.url.clone(),
            sent: self.sent.get(),
            failed: self.failed.get(),
            dropped: self.dropped.get(),
            waiting: (waiting + state.in_flight.spans()) as u64,
            spooled: state.spooled as u64,
            last_error: self.last_error.get(),
        }
    }

    fn spill_all(&self, mut state: MutexGuard<'_, State>) {
        let left: Vec<_> = state
            .in_flight
            .take_from_memory()
            .into_iter()
            .chain(state.batches.drain(..))
            .collect();
        state.bytes = 0;
        drop(state);
        for payload in left {
            self.spill(&payload);
        }
        self.changed.notify_all();
    }

    /// Puts a batch on disk, or counts it as dropped.
    fn spill(&self, payload: &Payload) {
        let put = self.spool.as_ref().map(|spool| lock(spool).put(payload));
        match put {
            Some(Ok(true)) => {
                let mut state = lock(&self.state);
                state.spooled += payload.spans;
                state.spool_may_hold = true;
                self.changed.notify_all();
                return;
            }
            Some(Err(error)) => {
                self.last_error
                    .set(Some(format!("writing to the spool: {error}")));
            }
            Some(Ok(false)) | None => {}
        }
        self.dropped.add(payload.spans);
    }

    fn claim(&self) -> Option<Claimed> {
        match lock(self.spool.as_ref()?).claim() {
            Ok((claimed, 0)) => claimed,
            Ok((claimed, broken)) => {
                self.last_error.set(Some(format!(
                    "{broken} broken files of the spool were removed"
                )));
                claimed
            }
            Err(error) => {
                self.last_error
                    .set(Some(format!("reading the spool: {error}")));
                None
            }
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn wait_for<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        self.changed
            .wait_timeout(state, time)
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .0
    }
}
