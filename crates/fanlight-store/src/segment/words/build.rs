//! Collecting words while a segment is written.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::Path;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::tokens::{Found, each_word};
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
    recent: Recent,
}

/// Words that were just seen, by a few bits of their spelling: texts repeat their words, and finding one in the lexicon
/// is a miss of the cache or two.
#[derive(Debug)]
struct Recent([(u32, Beginning); RECENT]);

const RECENT: usize = 256;

impl Default for Recent {
    fn default() -> Self {
        Self([(0, Beginning([0; BEGINNING])); RECENT])
    }
}

impl Recent {
    /// Whether a short word was seen in this chunk a moment ago; from now on it was.
    fn knows(&mut self, chunk: u32, word: &[u8]) -> bool {
        if word.len() > BEGINNING {
            return false;
        }
        let beginning = Beginning::of(word);
        // The upper byte of a product depends on all bits of its factors.
        let product = beginning
            .number()
            .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let slot = &mut self.0[usize::from(product.to_be_bytes()[0])];
        let known = *slot == (chunk, beginning);
        *slot = (chunk, beginning);
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
        each_word(text, &mut |found| {
            let (Found::Word(word) | Found::Beginning(word)) = found;
            let id = lexicon.id(word);
            lexicon.words[id as usize].rows.push(row);
            if matches!(found, Found::Beginning(_)) {
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
                let (Found::Word(word) | Found::Beginning(word)) = found;
                if self.recent.knows(number, word) {
                    return;
                }
                let id = words.id(word);
                let word = &mut words.words[id as usize];
                if word.last_chunk != number {
                    word.last_chunk = number;
                    self.chunk_words.push(id);
                }
                has_cut_words |= matches!(found, Found::Beginning(_));
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
    fn id(&mut self, word: &[u8]) -> u32 {
        let Self {
            hasher,
            table,
            letters,
            words,
        } = self;
        let beginning = Beginning::of(word);
        let spelling = |id: u32| {
            let word = &words[id as usize];
            &letters[word.start..][..usize::from(word.length)]
        };
        let is_word = |slot: &Slot| {
            slot.beginning == beginning && (word.len() <= BEGINNING || spelling(slot.id) == word)
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

/// Most words are not longer than this many bytes: they are compared where they are found.
const BEGINNING: usize = 12;

/// The first bytes of a word, zero after its end; no word has a zero byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Beginning([u8; BEGINNING]);

#[derive(Clone, Copy, Debug)]
struct Slot {
    beginning: Beginning,
    id: u32,
}

impl Beginning {
    fn of(word: &[u8]) -> Self {
        let mut bytes = [0; BEGINNING];
        let length = word.len().min(BEGINNING);
        bytes[..length].copy_from_slice(&word[..length]);
        Self(bytes)
    }

    fn number(self) -> u128 {
        let mut number = [0; 16];
        number[..BEGINNING].copy_from_slice(&self.0);
        u128::from_le_bytes(number)
    }
}

fn hash(hasher: &DefaultHashBuilder, word: &[u8], beginning: Beginning) -> u64 {
    if word.len() > BEGINNING {
        hasher.hash_one(word)
    } else {
        hasher.hash_one(beginning.number())
    }
}
