//! Ids and names for runs whose creator gave none.

use rand::Rng as _;
use rand::seq::IndexedRandom as _;

const ADJECTIVES: [&str; 24] = [
    "amber", "brisk", "calm", "clear", "crisp", "curious", "deft", "eager", "early", "fair",
    "gentle", "hardy", "keen", "lively", "lucid", "mellow", "nimble", "plain", "quiet", "steady",
    "sunny", "swift", "tidy", "warm",
];
const NOUNS: [&str; 24] = [
    "alder", "badger", "beacon", "birch", "brook", "cedar", "comet", "crane", "delta", "finch",
    "glade", "harbor", "heron", "lantern", "maple", "meadow", "otter", "pebble", "raven", "reef",
    "sparrow", "tern", "willow", "wren",
];

/// 32 lowercase hex digits.
pub(super) fn random_id() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

/// For example `brisk-heron-417`. Not unique, and need not be.
pub(super) fn random_name() -> String {
    let mut rng = rand::rng();
    let adjective = ADJECTIVES.choose(&mut rng).copied().unwrap_or("plain");
    let noun = NOUNS.choose(&mut rng).copied().unwrap_or("pebble");
    format!("{adjective}-{noun}-{}", rng.random_range(0..1000))
}
