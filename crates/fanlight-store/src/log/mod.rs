//! The write-ahead log: numbered records in numbered files.
//!
//! A file is named after the sequence number of its first record and begins with [`FILE_MAGIC`] and that number.
//! Records follow back to back, numbered upwards. Each is a 12-byte head (payload length, format version, kind, two
//! reserved bytes, CRC-32C of version, kind and payload; little-endian) and the payload. Nothing is ever changed in
//! place; whole files are deleted once everything in them is in segments.

mod files;
mod record;

pub(crate) use files::{LogFile, Replay, remove_below, replay, sync_dir};
pub(crate) use record::encode_batch;

/// First bytes of every log file; the last one is the version of the file layout.
pub(crate) const FILE_MAGIC: [u8; 8] = *b"FANLOG\0\x01";
