//! How the cost of a span is made up: which tokens times which price, from which table.

use fanlight_model::{Price, Span};
use fanlight_normalize::{CostLine, Derivation, derivation};

use super::schema::shape;

shape! {
    /// What a cost is made of.
    CostDerivation {
        /// `client`: it said the cost. `tokens`: they were multiplied by a price.
        source: String,
        price: Option<PriceView>,
        /// They add up to the cost.
        lines: Vec<CostLineView>,
    }
}

shape! {
    /// Which price it was.
    PriceView {
        /// `workspace`, `file` or `built-in`.
        table: String,
        version: String,
        provider: Option<String>,
        /// The name, or pattern of names, in the table.
        model: String,
        /// The day from which the table says it holds.
        from: Option<String>,
        /// It is the price of calls with more input tokens than that.
        above_input_tokens: Option<u64>,
        /// The share of the normal price that a batch costs; part of the rates already.
        batch: Option<f64>,
    }
}

shape! {
    /// Tokens of one kind times their rate.
    CostLineView {
        /// The rate: `input`, `cache_read`, …
        kind: String,
        /// `input` or `output`.
        part_of: String,
        tokens: u64,
        /// US dollars.
        per_million: f64,
        /// US dollars.
        cost: f64,
    }
}

/// `None` where the cost is unknown.
pub(super) fn render(span: &Span) -> Option<CostDerivation> {
    let (source, price, lines) = match derivation(span)? {
        Derivation::Stated => ("client", None, Vec::new()),
        Derivation::Computed { price, lines } => ("tokens", Some(render_price(&price)), lines),
    };
    Some(CostDerivation {
        source: source.to_owned(),
        price,
        lines: lines.iter().map(render_line).collect(),
    })
}

fn render_price(price: &Price) -> PriceView {
    PriceView {
        table: price.table.clone(),
        version: price.version.clone(),
        provider: price.provider.clone(),
        model: price.model.clone(),
        from: price.from.clone(),
        above_input_tokens: price.above_input_tokens,
        batch: price.batch,
    }
}

fn render_line(line: &CostLine) -> CostLineView {
    CostLineView {
        kind: line.kind.to_owned(),
        part_of: if line.is_output { "output" } else { "input" }.to_owned(),
        tokens: line.tokens,
        per_million: line.per_million,
        cost: line.cost,
    }
}
