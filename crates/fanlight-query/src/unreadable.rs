//! Rows that cannot be read because their pages are damaged: left out of searches and figures, named once, counted.

use std::collections::BTreeSet;

use fanlight_model::SegmentId;
use fanlight_store::{Segment, StoreError};
use parking_lot::Mutex;

use crate::QueryError;

/// Reads rows that share pages, and fails when any of them is damaged.
type ReadRows<'a, T> = dyn Fn(&[u32]) -> Result<Vec<T>, StoreError> + 'a;

/// More are left out as well, but not told apart any more.
const REMEMBERED: usize = 100_000;

/// What searches stumbled over since the start. A row is `None` where a whole index is damaged.
#[derive(Debug, Default)]
pub(crate) struct Unreadable(Mutex<BTreeSet<(SegmentId, Option<u32>)>>);

impl Unreadable {
    /// What `read` answers for each of `rows`, `None` for those that cannot be read. Damage costs the rows it hits, not
    /// the neighbours that are read together with them.
    pub(crate) fn read<T>(
        &self,
        segment: &Segment,
        rows: &[u32],
        read: &ReadRows<'_, T>,
    ) -> Vec<Option<T>> {
        match (read(rows), rows) {
            (Ok(found), _) => found.into_iter().map(Some).collect(),
            (Err(error), [row]) => {
                self.note(segment.id(), Some(*row), &error);
                vec![None]
            }
            (Err(_), _) => {
                let (first, second) = rows.split_at(rows.len() / 2);
                let mut found = self.read(segment, first, read);
                found.extend(self.read(segment, second, read));
                found
            }
        }
    }

    /// Does `work` over an index, or what of it comes before the damage.
    pub(crate) fn pass_over(
        &self,
        work: impl FnOnce() -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        match work() {
            Err(error) if self.is_damage(&error) => Ok(()),
            done => done,
        }
    }

    /// Whether `error` is about damage of a segment, which is named then.
    pub(crate) fn is_damage(&self, error: &QueryError) -> bool {
        let damaged = error.damaged();
        if let Some(segment) = damaged {
            self.note(segment, None, error);
        }
        damaged.is_some()
    }

    /// Names the damage, once.
    pub(crate) fn note(&self, segment: SegmentId, row: Option<u32>, error: &dyn std::fmt::Display) {
        let mut known = self.0.lock();
        if known.len() < REMEMBERED && known.insert((segment, row)) {
            tracing::error!(segment.id = %segment, segment.row = row, "left out of searches and figures: {error}");
        }
    }

    pub(crate) fn places(&self) -> usize {
        self.0.lock().len()
    }
}
