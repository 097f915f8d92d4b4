//! `words.idx`: which words the texts of a trace have.
//!
//! Words stand in ascending order with a zero byte after each, so that a word, a beginning, an end or any part of a
//! word is looked up in one flat text. The first one is empty: its rows have a word too long to be listed whole.
//!
//! The index promises more words than a text has, in every reading. Two bits per word say whether all texts it is
//! listed for have it letter by letter: then a search for letters within words need not look at them.

mod build;
mod read;
mod thread;
mod tokens;
mod write;

const MAGIC: [u8; 8] = *b"FANWORD\x02";
/// Without doubts: every word is in doubt.
const MAGIC_1: [u8; 8] = *b"FANWORD\x01";
/// One word in so many is found without walking.
const SAMPLE_EVERY: usize = 32;
/// Two bits each.
const DOUBTS_PER_BYTE: usize = 4;

pub(super) use read::Walk;
pub use read::{Holders, WordPart, Words};
pub(super) use thread::{ChunkKey, ChunkKeys, ClosingWords, WordsThread};
pub(super) use tokens::{Doubt, chunks};
pub use tokens::{stands_alone, words};
pub(super) use write::WordsWriter;
