//! SQL `LIKE` patterns: `%` is any text, `_` any one character, nothing escapes them.
//!
//! Matching is by hand: the pieces between the `%` are looked for from left to right. No text and no pattern makes
//! that quadratic.

use std::borrow::Cow;
use std::ops::Range;

use super::needle::Needle;
use super::shift_and::ShiftAnd;
use memchr::memmem::Finder;

/// One step of a pattern, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LikePart {
    /// Lower case when the pattern ignores case. Never empty, never next to another.
    Literal(String),
    /// `_`
    AnyCharacter,
    /// `%`
    AnyText,
}

/// A compiled pattern. Equal when written the same.
#[derive(Clone, Debug)]
pub struct LikePattern {
    source: String,
    ignore_case: bool,
    parts: Vec<LikePart>,
    needle: Option<Needle>,
    shape: Shape,
}

#[derive(Clone, Debug)]
enum Shape {
    /// No `%`: the whole text.
    Whole(Piece),
    /// The pieces before the first, between and after the last `%`; the outer ones may be empty.
    Spread {
        first: Piece,
        middle: Vec<Floating>,
        last: Piece,
    },
}

/// `None` stands for `_`.
#[derive(Clone, Debug)]
struct Piece(Vec<Option<char>>);

/// A piece that may be anywhere.
#[derive(Clone, Debug)]
enum Floating {
    Literal(Box<Finder<'static>>),
    WithGaps(ShiftAnd),
}

impl LikePattern {
    /// The longest piece with `_` in it, in characters, that may stand between two `%`: bounds its tables.
    pub const MAX_GAPPED_PIECE: usize = 4096;

    /// Compiles `source`; says why not when a piece is too long.
    pub fn new(source: &str, ignore_case: bool) -> Result<Self, String> {
        let folded = if ignore_case {
            fold(source)
        } else {
            Cow::Borrowed(source)
        };
        let pieces = folded.split('%').map(Piece::new).collect::<Vec<_>>();
        let shape = match <[Piece; 1]>::try_from(pieces) {
            Ok([whole]) => Shape::Whole(whole),
            Err(pieces) => Shape::spread(pieces)?,
        };
        let parts = parts(&folded);
        Ok(Self {
            source: source.to_owned(),
            ignore_case,
            needle: Needle::of(literals(&parts), ignore_case),
            parts,
            shape,
        })
    }

    /// As written.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn ignores_case(&self) -> bool {
        self.ignore_case
    }

    pub fn parts(&self) -> &[LikePart] {
        &self.parts
    }

    /// The literal pieces, in order: a text without one of them cannot match. Lower case when the pattern ignores
    /// case (see [`fold`]).
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        literals(&self.parts)
    }

    /// Letters that every match has.
    pub fn needle(&self) -> Option<&Needle> {
        self.needle.as_ref()
    }

    /// The only text that matches, for a pattern without wildcards that minds case.
    pub fn exact(&self) -> Option<&str> {
        match self.parts.as_slice() {
            _ if self.ignore_case => None,
            [] => Some(""),
            [LikePart::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// What every match starts with (lower case when the pattern ignores case); empty when anything goes.
    pub fn prefix(&self) -> &str {
        match self.parts.first() {
            Some(LikePart::Literal(text)) => text,
            _ => "",
        }
    }

    /// Whether a text matches as soon as a part of it does: the pattern is `%…%`.
    pub fn is_open(&self) -> bool {
        self.parts.first() == Some(&LikePart::AnyText)
            && self.parts.last() == Some(&LikePart::AnyText)
    }

    /// Where the pieces between the `%` stand in a text that matches, as bytes: the leftmost places.
    pub fn find(&self, text: &str) -> Option<Vec<Range<usize>>> {
        if !self.ignore_case {
            return self.shape.find(text);
        }
        let found = self.shape.find(&fold(text))?;
        Some(if text.is_ascii() {
            found
        } else {
            unfolded(text, &found)
        })
    }

    pub fn matches(&self, text: &str) -> bool {
        if self.ignore_case {
            self.shape.matches(&fold(text))
        } else {
            self.shape.matches(text)
        }
    }
}

impl PartialEq for LikePattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.ignore_case == other.ignore_case
    }
}

/// The form in which texts are compared without case: each character's lower case, whatever stands around it.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        }
    } else {
        // Not `str::to_lowercase`, whose sigma depends on its neighbours: a part would no longer match its whole.
        let lower = text.chars().flat_map(char::to_lowercase);
        Cow::Owned(lower.map(|c| if c == 'ς' { 'σ' } else { c }).collect())
    }
}

fn literals(parts: &[LikePart]) -> impl Iterator<Item = &str> {
    parts.iter().filter_map(|part| match part {
        LikePart::Literal(text) => Some(text.as_str()),
        _ => None,
    })
}

/// Places in the folded text as places in `text`; ascending ones. Of a character that became several it is the whole.
fn unfolded(text: &str, found: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut chars = text.char_indices();
    // Of the current character: where it is in both texts.
    let (mut folded, mut original) = (0..0, 0..0);
    let mut advance_to = |reached: &dyn Fn(&Range<usize>) -> bool| {
        while !reached(&folded) {
            let Some((at, c)) = chars.next() else { break };
            let length: usize = c.to_lowercase().map(char::len_utf8).sum();
            folded = folded.end..folded.end + length;
            original = at..at + c.len_utf8();
        }
        (folded.clone(), original.clone())
    };
    let place = |range: &Range<usize>| {
        let (before, at) = advance_to(&|folded| folded.end > range.start);
        // At the very end there is no such character.
        let start = if before.end > range.start {
            at.start
        } else {
            text.len()
        };
        if range.is_empty() {
            return start..start;
        }
        let (_, at) = advance_to(&|folded| folded.end >= range.end);
        start..at.end
    };
    found.iter().map(place).collect()
}

fn parts(folded: &str) -> Vec<LikePart> {
    let mut parts = Vec::new();
    for c in folded.chars() {
        match (c, parts.last_mut()) {
            // Two in a row mean the same as one.
            ('%', Some(LikePart::AnyText)) => {}
            ('%', _) => parts.push(LikePart::AnyText),
            ('_', _) => parts.push(LikePart::AnyCharacter),
            (c, Some(LikePart::Literal(text))) => text.push(c),
            (c, _) => parts.push(LikePart::Literal(c.to_string())),
        }
    }
    parts
}

impl Shape {
    fn spread(pieces: Vec<Piece>) -> Result<Self, String> {
        let mut pieces = pieces.into_iter();
        let first = pieces.next().unwrap_or(Piece(Vec::new()));
        let last = pieces.next_back().unwrap_or(Piece(Vec::new()));
        let middle = pieces
            .filter(|piece| !piece.0.is_empty())
            .map(|piece| Floating::new(&piece))
            .collect::<Result<_, _>>()?;
        Ok(Self::Spread {
            first,
            middle,
            last,
        })
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Whole(piece) => piece.after(text).is_some_and(str::is_empty),
            Self::Spread {
                first,
                middle,
                last,
            } => {
                let Some(mut rest) = first.after(text).and_then(|rest| last.before(rest)) else {
                    return false;
                };
                // The leftmost place of each piece leaves the most room for the ones after it.
                for piece in middle {
                    match piece.end_in(rest) {
                        Some(end) => rest = &rest[end..],
                        None => return false,
                    }
                }
                true
            }
        }
    }
}

impl Shape {
    /// The same walk as [`Self::matches`], remembering where it went.
    fn find(&self, text: &str) -> Option<Vec<Range<usize>>> {
        let (first, middle, last) = match self {
            Self::Whole(piece) => {
                let matches = piece.after(text).is_some_and(str::is_empty);
                return matches.then(|| std::iter::once(0..text.len()).collect());
            }
            Self::Spread {
                first,
                middle,
                last,
            } => (first, middle, last),
        };
        let after = first.after(text)?;
        let mut rest = last.before(after)?;
        let mut at = text.len() - after.len();
        let last_start = at + rest.len();
        let mut found = Vec::new();
        if at > 0 {
            found.push(0..at);
        }
        for piece in middle {
            let place = piece.place_in(rest)?;
            rest = &rest[place.end..];
            found.push(at + place.start..at + place.end);
            at += place.end;
        }
        if last_start < text.len() {
            found.push(last_start..text.len());
        }
        Some(found)
    }
}

impl Piece {
    fn new(piece: &str) -> Self {
        Self(piece.chars().map(|c| (c != '_').then_some(c)).collect())
    }

    /// What follows the piece at the start of `text`.
    fn after<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut rest = text.chars();
        let fits = self.0.iter().all(|wanted| {
            rest.next()
                .is_some_and(|c| wanted.is_none_or(|wanted| wanted == c))
        });
        fits.then_some(rest.as_str())
    }

    /// What precedes the piece at the end of `text`.
    fn before<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut rest = text.chars();
        let fits = self.0.iter().rev().all(|wanted| {
            rest.next_back()
                .is_some_and(|c| wanted.is_none_or(|wanted| wanted == c))
        });
        fits.then_some(rest.as_str())
    }
}

impl Floating {
    fn new(piece: &Piece) -> Result<Self, String> {
        match piece.0.iter().copied().collect::<Option<String>>() {
            Some(literal) => Ok(Self::Literal(Box::new(Finder::new(&literal).into_owned()))),
            None if piece.0.len() > LikePattern::MAX_GAPPED_PIECE => Err(format!(
                "a piece of {} characters with `_` in it is too long, at most {} are accepted",
                piece.0.len(),
                LikePattern::MAX_GAPPED_PIECE
            )),
            None => Ok(Self::WithGaps(ShiftAnd::new(&piece.0))),
        }
    }

    /// Where the leftmost match is.
    fn place_in(&self, text: &str) -> Option<Range<usize>> {
        let end = self.end_in(text)?;
        let start = match self {
            Self::Literal(finder) => end - finder.needle().len(),
            Self::WithGaps(gapped) => {
                let mut back = text[..end].char_indices().rev();
                back.nth(gapped.length() - 1)?.0
            }
        };
        Some(start..end)
    }

    /// Where the leftmost match ends.
    fn end_in(&self, text: &str) -> Option<usize> {
        match self {
            Self::Literal(finder) => finder
                .find(text.as_bytes())
                .map(|start| start + finder.needle().len()),
            Self::WithGaps(gapped) => gapped.end_in(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(pattern: &str, text: &str) -> bool {
        LikePattern::new(pattern, false).unwrap().matches(text)
    }

    fn ilike(pattern: &str, text: &str) -> bool {
        LikePattern::new(pattern, true).unwrap().matches(text)
    }

    #[test]
    fn without_wildcards_it_is_equality() {
        assert!(like("chat", "chat"));
        assert!(!like("chat", "chats"));
        assert!(like("", ""));
        assert!(!like("", "x"));
    }

    #[test]
    fn pieces_are_found_in_order_and_do_not_overlap() {
        assert!(like("a%b%c", "a-b-c"));
        assert!(like("a%b%c", "abc"));
        assert!(!like("a%b%c", "acb"));
        assert!(!like("ab%ba", "aba"));
        assert!(like("%ab%ab%", "xabab"));
        assert!(!like("%ab%ab%", "xaba"));
        assert!(like("%", ""));
        assert!(like("%%", "日本"));
    }

    #[test]
    fn an_underscore_is_one_character_of_any_width() {
        assert!(like("_本", "日本"));
        assert!(!like("_", ""));
        assert!(!like("_", "ab"));
        assert!(like("%a_c%", "xxabxa日c"));
        assert!(!like("%a_c%", "ac abb"));
        assert!(like("%_%", "x"));
        assert!(like("a%_", "ab"));
        assert!(!like("a%_", "a"));
        let long = format!("%{}_{}%", "a".repeat(70), "b".repeat(70));
        assert!(like(
            &long,
            &format!("{}x{}", "a".repeat(90), "b".repeat(70))
        ));
        assert!(!like(
            &long,
            &format!("{}x{}", "a".repeat(90), "b".repeat(69))
        ));
    }

    #[test]
    fn backslashes_are_plain() {
        assert!(!like(r"%100\%%", "hello 100% done"));
        assert!(like(r"%100\%%", r"hello 100\ done"));
    }

    #[test]
    fn case_is_ignored_in_every_script() {
        assert!(ilike("STRASSE%", "Strasse 1"));
        assert!(ilike("%ÉTÉ%", "l'été"));
        assert!(ilike("%σ%", "ΟΔΟΣ"));
        assert!(ilike("οδος", "ΟΔΟΣ"));
        assert!(!like("É", "é"));
    }

    #[test]
    fn its_literals_are_what_a_match_must_contain() {
        let pattern = LikePattern::new("Ab%c_d%%", true).unwrap();
        assert_eq!(pattern.literals().collect::<Vec<_>>(), ["ab", "c", "d"]);
        assert_eq!(pattern.parts().len(), 6);
        assert_eq!(pattern.prefix(), "ab");
        assert!(!pattern.is_open());
        assert!(LikePattern::new("%x%", false).unwrap().is_open());
        assert_eq!(LikePattern::new("x", false).unwrap().exact(), Some("x"));
        assert_eq!(LikePattern::new("x", true).unwrap().exact(), None);
        assert_eq!(LikePattern::new("x_", false).unwrap().exact(), None);
    }

    #[test]
    fn a_gapped_piece_has_a_longest_length() {
        let too_long = format!("%{}%", "_a".repeat(3000));
        assert_eq!(
            LikePattern::new(&too_long, false).unwrap_err(),
            "a piece of 6000 characters with `_` in it is too long, at most 4096 are accepted"
        );
        assert!(LikePattern::new(&"_a".repeat(3000), false).is_ok());
    }
}
