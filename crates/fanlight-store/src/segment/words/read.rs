//! Asking `words.idx`.

use std::ops::Range;
use std::path::Path;

use memchr::{memchr, memmem};
use roaring::RoaringBitmap;

use super::tokens::{Doubt, MAX_WORD_BYTES};
use super::{DOUBTS_PER_BYTE, MAGIC, MAGIC_1, SAMPLE_EVERY};
use crate::segment::blocks::BlockFile;
use crate::segment::postings;

/// A part that is in more words than this says little; reading all their rows would cost more than it spares.
const MAX_WORDS: usize = 8192;

/// What is known of a word, in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordPart<'a> {
    Whole(&'a str),
    Beginning(&'a str),
    End(&'a str),
    Inside(&'a str),
}

/// The open index. Checked where it is read.
#[derive(Debug)]
pub struct Words {
    file: BlockFile,
    lists: Range<usize>,
    letters: Range<usize>,
    /// Where each sampled word begins.
    samples: Range<usize>,
    sampled_lists: Range<usize>,
    /// Absent in files of version 1.
    doubts: Option<Range<usize>>,
    count: usize,
}

/// Rows with a part of a word: at least all that have it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Holders {
    pub rows: RoaringBitmap,
    /// Of them, rows with a text that has the part as it was given, and with one that has it but for upper case.
    pub as_given: RoaringBitmap,
    pub in_any_case: RoaringBitmap,
}

/// A word: its number, where it begins, where its rows begin.
#[derive(Clone, Copy, Debug)]
struct Place {
    number: usize,
    word: usize,
    list: usize,
}

impl Words {
    pub(in crate::segment) fn open(path: &Path) -> Result<Self, String> {
        let (file, numbers) = BlockFile::open::<3>(path, &[MAGIC_1, MAGIC])?;
        let [lists, words, count] =
            numbers.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let samples = count.div_ceil(SAMPLE_EVERY).saturating_mul(8);
        let words = lists..lists.saturating_add(words);
        let sampled_words = words.end..words.end.saturating_add(samples);
        let sampled_lists = sampled_words.end..sampled_words.end.saturating_add(samples);
        let doubts = (file.magic() != MAGIC_1).then(|| {
            let length = count.div_ceil(DOUBTS_PER_BYTE);
            sampled_lists.end..sampled_lists.end.saturating_add(length)
        });
        let end = doubts
            .as_ref()
            .map_or(sampled_lists.end, |doubts| doubts.end);
        if end != file.len() || count == 0 {
            return Err("words.idx has sections of wrong lengths".to_owned());
        }
        Ok(Self {
            file,
            lists: 0..lists,
            letters: words,
            samples: sampled_words,
            sampled_lists,
            doubts,
            count,
        })
    }

    /// Rows with a word that has this part; `None` when that could be any row.
    pub fn rows_with(&self, part: WordPart<'_>) -> Result<Option<RoaringBitmap>, String> {
        Ok(self.holders(part)?.map(|holders| holders.rows))
    }

    /// The same, and which of them are certain.
    pub fn holders(&self, part: WordPart<'_>) -> Result<Option<Holders>, String> {
        let mut found = Collected::default();
        match part {
            WordPart::Whole(word) if word.len() <= MAX_WORD_BYTES => {
                let place = self.first_from(word.as_bytes())?;
                if let Some(place) = place
                    && self.word_at(place.word)? == word.as_bytes()
                {
                    self.collect(place, &mut found)?;
                }
            }
            WordPart::Whole(word) | WordPart::Beginning(word) => {
                let beginning = listed(word);
                if !self.add_beginnings(beginning.as_bytes(), &mut found)? {
                    return Ok(None);
                }
            }
            WordPart::End(part) => {
                let mut needle = part.as_bytes().to_vec();
                needle.push(0);
                if !self.add_parts(&needle, &mut found)? {
                    return Ok(None);
                }
                self.add_cut(&mut found)?;
            }
            WordPart::Inside(part) => {
                if part.len() < 2 || !self.add_parts(part.as_bytes(), &mut found)? {
                    return Ok(None);
                }
                self.add_cut(&mut found)?;
            }
        }
        Ok(Some(found.into_holders()))
    }

    /// Walks all words in ascending order, the empty one first.
    pub(in crate::segment) fn release_pages(&self) {
        self.file.release_pages();
    }

    pub(in crate::segment) fn walk(&self) -> Result<Walk<'_>, String> {
        Ok(Walk {
            words: self,
            place: self.sample(0)?,
        })
    }

    /// Rows of words that are not listed whole.
    fn add_cut(&self, found: &mut Collected) -> Result<(), String> {
        self.collect(self.sample(0)?, found)
    }

    fn collect(&self, place: Place, found: &mut Collected) -> Result<(), String> {
        let doubt = self.doubt_of(place.number)?;
        found.rows_of(doubt).add(self.list_at(place.list)?)
    }

    fn doubt_of(&self, number: usize) -> Result<Doubt, String> {
        let Some(doubts) = &self.doubts else {
            return Ok(Doubt::ALL);
        };
        let at = doubts.start + number / DOUBTS_PER_BYTE;
        let byte = self.file.get(at..at + 1)?[0];
        Ok(Doubt(
            byte >> (2 * (number % DOUBTS_PER_BYTE)) & Doubt::ALL.0,
        ))
    }

    /// False when there are too many.
    fn add_beginnings(&self, beginning: &[u8], found: &mut Collected) -> Result<bool, String> {
        let mut next = self.first_from(beginning)?;
        let mut words = 0;
        while let Some(place) = next {
            if !self.word_at(place.word)?.starts_with(beginning) {
                break;
            }
            words += 1;
            if words > MAX_WORDS {
                return Ok(false);
            }
            self.collect(place, found)?;
            next = Some(self.next(place)?).filter(|place| place.number < self.count);
        }
        Ok(true)
    }

    /// False when there are too many.
    fn add_parts(&self, needle: &[u8], found: &mut Collected) -> Result<bool, String> {
        let letters = self.file.get(self.letters.clone())?;
        let finder = memmem::Finder::new(needle);
        let mut at = 0;
        let mut words = 0;
        let mut place = self.sample(0)?;
        while let Some(hit) = letters.get(at..).and_then(|rest| finder.find(rest)) {
            words += 1;
            if words > MAX_WORDS {
                return Ok(false);
            }
            place = self.word_around(place, at + hit)?;
            self.collect(place, found)?;
            at = self.next(place)?.word;
        }
        Ok(true)
    }

    /// The word that covers `byte`, at or after `from`.
    fn word_around(&self, from: Place, byte: usize) -> Result<Place, String> {
        let samples = self.count.div_ceil(SAMPLE_EVERY);
        let next_sample = from.number / SAMPLE_EVERY + 1;
        let mut place = from;
        if next_sample < samples && self.sample(next_sample)?.word <= byte {
            let (mut low, mut high) = (next_sample, samples);
            while high - low > 1 {
                let middle = usize::midpoint(low, high);
                if self.sample(middle)?.word <= byte {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            place = self.sample(low)?;
        }
        loop {
            let next = self.next(place)?;
            if next.word > byte {
                return Ok(place);
            }
            place = next;
        }
    }

    /// The first word that is not below `word`.
    fn first_from(&self, word: &[u8]) -> Result<Option<Place>, String> {
        let (mut low, mut high) = (0, self.count.div_ceil(SAMPLE_EVERY));
        while high - low > 1 {
            let middle = usize::midpoint(low, high);
            if self.word_at(self.sample(middle)?.word)? <= word {
                low = middle;
            } else {
                high = middle;
            }
        }
        let mut place = self.sample(low)?;
        while place.number < self.count {
            if self.word_at(place.word)? >= word {
                return Ok(Some(place));
            }
            place = self.next(place)?;
        }
        Ok(None)
    }

    fn sample(&self, number: usize) -> Result<Place, String> {
        let read = |section: &Range<usize>| {
            let start = section.start + number * 8;
            let bytes = self.file.get(start..start + 8)?;
            let value = u64::from_le_bytes(bytes.try_into().map_err(|_| damaged())?);
            usize::try_from(value).map_err(|_| damaged())
        };
        Ok(Place {
            number: number * SAMPLE_EVERY,
            word: read(&self.samples)?,
            list: read(&self.sampled_lists)?,
        })
    }

    fn next(&self, place: Place) -> Result<Place, String> {
        Ok(Place {
            number: place.number + 1,
            word: place.word + self.word_at(place.word)?.len() + 1,
            list: place.list + postings::length(self.list_at(place.list)?)?,
        })
    }

    fn word_at(&self, at: usize) -> Result<&[u8], String> {
        let start = self.letters.start + at;
        // A word and its end are within this many bytes.
        let end = self.letters.end.min(start + MAX_WORD_BYTES + 1);
        if start >= end {
            return Err(damaged());
        }
        let bytes = self.file.get(start..end)?;
        Ok(&bytes[..memchr(0, bytes).ok_or_else(damaged)?])
    }

    /// The list at `at` and what follows it.
    fn list_at(&self, at: usize) -> Result<&[u8], String> {
        let head = self.file.get(at..self.lists.end.min(at + 10))?;
        let length = postings::length(head)?;
        let end = at.checked_add(length).filter(|end| *end <= self.lists.end);
        self.file.get(at..end.ok_or_else(damaged)?)
    }
}

/// A word of the index.
#[derive(Clone, Copy, Debug)]
pub(in crate::segment) struct Entry<'a> {
    pub(in crate::segment) word: &'a [u8],
    pub(in crate::segment) list: &'a [u8],
    pub(in crate::segment) doubt: Doubt,
}

/// A walk over all words.
#[derive(Debug)]
pub(in crate::segment) struct Walk<'a> {
    words: &'a Words,
    place: Place,
}

impl<'a> Walk<'a> {
    /// The word it stands at; `None` at the end.
    pub(in crate::segment) fn current(&self) -> Result<Option<Entry<'a>>, String> {
        let Place { number, word, list } = self.place;
        if number >= self.words.count {
            return Ok(None);
        }
        Ok(Some(Entry {
            word: self.words.word_at(word)?,
            list: self.words.list_at(list)?,
            doubt: self.words.doubt_of(number)?,
        }))
    }

    pub(in crate::segment) fn advance(&mut self) -> Result<(), String> {
        self.place = self.words.next(self.place)?;
        Ok(())
    }
}

/// As much of a word as the index lists.
fn listed(word: &str) -> &str {
    let mut end = word.len().min(MAX_WORD_BYTES);
    while !word.is_char_boundary(end) {
        end -= 1;
    }
    &word[..end]
}

fn damaged() -> String {
    "words.idx is damaged".to_owned()
}

/// Rows of many words, by the doubt of the words.
#[derive(Debug, Default)]
struct Collected {
    certain: Rows,
    but_for_case: Rows,
    doubtful: Rows,
}

impl Collected {
    fn rows_of(&mut self, doubt: Doubt) -> &mut Rows {
        match doubt {
            Doubt::NONE => &mut self.certain,
            Doubt::CASE => &mut self.but_for_case,
            _ => &mut self.doubtful,
        }
    }

    fn into_holders(self) -> Holders {
        let as_given = self.certain.into_bitmap();
        let in_any_case = &as_given | self.but_for_case.into_bitmap();
        Holders {
            rows: &in_any_case | self.doubtful.into_bitmap(),
            as_given,
            in_any_case,
        }
    }
}

/// Rows of many lists together.
#[derive(Debug, Default)]
struct Rows(Vec<u64>);

impl Rows {
    fn add(&mut self, list: &[u8]) -> Result<(), String> {
        postings::each_row(list, |row| {
            let word = row as usize / 64;
            if word >= self.0.len() {
                self.0.resize(word + 1, 0);
            }
            self.0[word] |= 1 << (row % 64);
        })
    }

    fn into_bitmap(self) -> RoaringBitmap {
        let rows_of = |(word, mut bits): (u32, u64)| {
            std::iter::from_fn(move || {
                let bit = (bits != 0).then(|| bits.trailing_zeros())?;
                bits &= bits - 1;
                Some(word * 64 + bit)
            })
        };
        RoaringBitmap::from_sorted_iter((0_u32..).zip(self.0).flat_map(rows_of))
            .expect("bits are walked in order")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::super::WordsWriter;
    use super::super::build::WordsBuilder;
    use super::*;

    fn index(rows: &[&str]) -> Words {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("words.idx");
        let mut builder = WordsBuilder::default();
        for (row, text) in (0_u32..).zip(rows) {
            builder.add(row, text);
        }
        builder
            .write(WordsWriter::create(Box::new(std::fs::File::create(&path).unwrap())).unwrap())
            .unwrap();
        Words::open(&path).unwrap()
    }

    fn rows(words: &Words, part: WordPart<'_>) -> Vec<u32> {
        words
            .rows_with(part)
            .unwrap()
            .unwrap()
            .into_iter()
            .collect()
    }

    #[test]
    fn words_are_found_by_their_parts() {
        let words = index(&["Refund policy", "refunds", "prefund", "", "fun"]);
        assert_eq!(rows(&words, WordPart::Whole("refund")), [0]);
        assert_eq!(rows(&words, WordPart::Beginning("refund")), [0, 1]);
        assert_eq!(rows(&words, WordPart::End("fund")), [0, 2]);
        assert_eq!(rows(&words, WordPart::Inside("fun")), [0, 1, 2, 4]);
        assert!(rows(&words, WordPart::Whole("absent")).is_empty());
        assert!(rows(&words, WordPart::Inside("zz")).is_empty());
        assert_eq!(words.rows_with(WordPart::Inside("f")).unwrap(), None);
    }

    #[test]
    fn what_is_certain_is_told_apart() {
        let words = index(&[
            "a refund",
            "Refunds",
            r"line\nrefunded",
            "0refund",
            r"pre\u0066und refundable",
        ]);
        let holders = |part| words.holders(WordPart::Inside(part)).unwrap().unwrap();
        let listed = |rows: &RoaringBitmap| rows.iter().collect::<Vec<_>>();
        let found = holders("refund");
        assert_eq!(listed(&found.rows), [0, 1, 2, 3, 4]);
        assert_eq!(listed(&found.as_given), [0, 2, 4]);
        assert_eq!(listed(&found.in_any_case), [0, 1, 2, 4]);
        assert!(holders("nrefunded").as_given.is_empty());
        assert_eq!(listed(&holders("prefund").rows), [4]);
        assert!(holders("prefund").in_any_case.is_empty());
    }

    #[test]
    fn the_inside_of_a_word_too_long_to_be_listed_is_found_by_its_row() {
        let long = format!("{}needle", "x".repeat(200));
        let words = index(&["a", &long]);
        assert_eq!(rows(&words, WordPart::Inside("needle")), [1]);
        assert_eq!(rows(&words, WordPart::Whole(&long)), [1]);
        assert!(rows(&words, WordPart::Whole("needle")).is_empty());
    }

    #[test]
    fn damage_is_found_where_it_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("words.idx");
        let mut builder = WordsBuilder::default();
        for row in 0..60_000 {
            builder.add(row, &format!("word{row}"));
        }
        builder
            .write(WordsWriter::create(Box::new(std::fs::File::create(&path).unwrap())).unwrap())
            .unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let place = bytes.len() / 4;
        bytes[place] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let words = Words::open(&path).unwrap();
        let mut failed = 0;
        for row in (0..60_000).step_by(500) {
            let word = format!("word{row}");
            match words.rows_with(WordPart::Whole(&word)) {
                Ok(found) => assert!(found.unwrap().iter().eq([row])),
                Err(_) => failed += 1,
            }
        }
        assert!(failed > 0);
    }

    proptest! {
        #[test]
        fn it_answers_like_a_table(texts in proptest::collection::vec("[ab]{1,3}( [abc]{1,4}){0,30}", 1..60), part in "[abc]{2,4}") {
            let refs: Vec<&str> = texts.iter().map(String::as_str).collect();
            let words = index(&refs);
            let mut table: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
            for (row, text) in (0..).zip(&texts) {
                for word in text.split(' ') {
                    table.entry(word).or_default().insert(row);
                }
            }
            let expected = |holds: &dyn Fn(&str) -> bool| -> Vec<u32> {
                let rows: BTreeSet<u32> = table.iter().filter(|(word, _)| holds(word)).flat_map(|(_, rows)| rows).copied().collect();
                rows.into_iter().collect()
            };
            prop_assert_eq!(rows(&words, WordPart::Whole(&part)), expected(&|word| word == part));
            prop_assert_eq!(rows(&words, WordPart::Beginning(&part)), expected(&|word| word.starts_with(&part)));
            prop_assert_eq!(rows(&words, WordPart::End(&part)), expected(&|word| word.ends_with(&part)));
            prop_assert_eq!(rows(&words, WordPart::Inside(&part)), expected(&|word| word.contains(&part)));
            let mut listed = Vec::new();
            let mut walk = words.walk().unwrap();
            while let Some(entry) = walk.current().unwrap() {
                let rows: BTreeSet<u32> = postings::read(entry.list).unwrap().into_iter().collect();
                listed.push((String::from_utf8(entry.word.to_vec()).unwrap(), rows));
                walk.advance().unwrap();
            }
            let known: Vec<_> = table.iter().map(|(word, rows)| ((*word).to_owned(), rows.clone())).collect();
            prop_assert_eq!(&listed[1..], &known[..]);
        }
    }
}
