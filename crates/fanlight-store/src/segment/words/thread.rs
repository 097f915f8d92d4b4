//! Finding words beside the thread that fills columns: it is a large part of the work of a seal.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use hashbrown::HashMap;
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::build::WordsBuilder;
use super::write::WordsWriter;
use crate::disk::DiskFile;

/// The identity of a stretch of text. It is keyed: texts come from anybody, and two that are taken for one would show
/// somebody else's words.
pub(in crate::segment) type ChunkKey = u128;

/// Makes [`ChunkKey`]s; other ones in every segment.
#[derive(Debug)]
pub(in crate::segment) struct ChunkKeys(SipHasher13);

impl Default for ChunkKeys {
    fn default() -> Self {
        let random = || RandomState::new().hash_one(0);
        Self(SipHasher13::new_with_keys(random(), random()))
    }
}

impl ChunkKeys {
    pub(in crate::segment) fn key(&self, chunk: &str) -> ChunkKey {
        use std::hash::Hasher as _;
        let mut hasher = self.0;
        hasher.write(chunk.as_bytes());
        hasher.finish128().as_u128()
    }
}

/// Texts are handed over in lots of about this size.
const LOT_BYTES: usize = 256 << 10;
const LOT_ENTRIES: usize = 4096;
/// Lots that may wait: more would only take memory.
const WAITING_LOTS: usize = 2;

/// Another thread that finds words and writes them in the end.
#[derive(Debug)]
pub(in crate::segment) struct WordsThread {
    /// Numbers of stretches that were handed over.
    known: HashMap<ChunkKey, u32>,
    filling: Lot,
    lots: SyncSender<Lot>,
    /// Lots that were read come back, with their memory.
    read: Receiver<Lot>,
    thread: JoinHandle<io::Result<()>>,
}

/// Texts one after the other, and what they are.
#[derive(Debug, Default)]
struct Lot {
    texts: String,
    entries: Vec<(u32, Entry)>,
}

#[derive(Clone, Copy, Debug)]
enum Entry {
    /// Up to this place in the texts.
    Text(usize),
    /// The same; it may come again.
    Chunk(usize),
    /// The chunk of this number again.
    Again(u32),
}

impl WordsThread {
    /// The words will be written to `file`.
    pub(in crate::segment) fn start(file: Box<dyn DiskFile>) -> io::Result<Self> {
        let writer = WordsWriter::create(file)?;
        let (lots, waiting) = sync_channel::<Lot>(WAITING_LOTS);
        let (back, read) = channel();
        let thread = std::thread::Builder::new()
            .name("words-writer".to_owned())
            .spawn(move || {
                let mut builder = WordsBuilder::default();
                for mut lot in waiting {
                    lot.read_into(&mut builder);
                    // Nobody takes it any more when all is handed over.
                    let _ = back.send(lot);
                }
                builder.write(writer)
            })?;
        Ok(Self {
            known: HashMap::new(),
            filling: Lot::default(),
            lots,
            read,
            thread,
        })
    }

    /// `row` has the words of `text`. Rows must come in ascending order.
    pub(in crate::segment) fn add(&mut self, row: u32, text: &str) {
        self.filling.texts.push_str(text);
        let entry = Entry::Text(self.filling.texts.len());
        self.push(row, entry);
    }

    /// As [`Self::add`], for a text that may come again and again: it is read once.
    pub(in crate::segment) fn add_chunk(&mut self, row: u32, key: ChunkKey, text: &str) {
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let entry = match self.known.entry(key) {
            hashbrown::hash_map::Entry::Occupied(known) => Entry::Again(*known.get()),
            hashbrown::hash_map::Entry::Vacant(free) => {
                free.insert(next);
                self.filling.texts.push_str(text);
                Entry::Chunk(self.filling.texts.len())
            }
        };
        self.push(row, entry);
    }

    fn push(&mut self, row: u32, entry: Entry) {
        let lot = &mut self.filling;
        lot.entries.push((row, entry));
        if lot.texts.len() >= LOT_BYTES || lot.entries.len() >= LOT_ENTRIES {
            let next = self.read.try_recv().unwrap_or_default();
            let full = std::mem::replace(lot, next);
            // Fails when the thread has ended by a panic, which `finish` tells.
            let _ = self.lots.send(full);
        }
    }

    /// Hands over the rest; the words are written meanwhile.
    pub(in crate::segment) fn close(self) -> ClosingWords {
        let _ = self.lots.send(self.filling);
        ClosingWords(self.thread)
    }
}

/// Words that are being written.
#[derive(Debug)]
pub(in crate::segment) struct ClosingWords(JoinHandle<io::Result<()>>);

impl ClosingWords {
    /// Returns when the file is durable.
    pub(in crate::segment) fn finish(self) -> io::Result<()> {
        self.0
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Lot {
    /// Leaves it empty.
    fn read_into(&mut self, builder: &mut WordsBuilder) {
        let mut start = 0;
        for (row, entry) in self.entries.drain(..) {
            match entry {
                Entry::Text(end) => {
                    builder.add(row, &self.texts[start..end]);
                    start = end;
                }
                Entry::Chunk(end) => {
                    builder.add_chunk(row, &self.texts[start..end]);
                    start = end;
                }
                Entry::Again(number) => builder.add_chunk_again(row, number),
            }
        }
        self.texts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{WordPart, Words};
    use super::*;

    #[test]
    fn many_lots_give_the_words_of_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("words.idx");
        let keys = ChunkKeys::default();
        let mut words =
            WordsThread::start(Box::new(std::fs::File::create(&path).unwrap())).unwrap();
        for row in 0..3_000_u32 {
            words.add(row, &format!("alone{row} each"));
            let history = format!("turn{} {}", row / 100, "word ".repeat(100));
            words.add_chunk(row, keys.key(&history), &history);
        }
        words.close().finish().unwrap();
        let words = Words::open(&path).unwrap();
        let rows = |word: &str| words.rows_with(WordPart::Whole(word)).unwrap().unwrap();
        assert!(rows("alone2500").iter().eq([2500]));
        assert!(rows("turn7").iter().eq(700..800));
        assert!(rows("each").iter().eq(0..3_000));
        assert!(rows("word").iter().eq(0..3_000));
    }
}
