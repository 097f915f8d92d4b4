//! Numbers that look random and are decided by a seed.

use fanlight_model::{SpanId, TraceId};

/// `SplitMix64` (Steele, Lea and Flood, 2014). Our own four lines instead of the `rand` crate, whose generators may
/// give other numbers in another version.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let last = items.len() as u64 - 1;
        &items[usize::try_from(self.between(0, last)).unwrap_or(0)]
    }

    /// True in `percent` of a hundred throws.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.between(0, 99) < percent
    }

    pub(super) fn trace_id(&mut self) -> TraceId {
        loop {
            let bytes = u128::from(self.next()) << 64 | u128::from(self.next());
            if let Some(id) = TraceId::from_bytes(bytes.to_be_bytes()) {
                return id;
            }
        }
    }

    pub(super) fn span_id(&mut self) -> SpanId {
        loop {
            if let Some(id) = SpanId::from_bytes(self.next().to_be_bytes()) {
                return id;
            }
        }
    }
}
