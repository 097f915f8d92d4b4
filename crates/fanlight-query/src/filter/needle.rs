//! A part of a pattern that stands in every text the pattern matches: the cheap question asked of raw texts before
//! what they mean is worked out.
//!
//! A search for text looks at more than the raw texts: at what their JSON says, at texts that are derived from them.
//! Letters survive all of that as they are, unless they are written as `\u` escapes. So a trace whose texts have
//! neither the letters nor such an escape cannot match.

use memchr::memmem::{self, Finder};
use regex::{Regex, RegexBuilder};

/// Shorter runs of letters may come from numbers (`1e+20`, `inf`), and hardly rule anything out.
const MIN_LETTERS: usize = 4;

/// Letters without which no text matches.
#[derive(Clone, Debug)]
pub struct Needle {
    letters: String,
    look: Look,
}

#[derive(Clone, Debug)]
enum Look {
    AsWritten(Box<Finder<'static>>),
    AnyCase(Regex),
}

impl Needle {
    /// The longest run of letters in texts that every match has; `None` when all are short.
    pub(super) fn of<'a>(texts: impl Iterator<Item = &'a str>, ignore_case: bool) -> Option<Self> {
        let runs = texts.flat_map(|text| text.split(|c: char| !c.is_ascii_alphabetic()));
        let longest = runs.max_by_key(|run| run.len())?;
        if !ignore_case {
            return (longest.len() >= MIN_LETTERS).then(|| Self {
                letters: longest.to_owned(),
                look: Look::AsWritten(Box::new(Finder::new(longest).into_owned())),
            });
        }
        // In lower case `İ` is an `i` and a dot above it, which is where a run may end.
        let letters = longest.trim_end_matches('i');
        if letters.len() < MIN_LETTERS {
            return None;
        }
        let regex = RegexBuilder::new(letters).case_insensitive(true).build();
        Some(Self {
            letters: letters.to_owned(),
            look: Look::AnyCase(regex.ok()?),
        })
    }

    /// ASCII letters, at least four.
    pub fn letters(&self) -> &str {
        &self.letters
    }

    /// False when neither `text`, nor a text inside of it, nor what it says as JSON can match.
    pub fn may_be_in(&self, text: &str) -> bool {
        self.is_in(text) || memmem::find(text.as_bytes(), b"\\u").is_some()
    }

    fn is_in(&self, text: &str) -> bool {
        match &self.look {
            Look::AsWritten(finder) => finder.find(text.as_bytes()).is_some(),
            Look::AnyCase(regex) => regex.is_match(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_run_of_letters_is_looked_for() {
        let needle = Needle::of(["a refund-policy ", "x"].into_iter(), false).unwrap();
        assert!(needle.may_be_in("the policy"));
        assert!(needle.may_be_in(r"pol\u0069cy"));
        assert!(!needle.may_be_in("Policy refund"));
        assert!(Needle::of(["12345678 a-b-c-_x"].into_iter(), false).is_none());
    }

    #[test]
    fn case_is_ignored_in_all_scripts() {
        let needle = Needle::of(["kassii"].into_iter(), true).unwrap();
        assert!(needle.may_be_in("\u{212a}a\u{17f}s\u{130}"));
        assert!(!needle.may_be_in("kas"));
        assert!(Needle::of(["abci"].into_iter(), true).is_none());
    }
}
