//! Finds the comparisons in filter text.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::lex::{Token, lex};
use super::{Comparison, Field, FilterError, MAX_COMPARISONS, MAX_LIST, Op, Operand};

/// `text` as comparisons that must all hold; none when it is blank.
pub(crate) fn parse(text: &str) -> Result<Vec<Comparison>, FilterError> {
    let mut tokens = Tokens(lex(text)?.into_iter().peekable());
    let mut comparisons = Vec::new();
    if tokens.0.peek().is_none() {
        return Ok(comparisons);
    }
    let mut listed = 0;
    loop {
        let comparison = comparison(&mut tokens)?;
        if let Operand::List(values) = &comparison.operand {
            listed += values.len();
        }
        if listed > MAX_LIST {
            return Err(FilterError::TooMany {
                what: "values in lists",
                limit: MAX_LIST,
            });
        }
        comparisons.push(comparison);
        if comparisons.len() > MAX_COMPARISONS {
            return Err(FilterError::TooMany {
                what: "conditions",
                limit: MAX_COMPARISONS,
            });
        }
        match tokens.0.next() {
            None => return Ok(comparisons),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("AND") => {}
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("OR") => {
                return Err(FilterError::OnlyAnd(word));
            }
            Some(other) => {
                return Err(FilterError::Unexpected {
                    expected: "AND",
                    found: other.describe(),
                });
            }
        }
    }
}

/// `text` as the field of an order; quotes as in filters.
pub(super) fn parse_field(text: &str) -> Result<Field, FilterError> {
    let mut tokens = Tokens(lex(text)?.into_iter().peekable());
    let field = field(&mut tokens)?;
    match tokens.0.next() {
        None => Ok(field),
        Some(other) => Err(FilterError::Unexpected {
            expected: "one key",
            found: other.describe(),
        }),
    }
}

struct Tokens(Peekable<IntoIter<Token>>);

impl Tokens {
    fn take_word(&mut self, expected: &str) -> bool {
        self.0
            .next_if(
                |token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(expected)),
            )
            .is_some()
    }

    fn unexpected(&mut self, expected: &'static str) -> FilterError {
        let found = self
            .0
            .next()
            .map_or_else(|| "the end".to_owned(), |token| token.describe());
        FilterError::Unexpected { expected, found }
    }
}

fn comparison(tokens: &mut Tokens) -> Result<Comparison, FilterError> {
    if tokens.take_word("NOT") {
        return Err(FilterError::OnlyAnd("NOT".to_owned()));
    }
    let field = field(tokens)?;
    let op = operator(tokens)?;
    let operand = match op {
        Op::IsNull | Op::IsNotNull => Operand::None,
        Op::In | Op::NotIn => Operand::List(list(tokens)?),
        _ => value(tokens)?,
    };
    Ok(Comparison { field, op, operand })
}

fn field(tokens: &mut Tokens) -> Result<Field, FilterError> {
    match tokens.0.next() {
        Some(Token::Word(word)) => Ok(match word.split_once('.') {
            Some((entity, key)) => Field {
                entity: Some(entity.to_owned()),
                key: key.to_owned(),
            },
            None => Field {
                entity: None,
                key: word,
            },
        }),
        Some(Token::QuotedKey { entity, key }) => Ok(Field {
            entity: Some(entity),
            key,
        }),
        Some(Token::Backticked(key) | Token::Quoted(key)) => Ok(Field { entity: None, key }),
        Some(other) => Err(FilterError::Unexpected {
            expected: "a key",
            found: other.describe(),
        }),
        None => Err(FilterError::Unexpected {
            expected: "a key",
            found: "the end".to_owned(),
        }),
    }
}

fn operator(tokens: &mut Tokens) -> Result<Op, FilterError> {
    if let Some(Token::Operator(text)) = tokens
        .0
        .next_if(|token| matches!(token, Token::Operator(_)))
    {
        return match text.as_str() {
            "=" => Ok(Op::Eq),
            "!=" => Ok(Op::Ne),
            "<" => Ok(Op::Lt),
            "<=" => Ok(Op::Le),
            ">" => Ok(Op::Gt),
            ">=" => Ok(Op::Ge),
            _ => Err(FilterError::Unexpected {
                expected: "an operator",
                found: format!("`{text}`"),
            }),
        };
    }
    for (word, op) in [
        ("LIKE", Op::Like),
        ("ILIKE", Op::ILike),
        ("RLIKE", Op::RLike),
        ("IN", Op::In),
    ] {
        if tokens.take_word(word) {
            return Ok(op);
        }
    }
    if tokens.take_word("NOT") {
        return if tokens.take_word("IN") {
            Ok(Op::NotIn)
        } else {
            Err(tokens.unexpected("IN after NOT"))
        };
    }
    if tokens.take_word("IS") {
        let negated = tokens.take_word("NOT");
        if tokens.take_word("NULL") {
            return Ok(if negated { Op::IsNotNull } else { Op::IsNull });
        }
        return Err(tokens.unexpected("NULL after IS"));
    }
    Err(tokens.unexpected("an operator"))
}

fn value(tokens: &mut Tokens) -> Result<Operand, FilterError> {
    match tokens.0.next() {
        Some(Token::Quoted(text)) => Ok(Operand::Text(text)),
        Some(Token::Number(text)) if text.parse::<f64>().is_ok() => Ok(Operand::Number(text)),
        Some(Token::Number(text) | Token::Word(text)) => {
            Err(FilterError::Unquoted(crate::error::shortened(&text)))
        }
        Some(other) => Err(FilterError::Unexpected {
            expected: "a value",
            found: other.describe(),
        }),
        None => Err(FilterError::Unexpected {
            expected: "a value",
            found: "the end".to_owned(),
        }),
    }
}

/// `('a', 'b')`; a comma may follow the last.
fn list(tokens: &mut Tokens) -> Result<Vec<String>, FilterError> {
    if tokens.0.next_if_eq(&Token::Open).is_none() {
        return Err(tokens.unexpected("`(` after IN"));
    }
    let mut values = Vec::new();
    loop {
        match tokens.0.next() {
            Some(Token::Quoted(text)) => values.push(text),
            Some(Token::Close) if !values.is_empty() => return Ok(values),
            Some(other) => {
                return Err(FilterError::Unexpected {
                    expected: "a quoted text",
                    found: other.describe(),
                });
            }
            None => {
                return Err(FilterError::Unexpected {
                    expected: "a quoted text",
                    found: "the end".to_owned(),
                });
            }
        }
        match tokens.0.next() {
            Some(Token::Comma) => {}
            Some(Token::Close) => return Ok(values),
            Some(other) => {
                return Err(FilterError::Unexpected {
                    expected: "`,` or `)`",
                    found: other.describe(),
                });
            }
            None => {
                return Err(FilterError::Unexpected {
                    expected: "`)`",
                    found: "the end".to_owned(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    fn shape(text: &str) -> Vec<(Option<String>, String, Op, Operand)> {
        parse(text)
            .unwrap()
            .into_iter()
            .map(|c| (c.field.entity, c.field.key, c.op, c.operand))
            .collect()
    }

    #[test]
    fn comparisons_are_found_however_they_are_spaced() {
        assert_eq!(
            shape(
                "name='a b' aNd\ttags.mlflow.x.y like \"%it's%\" AND tags.`a b` IS NOT NULL and n >= -1.5e3"
            ),
            [
                (None, "name".into(), Op::Eq, Operand::Text("a b".into())),
                (
                    Some("tags".into()),
                    "mlflow.x.y".into(),
                    Op::Like,
                    Operand::Text("%it's%".into())
                ),
                (
                    Some("tags".into()),
                    "a b".into(),
                    Op::IsNotNull,
                    Operand::None
                ),
                (None, "n".into(), Op::Ge, Operand::Number("-1.5e3".into())),
            ]
        );
        assert_eq!(shape(" \n"), []);
    }

    #[test]
    fn lists_may_end_with_a_comma() {
        assert_eq!(
            shape("run_id NOT IN('a',\"b\",)"),
            [(
                None,
                "run_id".into(),
                Op::NotIn,
                Operand::List(vec!["a".into(), "b".into()])
            )]
        );
        assert_eq!(refused("run_id IN ()"), "expected a quoted text, found `)`");
        assert_eq!(refused("run_id IN ('a'"), "expected `)`, found the end");
    }

    #[test]
    fn texts_that_are_not_filters_say_why() {
        assert_eq!(
            refused("name = foo"),
            "value `foo` must be quoted, or be a number"
        );
        assert_eq!(
            refused("name = 'foo"),
            "the quote that starts 'foo is never closed"
        );
        assert_eq!(refused("name == 'foo'"), "expected an operator, found `==`");
        assert_eq!(refused("name"), "expected an operator, found the end");
        assert_eq!(
            refused("name = 'a' OR name = 'b'"),
            "`OR` is not supported; conditions can only be joined by AND"
        );
        assert_eq!(
            refused("NOT name = 'a'"),
            "`NOT` is not supported; conditions can only be joined by AND"
        );
        assert_eq!(
            refused("name = 'a' name = 'b'"),
            "expected AND, found `name`"
        );
        assert_eq!(
            refused("name = 'a'; DROP TABLE runs"),
            "expected a condition, found `;`"
        );
        assert_eq!(refused("(name = 'a')"), "expected a key, found `(`");
        assert_eq!(refused("name IS 'a'"), "expected NULL after IS, found 'a'");
        assert_eq!(refused("name = 'a' AND"), "expected a key, found the end");
        assert_eq!(
            refused(&vec!["a = 1"; 101].join(" AND ")),
            "the filter has more than 100 conditions"
        );
    }
}
