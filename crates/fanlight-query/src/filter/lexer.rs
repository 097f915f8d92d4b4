//! Text to tokens. Knows quoting and nothing about fields or operators.

use super::error::{Fault, cut};

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    /// As written, quotes included.
    pub(crate) raw: &'a str,
    /// Byte offset of `raw`.
    pub(crate) at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A key, a keyword, a number or a double-quoted text: which of them, only its place tells. May have backticked
    /// or double-quoted segments at its start and after dots.
    Word,
    /// A text in single quotes.
    Text,
    /// A run of `=`, `!`, `<` and `>`.
    Operator,
    Open,
    Close,
    Comma,
}

impl<'a> Token<'a> {
    /// Whether this is the keyword, in any case.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.raw.eq_ignore_ascii_case(keyword)
    }

    /// The content of a single- or double-quoted text. Doubled quotes and backslashes stay as they are.
    pub(crate) fn text(&self) -> Option<&'a str> {
        match self.kind {
            TokenKind::Text => self.raw.get(1..self.raw.len() - 1),
            TokenKind::Word => enclosed(self.raw, '"'),
            _ => None,
        }
    }
}

/// What is between the quotes, when `raw` is exactly one quoted segment.
pub(crate) fn enclosed(raw: &str, quote: char) -> Option<&str> {
    let inner = raw.strip_prefix(quote)?;
    let end = closing_quote(inner, quote)?;
    (end + quote.len_utf8() == inner.len()).then(|| &inner[..end])
}

/// Where the quote closes. A doubled quote does not close, except of backticks.
fn closing_quote(inner: &str, quote: char) -> Option<usize> {
    let mut from = 0;
    loop {
        let found = from + inner[from..].find(quote)?;
        if quote == '`' || !inner[found + 1..].starts_with(quote) {
            return Some(found);
        }
        from = found + 2;
    }
}

/// Cuts `text` into tokens.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Fault> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, length) = match first {
            blank if blank.is_whitespace() => {
                at += blank.len_utf8();
                continue;
            }
            '(' => (TokenKind::Open, 1),
            ')' => (TokenKind::Close, 1),
            ',' => (TokenKind::Comma, 1),
            '\'' => (TokenKind::Text, quoted_length(rest, at, '\'')?),
            '=' | '!' | '<' | '>' => (
                TokenKind::Operator,
                rest.find(|c| !is_operator(c)).unwrap_or(rest.len()),
            ),
            ';' => return Err(Fault::new(at, "unexpected `;`").hint("a filter is one statement")),
            '-' if rest.starts_with("--") => {
                return Err(Fault::new(at, "unexpected `--`").hint("comments are not supported"));
            }
            _ => (TokenKind::Word, word_length(rest, at)?),
        };
        found.push(Token {
            kind,
            raw: &rest[..length],
            at,
        });
        at += length;
    }
    Ok(found)
}

fn is_operator(c: char) -> bool {
    matches!(c, '=' | '!' | '<' | '>')
}

/// Whether a key can hold it without quotes.
fn is_word(c: char) -> bool {
    !c.is_whitespace() && !is_operator(c) && !matches!(c, '\'' | '"' | '`' | '(' | ')' | ',' | ';')
}

fn quoted_length(rest: &str, at: usize, quote: char) -> Result<usize, Fault> {
    closing_quote(&rest[1..], quote)
        .map(|end| end + 2)
        .ok_or_else(|| Fault::new(at, format!("no closing {quote} for {}", cut(rest))))
}

fn word_length(rest: &str, at: usize) -> Result<usize, Fault> {
    let mut length = 0;
    loop {
        let tail = &rest[length..];
        if let Some(quote) = tail.chars().next().filter(|c| matches!(c, '"' | '`')) {
            if length > 0 && !rest[..length].ends_with('.') {
                return Ok(length);
            }
            length += quoted_length(tail, at + length, quote)?;
            // A dot goes on with the key; anything else is the next token.
            if !rest[length..].starts_with('.') {
                return Ok(length);
            }
        }
        let plain = rest[length..]
            .find(|c| !is_word(c))
            .unwrap_or(rest.len() - length);
        if plain == 0 {
            return Ok(length);
        }
        length += plain;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raws(text: &str) -> Vec<&str> {
        tokens(text)
            .unwrap()
            .iter()
            .map(|token| token.raw)
            .collect()
    }

    #[test]
    fn blanks_are_needed_only_between_words() {
        assert_eq!(
            raws("status='OK'AND n>=-1"),
            ["status", "=", "'OK'", "AND", "n", ">=", "-1"]
        );
        assert_eq!(
            raws("status IN(\"a\",'b' , )"),
            ["status", "IN", "(", "\"a\"", ",", "'b'", ",", ")"]
        );
        assert_eq!(raws("\n\t \u{3000}"), Vec::<&str>::new());
    }

    #[test]
    fn quotes_may_stand_at_the_start_of_a_key_and_after_its_dots() {
        assert_eq!(raws("tags.`a b`='x'"), ["tags.`a b`", "=", "'x'"]);
        assert_eq!(
            raws("span.attributes.\"k.l\" = 1"),
            ["span.attributes.\"k.l\"", "=", "1"]
        );
        assert_eq!(raws("\"OK\"name"), ["\"OK\"", "name"]);
    }

    #[test]
    fn doubled_quotes_stay_two_characters_and_backslashes_are_plain() {
        let found = tokens(r#"'O''K' '' "a""b" '\'"#).unwrap();
        let texts = found.iter().map(Token::text).collect::<Vec<_>>();
        assert_eq!(texts, [Some("O''K"), Some(""), Some(r#"a""b"#), Some("\\")]);
    }

    #[test]
    fn an_open_quote_is_reported_where_it_opens() {
        let error = tokens("tags.`a = 'x'")
            .unwrap_err()
            .in_text("tags.`a = 'x'", "");
        assert_eq!(
            error.to_string(),
            "no closing ` for `a = 'x' at character 6"
        );
    }
}
