//! What a trace takes of its segment's files, estimated.

use super::{Part, Rows, Segment};

/// Bytes on disk by row.
///
/// Spans and texts are shared out by number of spans, the index files evenly. Spans that no row has any more count as
/// well: what a trace takes does not grow when another one is deleted.
#[derive(Debug)]
pub struct RowBytes<'a> {
    rows: &'a Rows,
    of_index: u64,
    parts: Vec<Share>,
}

/// The files of a part, and how many spans they are shared by.
#[derive(Clone, Copy, Debug)]
struct Share {
    bytes: u64,
    spans: u64,
}

impl Segment {
    pub fn row_bytes(&self) -> RowBytes<'_> {
        let mut used = vec![0_u64; self.parts.len()];
        for row in 0..self.row_count() {
            let place = self.rows.spans(row);
            if let Some(used) = used.get_mut(place.part as usize) {
                *used += u64::from(place.count);
            }
        }
        let share = |(part, used): (&Part, u64)| Share {
            bytes: part.bytes,
            // A file that cannot be read does not say how many it holds.
            spans: part.span_count().map_or(used, |held| used.max(held as u64)),
        };
        RowBytes {
            rows: &self.rows,
            of_index: self.index_bytes / u64::from(self.row_count()).max(1),
            parts: self.parts.iter().zip(used).map(share).collect(),
        }
    }
}

impl RowBytes<'_> {
    pub fn of(&self, row: u32) -> u64 {
        let place = self.rows.spans(row);
        let part = self.parts.get(place.part as usize);
        self.of_index + part.map_or(0, |part| part.of_spans(place.count))
    }
}

impl Share {
    fn of_spans(self, count: u32) -> u64 {
        let shared = u128::from(self.bytes) * u128::from(count) / u128::from(self.spans.max(1));
        u64::try_from(shared).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_shared_by_number_of_spans() {
        let part = Share {
            bytes: 1000,
            spans: 8,
        };
        assert_eq!(part.of_spans(2), 250);
        assert_eq!(part.of_spans(8), 1000);
        let nothing = Share { bytes: 7, spans: 0 };
        assert_eq!(nothing.of_spans(0), 0);
    }
}
