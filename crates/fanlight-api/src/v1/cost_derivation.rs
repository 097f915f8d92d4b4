//! How the cost of a span is made up: which tokens times which price, from which table.

use fanlight_model::{Price, Span};
use fanlight_normalize::{CostLine, Derivation, derivation};
use serde_json::{Value as Json, json};

/// `null` where the cost is unknown.
pub(super) fn render(span: &Span) -> Json {
    match derivation(span) {
        None => Json::Null,
        Some(Derivation::Stated) => json!({"source": "client", "price": null, "lines": []}),
        Some(Derivation::Computed { price, lines }) => json!({
            "source": "tokens",
            "price": render_price(&price),
            "lines": lines.iter().map(render_line).collect::<Json>(),
        }),
    }
}

fn render_price(price: &Price) -> Json {
    json!({
        "table": price.table,
        "version": price.version,
        "provider": price.provider,
        "model": price.model,
        "from": price.from,
        "above_input_tokens": price.above_input_tokens,
        "batch": price.batch,
    })
}

fn render_line(line: &CostLine) -> Json {
    json!({
        "kind": line.kind,
        "part_of": if line.is_output { "output" } else { "input" },
        "tokens": line.tokens,
        "per_million": line.per_million,
        "cost": line.cost,
    })
}
