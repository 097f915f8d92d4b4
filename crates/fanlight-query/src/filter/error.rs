//! What is wrong with a filter, and where.

use fanlight_model::ErrorKind;

/// A filter or an `order_by` item that is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// Byte offset into the text.
    pub position: usize,
    /// Names the wrong piece, its place (counted in characters, from 1) and what would be right.
    pub message: String,
}

impl FilterError {
    pub const fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }
}

/// An error on its way up: the place is still a byte offset, and the text is not at hand.
#[derive(Debug)]
pub(crate) struct Fault {
    /// `None` when no single place is to blame.
    at: Option<usize>,
    what: String,
    hint: String,
}

impl Fault {
    pub(crate) fn new(at: usize, what: impl Into<String>) -> Self {
        Self {
            at: Some(at),
            ..Self::of_whole(what)
        }
    }

    pub(crate) fn of_whole(what: impl Into<String>) -> Self {
        Self {
            at: None,
            what: what.into(),
            hint: String::new(),
        }
    }

    /// Appends advice, set off by a semicolon.
    pub(crate) fn hint(mut self, hint: impl AsRef<str>) -> Self {
        self.hint.push_str("; ");
        self.hint.push_str(hint.as_ref());
        self
    }

    /// Finishes the message. `within` says which text is meant, where there are several.
    pub(crate) fn in_text(self, text: &str, within: &str) -> FilterError {
        let place = self.at.map_or_else(String::new, |at| {
            let before = text.get(..at).map_or(0, |before| before.chars().count());
            format!(" at character {}", before + 1)
        });
        FilterError {
            position: self.at.unwrap_or(0),
            message: format!("{}{place}{within}{}", self.what, self.hint),
        }
    }
}

/// A piece of client text, short enough for a message.
pub(crate) fn cut(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters_and_kept_in_bytes() {
        let error = Fault::new(6, "bad word")
            .hint("try another")
            .in_text("日本x", " of order_by item 2");
        assert_eq!(error.position, 6);
        assert_eq!(
            error.to_string(),
            "bad word at character 3 of order_by item 2; try another"
        );
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"é".repeat(1000)).chars().count(), 61);
    }
}
