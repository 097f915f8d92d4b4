//! The values of a facet by row, as numbers.

use rustc_hash::FxHashMap;

use super::names::{ABSENT, Name, Names};
use crate::QueryError;
use crate::facet::Facet;
use crate::matched::MatchedRows;
use crate::overlay::Overlay;
use crate::sealed_values::SealedValues;

const READ_AT_ONCE: usize = 512;

/// What each row of a segment is grouped under.
pub(super) enum Labels {
    /// By row.
    One(Vec<Name>),
    Several(FxHashMap<u32, Vec<Name>>),
}

impl Labels {
    /// Values no index lists are read from the traces themselves, if they are the trace's own.
    pub(super) fn of_segment(
        rows: &MatchedRows,
        facet: &Facet,
        overlay: &Overlay,
        names: &Names,
    ) -> Result<Self, QueryError> {
        let segment = &rows.view.segment;
        let values = SealedValues::new(rows, facet, overlay)?;
        if !facet.is_single() {
            let mut several: FxHashMap<u32, Vec<Name>> = FxHashMap::default();
            values.each(&mut |value, having, among| {
                let mut name = ABSENT;
                having.each_in(among, &mut |row| {
                    if name == ABSENT {
                        name = names.number(value);
                    }
                    several.entry(row).or_default().push(name);
                })
            })?;
            return Ok(Self::Several(several));
        }
        let mut labels = vec![ABSENT; segment.row_count() as usize];
        values.each(&mut |value, having, among| {
            let mut name = ABSENT;
            having.each_in(among, &mut |row| {
                if name == ABSENT {
                    name = names.number(value);
                }
                if let Some(label) = labels.get_mut(row as usize) {
                    *label = name;
                }
            })
        })?;
        let unlisted: Vec<u32> = (&values.unlisted & &rows.must).into_iter().collect();
        for lot in unlisted.chunks(READ_AT_ONCE) {
            for (row, stored) in lot.iter().zip(segment.traces(lot)?) {
                let edits = overlay.of_stored(&stored);
                let value = facet.of_summary(&stored.summary, edits.as_deref());
                labels[*row as usize] = names.of_option(value.first().map(String::as_str));
            }
        }
        Ok(Self::One(labels))
    }

    /// The names of one row; none when it has no value.
    pub(super) fn of_row(&self, row: u32) -> &[Name] {
        match self {
            Self::One(labels) => labels
                .get(row as usize..=row as usize)
                .filter(|names| names[0] != ABSENT)
                .unwrap_or_default(),
            Self::Several(several) => several.get(&row).map_or(&[], Vec::as_slice),
        }
    }
}
