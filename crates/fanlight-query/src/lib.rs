//! Finds what the store keeps: the filter language, searches, pages, and edits laid over traces.
//!
//! Owns the [`Engine`], the one door to traces for every protocol: reads join the store's facts with the catalog's
//! edits, writes go to one or the other. It refuses to know wire formats and HTTP. Start reading at [`Engine`], then
//! `search` (pages) and `compile` (a filter as bitmaps over a segment).

mod compile;
mod cursor;
mod edits;
mod engine;
mod error;
pub mod filter;
mod order;
mod ordered;
mod overlay;
mod registry;
mod search;
mod subject;
mod text;
mod unreadable;
mod upkeep;

pub use engine::{Doomed, Engine, EngineSettings, FullTrace, Page, Search, TraceRecord};
pub use error::QueryError;
pub use fanlight_catalog::Catalog;
pub use fanlight_store::Effort;
pub use order::{OrderBy, OrderKey, SortValue, parse_order_by};
