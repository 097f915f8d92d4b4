//! What is kept at this moment: hot traces and segments, swapped together.

use std::sync::Arc;

use fanlight_model::{SegmentId, TraceKey};
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use crate::hot::HotTrace;
use crate::segment::Segment;

/// Guarded by one lock; every change keeps the invariant that a trace counts exactly once.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) hot: FxHashMap<TraceKey, Arc<HotTrace>>,
    pub(crate) hot_bytes: usize,
    /// Newest first.
    pub(crate) segments: Vec<Arc<SegmentView>>,
    /// Last deletes, with the last record each of them covers.
    pub(crate) tombstones: FxHashMap<TraceKey, u64>,
    /// The number the next record gets; everything before it is applied.
    pub(crate) next_seq: u64,
}

/// A segment and the rows of it that do not count.
#[derive(Clone, Debug)]
pub struct SegmentView {
    pub segment: Arc<Segment>,
    /// Deleted or replaced by a row of a later segment; registered.
    pub(crate) dead: RoaringBitmap,
    /// Taken over by a hot trace; holds only as long as this process.
    pub(crate) shadowed: RoaringBitmap,
    /// `dead` differs from what is registered.
    pub(crate) dirty: bool,
}

impl SegmentView {
    pub(crate) fn new(segment: Arc<Segment>, dead: RoaringBitmap) -> Self {
        Self {
            segment,
            dead,
            shadowed: RoaringBitmap::new(),
            dirty: false,
        }
    }

    /// Rows that count.
    pub fn live(&self) -> RoaringBitmap {
        let mut rows = RoaringBitmap::new();
        rows.insert_range(0..self.segment.row_count());
        rows - &self.dead - &self.shadowed
    }

    pub fn is_live(&self, row: u32) -> bool {
        !self.dead.contains(row) && !self.shadowed.contains(row)
    }

    pub(crate) fn serialized_dead(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.dead.serialized_size());
        self.dead
            .serialize_into(&mut bytes)
            .expect("writing to memory does not fail");
        bytes
    }
}

/// All traces as of one moment. Later writes do not show in it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// In no order.
    pub hot: Vec<Arc<HotTrace>>,
    /// Newest first.
    pub segments: Vec<Arc<SegmentView>>,
}

/// One trace, wherever it is.
#[derive(Clone, Debug)]
pub enum Found {
    Hot(Arc<HotTrace>),
    Sealed(Arc<Segment>, u32),
}

impl State {
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            hot: self.hot.values().cloned().collect(),
            segments: self.segments.clone(),
        }
    }

    pub(crate) fn find(&self, key: TraceKey) -> Option<Found> {
        if let Some(trace) = self.hot.get(&key) {
            return Some(Found::Hot(Arc::clone(trace)));
        }
        self.find_sealed(key)
            .map(|(segment, row)| Found::Sealed(segment, row))
    }

    pub(crate) fn find_sealed(&self, key: TraceKey) -> Option<(Arc<Segment>, u32)> {
        self.segments.iter().find_map(|view| {
            let row = view.segment.rows().find(key)?;
            view.is_live(row).then(|| (Arc::clone(&view.segment), row))
        })
    }

    pub(crate) fn view_mut(&mut self, id: SegmentId) -> Option<&mut SegmentView> {
        self.segments
            .iter_mut()
            .find(|view| view.segment.id() == id)
            .map(Arc::make_mut)
    }

    /// A hot trace has taken over this row.
    pub(crate) fn shadow(&mut self, (segment, row): (SegmentId, u32)) {
        if let Some(view) = self.view_mut(segment) {
            view.shadowed.insert(row);
        }
    }

    /// The row will not count again, also after a restart.
    pub(crate) fn kill(&mut self, (segment, row): (SegmentId, u32)) {
        if let Some(view) = self.view_mut(segment) {
            view.shadowed.remove(row);
            view.dead.insert(row);
            view.dirty = true;
        }
    }

    /// Call once `registered` is durable; rows that died meanwhile stay dirty.
    pub(crate) fn mark_registered(&mut self, registered: &[(SegmentId, Vec<u8>)]) {
        for (id, bytes) in registered {
            if let Some(view) = self.view_mut(*id) {
                view.dirty = view.serialized_dead() != *bytes;
            }
        }
    }
}
