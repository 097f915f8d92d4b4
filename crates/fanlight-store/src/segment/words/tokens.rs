//! How texts are cut into words.
//!
//! A word is a run of letters and digits, in lower case. A letter of a script that writes no spaces is a word by
//! itself, so that any part of such a text is found. The index promises more than words: every text that a search may
//! look at, be it the stored text or what its JSON says, has all its words in the index. So where JSON leaves two
//! readings (`\nbar` is a line end and `bar`, or `nbar` behind a backslash), both are given.

use std::ops::Range;

/// Of longer words only the beginning is listed; their rows are remembered apart.
pub(super) const MAX_WORD_BYTES: usize = 128;

/// Below this a part of a text is not worth cutting off.
const MIN_CHUNK_BYTES: usize = 256;
/// One in so many places ends a chunk.
const CHUNK_MASK: u64 = (1 << 10) - 1;
/// A string that is not longer is one chunk: looking for places to cut it would cost more than it spares.
const WHOLE_STRING_BYTES: usize = 4 << 10;
/// What a JSON string of this length says is cut from what is around it: messages come again in other places.
const LONG_STRING_BYTES: usize = 512;

/// A word that the cutting found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) word: &'a [u8],
    pub(super) beginning: Beginning,
    /// The word is longer than [`MAX_WORD_BYTES`]; this is the beginning of it.
    pub(super) is_cut: bool,
    pub(super) doubt: Doubt,
}

impl<'a> Found<'a> {
    fn derived(word: &'a [u8]) -> Self {
        Self {
            word,
            beginning: Beginning::of(word),
            is_cut: false,
            doubt: Doubt::READING,
        }
    }
}

/// Why a text may not have the letters of a word that is listed for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::segment) struct Doubt(pub(in crate::segment) u8);

impl Doubt {
    /// What begins with a digit may be a number, of which there are several spellings.
    fn of_first(byte: u8) -> Self {
        if byte.is_ascii_digit() {
            Self::READING
        } else {
            Self::NONE
        }
    }

    pub(in crate::segment) const NONE: Self = Self(0);
    /// In the text some are upper case. The lowest bit.
    pub(in crate::segment) const CASE: Self = Self(1);
    /// The word belongs to one of several readings of the text, such as a number in its shortest spelling.
    pub(in crate::segment) const READING: Self = Self(2);
    pub(in crate::segment) const ALL: Self = Self(3);

    pub(in crate::segment) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The first twelve bytes of a word as a number, zero after its end; no word has a zero byte. Most words are not longer,
/// so they are compared without looking at their letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Beginning {
    first: u64,
    then: u32,
}

impl Beginning {
    pub(super) const BYTES: usize = 12;

    pub(super) fn of(word: &[u8]) -> Self {
        let mut bytes = [0; 16];
        let length = word.len().min(Self::BYTES);
        bytes[..length].copy_from_slice(&word[..length]);
        Self::of_number(u128::from_le_bytes(bytes))
    }

    /// The same for the first `length` bytes of `buffer`, without a copy of unknown length.
    #[inline]
    fn of_buffer(buffer: &[u8; MAX_WORD_BYTES], length: usize) -> Self {
        let first: [u8; 16] = buffer[..16].try_into().expect("the buffer is longer");
        let unused_bits = 128 - 8 * length.min(Self::BYTES);
        let kept = u128::MAX.checked_shr(u32::try_from(unused_bits).unwrap_or(128));
        Self::of_number(u128::from_le_bytes(first) & kept.unwrap_or(0))
    }

    #[expect(clippy::cast_possible_truncation, reason = "it is taken apart")]
    #[inline]
    fn of_number(number: u128) -> Self {
        Self {
            first: number as u64,
            then: (number >> 64) as u32,
        }
    }

    #[inline]
    pub(super) fn number(self) -> u128 {
        u128::from(self.then) << 64 | u128::from(self.first)
    }
}

/// What an ASCII character is in a word; zero for those that are part of none, and for bytes that are not ASCII.
static LOWER: [u8; 256] = lower();

const fn lower() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
}

/// The words of a text that is compared as it is: places in `folded`, which is lower case already.
pub fn words(folded: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    for (at, c) in folded.char_indices() {
        let end = at + c.len_utf8();
        match kind(c) {
            Kind::Other => open = false,
            Kind::Alone => {
                found.push(at..end);
                open = false;
            }
            Kind::Letter => {
                match found.last_mut() {
                    Some(word) if open => word.end = end,
                    _ => found.push(at..end),
                }
                open = true;
            }
        }
    }
    found
}

/// True for a word that stands for one letter of a script without spaces: it never is a part of a longer one.
pub fn stands_alone(word: &str) -> bool {
    word.chars().next().is_some_and(|c| kind(c) == Kind::Alone)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Letter,
    Alone,
    Other,
}

fn kind(c: char) -> Kind {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() {
            Kind::Letter
        } else {
            Kind::Other
        };
    }
    match c as u32 {
        // Thai, Lao, Myanmar, Khmer; kana; Han; half-width kana.
        0x0e00..=0x0eff
        | 0x1000..=0x109f
        | 0x1780..=0x17ff
        | 0x3040..=0x30ff
        | 0x31f0..=0x31ff
        | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff
        | 0xf900..=0xfaff
        | 0xff66..=0xff9f
        | 0x20000..=0x3ffff => Kind::Alone,
        _ if c.is_alphanumeric() => Kind::Letter,
        _ => Kind::Other,
    }
}

/// Calls `give` with every word of a stored text, in all readings; some of them more than once.
pub(super) fn each_word(text: &str, give: &mut impl FnMut(Found<'_>)) {
    scan(text, give);
    if memchr::memmem::find(text.as_bytes(), b"\\u").is_some() {
        let doubt = Doubt::READING;
        scan(&without_unicode_escapes(text), &mut |found: Found<'_>| {
            give(Found { doubt, ..found });
        });
    }
}

/// The word being read, in lower case.
struct Word {
    bytes: [u8; MAX_WORD_BYTES],
    length: usize,
    /// It takes this many bytes; fewer once it has been cut.
    room: usize,
    is_cut: bool,
    /// Its first letter may belong to an escape before it.
    after_escape: bool,
    doubt: Doubt,
}

impl Default for Word {
    fn default() -> Self {
        Self {
            bytes: [0; MAX_WORD_BYTES],
            length: 0,
            room: MAX_WORD_BYTES,
            is_cut: false,
            after_escape: false,
            doubt: Doubt::NONE,
        }
    }
}

impl Word {
    fn push(&mut self, byte: u8) {
        if self.length < self.room {
            self.bytes[self.length] = byte;
            self.length += 1;
        } else {
            self.is_cut = true;
        }
    }

    fn push_char(&mut self, c: char) {
        let length = c.len_utf8();
        if self.length + length > self.room {
            self.is_cut = true;
            self.room = self.length;
        } else {
            c.encode_utf8(&mut self.bytes[self.length..]);
            self.length += length;
        }
    }

    fn give(&mut self, give: &mut impl FnMut(Found<'_>)) {
        let word = &self.bytes[..self.length];
        if !word.is_empty() {
            give(Found {
                word,
                beginning: Beginning::of_buffer(&self.bytes, self.length),
                is_cut: self.is_cut,
                doubt: self.doubt,
            });
        }
        if self.after_escape && word.len() > 1 {
            let rest = &word[1..];
            let case = Doubt(self.doubt.0 & Doubt::CASE.0);
            give(Found {
                is_cut: self.is_cut,
                doubt: case.and(Doubt::of_first(rest[0])),
                ..Found::derived(rest)
            });
        }
        self.length = 0;
        self.room = MAX_WORD_BYTES;
        self.is_cut = false;
        self.after_escape = false;
        self.doubt = Doubt::NONE;
    }
}

fn scan(text: &str, give: &mut impl FnMut(Found<'_>)) {
    let bytes = text.as_bytes();
    let mut word = Word::default();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if LOWER[usize::from(byte)] == 0 && byte.is_ascii() {
            at += 1;
            continue;
        }
        let start = at;
        let before = start.checked_sub(1).map(|before| bytes[before]);
        let after_escape =
            before == Some(b'\\') && matches!(byte, b'n' | b'r' | b't' | b'b' | b'f');
        // Behind a dollar sign is how values are written that JSON has no way for.
        let doubt = match before {
            Some(b'\\' | b'$') => Doubt::READING,
            _ => Doubt::of_first(byte),
        };
        if let Some(short) = ShortWord::at(bytes, start).filter(|_| !after_escape) {
            short.give(doubt, give);
            at += short.length;
        } else {
            word.after_escape = after_escape;
            word.doubt = doubt;
            at = read_word(text, start, &mut word, give);
        }
        if byte.is_ascii_digit() {
            give_number(text, start, give);
        }
    }
}

/// A word of fewer than 16 ASCII letters and digits, as nearly all are: read at once, without asking each letter.
#[derive(Clone, Copy)]
struct ShortWord {
    /// In lower case, zero after its end.
    letters: u128,
    length: usize,
    doubt: Doubt,
}

/// A number whose bytes are all the same.
const fn each(byte: u8) -> u128 {
    u128::from_le_bytes([byte; 16])
}

const HIGH_BITS: u128 = each(0x80);

/// The high bit of every byte that is between `first` and `last`; those of `bytes` must be clear.
#[inline]
const fn within(bytes: u128, first: u8, last: u8) -> u128 {
    (bytes + each(0x80 - first)) & !(bytes + each(0x7f - last)) & HIGH_BITS
}

impl ShortWord {
    /// The word that begins at `start`. `None` when it is longer, goes on with other letters, or when the text ends too
    /// soon to tell.
    #[inline]
    fn at(text: &[u8], start: usize) -> Option<Self> {
        let stretch: [u8; 16] = text.get(start..start + 16)?.try_into().ok()?;
        let bytes = u128::from_le_bytes(stretch);
        let ascii = bytes & !HIGH_BITS;
        let letters = within(ascii | each(0x20), b'a', b'z');
        let digits = within(ascii, b'0', b'9');
        let others = ((letters | digits) & !bytes & HIGH_BITS) ^ HIGH_BITS;
        let length = (others.trailing_zeros() / 8) as usize;
        if length == 0 || !stretch.get(length)?.is_ascii() {
            return None;
        }
        let kept = u128::MAX >> (128 - 8 * length);
        let lower = (bytes | letters >> 2) & kept;
        Some(Self {
            letters: lower,
            length,
            doubt: if lower == bytes & kept {
                Doubt::NONE
            } else {
                Doubt::CASE
            },
        })
    }

    #[inline]
    fn give(self, doubt: Doubt, give: &mut impl FnMut(Found<'_>)) {
        give(Found {
            word: &self.letters.to_le_bytes()[..self.length],
            beginning: Beginning::of_number(self.letters),
            is_cut: false,
            doubt: doubt.and(self.doubt),
        });
    }
}

/// Reads from `start` to the next ASCII character that is part of no word.
fn read_word(text: &str, start: usize, word: &mut Word, give: &mut impl FnMut(Found<'_>)) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    while at < bytes.len() {
        let lower = LOWER[usize::from(bytes[at])];
        if lower != 0 {
            word.doubt.0 |= u8::from(lower != bytes[at]);
            word.push(lower);
            at += 1;
            continue;
        }
        let Some(c) = text[at..].chars().next().filter(|c| !c.is_ascii()) else {
            break;
        };
        at += c.len_utf8();
        for lower in c.to_lowercase() {
            let lower = if lower == 'ς' { 'σ' } else { lower };
            word.doubt.0 |= u8::from(lower != c);
            match kind(lower) {
                Kind::Letter => word.push_char(lower),
                Kind::Alone => {
                    word.give(give);
                    word.push_char(lower);
                    word.give(give);
                }
                Kind::Other => word.give(give),
            }
        }
    }
    word.give(give);
    at
}

/// JSON numbers are compared in the shortest spelling: `1.50` is also found as `1.5`.
fn give_number(text: &str, start: usize, give: &mut impl FnMut(Found<'_>)) {
    let bytes = &text.as_bytes()[start..];
    let is_part =
        |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    let length = bytes
        .iter()
        .take(40)
        .take_while(|byte| is_part(byte))
        .count();
    let literal = &text[start..start + length];
    let is_odd = length > 15
        || literal.ends_with('0')
        || literal.starts_with("0.0000")
        || literal.contains(['e', 'E']);
    if !is_odd || literal.parse::<i64>().is_ok() {
        return;
    }
    let Ok(number) = literal.parse::<f64>() else {
        return;
    };
    let shortest = serde_json::Number::from_f64(number).map(|number| number.to_string());
    if let Some(shortest) = shortest.filter(|shortest| shortest != literal) {
        for part in shortest.split(|c: char| !c.is_ascii_alphanumeric()) {
            if !part.is_empty() {
                give(Found::derived(part.as_bytes()));
            }
        }
    }
}

/// `caf\u00e9` becomes `café`, however many backslashes there are; other escapes become blanks.
fn without_unicode_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        push_units(&mut plain, &mut units, at == 0);
        plain.push_str(&rest[..at]);
        rest = rest[at..].trim_start_matches('\\');
        match rest.as_bytes().first() {
            Some(b'u') => {
                let digits = rest.get(1..5).unwrap_or_default();
                match u16::from_str_radix(digits, 16) {
                    Ok(unit) if digits.len() == 4 => {
                        units.push(unit);
                        rest = &rest[5..];
                    }
                    _ => {
                        push_units(&mut plain, &mut units, false);
                        plain.push(' ');
                    }
                }
            }
            Some(b'n' | b'r' | b't' | b'b' | b'f') => {
                push_units(&mut plain, &mut units, false);
                plain.push(' ');
                rest = &rest[1..];
            }
            _ => {
                push_units(&mut plain, &mut units, false);
                plain.push(' ');
            }
        }
    }
    push_units(&mut plain, &mut units, false);
    plain.push_str(rest);
    plain
}

/// Characters outside the first plane are written as two escapes: they are joined once neither can follow.
fn push_units(plain: &mut String, units: &mut Vec<u16>, more_may_follow: bool) {
    if more_may_follow || units.is_empty() {
        return;
    }
    for unit in char::decode_utf16(units.drain(..)) {
        // Written anew, these have a letter in their escape.
        match unit.unwrap_or(char::REPLACEMENT_CHARACTER) {
            '\n' => plain.push_str("\\n"),
            '\r' => plain.push_str("\\r"),
            '\t' => plain.push_str("\\t"),
            '\u{8}' => plain.push_str("\\b"),
            '\u{c}' => plain.push_str("\\f"),
            c => plain.push(c),
        }
    }
}

/// Cuts a long text so that equal stretches of two texts are cut alike, wherever they stand: what a JSON string says is
/// a chunk of its own when it is long, and anything very long is cut where its content says so. No cut goes through a
/// word, a number or an escape.
pub(in crate::segment) fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (chunk, after) = rest.split_at(first_cut(rest));
        rest = after;
        Some(chunk)
    })
}

fn first_cut(text: &str) -> usize {
    let string = long_string(text);
    match string.start {
        0 if string.end <= WHOLE_STRING_BYTES => string.end,
        0 => cut_by_content(&text[..string.end]),
        start => cut_by_content(&text[..start]),
    }
}

/// The first stretch without a quote that is long; the end of the text when there is none.
fn long_string(text: &str) -> Range<usize> {
    let mut start = 0;
    for quote in memchr::memchr_iter(b'"', text.as_bytes()) {
        if quote - start >= LONG_STRING_BYTES {
            return start..quote;
        }
        start = quote + 1;
        // Farther ahead the content decides before.
        if start > 16 * MIN_CHUNK_BYTES {
            return start..text.len();
        }
    }
    if text.len() - start >= LONG_STRING_BYTES {
        start..text.len()
    } else {
        text.len()..text.len()
    }
}

fn cut_by_content(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut hash = 0_u64;
    let mut is_due = false;
    for at in MIN_CHUNK_BYTES - 64..bytes.len() {
        hash = (hash << 1).wrapping_add(GEAR[usize::from(bytes[at])]);
        is_due |= at >= MIN_CHUNK_BYTES && hash >> 54 & CHUNK_MASK == 0;
        if is_due && may_cut_after(text, at) {
            return at + 1;
        }
    }
    bytes.len()
}

fn may_cut_after(text: &str, at: usize) -> bool {
    let byte = text.as_bytes()[at];
    if byte.is_ascii() {
        return matches!(byte, b' ' | b',' | b'{' | b'}' | b'[' | b']' | b':');
    }
    text.is_char_boundary(at + 1)
        && text[..=at]
            .chars()
            .next_back()
            .is_some_and(|c| kind(c) == Kind::Alone)
}

/// A random number for each byte: what the last 64 bytes were decides about a cut.
static GEAR: [u64; 256] = gear();

const fn gear() -> [u64; 256] {
    let mut table = [0; 256];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut at = 0;
    while at < 256 {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        table[at] = mixed ^ (mixed >> 31);
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn all(text: &str) -> Vec<String> {
        let mut found = BTreeSet::new();
        each_word(text, &mut |word| {
            assert_eq!(word.beginning, Beginning::of(word.word));
            found.insert(String::from_utf8(word.word.to_vec()).unwrap());
        });
        found.into_iter().collect()
    }

    #[test]
    fn words_are_letters_and_digits_in_lower_case() {
        assert_eq!(
            all("Refund_policy v2.1 (ÄRGER)"),
            ["1", "policy", "refund", "v2", "ärger"]
        );
    }

    #[test]
    fn letters_of_scripts_without_spaces_are_words() {
        assert_eq!(all("見積もりV2を"), ["v2", "も", "り", "を", "積", "見"]);
    }

    #[test]
    fn escapes_are_read_both_ways() {
        assert_eq!(all(r"a\nbar"), ["a", "bar", "nbar"]);
        assert_eq!(all(r"caf\\u00e9s"), ["caf", "cafés", "u00e9s"]);
        assert_eq!(all(r"x\u0009bar"), ["bar", "tbar", "u0009bar", "x"]);
        assert_eq!(all(r"x\ud83d\ude00y"), ["ud83d", "ude00y", "x", "y"]);
    }

    #[test]
    fn numbers_are_also_given_in_their_shortest_spelling() {
        assert_eq!(all("1.50"), ["1", "5", "50"]);
        assert_eq!(all("1E5"), ["0", "100000", "1e5"]);
        assert_eq!(all("1.25"), ["1", "25"]);
    }

    #[test]
    fn only_the_beginning_of_a_long_word_is_given() {
        let mut found = Vec::new();
        each_word(&"x".repeat(500), &mut |word| {
            found.push((word.is_cut, word.word.len()));
        });
        assert_eq!(found, [(true, MAX_WORD_BYTES)]);
    }

    #[test]
    fn equal_stretches_are_cut_alike() {
        let sentence = |number: usize| format!("message {number}: {}, ", number * 7919);
        let shared: String = (0..6_000).map(sentence).collect();
        let long = format!("another beginning, {shared}and an end");
        let of = |text| chunks(text).map(str::to_owned).collect::<BTreeSet<_>>();
        let (first, second) = (of(&shared), of(&long));
        assert!(first.len() > 10);
        assert!(first.difference(&second).count() <= 3);
    }

    proptest! {
        #[test]
        fn chunks_make_the_text_again_and_cut_no_word(text in "([a-zé ]{0,40}|[一-丕]{0,20}|[0-9.,:]{0,9}){0,200}") {
            let parts: Vec<&str> = chunks(&text).collect();
            prop_assert_eq!(parts.concat(), text.clone());
            let whole: BTreeSet<String> = all(&text).into_iter().collect();
            let of_parts: BTreeSet<String> = parts.iter().flat_map(|part| all(part)).collect();
            prop_assert!(whole.is_subset(&of_parts));
        }

        #[test]
        fn what_follows_changes_no_word(text in "([a-zA-Z0-9é見\\\\$\".-]{0,20} ?){0,6}") {
            let found = |text: &str| {
                let mut found = Vec::new();
                each_word(text, &mut |word| found.push((word.word.to_vec(), word.beginning, word.is_cut, word.doubt)));
                found
            };
            prop_assert_eq!(found(&text), found(&format!("{text}{:16}", "")));
        }

        #[test]
        fn every_plain_word_is_given(text in ".{0,60}") {
            let lower: String = text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect();
            let given = all(&text);
            for word in words(&lower) {
                prop_assert!(given.iter().any(|known| *known == lower[word.clone()]), "{:?}", &lower[word]);
            }
        }
    }
}
