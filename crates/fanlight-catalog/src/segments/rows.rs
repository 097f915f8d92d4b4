//! One function per statement on segments, the log position and tombstones.

use std::collections::BTreeMap;

use fanlight_model::{SegmentId, TraceKey};
use sqlx::SqliteConnection;

use super::{NewSegment, SegmentRow};
use crate::Result;
use crate::database::{BULK_VALUES, from_sql, to_sql};
use crate::edits::rows::stored_key;
use crate::error::Attempt;
use crate::filter::sql::Sql;

pub(super) async fn put(connection: &mut SqliteConnection, segment: &NewSegment) -> Result<()> {
    sqlx::query(include_str!("../../sql/segments/put.sql"))
        .bind(to_sql("segment id", segment.id.0)?)
        .bind(&segment.meta_json)
        .bind(to_sql("log sequence number", segment.log_seq)?)
        .bind(Vec::<u8>::new())
        .execute(connection)
        .await
        .attempt("announce a segment")?;
    Ok(())
}

pub(super) async fn set_dead(
    connection: &mut SqliteConnection,
    id: SegmentId,
    dead: &[u8],
) -> Result<()> {
    sqlx::query(include_str!("../../sql/segments/set_dead.sql"))
        .bind(to_sql("segment id", id.0)?)
        .bind(dead)
        .execute(connection)
        .await
        .attempt("set the dead rows of a segment")?;
    Ok(())
}

pub(super) async fn delete(connection: &mut SqliteConnection, id: SegmentId) -> Result<()> {
    sqlx::query(include_str!("../../sql/segments/delete.sql"))
        .bind(to_sql("segment id", id.0)?)
        .execute(connection)
        .await
        .attempt("drop a segment")?;
    Ok(())
}

pub(super) async fn select_all(connection: &mut SqliteConnection) -> Result<Vec<SegmentRow>> {
    let rows: Vec<(i64, String, i64, Vec<u8>)> =
        sqlx::query_as(include_str!("../../sql/segments/select_all.sql"))
            .fetch_all(connection)
            .await
            .attempt("read the segments")?;
    let segment = |(id, meta_json, log_seq, dead)| {
        let id = SegmentId(from_sql("segment id", id)?);
        Ok(SegmentRow {
            id,
            meta_json,
            log_seq: from_sql("log sequence number", log_seq)?,
            dead,
        })
    };
    rows.into_iter().map(segment).collect()
}

pub(super) async fn set_log_position(
    connection: &mut SqliteConnection,
    position: u64,
) -> Result<()> {
    sqlx::query(include_str!("../../sql/log_position/set.sql"))
        .bind(to_sql("log position", position)?)
        .execute(connection)
        .await
        .attempt("move the log position")?;
    Ok(())
}

pub(super) async fn log_position(connection: &mut SqliteConnection) -> Result<u64> {
    let position = sqlx::query_scalar(include_str!("../../sql/log_position/select.sql"))
        .fetch_one(connection)
        .await
        .attempt("read the log position")?;
    from_sql("log position", position)
}

/// Many rows per statement: one statement each would take minutes for a large delete.
pub(super) async fn put_tombstones(
    connection: &mut SqliteConnection,
    tombstones: &BTreeMap<TraceKey, u64>,
) -> Result<()> {
    let rows: Vec<_> = tombstones.iter().collect();
    for chunk in rows.chunks(BULK_VALUES / 3) {
        let mut sql = Sql::new(include_str!("../../sql/tombstones/put_many_start.sql"));
        sql.push_values(chunk, |mut row, (key, seq)| {
            let (workspace, trace) = stored_key(**key);
            // Checked by `record_deletes`.
            let seq = i64::try_from(**seq).unwrap_or(i64::MAX);
            row.push_bind(workspace).push_bind(trace).push_bind(seq);
        });
        sql.push(include_str!("../../sql/tombstones/put_many_end.sql"));
        sql.build()
            .persistent(false)
            .execute(&mut *connection)
            .await
            .attempt("record deleted traces")?;
    }
    Ok(())
}

pub(super) async fn select_tombstones(
    connection: &mut SqliteConnection,
) -> Result<Vec<(i64, Vec<u8>, i64)>> {
    sqlx::query_as(include_str!("../../sql/tombstones/select_all.sql"))
        .fetch_all(connection)
        .await
        .attempt("read the deleted traces")
}

pub(super) async fn prune_tombstones(connection: &mut SqliteConnection, below: i64) -> Result<()> {
    sqlx::query(include_str!("../../sql/tombstones/prune.sql"))
        .bind(below)
        .execute(connection)
        .await
        .attempt("forget deleted traces")?;
    Ok(())
}
