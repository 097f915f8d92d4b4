//! What a span means, as far as statistics need it.

use std::borrow::Cow;

use fanlight_model::{Cost, Span, TokenUsage};

/// The short derived facts of a span, apart from the span they come from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanFigures {
    pub span_type: Option<String>,
    pub model: Option<String>,
    pub provider: Option<String>,
    pub usage: TokenUsage,
    pub cost: Option<Cost>,
}

impl SpanFigures {
    /// Reads the span's attributes: some microseconds.
    pub fn of(span: &Span) -> Self {
        let meaning = fanlight_normalize::meaning(span);
        Self {
            span_type: meaning.span_type.map(Cow::into_owned),
            model: meaning.model.map(Cow::into_owned),
            provider: meaning.provider.map(Cow::into_owned),
            usage: meaning.usage.unwrap_or_default(),
            cost: meaning.cost,
        }
    }
}
