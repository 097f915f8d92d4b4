//! `rows.idx`: trace id to row, and the numbers of each row that searches compare.
//!
//! Body, little-endian: row count (u32), table size (u32), number of parts (u32), then columns of one value per row:
//! trace id (16 bytes), workspace (u32), experiment (u64), start (u64 ns), duration (u64 ns, all ones = unknown), the
//! part whose `spans.parquet` has its spans (u32), the first of them there (u32), how many there are (u32), then the
//! hash table (u32 per slot: row + 1, 0 = free; linear probing).

use std::io;
use std::ops::Range;
use std::path::Path;

use fanlight_model::{ExperimentId, Nanos, TraceId, TraceKey, UnixNanos, WorkspaceId};

use super::file::{self, Column};
use crate::disk::DiskFile;

const MAGIC: [u8; 8] = *b"FANROWS\x01";
const UNKNOWN: u64 = u64::MAX;

/// One row, to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) key: TraceKey,
    pub(super) experiment: ExperimentId,
    pub(super) start: UnixNanos,
    pub(super) duration: Option<Nanos>,
    pub(super) spans: SpanPlace,
}

/// Where the spans of a trace are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SpanPlace {
    pub(super) part: u32,
    pub(super) first: u32,
    pub(super) count: u32,
}

impl SpanPlace {
    pub(super) fn range(self) -> Range<usize> {
        let first = self.first as usize;
        first..first + self.count as usize
    }
}

/// The open index.
#[derive(Debug)]
pub struct Rows {
    trace_ids: Column<16>,
    workspaces: Column<4>,
    experiments: Column<8>,
    starts: Column<8>,
    durations: Column<8>,
    parts: Column<4>,
    first_spans: Column<4>,
    span_counts: Column<4>,
    part_count: u32,
    table: Column<4>,
}

/// Spreads ids that differ in few bits over the table. Part of the file format.
fn hash(key: TraceKey) -> u64 {
    let bytes = key.trace.to_bytes();
    let (high, low) = bytes.split_at(8);
    let word = |half: &[u8]| u64::from_be_bytes(half.try_into().expect("half of sixteen bytes"));
    let mut mixed = word(high) ^ word(low).rotate_left(32) ^ u64::from(key.workspace.0);
    // The finaliser of SplitMix64.
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

pub(super) fn write(file: Box<dyn DiskFile>, rows: &[Row], parts: u32) -> io::Result<()> {
    let count = u32::try_from(rows.len()).map_err(io::Error::other)?;
    // Half full: a look-up of an absent id, which every new trace makes, mostly ends at the first slot.
    let slots = (rows.len() * 2).next_power_of_two().max(2);
    let mut body = Vec::with_capacity(rows.len() * 56 + slots * 4);
    body.extend_from_slice(&count.to_le_bytes());
    body.extend_from_slice(
        &u32::try_from(slots)
            .map_err(io::Error::other)?
            .to_le_bytes(),
    );
    body.extend_from_slice(&parts.to_le_bytes());
    for row in rows {
        body.extend_from_slice(&row.key.trace.to_bytes());
    }
    for row in rows {
        body.extend_from_slice(&row.key.workspace.0.to_le_bytes());
    }
    for row in rows {
        body.extend_from_slice(&row.experiment.0.to_le_bytes());
    }
    for row in rows {
        body.extend_from_slice(&row.start.0.to_le_bytes());
    }
    for row in rows {
        body.extend_from_slice(
            &row.duration
                .map_or(UNKNOWN, |duration| duration.0)
                .to_le_bytes(),
        );
    }
    let part: fn(&SpanPlace) -> u32 = |spans| spans.part;
    for of in [part, |spans| spans.first, |spans| spans.count] {
        for row in rows {
            body.extend_from_slice(&of(&row.spans).to_le_bytes());
        }
    }

    let mut table = vec![0_u32; slots];
    for (number, row) in (1_u32..).zip(rows) {
        let mut slot = slot_of(hash(row.key), slots);
        while table[slot] != 0 {
            slot = (slot + 1) % slots;
        }
        table[slot] = number;
    }
    for row in &table {
        body.extend_from_slice(&row.to_le_bytes());
    }
    file::write(file, MAGIC, &body)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the remainder is below the slot count"
)]
fn slot_of(hash: u64, slots: usize) -> usize {
    (hash % slots as u64) as usize
}

impl Rows {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let mut body = file::open(path, MAGIC)?;
        let head = Column::<4>::take(&mut body, 3)?;
        let (count, slots) = (head.get(0) as usize, head.get(1) as usize);
        let rows = Self {
            trace_ids: Column::take(&mut body, count)?,
            workspaces: Column::take(&mut body, count)?,
            experiments: Column::take(&mut body, count)?,
            starts: Column::take(&mut body, count)?,
            durations: Column::take(&mut body, count)?,
            parts: Column::take(&mut body, count)?,
            first_spans: Column::take(&mut body, count)?,
            span_counts: Column::take(&mut body, count)?,
            part_count: head.get(2),
            table: Column::take(&mut body, slots)?,
        };
        if slots > count {
            Ok(rows)
        } else {
            Err("rows.idx has no free slot".to_owned())
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the count was written as u32"
    )]
    pub fn len(&self) -> u32 {
        self.workspaces.len() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row of a trace, dead or alive.
    pub fn find(&self, key: TraceKey) -> Option<u32> {
        let slots = self.table.len();
        let wanted = key.trace.to_bytes();
        let mut slot = slot_of(hash(key), slots);
        // A damaged table cannot make this run forever: it is left after one round.
        for _ in 0..slots {
            let row = self.table.get(slot).checked_sub(1)?;
            if row < self.len()
                && self.trace_ids.bytes(row as usize) == wanted
                && self.workspace(row) == key.workspace
            {
                return Some(row);
            }
            slot = (slot + 1) % slots;
        }
        None
    }

    pub fn workspace(&self, row: u32) -> WorkspaceId {
        WorkspaceId(self.workspaces.get(row as usize))
    }

    /// `None` only when the file is damaged: ids are never all zero.
    pub fn key(&self, row: u32) -> Option<TraceKey> {
        let trace = TraceId::from_bytes(self.trace_ids.bytes(row as usize))?;
        Some(TraceKey {
            workspace: self.workspace(row),
            trace,
        })
    }

    pub fn experiment(&self, row: u32) -> ExperimentId {
        ExperimentId(self.experiments.get(row as usize))
    }

    pub fn start(&self, row: u32) -> UnixNanos {
        UnixNanos(self.starts.get(row as usize))
    }

    pub fn duration(&self, row: u32) -> Option<Nanos> {
        Some(self.durations.get(row as usize))
            .filter(|duration| *duration != UNKNOWN)
            .map(Nanos)
    }

    pub(super) fn spans(&self, row: u32) -> SpanPlace {
        let row = row as usize;
        SpanPlace {
            part: self.parts.get(row),
            first: self.first_spans.get(row),
            count: self.span_counts.get(row),
        }
    }

    pub fn span_count(&self, row: u32) -> u32 {
        self.spans(row).count
    }

    /// How many pairs of span and text files the segment has.
    pub(super) fn part_count(&self) -> u32 {
        self.part_count
    }

    /// The first row that started before `instant`: rows are newest first.
    pub fn first_before(&self, instant: UnixNanos) -> u32 {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.start(middle) >= instant {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(path: &Path) -> Box<dyn DiskFile> {
        Box::new(std::fs::File::create(path).unwrap())
    }

    fn row(number: u64) -> Row {
        let trace = TraceId::from_bytes(u128::from(number).to_be_bytes()).unwrap();
        Row {
            key: TraceKey {
                workspace: WorkspaceId(u32::from(number == 3)),
                trace,
            },
            experiment: ExperimentId(number),
            start: UnixNanos(1000 - number),
            duration: (number != 2).then_some(Nanos(number)),
            spans: SpanPlace {
                part: 0,
                first: 7,
                count: 2,
            },
        }
    }

    #[test]
    fn rows_are_found_by_key_and_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.idx");
        let written: Vec<_> = (1..=300).map(row).collect();
        write(created(&path), &written, 1).unwrap();
        let rows = Rows::open(&path).unwrap();
        for (number, row) in (0..).zip(&written) {
            assert_eq!(rows.find(row.key), Some(number));
            assert_eq!(
                (rows.key(number), rows.start(number)),
                (Some(row.key), row.start)
            );
            assert_eq!(
                (rows.experiment(number), rows.duration(number)),
                (row.experiment, row.duration)
            );
        }
        assert_eq!(rows.spans(1).range(), 7..9);
        assert_eq!(rows.first_before(UnixNanos(998)), 2);
        let elsewhere = TraceKey {
            workspace: WorkspaceId(7),
            ..written[0].key
        };
        assert_eq!(rows.find(elsewhere), None);
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.idx");
        write(created(&path), &[row(1)], 1).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[40] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(
            Rows::open(&path).unwrap_err(),
            "rows.idx does not match its checksum"
        );
    }
}
