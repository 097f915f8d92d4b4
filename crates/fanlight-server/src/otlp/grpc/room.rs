//! How much memory a message may take while it is unpacked.

/// Bytes held at first for a compressed body, as a multiple of it. LLM traces compress five to fifteen times.
const FIRST_ROOM: usize = 32;
/// Enough for most calls, whatever their ratio.
const SMALLEST_ROOM: usize = 64 * 1024;

/// The bounds of one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Bytes to hold in the budget until the message is unpacked.
    pub(super) reserved: usize,
    /// The largest message, unpacked, that they are enough for.
    pub(super) message: usize,
}

impl Room {
    /// For a body that is not compressed: tonic copies the message out of it.
    pub(super) fn plain(body: usize, total: usize) -> Self {
        Self {
            reserved: body.saturating_mul(2).min(total),
            message: body,
        }
    }

    /// For a compressed body: a first try, and the one that ends at the limit of the settings.
    ///
    /// The message gets half of what is held. The rest is for the body, of which tonic makes a copy, and for the
    /// window of zstd, which tonic does not limit and which fills as the message does. A budget smaller than twice the
    /// largest message is taken as a whole, so that only one such call runs at a time.
    pub(super) fn packed(body: usize, max: usize, total: usize) -> [Self; 2] {
        let whole = Self {
            reserved: max.saturating_mul(2).min(total),
            message: max,
        };
        let reserved = body.saturating_mul(FIRST_ROOM).max(SMALLEST_ROOM);
        if reserved >= whole.reserved {
            return [whole; 2];
        }
        let first = Self {
            reserved,
            message: reserved / 2,
        };
        [first, whole]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;

    fn room(reserved: usize, message: usize) -> Room {
        Room { reserved, message }
    }

    #[test]
    fn a_plain_body_is_held_twice_as_far_as_the_budget_goes() {
        assert_eq!(Room::plain(100, 1000), room(200, 100));
        assert_eq!(Room::plain(600, 1000), room(1000, 600));
    }

    #[test]
    fn a_compressed_body_gets_a_multiple_first_and_the_limit_last() {
        assert_eq!(
            Room::packed(4 * KIB, 1000 * KIB, 5000 * KIB),
            [room(128 * KIB, 64 * KIB), room(2000 * KIB, 1000 * KIB)]
        );
        assert_eq!(
            Room::packed(5, 1000 * KIB, 1000 * KIB),
            [room(64 * KIB, 32 * KIB), room(1000 * KIB, 1000 * KIB)]
        );
    }

    #[test]
    fn a_first_try_is_never_larger_than_the_last() {
        let whole = room(1000 * KIB, 600 * KIB);
        assert_eq!(Room::packed(100 * KIB, 600 * KIB, 1000 * KIB), [whole; 2]);
        assert_eq!(Room::packed(usize::MAX, 600 * KIB, 1000 * KIB), [whole; 2]);
    }
}
