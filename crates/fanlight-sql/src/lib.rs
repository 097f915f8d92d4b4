//! SQL over traces, spans, assessments and events: one statement that reads, within limits.
//!
//! Owns the tables' columns, what may be asked, and the formats of answers. The engine of DataFusion plans and computes;
//! rows come from the store through providers of our own, which know what is hot, sealed, dead and edited. It refuses to
//! know HTTP. Start reading at [`Sql`], then `tables` (what there is) and `scan` (how it is read).

mod column;
mod error;
mod functions;
mod growth;
mod json;
mod output;
mod scan;
mod service;
mod session;
mod settings;
mod statement;
mod table_file;
mod tables;

pub use error::SqlError;
pub use output::Format;
pub use service::{Answer, Sql};
pub use settings::SqlSettings;
pub use table_file::{CellType, TableFile, TableFileError};
