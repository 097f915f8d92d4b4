//! The only way to standard output and standard error.

use std::io::{self, Write};

use crate::failure::Failure;

/// Writes text for people and programs. A reader that goes away (`| head`) ends the command without complaint.
pub(crate) struct Printer(Box<dyn Write>);

impl Printer {
    pub(crate) fn stdout() -> Self {
        Self(Box::new(io::stdout()))
    }

    pub(crate) fn stderr() -> Self {
        Self(Box::new(io::stderr()))
    }

    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        Ok(writeln!(self.0, "{text}")?)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.0.write_all(bytes)?;
        Ok(self.0.flush()?)
    }

    pub(crate) fn writer(&mut self) -> &mut dyn Write {
        &mut self.0
    }
}

/// Text from traces, safe for a terminal: it is one line, and cannot move the cursor or change colours.
pub(crate) fn plain(text: &str, max_chars: usize) -> String {
    let mut plain: String = text
        .chars()
        .take(max_chars)
        .map(|character| {
            if character.is_control() || is_direction(character) {
                ' '
            } else {
                character
            }
        })
        .collect();
    if text.chars().nth(max_chars).is_some() {
        plain.pop();
        plain.push('…');
    }
    plain
}

/// Marks that make a terminal show text in another order than it has.
fn is_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_cannot_steer_the_terminal() {
        assert_eq!(
            plain("a\x1b[31mb\nc\u{202e}d\u{9b}2J", 80),
            "a [31mb c d 2J"
        );
        assert_eq!(plain("abcdef", 4), "abc…");
        assert_eq!(plain("abcd", 4), "abcd");
    }

    #[test]
    fn a_reader_that_goes_away_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((failure.exit_code(), failure.text()), (0, None));
    }
}
