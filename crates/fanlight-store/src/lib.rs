//! Keeps what happened: spans and what clients said about their traces, which never change once written.
//!
//! Owns the write-ahead log, the hot part in memory and sealed segments on disk, and the promise that an acknowledged
//! batch is durable and visible. It refuses to know wires, HTTP and SQL: what it needs remembered about
//! segments goes through the [`Registry`] trait, and so do the edits that become part of segments. Start reading at [`Store`], then `writer` (the one path in), `seal`
//! (memory to segment) and `segment` (what a segment is).

mod compact;
mod damage;
mod disk;
mod error;
mod hot;
mod letters;
mod log;
mod recovery;
mod registry;
mod seal;
pub mod segment;
mod settings;
mod span_digest;
mod span_figures;
mod spill;
mod state;
mod store;
mod writer;

pub use compact::Effort;
pub use damage::{Damage, Part, QUARANTINE_DIR};
pub use disk::{Disk, DiskFile, LocalDisk};
pub use error::StoreError;
pub use hot::{HotTrace, Whole};
pub use letters::Letters;
pub use registry::{MemoryRegistry, Registered, Registry, RegistryError, RowEdits, SegmentEntry};
pub use segment::{
    Contents, Facets, Holders, Postings, Property, RowBytes, Rows, Segment, SpanProfile,
    StoredTrace, Term, WordPart, Words, stands_alone, words,
};
pub use settings::Settings;
pub use span_digest::SpanDigest;
pub use span_figures::SpanFigures;
pub use state::{Found, SegmentView, Snapshot};
pub use store::Store;
