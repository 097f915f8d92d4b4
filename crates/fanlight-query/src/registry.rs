//! The store's registry, kept in the catalog; edits come from the overlay.

use std::sync::Arc;

use fanlight_catalog::{Catalog, NewSegment, SegmentRow};
use fanlight_model::{SegmentId, TraceKey};
use fanlight_store::{Registered, Registry, RegistryError, RowEdits, Segment, SegmentEntry};
use roaring::RoaringBitmap;
use tokio::runtime::Handle;

use crate::overlay::Overlay;

/// Bridges the store's own threads to the asynchronous catalog.
#[derive(Debug)]
pub(crate) struct CatalogRegistry {
    pub(crate) catalog: Catalog,
    pub(crate) overlay: Arc<Overlay>,
    pub(crate) runtime: Handle,
}

impl Registry for CatalogRegistry {
    fn load(&self) -> Result<Registered, RegistryError> {
        self.runtime.block_on(async {
            let list = self.catalog.load_segments().await?;
            let segments = list.segments.into_iter().map(|row| SegmentEntry {
                id: row.id,
                meta_json: row.meta_json,
                log_seq: row.log_seq,
                dead: row.dead,
            });
            Ok(Registered {
                segments: segments.collect(),
                log_position: list.log_position,
                tombstones: self.catalog.load_tombstones().await?,
            })
        })
    }

    fn announce(
        &self,
        segment: &SegmentEntry,
        dead: &[(SegmentId, Vec<u8>)],
        log_position: u64,
    ) -> Result<(), RegistryError> {
        let segment = NewSegment {
            id: segment.id,
            meta_json: segment.meta_json.clone(),
            log_seq: segment.log_seq,
        };
        Ok(self
            .runtime
            .block_on(self.catalog.announce_segment(&segment, dead, log_position))?)
    }

    fn replace(
        &self,
        segment: Option<&SegmentEntry>,
        removed: &[SegmentId],
        folded: &[u64],
    ) -> Result<(), RegistryError> {
        let row = segment.map(|segment| SegmentRow {
            id: segment.id,
            meta_json: segment.meta_json.clone(),
            log_seq: segment.log_seq,
            dead: segment.dead.clone(),
        });
        let replaced = self.catalog.replace_segments(row.as_ref(), removed, folded);
        Ok(self.runtime.block_on(replaced)?)
    }

    fn edited_rows(&self, segment: &Arc<Segment>) -> RoaringBitmap {
        let edits = self.overlay.foldable(segment);
        edits.iter().map(|of| of.row).collect()
    }

    fn edits_of(&self, segment: &Arc<Segment>) -> Vec<RowEdits> {
        self.overlay.foldable(segment)
    }

    fn fold(&self, folded: &[(TraceKey, u64)], swap: &mut dyn FnMut()) {
        self.overlay.fold(folded, swap);
    }

    fn record_deletes(
        &self,
        tombstones: &[(TraceKey, u64)],
        dead: &[(SegmentId, Vec<u8>)],
    ) -> Result<(), RegistryError> {
        Ok(self
            .runtime
            .block_on(self.catalog.record_deletes(tombstones, dead))?)
    }

    fn prune_tombstones(&self, below: u64) -> Result<(), RegistryError> {
        Ok(self
            .runtime
            .block_on(self.catalog.prune_tombstones(below))?)
    }
}
