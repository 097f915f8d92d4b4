//! The grammar. Recursive descent with a stated depth; every error names its place.

use super::Filter;
use super::error::{Fault, FilterError, cut};
use super::field::{Field, Operator};
use super::identifier::resolve;
use super::lexer::{Token, TokenKind, tokens};

/// Bytes a filter may have.
pub const MAX_FILTER_BYTES: usize = 64 * 1024;
/// How deep parentheses and `NOT` may nest.
pub const MAX_DEPTH: usize = 64;
/// Conditions a filter may have.
pub const MAX_CONDITIONS: usize = 1000;
/// Regular expressions a filter may have: each may take a mebibyte.
pub const MAX_REGEXES: usize = 20;

/// Reads a filter. Blank text is [`Filter::Everything`].
///
/// `AND` may be missing, leading, trailing and doubled, as MLflow accepts it.
pub fn parse(text: &str) -> Result<Filter, FilterError> {
    read(text).map_err(|fault| fault.in_text(text, ""))
}

fn read(text: &str) -> Result<Filter, Fault> {
    if text.len() > MAX_FILTER_BYTES {
        let what = format!(
            "filter has {} bytes, more than {MAX_FILTER_BYTES}",
            text.len()
        );
        return Err(Fault::of_whole(what));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(Filter::Everything);
    }
    let mut parser = Parser {
        text,
        tokens: &tokens,
        next: 0,
        conditions: 0,
        regexes: 0,
    };
    let filter = parser.alternatives(0)?;
    match parser.peek() {
        Some(token) => Err(Fault::new(
            token.at,
            format!("unexpected `{}`", cut(token.raw)),
        )),
        None => Ok(filter),
    }
}

pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token<'a>],
    next: usize,
    conditions: usize,
    pub(super) regexes: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.next).copied()
    }

    pub(super) fn take(&mut self) -> Option<Token<'a>> {
        let token = self.peek();
        self.next += 1;
        token
    }

    /// Takes the next token when it is this keyword.
    fn take_word(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(keyword));
        self.next += usize::from(found);
        found
    }

    pub(super) fn take_kind(&mut self, kind: TokenKind) -> bool {
        let found = self.peek().is_some_and(|token| token.kind == kind);
        self.next += usize::from(found);
        found
    }

    /// Where the next token starts, or the text ends.
    pub(super) fn place(&self) -> usize {
        self.peek().map_or(self.text.len(), |token| token.at)
    }

    /// `a OR b …`
    fn alternatives(&mut self, depth: usize) -> Result<Filter, Fault> {
        let mut parts = vec![self.conjunction(depth)?];
        while self.take_word("OR") {
            parts.push(self.conjunction(depth)?);
        }
        Ok(Filter::any(parts))
    }

    /// `a AND b …`, where `AND` is decoration.
    fn conjunction(&mut self, depth: usize) -> Result<Filter, Fault> {
        let mut parts = Vec::new();
        loop {
            while self.take_word("AND") {}
            match self.peek() {
                Some(token) if token.kind != TokenKind::Close && !token.is("OR") => {
                    parts.push(self.operand(depth)?);
                }
                end if parts.is_empty() => {
                    let found = end.map_or("the end".to_owned(), |token| {
                        format!("`{}`", cut(token.raw))
                    });
                    return Err(Fault::new(
                        self.place(),
                        format!("expected a condition, found {found}"),
                    ));
                }
                _ => return Ok(Filter::all(parts)),
            }
        }
    }

    fn operand(&mut self, depth: usize) -> Result<Filter, Fault> {
        let place = self.place();
        let deeper = |depth| {
            if depth == MAX_DEPTH {
                let levels = format!("at most {MAX_DEPTH} levels are accepted");
                return Err(Fault::new(place, "nested too deep").hint(levels));
            }
            Ok(depth + 1)
        };
        if self.take_word("NOT") {
            return Ok(Filter::not(self.operand(deeper(depth)?)?));
        }
        if self.take_kind(TokenKind::Open) {
            let inner = self.alternatives(deeper(depth)?)?;
            if !self.take_kind(TokenKind::Close) {
                return Err(Fault::new(place, "`(` is not closed"));
            }
            return Ok(inner);
        }
        self.condition()
    }

    fn condition(&mut self) -> Result<Filter, Fault> {
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            return Err(Fault::new(
                self.place(),
                format!("more than {MAX_CONDITIONS} conditions"),
            ));
        }
        let at = self.place();
        let key = match self.take() {
            Some(key) if key.kind == TokenKind::Word => key,
            Some(other) => {
                let fault = Fault::new(at, format!("expected a key, found `{}`", cut(other.raw)));
                return Err(fault.hint("a condition is `key operator value`"));
            }
            None => return Err(Fault::new(at, "expected a condition, found the end")),
        };
        let field = resolve(key.raw, key.at)?;
        let operator = self.operator(key, &field)?;
        let test = self.value_test(key, operator, field.value_kind(operator))?;
        Ok(match field {
            Field::Trace(field) => Filter::trace(field, test),
            Field::Span(field) => Filter::span(field, test),
        })
    }

    /// The operator, if `field` has it.
    fn operator(&mut self, key: Token<'a>, field: &Field) -> Result<Operator, Fault> {
        let at = self.place();
        let first = self.take();
        let Some(first) = first else {
            return Err(Fault::new(
                at,
                format!(
                    "expected an operator after `{}`, found the end",
                    cut(key.raw)
                ),
            ));
        };
        let operator = self.known_operator(first);
        let allowed = field.operators();
        match operator {
            Some(operator) if allowed.contains(&operator) => Ok(operator),
            _ => {
                let written = operator.map_or(first.raw, |operator| operator.as_str());
                let names = allowed
                    .iter()
                    .map(|operator| operator.as_str())
                    .collect::<Vec<_>>()
                    .join(", ");
                let known = if operator.is_some() {
                    "unsupported"
                } else {
                    "unknown"
                };
                let what = format!("{known} operator `{}` for `{}`", cut(written), cut(key.raw));
                let fault = Fault::new(at, what).hint(format!("valid operators: {names}"));
                Err(match advice(first, operator) {
                    Some(advice) => fault.hint(advice),
                    None => fault,
                })
            }
        }
    }

    fn known_operator(&mut self, first: Token<'a>) -> Option<Operator> {
        const SYMBOLS: [Operator; 6] = [
            Operator::Eq,
            Operator::Ne,
            Operator::Lt,
            Operator::Le,
            Operator::Gt,
            Operator::Ge,
        ];
        const WORDS: [Operator; 4] = [
            Operator::Like,
            Operator::ILike,
            Operator::RLike,
            Operator::In,
        ];
        match first.kind {
            TokenKind::Operator => SYMBOLS
                .into_iter()
                .find(|operator| operator.as_str() == first.raw),
            TokenKind::Word if first.is("NOT") => self.take_word("IN").then_some(Operator::NotIn),
            TokenKind::Word if first.is("IS") => {
                let operator = if self.take_word("NOT") {
                    Operator::IsNotNull
                } else {
                    Operator::IsNull
                };
                self.take_word("NULL").then_some(operator)
            }
            TokenKind::Word => WORDS
                .into_iter()
                .find(|operator| first.is(operator.as_str())),
            _ => None,
        }
    }
}

/// What people used to other languages should write instead.
fn advice(first: Token<'_>, operator: Option<Operator>) -> Option<&'static str> {
    match first.raw {
        _ if operator.is_some() => None,
        "==" => Some("write `=`"),
        "<>" => Some("write `!=`"),
        _ if first.is("BETWEEN") => Some("write `key >= a AND key <= b`"),
        _ if first.is("NOT") => Some("write `NOT key LIKE …`"),
        _ if first.kind == TokenKind::Word => Some("put backticks around a key with blanks"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn errors_say_what_is_wrong_where_and_what_would_be_right() {
        insta::assert_snapshot!(error("name = 'x' AND dur > 5"), @"unknown filter key `dur` at character 16; did you mean `execution_time_ms`? valid keys: request_id, client_request_id, status, timestamp_ms, execution_time_ms, end_time_ms, name, run_id, prompt, trace.text, tags.<key>, metadata.<key>, span.name, span.type, span.status, span.model, span.attributes.<key>, span.content, feedback.<name>, expectation.<name>, issue.id");
        insta::assert_snapshot!(error("status = OK"), @"expected a quoted value, found `OK` at character 10; write 'OK'");
        insta::assert_snapshot!(error("foo.bar = 'x'"), @"unknown entity `foo` in `foo.bar` at character 1; valid entities: trace, attributes, tags, metadata, request_metadata, span, feedback, expectation, issue");
        insta::assert_snapshot!(error("status > 'A'"), @"unsupported operator `>` for `status` at character 8; valid operators: =, !=, IN, NOT IN, LIKE, ILIKE, RLIKE");
        insta::assert_snapshot!(error("status == 'A'"), @"unknown operator `==` for `status` at character 8; valid operators: =, !=, IN, NOT IN, LIKE, ILIKE, RLIKE; write `=`");
        insta::assert_snapshot!(error("tags.a b = 'x'"), @"unknown operator `b` for `tags.a` at character 8; valid operators: =, !=, LIKE, ILIKE, RLIKE, IS NULL, IS NOT NULL; put backticks around a key with blanks");
        insta::assert_snapshot!(error("timestamp > '0'"), @"expected an integer, found `'0'` at character 13; write a number of 64 bits without quotes, such as 1000");
        insta::assert_snapshot!(error("span.kind = 'x'"), @"unknown filter key `span.kind` at character 1; valid keys: span.name, span.type, span.status, span.model, span.attributes.<key>, span.content");
        insta::assert_snapshot!(error("prompt = 'p'"), @"'p' is no version of a prompt at character 10; write prompt = 'name/version'");
        insta::assert_snapshot!(error("name = 'a' AND (status = 'OK'"), @"`(` is not closed at character 16");
        insta::assert_snapshot!(error("name RLIKE '(a'"), @"invalid regular expression '(a' at character 12; unclosed group");
        insta::assert_snapshot!(error("'OK' = status"), @"expected a key, found `'OK'` at character 1; a condition is `key operator value`");
        insta::assert_snapshot!(error("name = 'a' OR"), @"expected a condition, found the end at character 14");
        insta::assert_snapshot!(error("status IN ()"), @"expected a quoted value, found `)` at character 12");
        insta::assert_snapshot!(error("name = 'a'; name = 'b'"), @"unexpected `;` at character 11; a filter is one statement");
        insta::assert_snapshot!(error("name = 'a"), @"no closing ' for 'a at character 8");
    }

    #[test]
    fn positions_are_byte_offsets() {
        assert_eq!(
            parse("name = '日本' AND foo = 'x'").unwrap_err().position,
            20
        );
    }
}
