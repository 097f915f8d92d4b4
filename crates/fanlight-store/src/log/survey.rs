//! What a log file holds, good and bad, found out before anything of it is applied. Pure: bytes in, places out.

use std::ops::Range;

use super::record::{HEAD_BYTES, Numbers, Record};
use super::{FILE_HEAD_BYTES, FILE_MAGIC};
use crate::StoreError;

/// The records of a file, in order, and the places between them that cannot be read.
#[derive(Debug, Default)]
pub(super) struct Survey<'a> {
    pub(super) records: Vec<Found<'a>>,
    pub(super) holes: Vec<Hole>,
    /// The number after the last record.
    pub(super) next_seq: u64,
    /// Bytes of a last write that was never acknowledged; part of neither records nor holes.
    pub(super) unfinished_bytes: usize,
}

#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) seq: u64,
    pub(super) bytes: Range<usize>,
    pub(super) record: Record<'a>,
}

/// Bytes that are no record, and the records that should have been there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hole {
    pub(super) bytes: Range<usize>,
    pub(super) records: Range<u64>,
    pub(super) reason: &'static str,
}

/// Surveys a file whose first record is `first_seq`. `end` is the first record of the next file: what follows it here
/// was given up unacknowledged. The newest file has no such end; its last write may be unfinished.
pub(super) fn survey(
    bytes: &[u8],
    first_seq: u64,
    end: Option<u64>,
) -> Result<Survey<'_>, StoreError> {
    check_version(bytes)?;
    let mut survey = Survey {
        next_seq: first_seq,
        ..Survey::default()
    };
    let mut offset = FILE_HEAD_BYTES;
    while offset < bytes.len() && end.is_none_or(|end| survey.next_seq < end) {
        let expected = survey.next_seq;
        let reason = match Record::read(&bytes[offset..]) {
            Ok((record, length)) if record.numbers.seq == expected => {
                survey.records.push(Found {
                    seq: expected,
                    bytes: offset..offset + length,
                    record,
                });
                survey.next_seq += 1;
                offset += length;
                continue;
            }
            Ok(_) => "a record of another place is here",
            Err(reason) => reason,
        };
        let resumed = resume(bytes, offset, expected, end);
        let (next_offset, next_seq) = resumed.unwrap_or((bytes.len(), end.unwrap_or(expected)));
        survey.holes.push(Hole {
            bytes: offset..next_offset,
            records: expected..next_seq,
            reason,
        });
        (offset, survey.next_seq) = (next_offset, next_seq);
    }
    match end {
        Some(end) if survey.next_seq < end => survey.holes.push(Hole {
            bytes: bytes.len()..bytes.len(),
            records: survey.next_seq..end,
            reason: "the file ends too early",
        }),
        Some(_) => {}
        None => survey.leave_out_unfinished(bytes.len()),
    }
    survey.next_seq = end.unwrap_or(survey.next_seq);
    Ok(survey)
}

impl Survey<'_> {
    /// The first number of the last group that was written together, and where it is; empty without
    /// records.
    pub(super) fn last_group(&self) -> (u64, Range<usize>) {
        let nothing = (self.next_seq, 0..0);
        let Some(last) = self.records.last() else {
            return nothing;
        };
        let first_seq = last.seq.saturating_sub(last.record.numbers.place.into());
        let first = self.records.iter().find(|found| found.seq >= first_seq);
        first.map_or(nothing, |first| {
            (first.seq, first.bytes.start..last.bytes.end)
        })
    }

    /// A hole in the last group, or behind it, is a write that a crash interrupted: the group was never acknowledged.
    /// The numbers from there on will be given again, so nothing of what follows may be applied.
    fn leave_out_unfinished(&mut self, file_bytes: usize) {
        let group_start = self.records.last().map_or(0, |last| {
            let place = last.record.numbers.place;
            last.seq.saturating_sub(place.into())
        });
        let Some(cut) = self
            .holes
            .iter()
            .position(|hole| hole.records.start >= group_start)
        else {
            return;
        };
        let hole = self.holes[cut].clone();
        self.unfinished_bytes = file_bytes - hole.bytes.start;
        self.holes.truncate(cut);
        self.records.retain(|found| found.seq < hole.records.start);
        self.next_seq = hole.records.start;
    }
}

/// A damaged head costs nothing: the name says which record comes first, and each record says its own number.
fn check_version(bytes: &[u8]) -> Result<(), StoreError> {
    let known = FILE_MAGIC[7];
    match bytes.first_chunk::<8>() {
        Some(magic) if magic[..7] == FILE_MAGIC[..7] && magic[7] > known => {
            Err(StoreError::NewerLog {
                found: magic[7],
                known,
            })
        }
        _ => Ok(()),
    }
}

/// Where the next whole record after the damage at `offset` begins, and its number.
fn resume(bytes: &[u8], offset: usize, expected: u64, end: Option<u64>) -> Option<(usize, u64)> {
    let fits = |place: usize, seq: u64| {
        let missing = seq.checked_sub(expected);
        let room = ((place - offset) / HEAD_BYTES) as u64;
        missing.is_some_and(|missing| missing <= room) && end.is_none_or(|end| seq < end)
    };
    let record_at = |place: usize| {
        let seq = Numbers::read(bytes.get(place..)?)?.seq;
        let here = fits(place, seq) && Record::read(&bytes[place..]).is_ok();
        here.then_some((place, seq))
    };
    // Mostly the damage is inside a payload, and the next record is where it should be.
    let announced = bytes
        .get(offset..)
        .and_then(<[u8]>::first_chunk::<4>)
        .and_then(|length| {
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            offset.checked_add(HEAD_BYTES + length)
        });
    if let Some(found) = announced.and_then(|place| bytes.get(place..).and(record_at(place))) {
        return Some(found);
    }
    (offset + 1..bytes.len()).find_map(record_at)
}

#[cfg(test)]
mod tests {
    use fanlight_model::{Batch, UnixNanos};

    use super::*;
    use crate::log::encode_batch;

    /// A file with groups of these sizes, and where each record begins.
    fn file(first_seq: u64, groups: &[u16]) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = FILE_MAGIC.to_vec();
        bytes.extend_from_slice(&first_seq.to_le_bytes());
        let mut places = Vec::new();
        let mut seq = first_seq;
        for group in groups {
            for place in 0..*group {
                places.push(bytes.len());
                let batch = Batch {
                    received_at: UnixNanos(seq),
                    ..Batch::default()
                };
                let numbers = Numbers { seq, place };
                encode_batch(&batch).unwrap().frame(numbers, &mut bytes);
                seq += 1;
            }
        }
        (bytes, places)
    }

    fn seqs(survey: &Survey<'_>) -> Vec<u64> {
        for found in &survey.records {
            assert_eq!(found.record.batch().unwrap().received_at.0, found.seq);
        }
        survey.records.iter().map(|found| found.seq).collect()
    }

    #[test]
    fn damage_in_the_middle_costs_the_records_it_hits() {
        let (bytes, places) = file(5, &[1, 1, 2, 1]);
        for place in places[1]..places[3] {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0xff;
            let survey = survey(&damaged, 5, None).unwrap();
            let hit = if place < places[2] { 6 } else { 7 };
            let left: Vec<u64> = (5..10).filter(|seq| *seq != hit).collect();
            assert_eq!(seqs(&survey), left, "byte {place}");
            assert_eq!(survey.holes.len(), 1);
            assert_eq!(survey.holes[0].records, hit..hit + 1);
            assert_eq!((survey.next_seq, survey.unfinished_bytes), (10, 0));
        }
    }

    #[test]
    fn a_last_group_with_a_hole_was_never_acknowledged() {
        let (bytes, places) = file(0, &[1, 3]);
        let mut damaged = bytes.clone();
        damaged[places[2] + 20] ^= 1;
        let newest = survey(&damaged, 0, None).unwrap();
        assert_eq!(seqs(&newest), [0, 1]);
        assert_eq!((newest.next_seq, newest.holes.len()), (2, 0));
        assert_eq!(newest.unfinished_bytes, bytes.len() - places[2]);
        // Once a later file has taken over from record 2, nothing is wrong here at all.
        let older = survey(&damaged, 0, Some(2)).unwrap();
        assert_eq!((seqs(&older), older.holes.len()), (vec![0, 1], 0));
        // If it took over later, the group was acknowledged.
        let older = survey(&damaged, 0, Some(4)).unwrap();
        assert_eq!(seqs(&older), [0, 1, 3]);
        assert_eq!(older.holes[0].records, 2..3);
    }

    #[test]
    fn a_cut_at_any_byte_leaves_the_whole_records_before_it() {
        let (bytes, places) = file(0, &[1, 1, 2]);
        for kept in 0..bytes.len() {
            let whole = places[1..].iter().filter(|place| **place <= kept).count() as u64;
            let newest = survey(&bytes[..kept], 0, None).unwrap();
            assert_eq!(newest.next_seq, whole);
            assert_eq!(seqs(&newest), (0..whole).collect::<Vec<_>>());
            let older = survey(&bytes[..kept], 0, Some(4)).unwrap();
            assert_eq!(older.holes.last().unwrap().records.end, 4);
        }
    }

    #[test]
    fn a_damaged_head_costs_nothing_and_a_newer_one_is_refused() {
        let (mut bytes, _) = file(3, &[2]);
        bytes[0] = 0;
        assert_eq!(seqs(&survey(&bytes, 3, None).unwrap()), [3, 4]);
        bytes[..8].copy_from_slice(b"FANLOG\0\x09");
        assert!(matches!(
            survey(&bytes, 3, None),
            Err(StoreError::NewerLog { found: 9, known: 2 })
        ));
    }
}
