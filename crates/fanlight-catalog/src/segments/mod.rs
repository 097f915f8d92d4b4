//! The list of sealed segments, the log position and the tombstones of deleted traces.

mod rows;

use std::collections::BTreeMap;

use fanlight_model::{SegmentId, TraceKey};
use sqlx::SqliteConnection;

use crate::database::{from_sql, to_sql};
use crate::edits;
use crate::error::Attempt;
use crate::{Catalog, Result};

/// A segment that was just written and is to be known from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSegment {
    pub id: SegmentId,
    /// Figures for people; the catalog does not look inside.
    pub meta_json: String,
    /// The last log record the segment holds.
    pub log_seq: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRow {
    pub id: SegmentId,
    pub meta_json: String,
    pub log_seq: u64,
    /// Serialised bitmap of rows that no longer count; empty when all count.
    pub dead: Vec<u8>,
}

/// What the store needs to start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentList {
    /// In the order of their ids.
    pub segments: Vec<SegmentRow>,
    /// Log records before this one are wholly in segments.
    pub log_position: u64,
}

impl Catalog {
    /// Adds `segment` (replacing one of the same id), replaces the dead rows of others and moves the log position,
    /// all or nothing. Dead rows of segments that are gone are ignored.
    pub async fn announce_segment(
        &self,
        segment: &NewSegment,
        dead: &[(SegmentId, Vec<u8>)],
        log_position: u64,
    ) -> Result<()> {
        let mut tx = self.database().write().await?;
        rows::put(&mut tx, segment).await?;
        set_dead(&mut tx, dead).await?;
        rows::set_log_position(&mut tx, log_position).await?;
        tx.commit().await.attempt("commit a new segment")
    }

    pub async fn load_segments(&self) -> Result<SegmentList> {
        let mut tx = self.database().read().await?;
        let segments = rows::select_all(&mut tx).await?;
        Ok(SegmentList {
            segments,
            log_position: rows::log_position(&mut tx).await?,
        })
    }

    /// Adds `segment`, if there is one, with its dead rows, forgets those `removed`, and forgets the edits of each trace
    /// that still has one of the revisions `folded`: the segment keeps them. All or nothing; what is unknown is ignored,
    /// so that it may be repeated.
    pub async fn replace_segments(
        &self,
        segment: Option<&SegmentRow>,
        removed: &[SegmentId],
        folded: &[u64],
    ) -> Result<()> {
        let mut tx = self.database().write().await?;
        for id in removed {
            rows::delete(&mut tx, *id).await?;
        }
        if let Some(segment) = segment {
            let new = NewSegment {
                id: segment.id,
                meta_json: segment.meta_json.clone(),
                log_seq: segment.log_seq,
            };
            rows::put(&mut tx, &new).await?;
            rows::set_dead(&mut tx, segment.id, &segment.dead).await?;
        }
        edits::edited::forget(&mut tx, folded).await?;
        tx.commit().await.attempt("commit replaced segments")
    }

    /// Remembers that traces were deleted up to log record `seq`, forgets their edits, and replaces the dead rows of
    /// the segments they lived in, all or nothing. Of a trace deleted twice the later record counts.
    pub async fn record_deletes(
        &self,
        deletes: &[(TraceKey, u64)],
        dead: &[(SegmentId, Vec<u8>)],
    ) -> Result<()> {
        // In key order: the database then writes each of its pages once.
        let mut tombstones = BTreeMap::new();
        for (key, seq) in deletes {
            to_sql("log sequence number", *seq)?;
            let latest = tombstones.entry(*key).or_insert(*seq);
            *latest = (*latest).max(*seq);
        }
        let traces: Vec<_> = tombstones.keys().copied().collect();
        let mut tx = self.database().write().await?;
        rows::put_tombstones(&mut tx, &tombstones).await?;
        edits::rows::delete_all(&mut tx, &traces).await?;
        set_dead(&mut tx, dead).await?;
        tx.commit().await.attempt("commit deleted traces")
    }

    /// Deleted traces, each with the last log record that was deleted with it, in order of trace keys.
    pub async fn load_tombstones(&self) -> Result<Vec<(TraceKey, u64)>> {
        let stored = rows::select_tombstones(&mut *self.database().read().await?).await?;
        let tombstone = |(workspace, trace, seq): (i64, Vec<u8>, i64)| {
            Ok((
                edits::rows::trace_key(workspace, &trace)?,
                from_sql("log sequence number", seq)?,
            ))
        };
        stored.into_iter().map(tombstone).collect()
    }

    /// Forgets tombstones of records before `below_seq`.
    pub async fn prune_tombstones(&self, below_seq: u64) -> Result<()> {
        let below = to_sql("log sequence number", below_seq)?;
        let mut tx = self.database().write().await?;
        rows::prune_tombstones(&mut tx, below).await?;
        tx.commit().await.attempt("commit forgotten deletes")
    }
}

async fn set_dead(connection: &mut SqliteConnection, dead: &[(SegmentId, Vec<u8>)]) -> Result<()> {
    for (id, bitmap) in dead {
        rows::set_dead(connection, *id, bitmap).await?;
    }
    Ok(())
}
