//! The filter language of experiments and runs: text becomes comparisons, comparisons become SQL with bound values.
//!
//! `lex` cuts the text into tokens, `parse` finds the comparisons, each resource decides what its keys mean, and `sql`
//! renders the tests they share. User text is only ever bound, never part of a statement.

mod lex;
mod order;
mod parse;
pub(crate) mod sql;

use std::fmt;

pub(crate) use order::{Direction, Order, parse_order};
pub(crate) use parse::parse;

/// Conditions one filter may have; each can cost a look-up per row.
pub(crate) const MAX_COMPARISONS: usize = 100;
/// Values of all lists of a filter; all are bound to one statement.
pub(crate) const MAX_LIST: usize = 10_000;
/// Keys one search may be ordered by.
pub(crate) const MAX_ORDER_KEYS: usize = 16;
/// Matching a pattern takes stack and time per `%`.
const MAX_WILDCARDS: usize = 100;
/// The database refuses patterns of more than 50,000 bytes.
const MAX_PATTERN_BYTES: usize = 20_000;

/// Why a filter or an order was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error("expected {expected}, found {found}")]
    Unexpected {
        expected: &'static str,
        found: String,
    },
    #[error("`{0}` is not supported; conditions can only be joined by AND")]
    OnlyAnd(String),
    #[error("the quote that starts {0} is never closed")]
    UnclosedQuote(String),
    #[error("value `{0}` must be quoted, or be a number")]
    Unquoted(String),
    #[error("unknown filter entity `{entity}`; valid ones are {valid}")]
    UnknownEntity { entity: String, valid: &'static str },
    #[error("unknown key `{key}`; valid ones are {valid}")]
    UnknownKey { key: String, valid: &'static str },
    #[error("operator {op} cannot be used with `{key}`; valid ones are {valid}")]
    BadOperator { key: String, op: Op, valid: String },
    #[error("`{key}` is compared with {expected}, not with {found}")]
    BadValue {
        key: String,
        expected: &'static str,
        found: String,
    },
    #[error(
        "the pattern for `{key}` is longer than {MAX_PATTERN_BYTES} bytes or has more than {MAX_WILDCARDS} `%`"
    )]
    PatternTooComplex { key: String },
    #[error("the filter has more than {limit} {what}")]
    TooMany { what: &'static str, limit: usize },
    #[error("`{0}` is not an order; expected a key, then optionally ASC or DESC")]
    BadOrder(String),
    #[error("results are ordered by `{0}` twice")]
    RepeatedOrder(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Like,
    ILike,
    RLike,
    In,
    NotIn,
    IsNull,
    IsNotNull,
}

impl Op {
    /// Tests of texts.
    pub(crate) const TEXT: &[Self] = &[Self::Eq, Self::Ne, Self::Like, Self::ILike];
    /// Tests of texts that can also be listed.
    pub(crate) const LISTED: &[Self] = &[
        Self::Eq,
        Self::Ne,
        Self::Like,
        Self::ILike,
        Self::In,
        Self::NotIn,
    ];
    /// Tests of entries that may be missing.
    pub(crate) const ENTRY: &[Self] = &[
        Self::Eq,
        Self::Ne,
        Self::Like,
        Self::ILike,
        Self::IsNull,
        Self::IsNotNull,
    ];
    /// Tests of numbers.
    pub(crate) const NUMBER: &[Self] =
        &[Self::Eq, Self::Ne, Self::Lt, Self::Le, Self::Gt, Self::Ge];
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Like => "LIKE",
            Self::ILike => "ILIKE",
            Self::RLike => "RLIKE",
            Self::In => "IN",
            Self::NotIn => "NOT IN",
            Self::IsNull => "IS NULL",
            Self::IsNotNull => "IS NOT NULL",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// Of IS NULL and IS NOT NULL.
    None,
    Text(String),
    /// As written; the key decides which numbers it takes.
    Number(String),
    List(Vec<String>),
}

/// `entity.key op operand`, not yet known to make sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) field: Field,
    pub(crate) op: Op,
    pub(crate) operand: Operand,
}

/// What is compared or ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// What stands before the first dot.
    pub(crate) entity: Option<String>,
    pub(crate) key: String,
}

/// A test of a text, ready to be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextTest {
    Compare(Op, String),
    In { negated: bool, values: Vec<String> },
    Missing { negated: bool },
}

impl Comparison {
    fn check(&self, allowed: &[Op]) -> Result<(), FilterError> {
        if allowed.contains(&self.op) {
            return Ok(());
        }
        let valid = allowed
            .iter()
            .map(Op::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        Err(FilterError::BadOperator {
            key: self.field.key.clone(),
            op: self.op,
            valid,
        })
    }

    fn bad_value(&self, expected: &'static str) -> FilterError {
        let found = match &self.operand {
            Operand::None => "nothing".to_owned(),
            Operand::Text(text) => format!("the text '{}'", crate::error::shortened(text)),
            Operand::Number(text) => format!("the number {}", crate::error::shortened(text)),
            Operand::List(_) => "a list".to_owned(),
        };
        FilterError::BadValue {
            key: self.field.key.clone(),
            expected,
            found,
        }
    }

    pub(crate) fn into_text_test(self, allowed: &[Op]) -> Result<TextTest, FilterError> {
        self.check(allowed)?;
        match (self.op, self.operand) {
            (op @ (Op::IsNull | Op::IsNotNull), _) => Ok(TextTest::Missing {
                negated: op == Op::IsNotNull,
            }),
            (op @ (Op::In | Op::NotIn), Operand::List(values)) => Ok(TextTest::In {
                negated: op == Op::NotIn,
                values,
            }),
            (op, Operand::Text(text)) => {
                if matches!(op, Op::Like | Op::ILike) && too_complex(&text) {
                    return Err(FilterError::PatternTooComplex {
                        key: self.field.key,
                    });
                }
                Ok(TextTest::Compare(op, text))
            }
            (op, operand) => Err(Self {
                field: self.field,
                op,
                operand,
            }
            .bad_value("a quoted text")),
        }
    }

    pub(crate) fn into_integer_test(self) -> Result<(Op, i64), FilterError> {
        self.check(Op::NUMBER)?;
        let number = match &self.operand {
            Operand::Number(text) => text.parse().ok(),
            _ => None,
        };
        number
            .map(|number| (self.op, number))
            .ok_or_else(|| self.bad_value("an integer"))
    }

    pub(crate) fn into_number_test(self) -> Result<(Op, f64), FilterError> {
        self.check(Op::NUMBER)?;
        let number = match &self.operand {
            Operand::Number(text) => text.parse().ok(),
            _ => None,
        };
        number
            .map(|number| (self.op, number))
            .ok_or_else(|| self.bad_value("a number"))
    }
}

fn too_complex(pattern: &str) -> bool {
    pattern.len() > MAX_PATTERN_BYTES
        || pattern.bytes().filter(|byte| *byte == b'%').count() > MAX_WILDCARDS
}
