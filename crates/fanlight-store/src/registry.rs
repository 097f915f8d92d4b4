//! What the store needs remembered transactionally: the list of segments, and deletes; and where it gets the edits from
//! that become part of segments.

use std::collections::BTreeMap;
use std::sync::Arc;

use fanlight_model::{SegmentId, TraceEdits, TraceKey};
use parking_lot::Mutex;
use roaring::RoaringBitmap;

use crate::Segment;

pub type RegistryError = Box<dyn std::error::Error + Send + Sync>;

/// A segment as the registry knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentEntry {
    pub id: SegmentId,
    /// Figures for people: rows, spans, bytes, time range. JSON.
    pub meta_json: String,
    /// Each trace of the segment holds everything the log said of it up to and including this record.
    pub log_seq: u64,
    /// Serialised Roaring bitmap of rows that no longer count.
    pub dead: Vec<u8>,
}

/// All that is registered.
#[derive(Clone, Debug, Default)]
pub struct Registered {
    pub segments: Vec<SegmentEntry>,
    /// Records before this one are wholly in segments.
    pub log_position: u64,
    /// Deleted traces, with the last record that was deleted with them.
    pub tombstones: Vec<(TraceKey, u64)>,
}

/// All that is said about the trace of a row, as of one moment.
#[derive(Clone, Debug)]
pub struct RowEdits {
    pub row: u32,
    /// Names this state of this trace's edits; no other state of any trace ever has the same.
    pub revision: u64,
    pub edits: Arc<TraceEdits>,
}

/// Remembers segments and deletes, and knows the edits that no segment has. A call that can fail is one transaction:
/// durable when it returns, without effect when it fails. Calls come from the store's own threads and may block.
///
/// Where there are edits of a trace they are all there is to say about it: what its row or its trace in memory keeps
/// ([`StoredTrace::edits`](crate::StoredTrace::edits)) does not count beside them.
pub trait Registry: Send + Sync + std::fmt::Debug {
    fn load(&self) -> Result<Registered, RegistryError>;

    /// Adds `segment`, replaces the dead rows of others, moves the log position.
    fn announce(
        &self,
        segment: &SegmentEntry,
        dead: &[(SegmentId, Vec<u8>)],
        log_position: u64,
    ) -> Result<(), RegistryError>;

    /// Adds `segment`, with its dead rows, forgets the segments `removed`, and forgets the edits of each trace that still
    /// has one of the revisions `folded`. Repeating it is harmless.
    fn replace(
        &self,
        segment: Option<&SegmentEntry>,
        removed: &[SegmentId],
        folded: &[u64],
    ) -> Result<(), RegistryError>;

    /// The rows of `segment` that have edits which they can take over.
    fn edited_rows(&self, _segment: &Arc<Segment>) -> RoaringBitmap {
        RoaringBitmap::new()
    }

    /// Those edits, in the order of rows.
    fn edits_of(&self, _segment: &Arc<Segment>) -> Vec<RowEdits> {
        Vec::new()
    }

    /// Calls `swap`, which lets rows with edits take the place of rows without, in the moment in which readers lose
    /// sight of those edits, as far as they still have the revision. Nobody ever sees the one without the other.
    fn fold(&self, _folded: &[(TraceKey, u64)], swap: &mut dyn FnMut()) {
        swap();
    }

    /// Remembers deleted traces (and forgets their edits), replaces the dead rows of the segments they lived in.
    fn record_deletes(
        &self,
        tombstones: &[(TraceKey, u64)],
        dead: &[(SegmentId, Vec<u8>)],
    ) -> Result<(), RegistryError>;

    /// Forgets tombstones of records before `seq`, which no log file holds any more.
    fn prune_tombstones(&self, below: u64) -> Result<(), RegistryError>;
}

/// A registry for tests: remembers as long as it lives.
#[derive(Debug, Default)]
pub struct MemoryRegistry(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    segments: BTreeMap<SegmentId, SegmentEntry>,
    log_position: u64,
    tombstones: BTreeMap<TraceKey, u64>,
}

impl Inner {
    fn set_dead(&mut self, dead: &[(SegmentId, Vec<u8>)]) {
        for (id, rows) in dead {
            if let Some(segment) = self.segments.get_mut(id) {
                segment.dead.clone_from(rows);
            }
        }
    }
}

impl Registry for MemoryRegistry {
    fn load(&self) -> Result<Registered, RegistryError> {
        let inner = self.0.lock();
        Ok(Registered {
            segments: inner.segments.values().cloned().collect(),
            log_position: inner.log_position,
            tombstones: inner
                .tombstones
                .iter()
                .map(|(key, seq)| (*key, *seq))
                .collect(),
        })
    }

    fn announce(
        &self,
        segment: &SegmentEntry,
        dead: &[(SegmentId, Vec<u8>)],
        log_position: u64,
    ) -> Result<(), RegistryError> {
        let mut inner = self.0.lock();
        inner.segments.insert(segment.id, segment.clone());
        inner.set_dead(dead);
        inner.log_position = log_position;
        Ok(())
    }

    fn replace(
        &self,
        segment: Option<&SegmentEntry>,
        removed: &[SegmentId],
        _folded: &[u64],
    ) -> Result<(), RegistryError> {
        let mut inner = self.0.lock();
        inner.segments.retain(|id, _| !removed.contains(id));
        inner
            .segments
            .extend(segment.map(|segment| (segment.id, segment.clone())));
        Ok(())
    }

    fn record_deletes(
        &self,
        tombstones: &[(TraceKey, u64)],
        dead: &[(SegmentId, Vec<u8>)],
    ) -> Result<(), RegistryError> {
        let mut inner = self.0.lock();
        inner.tombstones.extend(tombstones.iter().copied());
        inner.set_dead(dead);
        Ok(())
    }

    fn prune_tombstones(&self, below: u64) -> Result<(), RegistryError> {
        self.0.lock().tombstones.retain(|_, seq| *seq >= below);
        Ok(())
    }
}
