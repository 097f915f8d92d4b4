//! What a span means, as far as statistics need it.

use std::borrow::Cow;
use std::sync::Arc;

use fanlight_model::{Cost, Span, TokenUsage};
use fanlight_normalize::{Meaning, counted_elsewhere, meaning};

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
    /// Of all spans of a trace, in their order. Tokens and cost that are counted with another span are left out here.
    pub fn of_trace(spans: &[Arc<Span>]) -> Vec<Self> {
        let meanings: Vec<_> = spans.iter().map(|span| meaning(span)).collect();
        let elsewhere = counted_elsewhere(spans, &meanings);
        let figures = meanings.into_iter().zip(elsewhere);
        figures
            .map(|(meaning, elsewhere)| Self::of(meaning, elsewhere))
            .collect()
    }

    fn of(meaning: Meaning<'_>, elsewhere: bool) -> Self {
        Self {
            span_type: meaning.span_type.map(Cow::into_owned),
            model: meaning.model.map(Cow::into_owned),
            provider: meaning.provider.map(Cow::into_owned),
            usage: meaning.usage.filter(|_| !elsewhere).unwrap_or_default(),
            cost: meaning.cost.filter(|_| !elsewhere),
        }
    }
}
