//! The filter language: text to a typed tree, and the tree applied to traces.
//!
//! MLflow's language (conditions joined by `AND`) and more: `OR`, `NOT` and parentheses, with the precedence
//! `NOT` > `AND` > `OR`. [`parse()`] makes a [`Filter`]; its `Display` is text that parses to the same tree;
//! [`Filter::matches`] applies it to one trace. Compiling it to bitmaps is the search's work: everything it needs of
//! the tree is public here.
//!
//! ```text
//! status = 'ERROR' AND (tags.env = 'prod' OR NOT metadata.team LIKE 'a%') AND span.type = 'LLM'
//! ```
//!
//! Span conditions that are joined by `AND` and `OR` alone must hold on one and the same span, in parentheses or not.
//! `NOT` ends that: `NOT span.name = 'x'` means that no span is named x, and
//! `NOT NOT span.type = 'LLM' AND span.name = 'x'` means an LLM span and a span named x, maybe another one.

mod error;
mod evaluate;
mod field;
mod hits;
mod identifier;
mod lexer;
mod like;
mod needle;
mod parse;
mod parse_value;
mod print;
mod regex_pattern;
mod rendered;
mod shift_and;
mod span_texts;
mod value_test;

pub use error::FilterError;
pub use evaluate::FilterSubject;
pub use field::{SpanField, TraceField};
pub use hits::TextHit;
pub use like::{LikePart, LikePattern, fold};
pub use needle::Needle;
pub use parse::{MAX_CONDITIONS, MAX_DEPTH, MAX_FILTER_BYTES, MAX_REGEXES, parse};
pub use regex_pattern::RegexPattern;
pub use rendered::{cost_text, float_text, python_json, usage_shown, usage_text};
pub use value_test::{Comparison, Number, Test};

pub(crate) use error::{Fault, cut};
pub(crate) use identifier::{Entity, did_you_mean, nearest, split};
pub(crate) use lexer::{TokenKind, tokens};
pub(crate) use span_texts::attribute_text;

/// Which traces are wanted.
///
/// Built by [`parse()`], [`Filter::all`] and [`Filter::any`], it is canonical: lists have two entries or more, none
/// directly contains its own kind, and each has at most one [`Filter::Span`].
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    Everything,
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Trace(TraceCondition),
    /// Some span fulfils it.
    Span(SpanCondition),
}

#[derive(Clone, Debug, PartialEq)]
pub struct TraceCondition {
    pub field: TraceField,
    pub test: Test,
}

/// What one and the same span must fulfil. Canonical in the same way as [`Filter`].
#[derive(Clone, Debug, PartialEq)]
pub enum SpanCondition {
    All(Vec<SpanCondition>),
    Any(Vec<SpanCondition>),
    Is(SpanField, Test),
}

impl Filter {
    /// All of `parts`: their span conditions must hold on one span. None at all is everything.
    pub fn all(parts: Vec<Self>) -> Self {
        let mut spans = Vec::new();
        let mut kept = Vec::new();
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::And(parts) => parts,
            Self::Everything => Vec::new(),
            part => vec![part],
        });
        gather(flat, &mut kept, &mut spans);
        place_spans(&mut kept, spans, SpanCondition::all);
        single(kept, Self::And).unwrap_or(Self::Everything)
    }

    /// At least one of `parts`. None at all is nothing.
    pub fn any(parts: Vec<Self>) -> Self {
        if parts.contains(&Self::Everything) {
            return Self::Everything;
        }
        let mut spans = Vec::new();
        let mut kept = Vec::new();
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::Or(parts) => parts,
            part => vec![part],
        });
        gather(flat, &mut kept, &mut spans);
        place_spans(&mut kept, spans, SpanCondition::any);
        single(kept, Self::Or).unwrap_or_else(|| Self::Not(Box::new(Self::Everything)))
    }

    #[expect(
        clippy::should_implement_trait,
        reason = "stands beside `all` and `any`, and is no operator"
    )]
    pub fn not(part: Self) -> Self {
        Self::Not(Box::new(part))
    }

    pub fn trace(field: TraceField, test: Test) -> Self {
        Self::Trace(TraceCondition { field, test })
    }

    pub fn span(field: SpanField, test: Test) -> Self {
        Self::Span(SpanCondition::Is(field, test))
    }

    /// Whether answering may take the spans of a trace.
    pub fn needs_spans(&self) -> bool {
        match self {
            Self::Everything => false,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::needs_spans),
            Self::Not(part) => part.needs_spans(),
            Self::Trace(condition) => condition.field == TraceField::Text,
            Self::Span(_) => true,
        }
    }
}

impl SpanCondition {
    pub fn all(parts: Vec<Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::All(parts) => parts,
            part => vec![part],
        });
        let parts = flat.collect();
        single(parts, Self::All).unwrap_or_else(|| Self::All(Vec::new()))
    }

    pub fn any(parts: Vec<Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::Any(parts) => parts,
            part => vec![part],
        });
        let parts = flat.collect();
        single(parts, Self::Any).unwrap_or_else(|| Self::Any(Vec::new()))
    }
}

/// Sorts `parts` into span conditions and others; the first span condition keeps a place for all of them.
fn gather(
    parts: impl Iterator<Item = Filter>,
    kept: &mut Vec<Filter>,
    spans: &mut Vec<SpanCondition>,
) {
    for part in parts {
        match part {
            Filter::Span(condition) => {
                if spans.is_empty() {
                    kept.push(Filter::Span(SpanCondition::All(Vec::new())));
                }
                spans.push(condition);
            }
            other => kept.push(other),
        }
    }
}

fn place_spans(
    kept: &mut [Filter],
    spans: Vec<SpanCondition>,
    join: fn(Vec<SpanCondition>) -> SpanCondition,
) {
    if let Some(place) = kept.iter_mut().find(|part| matches!(part, Filter::Span(_))) {
        *place = Filter::Span(join(spans));
    }
}

/// The only one of `parts`, or all of them as a list; `None` when there are none.
fn single<T>(mut parts: Vec<T>, list: fn(Vec<T>) -> T) -> Option<T> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(list(parts)),
    }
}

#[cfg(test)]
mod tests;
