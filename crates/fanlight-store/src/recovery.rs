//! Start-up: what the registry knows, minus what no crash should have left, plus the log.

use std::fs;
use std::path::Path;

use fanlight_model::{Clock, SegmentId, TraceKey};
use parking_lot::RwLock;
use roaring::RoaringBitmap;
use std::sync::Arc;

use crate::StoreError;
use crate::damage::{Damage, Part, Quarantine};
use crate::disk::Disk;
use crate::log::{self, LogFile};
use crate::registry::{Registered, Registry};
use crate::segment::{Segment, dir_of};
use crate::spill::Overflow;
use crate::state::{SegmentView, State};
use crate::writer::{Source, apply};

/// What start-up brought back.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) state: RwLock<State>,
    pub(crate) next_segment: u64,
    /// Records before this one are wholly in segments.
    pub(crate) log_position: u64,
    pub(crate) damage: Vec<Damage>,
    pub(crate) log_file: Option<LogFile>,
}

/// Where things are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Directories<'a> {
    pub(crate) log: &'a Path,
    pub(crate) segments: &'a Path,
    pub(crate) quarantine: &'a Path,
}

pub(crate) fn recover(
    disk: &dyn Disk,
    dirs: &Directories<'_>,
    registry: &dyn Registry,
    clock: &dyn Clock,
    overflow: &Overflow<'_>,
) -> Result<Recovered, StoreError> {
    let registered = registry.load().map_err(StoreError::Registry)?;
    remove_unknown(disk, dirs.segments, &registered)?;
    let next_segment = registered
        .segments
        .iter()
        .map(|segment| segment.id.0 + 1)
        .max()
        .unwrap_or(0);
    let quarantine = Quarantine::new(disk, dirs.quarantine);
    let mut damage = Vec::new();
    let state = open_segments(dirs.segments, &registered, &quarantine, &mut damage)?;
    let state = RwLock::new(state);
    let mut check_at = overflow.limit_bytes;
    let replay = log::replay(
        disk,
        dirs.log,
        &quarantine,
        registered.log_position,
        &mut |seq, record| {
            let batch = record.batch()?;
            apply(&state, batch, seq, clock.now(), Source::Replay);
            overflow.check(&state, &mut check_at);
            Ok(())
        },
    )?;
    let next_seq = replay.next_seq.max(first_free_seq(&registered));
    state.write().next_seq = next_seq;
    damage.extend(replay.damage);
    if replay.unfinished_bytes > 0 {
        tracing::warn!(
            size_bytes = replay.unfinished_bytes,
            "passed over an unfinished write at the end of the log"
        );
    }
    Ok(Recovered {
        state,
        next_segment,
        log_position: registered.log_position,
        damage,
        // A file ends where the next begins, so it cannot go on with later numbers.
        log_file: replay.file.filter(|_| replay.next_seq == next_seq),
    })
}

/// No record may get a number that a segment or a delete already covers, whatever became of the log.
fn first_free_seq(registered: &Registered) -> u64 {
    let in_segments = registered.segments.iter().map(|segment| segment.log_seq);
    let deleted = registered.tombstones.iter().map(|(_, seq)| *seq);
    let covered = in_segments.chain(deleted).max().map_or(0, |seq| seq + 1);
    covered.max(registered.log_position)
}

/// A crash between writing a segment and announcing it leaves files nobody knows; the log still has their content.
fn remove_unknown(
    disk: &dyn Disk,
    segments_dir: &Path,
    registered: &Registered,
) -> Result<(), StoreError> {
    for entry in fs::read_dir(segments_dir).map_err(StoreError::io("listing", segments_dir))? {
        let path = entry
            .map_err(StoreError::io("listing", segments_dir))?
            .path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let ours = name.ends_with(".unfinished")
            || name.len() == 16
                && u64::from_str_radix(&name, 16).is_ok_and(|id| !is_known(registered, id));
        if ours {
            tracing::info!(
                segment.id = name,
                "removing a segment that was never announced"
            );
            disk.remove_dir(&path)
                .map_err(StoreError::io("removing", &path))?;
        }
    }
    Ok(())
}

fn is_known(registered: &Registered, id: u64) -> bool {
    registered
        .segments
        .iter()
        .any(|segment| segment.id == SegmentId(id))
}

fn open_segments(
    segments_dir: &Path,
    registered: &Registered,
    quarantine: &Quarantine<'_>,
    damage: &mut Vec<Damage>,
) -> Result<State, StoreError> {
    let mut state = State {
        next_seq: registered.log_position,
        ..State::default()
    };
    state
        .tombstones
        .extend(registered.tombstones.iter().copied());
    for entry in &registered.segments {
        let opened = Segment::open(&dir_of(segments_dir, entry.id), entry.id, entry.log_seq);
        let segment = match opened {
            Ok(segment) => segment,
            Err(error) => {
                let reason =
                    format!("{error}; its traces are missing until its files are restored");
                damage.push(quarantine.note(Part::Segment, &note_name(entry.id), &reason));
                continue;
            }
        };
        let corrupt = |cause: std::io::Error| StoreError::CorruptSegment {
            segment: entry.id,
            reason: cause.to_string(),
        };
        let mut dead = if entry.dead.is_empty() {
            RoaringBitmap::new()
        } else {
            RoaringBitmap::deserialize_from(entry.dead.as_slice()).map_err(corrupt)?
        };
        // A trace deleted while this segment was being written.
        for (key, deleted_at) in &registered.tombstones {
            if *deleted_at >= entry.log_seq
                && let Some(row) = segment.rows().find(*key)
            {
                dead.insert(row);
            }
        }
        state
            .segments
            .push(Arc::new(SegmentView::new(Arc::new(segment), dead)));
    }
    state
        .segments
        .sort_by_key(|view| std::cmp::Reverse(view.segment.id()));
    hide_older_copies(&mut state, quarantine);
    Ok(state)
}

fn note_name(id: SegmentId) -> String {
    format!("segment-{id}")
}

/// While a segment was damaged, facts may have come for traces that it holds, and made them anew in later segments.
/// Now that it can be read again, those count.
fn hide_older_copies(state: &mut State, quarantine: &Quarantine<'_>) {
    for place in 1..state.segments.len() {
        let view = &state.segments[place];
        if !quarantine.knows(&note_name(view.segment.id())) {
            continue;
        }
        let newer = &state.segments[..place];
        let copies: RoaringBitmap = view
            .live()
            .into_iter()
            .filter(|row| {
                let key = view.segment.rows().key(*row);
                key.is_some_and(|key| {
                    let finds = |view: &Arc<SegmentView>| {
                        let row = view.segment.rows().find(key);
                        row.is_some_and(|row| view.is_live(row))
                    };
                    newer.iter().any(finds)
                })
            })
            .collect();
        Arc::make_mut(&mut state.segments[place]).shadowed |= copies;
    }
}

/// True unless record `seq` of the trace was deleted later or is in its segment already.
pub(crate) fn is_missing(state: &State, key: TraceKey, seq: u64) -> bool {
    if state
        .tombstones
        .get(&key)
        .is_some_and(|deleted_at| *deleted_at >= seq)
    {
        return false;
    }
    match state.find_sealed(key) {
        Some((segment, _)) => segment.log_seq() < seq,
        None => true,
    }
}
