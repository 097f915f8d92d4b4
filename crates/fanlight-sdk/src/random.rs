//! Ids of traces and spans: unique without asking anybody.

use std::cell::RefCell;

use fanlight_model::{SpanId, TraceId};
use rand::rngs::SmallRng;
use rand::{RngCore, SeedableRng};

use crate::fork;

thread_local! {
    /// The generator of this thread, and how often the process had been forked when it was seeded.
    static GENERATOR: RefCell<(u32, SmallRng)> = RefCell::new((fork::count(), SmallRng::from_os_rng()));
}

pub(crate) fn trace_id() -> TraceId {
    loop {
        let mut bytes = [0; 16];
        with_generator(|generator| generator.fill_bytes(&mut bytes));
        if let Some(id) = TraceId::from_bytes(bytes) {
            return id;
        }
    }
}

pub(crate) fn span_id() -> SpanId {
    loop {
        let number = with_generator(RngCore::next_u64);
        if let Some(id) = SpanId::from_bytes(number.to_be_bytes()) {
            return id;
        }
    }
}

/// Evenly from 0 up to, not including, 1.
pub(crate) fn fraction() -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 bits are what a double holds"
    )]
    let numerator = (with_generator(RngCore::next_u64) >> 11) as f64;
    numerator / 9_007_199_254_740_992.0
}

fn with_generator<T>(draw: impl FnOnce(&mut SmallRng) -> T) -> T {
    GENERATOR.with_borrow_mut(|(forks, generator)| {
        // A forked process has its parent's generator, and would draw its parent's ids.
        if *forks != fork::count() {
            *generator = SmallRng::from_os_rng();
            *forks = fork::count();
        }
        draw(generator)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_of_many_threads_differ() {
        let threads: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(|| (0..5_000).map(|_| trace_id()).collect::<Vec<_>>()))
            .collect();
        let ids: Vec<_> = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 20_000);
    }

    #[test]
    fn a_fraction_is_at_least_zero_and_less_than_one() {
        let drawn: Vec<_> = (0..10_000).map(|_| fraction()).collect();
        assert!(drawn.iter().all(|fraction| (0.0..1.0).contains(fraction)));
        assert!(drawn.iter().any(|fraction| *fraction < 0.1));
        assert!(drawn.iter().any(|fraction| *fraction > 0.9));
    }
}
