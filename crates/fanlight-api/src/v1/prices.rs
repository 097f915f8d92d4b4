//! `/api/v1/prices`: the price tables of a workspace, and how far pricing again has come.

use fanlight_normalize::{PriceSheet, PriceTable, Prices};
use fanlight_query::Repricing;
use serde_json::Value as Json;

use super::schema::shape;
use super::{Members, Refusal};

/// The table in the body of a request.
pub fn parse_price_sheet(body: Members) -> Result<PriceSheet, Refusal> {
    serde_json::from_value(body.into_json())
        .map_err(|cause| Refusal::at("prices", format!("this is no price table: {cause}")))
}

shape! {
    /// The price tables of a workspace, in the order in which they are asked.
    PricesReply {
        tables: Vec<PriceTableView>,
    }
}

shape! {
    /// What models cost.
    PriceTableView {
        /// `workspace`, `file` or `built-in`.
        name: String,
        version: String,
        /// As `docs/prices.md` describes them.
        prices: Vec<Json>,
    }
}

shape! {
    /// How far pricing again has come.
    RepricingReply {
        running: bool,
        /// How many there were when it began.
        traces: u64,
        looked_at: u64,
        unreadable: u64,
        changed_spans: u64,
        /// Why it stopped; it goes on when asked again, and after a restart.
        failure: Option<String>,
    }
}

/// All tables, in the order in which they are asked.
pub fn render_prices(prices: &Prices) -> PricesReply {
    let tables = prices.tables.iter().chain([PriceTable::built_in()]);
    PricesReply {
        tables: tables.map(|table| render_table(table)).collect(),
    }
}

pub fn render_table(table: &PriceTable) -> PriceTableView {
    let rows = table.sheet().prices.iter();
    PriceTableView {
        name: table.name().to_owned(),
        version: table.version().to_owned(),
        prices: rows
            .map(|row| serde_json::to_value(row).expect("plain structs have a text"))
            .collect(),
    }
}

pub fn render_repricing(repricing: &Repricing) -> RepricingReply {
    RepricingReply {
        running: repricing.running,
        traces: repricing.traces,
        looked_at: repricing.looked_at,
        unreadable: repricing.unreadable,
        changed_spans: repricing.changed,
        failure: repricing.failure.clone(),
    }
}
