//! Writing `words.idx`, word by word.

use std::io;

use super::tokens::Doubt;
use super::{DOUBTS_PER_BYTE, MAGIC, SAMPLE_EVERY};
use crate::disk::DiskFile;
use crate::segment::blocks::BlockWriter;
use crate::segment::postings::RowList;

/// Takes words in ascending order, the empty one first.
pub(in crate::segment) struct WordsWriter {
    file: BlockWriter,
    words: Vec<u8>,
    count: usize,
    sampled_words: Vec<u8>,
    sampled_lists: Vec<u8>,
    doubts: Vec<u8>,
    scratch: Vec<u8>,
}

impl WordsWriter {
    pub(in crate::segment) fn create(file: Box<dyn DiskFile>) -> io::Result<Self> {
        Ok(Self {
            file: BlockWriter::create(file, MAGIC)?,
            words: Vec::new(),
            count: 0,
            sampled_words: Vec::new(),
            sampled_lists: Vec::new(),
            doubts: Vec::new(),
            scratch: Vec::new(),
        })
    }

    pub(in crate::segment) fn push(
        &mut self,
        word: &[u8],
        rows: &RowList,
        doubt: Doubt,
    ) -> io::Result<()> {
        if self.count.is_multiple_of(SAMPLE_EVERY) {
            let place = self.words.len() as u64;
            self.sampled_words.extend_from_slice(&place.to_le_bytes());
            let list = self.file.position();
            self.sampled_lists.extend_from_slice(&list.to_le_bytes());
        }
        let place = self.count % DOUBTS_PER_BYTE;
        if place == 0 {
            self.doubts.push(0);
        }
        if let Some(last) = self.doubts.last_mut() {
            *last |= doubt.0 << (2 * place);
        }
        self.count += 1;
        self.words.extend_from_slice(word);
        self.words.push(0);
        self.scratch.clear();
        rows.write(&mut self.scratch)?;
        self.file.write(&self.scratch)
    }

    pub(in crate::segment) fn finish(mut self) -> io::Result<()> {
        let lists_end = self.file.position();
        for section in [
            &self.words,
            &self.sampled_words,
            &self.sampled_lists,
            &self.doubts,
        ] {
            self.file.write(section)?;
        }
        self.file
            .finish(&[lists_end, self.words.len() as u64, self.count as u64])
    }
}
