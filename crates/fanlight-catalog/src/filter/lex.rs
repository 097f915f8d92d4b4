//! Cuts filter text into tokens.

use super::FilterError;
use crate::error::shortened;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Letters, digits and `_ . - / : @`; a keyword or a field.
    Word(String),
    /// A field whose key is quoted: `` tags.`a b` ``.
    QuotedKey {
        entity: String,
        key: String,
    },
    /// In backticks: a field without entity.
    Backticked(String),
    /// In single or double quotes: a value, or (double quotes, before an operator) a field.
    Quoted(String),
    Number(String),
    /// `= != < <= > >=` and whatever else is made of these characters.
    Operator(String),
    Open,
    Close,
    Comma,
}

impl Token {
    /// For messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Word(text)
            | Self::Number(text)
            | Self::Operator(text)
            | Self::Backticked(text) => {
                format!("`{}`", shortened(text))
            }
            Self::Quoted(text) => format!("'{}'", shortened(text)),
            Self::QuotedKey { entity, key } => format!("`{entity}.{}`", shortened(key)),
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
            Self::Comma => "`,`".to_owned(),
        }
    }
}

pub(super) fn lex(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = next_token(first, rest)?;
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn next_token(first: char, rest: &str) -> Result<(Token, &str), FilterError> {
    match first {
        '(' => Ok((Token::Open, &rest[1..])),
        ')' => Ok((Token::Close, &rest[1..])),
        ',' => Ok((Token::Comma, &rest[1..])),
        '\'' | '"' => {
            quoted(rest, first).map(|(text, after)| (Token::Quoted(text.to_owned()), after))
        }
        '`' => quoted(rest, first).map(|(text, after)| (Token::Backticked(text.to_owned()), after)),
        '=' | '!' | '<' | '>' => {
            let (text, after) = split_while(rest, |c| matches!(c, '=' | '!' | '<' | '>'));
            Ok((Token::Operator(text.to_owned()), after))
        }
        '-' | '+' | '.' | '0'..='9' => {
            let (text, after) = split_while(rest, |c| {
                c.is_alphanumeric() || matches!(c, '-' | '+' | '.' | '_')
            });
            Ok((Token::Number(text.to_owned()), after))
        }
        _ if is_word(first) => word(rest),
        other => Err(FilterError::Unexpected {
            expected: "a condition",
            found: format!("`{other}`"),
        }),
    }
}

fn word(rest: &str) -> Result<(Token, &str), FilterError> {
    let (text, after) = split_while(rest, is_word);
    match (text.strip_suffix('.'), after.chars().next()) {
        (Some(entity), Some(quote @ ('`' | '"' | '\''))) => {
            let (key, after) = quoted(after, quote)?;
            Ok((
                Token::QuotedKey {
                    entity: entity.to_owned(),
                    key: key.to_owned(),
                },
                after,
            ))
        }
        _ => Ok((Token::Word(text.to_owned()), after)),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ':' | '@')
}

fn split_while(text: &str, keep: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !keep(c)).unwrap_or(text.len()))
}

/// What stands between the quote that `rest` starts with and the next one. There is no escape character.
fn quoted(rest: &str, quote: char) -> Result<(&str, &str), FilterError> {
    rest[1..]
        .split_once(quote)
        .ok_or_else(|| FilterError::UnclosedQuote(shortened(rest)))
}
