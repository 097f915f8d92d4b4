//! Regular expressions, and the texts that everything they match has in it.

use std::ops::Range;

use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};

use super::needle::Needle;

/// A regular expression, compiled once. Equal when written the same.
#[derive(Clone, Debug)]
pub struct RegexPattern {
    regex: Regex,
    literals: Vec<String>,
    needle: Option<Needle>,
}

impl RegexPattern {
    /// Bytes a compiled pattern may take.
    pub const MAX_BYTES: usize = 1 << 20;
    /// How deep groups may nest.
    pub const MAX_DEPTH: u32 = 50;

    /// Compiles `source`; says why not when it is not a regular expression or larger than the limits.
    pub fn new(source: &str) -> Result<Self, String> {
        let regex = RegexBuilder::new(source)
            .size_limit(Self::MAX_BYTES)
            .dfa_size_limit(Self::MAX_BYTES)
            .nest_limit(Self::MAX_DEPTH)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(limit) => {
                    format!("it compiles to more than {limit} bytes")
                }
                // The parser draws a picture of several lines; the last one says what is wrong.
                other => {
                    let text = other.to_string();
                    let reason = text.lines().last().unwrap_or_default();
                    reason.strip_prefix("error: ").unwrap_or(reason).to_owned()
                }
            })?;
        let mut literals = Vec::new();
        // What `regex` accepts parses here too; if not, nothing is known of its matches, which is no mistake.
        let mut parser = ParserBuilder::new().nest_limit(Self::MAX_DEPTH).build();
        if let Ok(hir) = parser.parse(source) {
            gather_literals(&hir, &mut literals);
        }
        Ok(Self {
            regex,
            needle: Needle::of(literals.iter().map(String::as_str), false),
            literals,
        })
    }

    /// As written.
    pub fn source(&self) -> &str {
        self.regex.as_str()
    }

    /// Where the leftmost match is, as bytes.
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        self.regex.find(text).map(|found| found.range())
    }

    /// Whether it matches anywhere in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Texts that stand, as written, in every text it matches. There may be more.
    pub fn literals(&self) -> &[String] {
        &self.literals
    }

    /// Letters that every match has.
    pub fn needle(&self) -> Option<&Needle> {
        self.needle.as_ref()
    }
}

/// Depth is bounded by [`RegexPattern::MAX_DEPTH`].
fn gather_literals(hir: &Hir, literals: &mut Vec<String>) {
    match hir.kind() {
        HirKind::Literal(literal) => {
            literals.extend(std::str::from_utf8(&literal.0).ok().map(str::to_owned));
        }
        HirKind::Concat(parts) => parts
            .iter()
            .for_each(|part| gather_literals(part, literals)),
        HirKind::Capture(group) => gather_literals(&group.sub, literals),
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            gather_literals(&repetition.sub, literals);
        }
        _ => {}
    }
}

impl PartialEq for RegexPattern {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regex_is_searched_for_and_bounded() {
        assert!(RegexPattern::new("h.t").unwrap().is_match("chat"));
        assert_eq!(
            RegexPattern::new("(?=a)").unwrap_err(),
            "look-around, including look-ahead and look-behind, is not supported"
        );
        assert_eq!(
            RegexPattern::new(r"(\w{100}){100}").unwrap_err(),
            "it compiles to more than 1048576 bytes"
        );
        assert!(RegexPattern::new(&"(".repeat(1000)).is_err());
    }

    #[test]
    fn literals_are_what_every_match_has() {
        let of = |source: &str| RegexPattern::new(source).unwrap().literals;
        assert_eq!(of("refund.*(policy)+x?"), ["refund", "policy"]);
        assert_eq!(of("(?i)refund"), [] as [&str; 0]);
        assert_eq!(of("a|b"), [] as [&str; 0]);
        assert_eq!(of(r"^\[id\] \d+$"), ["[id] "]);
    }
}
