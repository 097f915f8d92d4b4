//! Finds what the store keeps: the filter language, searches, pages, and edits laid over traces.
//!
//! Owns the [`Engine`], the one door to traces for every protocol: reads join the store's facts with the catalog's
//! edits, writes go to one or the other. It refuses to know wire formats and HTTP. Start reading at [`Engine`], then
//! `search` (pages) and `compile` (a filter as bitmaps over a segment).

mod activity;
mod assessed;
mod compile;
mod cursor;
mod edits;
mod engine;
mod error;
mod export;
mod facet;
mod facet_counts;
pub mod filter;
mod histogram;
mod import;
mod matched;
mod moment;
mod order;
mod ordered;
mod overlay;
mod overview;
mod parallel;
mod prices;
mod registry;
mod reprice;
mod retention;
mod row_edits;
mod sealed_values;
mod search;
mod sessions;
pub mod stats;
mod subject;
mod text;
mod text_hits;
mod time_range;
mod unreadable;
mod upkeep;
mod values;

pub use activity::Activity;
pub use engine::{Doomed, Engine, EngineSettings, FullTrace, Page, Search, TraceRecord};
pub use error::QueryError;
pub use export::{Export, ExportLot, ExportedTrace};
pub use facet::Facet;
pub use facet_counts::{FacetCounts, FacetRequest, MAX_FACET_VALUES};
pub use fanlight_catalog::Catalog;
pub use fanlight_store::Effort;
pub use histogram::{Histogram, MAX_HISTOGRAM_BUCKETS};
pub use matched::Count;
pub use moment::{Moment, Narrowing, shown_id, standard_id};
pub use order::{OrderBy, OrderKey, SortValue, parse_order_by};
pub use overview::{Overview, OverviewRequest};
pub use reprice::Repricing;
pub use retention::{BYTES_TAG, DAYS_TAG, Excess, Retention, TRACES_TAG};
pub use sessions::{MAX_SESSIONS, Session, SessionKey, SessionOrder, SessionPage, SessionSearch};
pub use values::{Keyed, Scope, Values};
