//! Searches a text for a piece in which some characters may be anything.
//!
//! All partial matches are carried along as the bits of a few words (Baeza-Yates and Gonnet's "shift-and"): the cost
//! is the length of the text, times one for every 64 characters of the piece, whatever they are.

use rustc_hash::FxHashMap;

/// One bit per character of the piece: bit `i` is set while the text so far ends with its first `i + 1` characters.
#[derive(Clone, Debug)]
pub(super) struct ShiftAnd {
    length: usize,
    /// Which positions accept a character that the piece names.
    accepting: FxHashMap<char, Box<[u64]>>,
    /// Which positions accept any other.
    gaps: Box<[u64]>,
}

impl ShiftAnd {
    pub(super) fn new(piece: &[Option<char>]) -> Self {
        let words = piece.len().div_ceil(64);
        let mut gaps = vec![0_u64; words].into_boxed_slice();
        for (at, _) in piece
            .iter()
            .enumerate()
            .filter(|(_, wanted)| wanted.is_none())
        {
            gaps[at / 64] |= 1 << (at % 64);
        }
        let mut accepting = FxHashMap::<char, Box<[u64]>>::default();
        for (at, wanted) in piece.iter().enumerate() {
            if let Some(wanted) = wanted {
                accepting.entry(*wanted).or_insert_with(|| gaps.clone())[at / 64] |= 1 << (at % 64);
            }
        }
        Self {
            length: piece.len(),
            accepting,
            gaps,
        }
    }

    /// Characters of the piece.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Where the leftmost match ends.
    pub(super) fn end_in(&self, text: &str) -> Option<usize> {
        let mut partial = vec![0_u64; self.gaps.len()];
        let last = self.length - 1;
        for (at, c) in text.char_indices() {
            let mut carry = 1;
            for (bits, accepted) in partial
                .iter_mut()
                .zip(self.accepting.get(&c).unwrap_or(&self.gaps))
            {
                let next_carry = *bits >> 63;
                *bits = (*bits << 1 | carry) & accepted;
                carry = next_carry;
            }
            if partial[last / 64] >> (last % 64) & 1 == 1 {
                return Some(at + c.len_utf8());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end_in(piece: &str, text: &str) -> Option<usize> {
        let piece = piece
            .chars()
            .map(|c| (c != '_').then_some(c))
            .collect::<Vec<_>>();
        ShiftAnd::new(&piece).end_in(text)
    }

    #[test]
    fn it_finds_the_leftmost_match() {
        assert_eq!(end_in("a_c", "abbabc abc"), Some(6));
        assert_eq!(end_in("a_c", "a日c"), Some(5));
        assert_eq!(end_in("a_c", "ac"), None);
        assert_eq!(end_in("__", "x"), None);
    }

    #[test]
    fn partial_matches_cross_word_borders() {
        for length in [63, 64, 65, 128, 129] {
            let piece = format!("{}_", "a".repeat(length - 1));
            assert_eq!(
                end_in(&piece, &format!("b{}", "a".repeat(length))),
                Some(length + 1)
            );
            assert_eq!(
                end_in(&piece, &format!("b{}", "a".repeat(length - 1))),
                None
            );
        }
    }
}
