//! Collecting words while a segment is written.

use std::hash::BuildHasher;
use std::io;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::tokens::{Beginning, Doubt, Found, each_word};
use super::write::WordsWriter;
use crate::segment::postings::RowList;

/// Every word with its rows. Rows must come in ascending order.
#[derive(Debug, Default)]
pub(super) struct WordsBuilder {
    lexicon: Lexicon,
    log: RowLog,
    /// Rows with a word of which only the beginning is listed.
    cut_rows: RowList,
    /// Stretches of text, by number.
    chunks: Vec<Chunk>,
    /// Words of all chunks, one after the other.
    chunk_words: Vec<u32>,
    recent_in_row: Recent,
    recent_in_chunk: Recent,
}

/// Words that were just seen, by a few bits of their spelling: texts repeat their words, and finding one in the lexicon
/// is a miss of the cache or two.
#[derive(Debug)]
struct Recent(Box<[u128; RECENT]>);

const RECENT: usize = 1024;

impl Default for Recent {
    fn default() -> Self {
        Self(Box::new([0; RECENT]))
    }
}

impl Recent {
    /// Whether a short word was seen in this place, a number from 1, a moment ago; from now on it was.
    fn knows(&mut self, place: u32, found: &Found<'_>) -> bool {
        if found.word.len() > Beginning::BYTES {
            return false;
        }
        // Twelve bytes of the word, two bits of doubt, and the place: a segment has fewer rows and stretches than 2^30.
        let number = found.beginning.number();
        let seen = u128::from(place) << 98 | u128::from(found.doubt.0) << 96 | number;
        // The upper bits of a product depend on all bits of its factors.
        let product = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let slot = &mut self.0[(product >> 118) as usize];
        let known = *slot == seen;
        *slot = seen;
        known
    }
}

#[derive(Debug, Default)]
struct Lexicon {
    hasher: DefaultHashBuilder,
    table: HashTable<Slot>,
    letters: Vec<u8>,
    words: Vec<Word>,
    /// Of each word.
    last_seen: Vec<LastSeen>,
    /// Of each word: why texts may not have it as it is listed.
    doubts: Vec<Doubt>,
}

#[derive(Debug)]
struct Word {
    start: usize,
    length: u8,
    rows: RowList,
}

/// Where a word was seen last, in numbers from 1: a row and a chunk list it once. Apart from the words, so that asking
/// this stays within the cache.
#[derive(Clone, Copy, Debug, Default)]
struct LastSeen {
    row: u32,
    chunk: u32,
}

/// Which words a row has, in the order they came. Adding each row to the lists of its words at once would be a walk all
/// over the memory; many at a time go to one list after the other.
#[derive(Debug, Default)]
struct RowLog {
    words: Vec<u32>,
    /// Where in `words` a row begins.
    rows: Vec<(u32, usize)>,
}

/// Entries of the log that are kept until they are moved to the lists.
const LOG_ENTRIES: usize = 1 << 20;

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
    pub(super) fn add(&mut self, row: u32, text: &str) {
        self.log.begin(row, &mut self.lexicon);
        let Self {
            lexicon,
            log,
            cut_rows,
            recent_in_row: recent,
            ..
        } = self;
        each_word(text, &mut |found| {
            if recent.knows(row + 1, &found) {
                return;
            }
            let id = lexicon.id(&found);
            // What the row has already is no more in doubt than it was.
            if log.push(id, &mut lexicon.last_seen[id as usize]) {
                lexicon.add_doubt(id, found.doubt);
            }
            if found.is_cut {
                cut_rows.push(row);
            }
        });
    }

    /// As [`Self::add`], for a text that may come again and again: it is read once. The first one has number 0.
    pub(super) fn add_chunk(&mut self, row: u32, text: &str) {
        let lexicon = &mut self.lexicon;
        let number = u32::try_from(self.chunks.len()).unwrap_or(u32::MAX);
        let first_word = self.chunk_words.len();
        let mut has_cut_words = false;
        each_word(text, &mut |found| {
            if self.recent_in_chunk.knows(number + 1, &found) {
                return;
            }
            let id = lexicon.id(&found);
            let last_seen = &mut lexicon.last_seen[id as usize];
            if last_seen.chunk != number + 1 {
                last_seen.chunk = number + 1;
                self.chunk_words.push(id);
                lexicon.add_doubt(id, found.doubt);
            }
            has_cut_words |= found.is_cut;
        });
        self.chunks.push(Chunk {
            last_row: u32::MAX,
            first_word,
            word_count: self.chunk_words.len() - first_word,
            has_cut_words,
        });
        self.add_chunk_again(row, number);
    }

    /// `row` has the words of an earlier chunk.
    pub(super) fn add_chunk_again(&mut self, row: u32, number: u32) {
        let known = &mut self.chunks[number as usize];
        if known.last_row == row {
            return;
        }
        known.last_row = row;
        self.log.begin(row, &mut self.lexicon);
        for id in &self.chunk_words[known.first_word..][..known.word_count] {
            self.log
                .push(*id, &mut self.lexicon.last_seen[*id as usize]);
        }
        if known.has_cut_words {
            self.cut_rows.push(row);
        }
    }

    pub(super) fn write(mut self, mut writer: WordsWriter) -> io::Result<()> {
        self.log.empty_into(&mut self.lexicon);
        let lexicon = &self.lexicon;
        let letters = &lexicon.letters;
        let spelling = |word: &Word| &letters[word.start..][..usize::from(word.length)];
        let mut sorted: Vec<_> = lexicon.words.iter().zip(&lexicon.doubts).collect();
        sorted.sort_unstable_by(|(left, _), (right, _)| spelling(left).cmp(spelling(right)));
        writer.push(b"", &self.cut_rows, Doubt::ALL)?;
        for (word, doubt) in sorted {
            writer.push(spelling(word), &word.rows, *doubt)?;
        }
        writer.finish()
    }
}

impl RowLog {
    /// What comes next is of `row`, which must not be below the last one.
    fn begin(&mut self, row: u32, lexicon: &mut Lexicon) {
        if self.rows.last().is_some_and(|(last, _)| *last == row) {
            return;
        }
        if self.words.len() >= LOG_ENTRIES {
            self.empty_into(lexicon);
        }
        self.rows.push((row, self.words.len()));
    }

    /// The current row has this word; says whether that is new.
    fn push(&mut self, word: u32, last_seen: &mut LastSeen) -> bool {
        let row = self.rows.last().map_or(0, |(row, _)| row + 1);
        let is_new = last_seen.row != row;
        if is_new {
            last_seen.row = row;
            self.words.push(word);
        }
        is_new
    }

    /// Moves everything to the lists of the words: sorted by word, rows still ascending.
    fn empty_into(&mut self, lexicon: &mut Lexicon) {
        // Where the rows of each word end in `sorted`, first as counts, then as places that move up to there.
        let mut ends = vec![0_u32; lexicon.words.len()];
        for word in &self.words {
            ends[*word as usize] += 1;
        }
        let mut total = 0;
        for end in &mut ends {
            let count = *end;
            *end = total;
            total += count;
        }
        let mut sorted = vec![0_u32; self.words.len()];
        let next = self.rows.iter().skip(1).map(|(_, start)| *start);
        let until = next.chain([self.words.len()]);
        for ((row, start), until) in self.rows.iter().zip(until) {
            for word in &self.words[*start..until] {
                let place = &mut ends[*word as usize];
                sorted[*place as usize] = *row;
                *place += 1;
            }
        }
        let mut start = 0;
        for (word, end) in lexicon.words.iter_mut().zip(ends) {
            for row in &sorted[start..end as usize] {
                word.rows.push(*row);
            }
            start = end as usize;
        }
        self.words.clear();
        self.rows.clear();
    }
}

impl Lexicon {
    fn add_doubt(&mut self, id: u32, doubt: Doubt) {
        if doubt != Doubt::NONE {
            let known = &mut self.doubts[id as usize];
            *known = known.and(doubt);
        }
    }

    fn id(&mut self, found: &Found<'_>) -> u32 {
        let &Found {
            word, beginning, ..
        } = found;
        let Self {
            hasher,
            table,
            letters,
            words,
            last_seen,
            doubts,
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
            rows: RowList::default(),
        });
        last_seen.push(LastSeen::default());
        doubts.push(Doubt::NONE);
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
