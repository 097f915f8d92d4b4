//! What a condition asks of one value.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Range;

use super::like::LikePattern;
use super::needle::Needle;
use super::regex_pattern::RegexPattern;

/// A question about one value. A missing value answers only [`Test::IsNull`] with yes: `!=` and `NOT IN` ask for
/// *another* value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Eq(String),
    Ne(String),
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Like(LikePattern),
    /// Ignores case; see [`LikePattern::ignores_case`].
    ILike(LikePattern),
    RLike(RegexPattern),
    Compare(Comparison, Number),
    IsNull,
    IsNotNull,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// A number as written: integers are compared exactly, also with floats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Int(i64),
    /// Finite in a parsed filter.
    Float(f64),
}

impl Test {
    /// Asks about a text, or about a missing one.
    pub fn accepts_text(&self, value: Option<&str>) -> bool {
        let Some(value) = value else {
            return matches!(self, Self::IsNull);
        };
        match self {
            Self::Eq(wanted) => value == wanted,
            Self::Ne(unwanted) => value != unwanted,
            Self::In(wanted) => wanted.contains(value),
            Self::NotIn(unwanted) => !unwanted.contains(value),
            Self::Like(pattern) | Self::ILike(pattern) => pattern.matches(value),
            Self::RLike(pattern) => pattern.is_match(value),
            Self::IsNotNull => true,
            Self::Compare(..) | Self::IsNull => false,
        }
    }

    /// Where a text that is accepted has what was asked for; `None` when it is not, or nothing was asked for.
    pub fn find(&self, text: &str) -> Option<Vec<Range<usize>>> {
        let whole = |is: bool| is.then(|| std::iter::once(0..text.len()).collect());
        match self {
            Self::Like(pattern) | Self::ILike(pattern) => pattern.find(text),
            Self::RLike(pattern) => pattern.find(text).map(|place| vec![place]),
            Self::Eq(wanted) => whole(text == wanted),
            Self::In(wanted) => whole(wanted.contains(text)),
            _ => None,
        }
    }

    /// Asks about a number, or about a missing one. Tests of texts accept no number.
    pub fn accepts_number(&self, value: Option<Number>) -> bool {
        match (self, value) {
            (Self::Compare(comparison, bound), Some(value)) => comparison.holds(value, *bound),
            (Self::IsNull, value) => value.is_none(),
            (Self::IsNotNull, value) => value.is_some(),
            _ => false,
        }
    }

    /// Letters that every text it accepts has, if they are known.
    pub fn needle(&self) -> Option<&Needle> {
        match self {
            Self::Like(pattern) | Self::ILike(pattern) => pattern.needle(),
            Self::RLike(pattern) => pattern.needle(),
            _ => None,
        }
    }

    /// Whether it accepts everything but what it names. Of a value that can be written in several ways, none may be
    /// named.
    pub fn is_negative(&self) -> bool {
        matches!(self, Self::Ne(_) | Self::NotIn(_))
    }
}

impl Comparison {
    pub fn holds(self, left: Number, right: Number) -> bool {
        let ordering = left.compare(right);
        match self {
            Self::Eq => ordering == Some(Ordering::Equal),
            Self::Ne => ordering != Some(Ordering::Equal),
            Self::Lt => ordering == Some(Ordering::Less),
            Self::Le => ordering.is_some_and(Ordering::is_le),
            Self::Gt => ordering == Some(Ordering::Greater),
            Self::Ge => ordering.is_some_and(Ordering::is_ge),
        }
    }
}

impl Number {
    /// By value, without rounding; `None` when one is not a number.
    pub fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => Some(left.cmp(&right)),
            (Self::Float(left), Self::Float(right)) => left.partial_cmp(&right),
            (Self::Int(left), Self::Float(right)) => compare_mixed(left, right),
            (Self::Float(left), Self::Int(right)) => {
                compare_mixed(right, left).map(Ordering::reverse)
            }
        }
    }

    /// Of JSON. An integer that fits no `i64` becomes the nearest float.
    pub fn of_json(number: &serde_json::Number) -> Option<Self> {
        number
            .as_i64()
            .map(Self::Int)
            .or_else(|| number.as_f64().map(Self::Float))
    }
}

fn compare_mixed(integer: i64, float: f64) -> Option<Ordering> {
    /// 2^63, the first float above every `i64`; its negative is `i64::MIN`.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        None
    } else if float >= LIMIT {
        Some(Ordering::Less)
    } else if float < -LIMIT {
        Some(Ordering::Greater)
    } else {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "within the range of i64, checked above"
        )]
        let whole = float.trunc() as i64;
        Some(integer.cmp(&whole).then_with(|| {
            0.0_f64
                .partial_cmp(&float.fract())
                .unwrap_or(Ordering::Equal)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_value_is_only_null() {
        let set = BTreeSet::from(["a".to_owned()]);
        for test in [
            Test::Eq("a".into()),
            Test::Ne("a".into()),
            Test::NotIn(set),
            Test::ILike(LikePattern::new("%", true).unwrap()),
            Test::IsNotNull,
        ] {
            assert!(!test.accepts_text(None), "{test:?}");
        }
        assert!(Test::IsNull.accepts_text(None));
        assert!(!Test::IsNull.accepts_text(Some("")));
        assert!(!Test::Compare(Comparison::Ne, Number::Int(1)).accepts_number(None));
    }

    #[test]
    fn integers_and_floats_are_compared_exactly() {
        let big = i64::MAX - 1;
        assert_eq!(
            Number::Int(big).compare(Number::Float(9_223_372_036_854_775_807.0)),
            Some(Ordering::Less)
        );
        assert_eq!(
            Number::Int(i64::MIN).compare(Number::Float(-9_223_372_036_854_775_808.0)),
            Some(Ordering::Equal)
        );
        assert_eq!(
            Number::Int(i64::MIN).compare(Number::Float(-1e300)),
            Some(Ordering::Greater)
        );
        assert_eq!(
            Number::Float(-1.5).compare(Number::Int(-1)),
            Some(Ordering::Less)
        );
        assert_eq!(
            Number::Float(1.5).compare(Number::Int(1)),
            Some(Ordering::Greater)
        );
        assert_eq!(
            Number::Int(3).compare(Number::Float(3.0)),
            Some(Ordering::Equal)
        );
        assert_eq!(Number::Int(3).compare(Number::Float(f64::NAN)), None);
    }
}
