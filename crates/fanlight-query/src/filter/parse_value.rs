//! The right side of a condition: texts, lists, patterns and numbers.

use std::collections::BTreeSet;

use super::error::{Fault, cut};
use super::field::{Operator, ValueKind};
use super::lexer::{Token, TokenKind};
use super::parse::{MAX_REGEXES, Parser};
use super::{Comparison, LikePattern, Number, RegexPattern, Test};

impl<'a> Parser<'a> {
    /// Reads what `operator` wants and makes a test of both.
    pub(super) fn value_test(
        &mut self,
        key: Token<'a>,
        operator: Operator,
        kind: ValueKind,
    ) -> Result<Test, Fault> {
        Ok(match operator {
            Operator::IsNull => Test::IsNull,
            Operator::IsNotNull => Test::IsNotNull,
            Operator::In => Test::In(self.text_list()?),
            Operator::NotIn => Test::NotIn(self.text_list()?),
            Operator::Like => Test::Like(self.like(false)?),
            Operator::ILike => Test::ILike(self.like(true)?),
            Operator::RLike => Test::RLike(self.regex()?),
            Operator::Eq if kind == ValueKind::Prompt => Test::Eq(self.prompt(key)?.to_owned()),
            Operator::Eq if kind == ValueKind::Text => Test::Eq(self.text()?.to_owned()),
            Operator::Ne if kind == ValueKind::Text => Test::Ne(self.text()?.to_owned()),
            Operator::Eq => Test::Compare(Comparison::Eq, self.number(kind)?),
            Operator::Ne => Test::Compare(Comparison::Ne, self.number(kind)?),
            Operator::Lt => Test::Compare(Comparison::Lt, self.number(kind)?),
            Operator::Le => Test::Compare(Comparison::Le, self.number(kind)?),
            Operator::Gt => Test::Compare(Comparison::Gt, self.number(kind)?),
            Operator::Ge => Test::Compare(Comparison::Ge, self.number(kind)?),
        })
    }

    fn text(&mut self) -> Result<&'a str, Fault> {
        let at = self.place();
        let Some(token) = self.take() else {
            return Err(Fault::new(at, "expected a quoted value, found the end"));
        };
        token.text().ok_or_else(|| {
            let raw = cut(token.raw);
            let fault = Fault::new(at, format!("expected a quoted value, found `{raw}`"));
            if token.kind == TokenKind::Word {
                fault.hint(format!("write '{}'", raw.trim_matches('`')))
            } else {
                fault
            }
        })
    }

    /// `'name/version'`
    fn prompt(&mut self, key: Token<'a>) -> Result<&'a str, Fault> {
        let at = self.place();
        let text = self.text()?;
        match text.split_once('/') {
            Some((name, version))
                if !name.is_empty() && !version.is_empty() && !version.contains('/') =>
            {
                Ok(text)
            }
            _ => {
                let what = format!("'{}' is no version of a prompt", cut(text));
                Err(Fault::new(at, what).hint(format!("write {} = 'name/version'", cut(key.raw))))
            }
        }
    }

    /// `('a', "b",)`
    fn text_list(&mut self) -> Result<BTreeSet<String>, Fault> {
        let at = self.place();
        if !self.take_kind(TokenKind::Open) {
            return Err(Fault::new(at, "expected a list of quoted values").hint("write ('a', 'b')"));
        }
        let mut texts = BTreeSet::from([self.text()?.to_owned()]);
        loop {
            let comma = self.take_kind(TokenKind::Comma);
            if self.take_kind(TokenKind::Close) {
                return Ok(texts);
            }
            if self.peek().is_none() {
                return Err(Fault::new(at, "`(` is not closed"));
            }
            if !comma {
                return Err(Fault::new(self.place(), "expected `,` or `)` in a list"));
            }
            texts.insert(self.text()?.to_owned());
        }
    }

    fn like(&mut self, ignore_case: bool) -> Result<LikePattern, Fault> {
        let at = self.place();
        let source = self.text()?;
        LikePattern::new(source, ignore_case).map_err(|reason| {
            Fault::new(at, format!("unusable pattern '{}'", cut(source))).hint(reason)
        })
    }

    fn regex(&mut self) -> Result<RegexPattern, Fault> {
        let at = self.place();
        let source = self.text()?;
        self.regexes += 1;
        if self.regexes > MAX_REGEXES {
            return Err(Fault::new(
                at,
                format!("more than {MAX_REGEXES} regular expressions"),
            ));
        }
        RegexPattern::new(source).map_err(|reason| {
            Fault::new(at, format!("invalid regular expression '{}'", cut(source))).hint(reason)
        })
    }

    fn number(&mut self, kind: ValueKind) -> Result<Number, Fault> {
        let expected = if kind == ValueKind::Integer {
            "an integer"
        } else {
            "a number"
        };
        let at = self.place();
        let Some(token) = self.take() else {
            return Err(Fault::new(
                at,
                format!("expected {expected}, found the end"),
            ));
        };
        let digits = match token.text() {
            Some(text) if kind == ValueKind::LooseNumber => text,
            _ => token.raw,
        };
        read_number(digits)
            .filter(|number| kind != ValueKind::Integer || matches!(number, Number::Int(_)))
            .ok_or_else(|| {
                let what = format!("expected {expected}, found `{}`", cut(token.raw));
                let example = if kind == ValueKind::Integer {
                    "1000"
                } else {
                    "0.5"
                };
                let hint = format!("write a number of 64 bits without quotes, such as {example}");
                Fault::new(at, what).hint(hint)
            })
    }
}

/// `12`, `-3`, `0.5`, `1e4`: no `+` in front, no infinity.
fn read_number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Number::Int);
    }
    text.parse()
        .ok()
        .filter(|float: &f64| float.is_finite())
        .map(Number::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_and_finite() {
        assert_eq!(read_number("-12"), Some(Number::Int(-12)));
        assert_eq!(read_number("1e4"), Some(Number::Float(10000.0)));
        for bad in [
            "",
            "-",
            "+1",
            ".5",
            "inf",
            "nan",
            "0x10",
            "1e999",
            "1_000",
            "9223372036854775808",
            "1e",
        ] {
            assert_eq!(read_number(bad), None, "{bad}");
        }
    }
}
