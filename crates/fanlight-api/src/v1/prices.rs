//! `/api/v1/prices`: the price tables of a workspace, and how far pricing again has come.

use fanlight_normalize::{PriceSheet, PriceTable, Prices};
use fanlight_query::Repricing;
use serde_json::{Value as Json, json};

use super::{Members, Refusal};

/// The table in the body of a request.
pub fn parse_price_sheet(body: Members) -> Result<PriceSheet, Refusal> {
    serde_json::from_value(body.into_json())
        .map_err(|cause| Refusal::at("prices", format!("this is no price table: {cause}")))
}

/// All tables, in the order in which they are asked.
pub fn render_prices(prices: &Prices) -> Json {
    let tables = prices.tables.iter().chain([PriceTable::built_in()]);
    json!({"tables": tables.map(|table| render_table(table)).collect::<Json>()})
}

pub fn render_table(table: &PriceTable) -> Json {
    json!({"name": table.name(), "version": table.version(), "prices": table.sheet().prices})
}

pub fn render_repricing(repricing: &Repricing) -> Json {
    json!({
        "running": repricing.running,
        "traces": repricing.traces,
        "looked_at": repricing.looked_at,
        "unreadable": repricing.unreadable,
        "changed_spans": repricing.changed,
        "failure": repricing.failure,
    })
}
