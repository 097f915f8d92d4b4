//! The write-ahead log: numbered records in numbered files.
//!
//! A file is named after the number of its first record and begins with [`FILE_MAGIC`] and that number. Records follow
//! back to back (`record`). Nothing is ever changed in place (`file`); whole files are deleted once everything in them
//! is in segments. Reading back takes a `survey` of each file before the first record of it is applied (`replay`).

mod file;
mod prices;
mod record;
mod replay;
mod survey;

pub(crate) use file::LogFile;
pub(crate) use record::{GROUP_RECORDS, Numbers, Payload, Record, encode_batch};
pub(crate) use replay::{remove_below, replay};

/// First bytes of every log file; the last one is the version of the file layout.
pub(crate) const FILE_MAGIC: [u8; 8] = *b"FANLOG\0\x02";
/// Magic and the number of the first record.
pub(crate) const FILE_HEAD_BYTES: usize = 16;
