//! Start-up: what the registry knows, minus what no crash should have left, plus the log.

use std::fs;
use std::path::Path;

use fanlight_model::{Clock, SegmentId, TraceKey};
use parking_lot::RwLock;
use roaring::RoaringBitmap;
use std::sync::Arc;

use crate::StoreError;
use crate::log::{self, Replay};
use crate::registry::{Registered, Registry};
use crate::segment::{Segment, dir_of};
use crate::state::{SegmentView, State};
use crate::writer::{Source, apply};

/// What start-up brought back.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) state: RwLock<State>,
    pub(crate) next_segment: u64,
    /// Records before this one are wholly in segments.
    pub(crate) log_position: u64,
}

pub(crate) fn recover(
    log_dir: &Path,
    segments_dir: &Path,
    registry: &dyn Registry,
    clock: &dyn Clock,
) -> Result<Recovered, StoreError> {
    let registered = registry.load().map_err(StoreError::Registry)?;
    remove_unknown(segments_dir, &registered)?;
    let next_segment = registered
        .segments
        .iter()
        .map(|segment| segment.id.0 + 1)
        .max()
        .unwrap_or(0);
    let state = RwLock::new(open_segments(segments_dir, &registered)?);
    let replay = replay_log(log_dir, registered.log_position, &state, clock)?;
    let mut inner = state.write();
    inner.next_seq = inner
        .next_seq
        .max(replay.next_seq)
        .max(registered.log_position);
    if replay.cut_bytes > 0 {
        tracing::warn!(
            size_bytes = replay.cut_bytes,
            "cut an unfinished write off the end of the log"
        );
    }
    drop(inner);
    Ok(Recovered {
        state,
        next_segment,
        log_position: registered.log_position,
    })
}

/// A crash between writing a segment and announcing it leaves files nobody knows; the log still has their content.
fn remove_unknown(segments_dir: &Path, registered: &Registered) -> Result<(), StoreError> {
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
            fs::remove_dir_all(&path).map_err(StoreError::io("removing", &path))?;
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

fn open_segments(segments_dir: &Path, registered: &Registered) -> Result<State, StoreError> {
    let mut state = State {
        next_seq: registered.log_position,
        ..State::default()
    };
    state
        .tombstones
        .extend(registered.tombstones.iter().copied());
    for entry in &registered.segments {
        let segment = Segment::open(&dir_of(segments_dir, entry.id), entry.id, entry.log_seq)?;
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
    Ok(state)
}

fn replay_log(
    log_dir: &Path,
    position: u64,
    state: &RwLock<State>,
    clock: &dyn Clock,
) -> Result<Replay, StoreError> {
    log::replay(log_dir, position, &mut |seq, record| {
        let batch = record.batch()?;
        apply(state, batch, seq, clock.now(), Source::Replay);
        Ok(())
    })
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
