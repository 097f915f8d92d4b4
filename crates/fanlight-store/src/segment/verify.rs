//! Reading all of a segment, to know that it can be read.

use super::Segment;
use crate::StoreError;

/// Traces whose spans are held at once.
const LOT: usize = 64;

/// What a segment was found to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    pub traces: u64,
    pub spans: u64,
}

impl Segment {
    /// Reads every page and every list of rows; fails with the first thing that is damaged.
    pub fn verify(&self) -> Result<Contents, StoreError> {
        let corrupt = |reason| self.corrupt(reason);
        self.verify_words().map_err(corrupt)?;
        self.facets.verify().map_err(corrupt)?;
        let mut contents = Contents::default();
        let rows: Vec<u32> = (0..self.row_count()).collect();
        for lot in rows.chunks(LOT) {
            contents.traces += self.traces(lot)?.len() as u64;
            for (row, spans) in lot.iter().zip(self.spans(lot)?) {
                if spans.len() != self.rows.span_count(*row) as usize {
                    return Err(corrupt(format!("row {row} has spans missing")));
                }
                contents.spans += spans.len() as u64;
            }
        }
        Ok(contents)
    }

    fn verify_words(&self) -> Result<(), String> {
        let mut walk = self.words.walk()?;
        while let Some(entry) = walk.current()? {
            super::postings::read(entry.list)?;
            walk.advance()?;
        }
        Ok(())
    }
}
