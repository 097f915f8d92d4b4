//! The texts of a segment while it is written: cut, kept once, and their words remembered.

use arrow_array::builder::ArrayBuilder as _;
use arrow_array::builder::{ListBuilder, StringBuilder, UInt32Builder};
use arrow_array::{ListArray, StringArray};
use fanlight_model::{Span, Value};
use fanlight_normalize::Meaning;
use parquet::errors::ParquetError;

use super::draft::Draft;
use super::texts_file::TextsWriter;
use super::words::{ChunkKeys, ClosingWords, WordsThread, chunks};
use crate::disk::DiskFile;

/// Shorter texts stay in their column: a reference to one would cost as much as it spares.
const LONG_TEXT_BYTES: usize = 512;

/// The id of the trace again, whatever it says: searches take that from the row.
const TRACE_REQUEST_ID: &str = "mlflow.traceRequestId";

/// Where texts go.
pub(super) struct Content {
    texts: TextsWriter,
    /// Absent where the words are known already.
    words: Option<WordsThread>,
    keys: ChunkKeys,
}

impl Content {
    pub(super) fn create(draft: Draft<'_>) -> Result<Self, ParquetError> {
        Ok(Self {
            texts: TextsWriter::create(draft.create("texts.parquet")?)?,
            words: Some(WordsThread::start(draft.create("words.idx")?)?),
            keys: ChunkKeys::default(),
        })
    }

    /// For texts that are moved from one segment to another.
    pub(super) fn without_words(texts: Box<dyn DiskFile>) -> Result<Self, ParquetError> {
        Ok(Self {
            texts: TextsWriter::create(texts)?,
            words: None,
            keys: ChunkKeys::default(),
        })
    }

    /// `row` has the words of `text`.
    fn add_words(&mut self, row: u32, text: &str) {
        let Some(words) = &mut self.words else { return };
        if text.len() < LONG_TEXT_BYTES {
            words.add(row, text);
            return;
        }
        for chunk in chunks(text) {
            words.add_chunk(row, self.keys.key(chunk), chunk);
        }
    }

    /// Words of everything a search for text looks at, apart from inputs and outputs that are columns: those are added
    /// as they are written.
    pub(super) fn add_words_of(
        &mut self,
        row: u32,
        span: &Span,
        meaning: &Meaning<'_>,
        columns: &[&str],
    ) {
        if self.words.is_none() {
            return;
        }
        self.add_words(row, &span.name);
        let attributes = span
            .attributes
            .iter()
            .filter(|(key, _)| !columns.contains(key) && *key != TRACE_REQUEST_ID);
        for (_, value) in attributes {
            self.add_words_of_value(row, value);
        }
        for event in &span.events {
            self.add_words(row, &event.name);
            for (_, value) in event.attributes.iter() {
                self.add_words_of_value(row, value);
            }
        }
        for derived in fanlight_normalize::derived_values(span, meaning) {
            self.add_words_of_value(row, &derived);
        }
    }

    fn add_words_of_value(&mut self, row: u32, value: &Value) {
        match value {
            Value::String(text) => self.add_words(row, text),
            other => self.add_words(row, &other.to_text()),
        }
    }

    /// The texts are durable when it returns; the words take longer.
    pub(super) fn close(self) -> Result<Option<ClosingWords>, ParquetError> {
        let words = self.words.map(WordsThread::close);
        self.texts.finish()?;
        Ok(words)
    }
}

/// A column of texts and, beside it, the stretches that the long ones are made of.
#[derive(Default)]
pub(super) struct TextColumn {
    texts: StringBuilder,
    stretches: ListBuilder<UInt32Builder>,
}

/// Whether the words of a column are to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Indexed {
    Yes,
    No,
}

impl TextColumn {
    pub(super) fn push(
        &mut self,
        row: u32,
        text: Option<&str>,
        content: &mut Content,
        indexed: Indexed,
    ) -> Result<(), ParquetError> {
        match text {
            Some(text) if text.len() >= LONG_TEXT_BYTES => {
                self.texts.append_null();
                for chunk in chunks(text) {
                    let key = content.keys.key(chunk);
                    self.stretches
                        .values()
                        .append_value(content.texts.put(key, chunk)?);
                    if indexed == Indexed::Yes
                        && let Some(words) = &mut content.words
                    {
                        words.add_chunk(row, key, chunk);
                    }
                }
                self.stretches.append(true);
            }
            text => {
                self.texts.append_option(text);
                self.stretches.append(false);
                if let Some(text) = text.filter(|_| indexed == Indexed::Yes) {
                    content.add_words(row, text);
                }
            }
        }
        Ok(())
    }

    /// The column so far, leaving it empty, with room for as much again and a little more: to grow is to copy all.
    pub(super) fn finish(&mut self) -> (StringArray, ListArray) {
        let bytes = self.texts.values_slice().len();
        let next = StringBuilder::with_capacity(self.texts.len(), bytes + bytes / 4);
        let texts = std::mem::replace(&mut self.texts, next).finish();
        (texts, self.stretches.finish())
    }
}
