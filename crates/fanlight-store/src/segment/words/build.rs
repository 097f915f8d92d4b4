//! Collecting words while a segment is written.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::Path;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::tokens::{Beginning, Found, each_word};
use super::write::WordsWriter;
use crate::segment::postings::RowList;

/// The identity of a stretch of text. Two keyed hashes together: texts come from anybody, and two that are taken for
/// one would show somebody else's words.
pub(in crate::segment) type ChunkKey = [u64; 2];

/// Makes [`ChunkKey`]s; other ones in every segment.
#[derive(Debug, Default)]
pub(in crate::segment) struct ChunkKeys([RandomState; 2]);

impl ChunkKeys {
    pub(in crate::segment) fn key(&self, chunk: &str) -> ChunkKey {
        self.0.each_ref().map(|hasher| hasher.hash_one(chunk))
    }
}

/// Every word with its rows. Rows must come in ascending order.
#[derive(Debug, Default)]
pub(in crate::segment) struct WordsBuilder {
    lexicon: Lexicon,
    /// Rows with a word of which only the beginning is listed.
    cut_rows: RowList,
    chunks: HashMap<ChunkKey, Chunk>,
    /// Words of all chunks, one after the other.
    chunk_words: Vec<u32>,
    recent_in_row: Recent,
    recent_in_chunk: Recent,
}

/// Words that were just seen, by a few bits of their spelling: texts repeat their words, and finding one in the lexicon
/// is a miss of the cache or two.
#[derive(Debug)]
struct Recent(Box<[(u32, Beginning); RECENT]>);

const RECENT: usize = 1024;

impl Default for Recent {
    fn default() -> Self {
        Self(Box::new([(0, Beginning::default()); RECENT]))
    }
}

impl Recent {
    /// Whether a short word was seen in this place, a number from 1, a moment ago; from now on it was.
    fn knows(&mut self, place: u32, found: &Found<'_>) -> bool {
        if found.word.len() > Beginning::BYTES {
            return false;
        }
        // The upper bits of a product depend on all bits of its factors.
        let product = found
            .beginning
            .number()
            .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let slot = &mut self.0[(product >> 118) as usize];
        let known = *slot == (place, found.beginning);
        *slot = (place, found.beginning);
        known
    }
}

#[derive(Debug, Default)]
struct Lexicon {
    hasher: DefaultHashBuilder,
    table: HashTable<Slot>,
    letters: Vec<u8>,
    words: Vec<Word>,
}

#[derive(Debug)]
struct Word {
    start: usize,
    length: u8,
    /// Where it was seen last: a chunk lists it once.
    last_chunk: u32,
    rows: RowList,
}

/// A stretch of text that was seen before.
#[derive(Debug)]
struct Chunk {
    last_row: u32,
    first_word: usize,
    word_count: usize,
    has_cut_words: bool,
}

impl WordsBuilder {
    /// `row` has the words of `text`.
    pub(in crate::segment) fn add(&mut self, row: u32, text: &str) {
        let lexicon = &mut self.lexicon;
        let cut_rows = &mut self.cut_rows;
        let recent = &mut self.recent_in_row;
        each_word(text, &mut |found| {
            if recent.knows(row + 1, &found) {
                return;
            }
            let id = lexicon.id(&found);
            lexicon.words[id as usize].rows.push(row);
            if found.is_cut {
                cut_rows.push(row);
            }
        });
    }

    /// As [`Self::add`], for a text that may come again and again: it is read once.
    pub(in crate::segment) fn add_chunk(&mut self, row: u32, key: ChunkKey, text: &str) {
        let words = &mut self.lexicon;
        let number = u32::try_from(self.chunks.len() + 1).unwrap_or(u32::MAX);
        let known = self.chunks.entry(key).or_insert_with(|| {
            let first_word = self.chunk_words.len();
            let mut has_cut_words = false;
            each_word(text, &mut |found| {
                if self.recent_in_chunk.knows(number, &found) {
                    return;
                }
                let id = words.id(&found);
                let word = &mut words.words[id as usize];
                if word.last_chunk != number {
                    word.last_chunk = number;
                    self.chunk_words.push(id);
                }
                has_cut_words |= found.is_cut;
            });
            Chunk {
                last_row: u32::MAX,
                first_word,
                word_count: self.chunk_words.len() - first_word,
                has_cut_words,
            }
        });
        if known.last_row == row {
            return;
        }
        known.last_row = row;
        for id in &self.chunk_words[known.first_word..][..known.word_count] {
            words.words[*id as usize].rows.push(row);
        }
        if known.has_cut_words {
            self.cut_rows.push(row);
        }
    }

    pub(in crate::segment) fn write(&self, path: &Path) -> io::Result<()> {
        let lexicon = &self.lexicon;
        let letters = &lexicon.letters;
        let spelling = |word: &Word| &letters[word.start..][..usize::from(word.length)];
        let mut sorted: Vec<&Word> = lexicon.words.iter().collect();
        sorted.sort_unstable_by(|left, right| spelling(left).cmp(spelling(right)));
        let mut writer = WordsWriter::create(path)?;
        writer.push(b"", &self.cut_rows)?;
        for word in sorted {
            writer.push(spelling(word), &word.rows)?;
        }
        writer.finish()
    }
}

impl Lexicon {
    fn id(&mut self, found: &Found<'_>) -> u32 {
        let &Found {
            word, beginning, ..
        } = found;
        let Self {
            hasher,
            table,
            letters,
            words,
        } = self;
        let spelling = |id: u32| {
            let word = &words[id as usize];
            &letters[word.start..][..usize::from(word.length)]
        };
        let is_word = |slot: &Slot| {
            slot.beginning == beginning
                && (word.len() <= Beginning::BYTES || spelling(slot.id) == word)
        };
        let hash = hash(hasher, word, beginning);
        if let Some(slot) = table.find(hash, is_word) {
            return slot.id;
        }
        let id = u32::try_from(words.len()).expect("a segment has fewer words than bytes");
        let slot = Slot { beginning, id };
        table.insert_unique(hash, slot, |slot| {
            self::hash(hasher, spelling(slot.id), slot.beginning)
        });
        words.push(Word {
            start: letters.len(),
            length: u8::try_from(word.len()).expect("words are cut"),
            last_chunk: 0,
            rows: RowList::default(),
        });
        letters.extend_from_slice(word);
        id
    }
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    beginning: Beginning,
    id: u32,
}

fn hash(hasher: &DefaultHashBuilder, word: &[u8], beginning: Beginning) -> u64 {
    if word.len() > Beginning::BYTES {
        hasher.hash_one(word)
    } else {
        hasher.hash_one(beginning.number())
    }
}
