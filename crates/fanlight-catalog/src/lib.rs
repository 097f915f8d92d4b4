//! Facts that change: experiments, runs, what people say about traces, and the list of sealed segments.
//!
//! Owns the SQL database and every statement sent to it; a statement is a file below `sql/` with one function that
//! binds its values. It refuses to know wires, HTTP, Parquet and the content of traces: there is no row per trace or
//! span here, so the database grows with edits and segments only. Start reading at [`Catalog`], then the group you
//! need: [`Experiment`], [`Run`], [`Catalog::load_edits`], [`Catalog::announce_segment`].

mod catalog;
mod database;
mod edits;
mod error;
mod experiments;
mod filter;
mod limits;
mod migrate;
mod page;
mod prices;
mod runs;
mod segments;

pub use catalog::Catalog;
pub use edits::{Edited, EditedTrace};
pub use error::CatalogError;
pub use experiments::{Experiment, ExperimentHead, ExperimentSearch, NewExperiment};
pub use filter::{FilterError, Op as FilterOp};
pub use runs::{
    Dataset, DatasetInput, DatasetSummary, LogBatch, Metric, MetricOrigin, NewRun,
    ParseRunStatusError, Run, RunData, RunInfo, RunInputs, RunSearch, RunStatus, RunUpdate,
};
pub use segments::{NewSegment, SegmentList, SegmentRow};

/// Which of the active and soft-deleted things a search shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    #[default]
    Active,
    Deleted,
    All,
}

/// One page of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Send it back for what follows. Present whenever the page is full, so the last page may be empty.
    pub next: Option<String>,
}

pub type Result<T, E = CatalogError> = std::result::Result<T, E>;
