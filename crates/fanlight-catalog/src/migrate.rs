//! Brings the schema up to date: numbered files, forward only, each applied once and whole.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;

use crate::database::begin_write;
use crate::error::Attempt;
use crate::{CatalogError, Result};

/// The text of migration `n + 1` is at place `n`. Released files never change.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_initial.sql"),
    include_str!("../migrations/0002_edited_traces.sql"),
    include_str!("../migrations/0003_prices.sql"),
];

/// Applies what is missing in one transaction: another process sees the old schema or the new one.
pub(crate) async fn migrate(writer: &SqlitePool) -> Result<()> {
    let mut tx = begin_write(writer).await?;
    sqlx::query(include_str!("../sql/schema_version/create_table.sql"))
        .execute(&mut *tx)
        .await
        .attempt("create the table of schema versions")?;
    let found = current_version(&mut tx).await?;
    let known = version_number(MIGRATIONS.len());
    if found > known {
        return Err(CatalogError::SchemaTooNew { found, known });
    }
    let applied = usize::try_from(found).unwrap_or_default();
    for (place, text) in MIGRATIONS.iter().enumerate().skip(applied) {
        sqlx::raw_sql(*text)
            .execute(&mut *tx)
            .await
            .attempt("apply a schema migration")?;
        record_version(&mut tx, version_number(place + 1)).await?;
        tracing::info!(
            schema.version = place + 1,
            "catalog schema is now version {}",
            place + 1
        );
    }
    tx.commit().await.attempt("commit schema migrations")
}

fn version_number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

async fn current_version(connection: &mut SqliteConnection) -> Result<i64> {
    sqlx::query_scalar(include_str!("../sql/schema_version/current.sql"))
        .fetch_one(connection)
        .await
        .attempt("read the schema version")
}

async fn record_version(connection: &mut SqliteConnection, version: i64) -> Result<()> {
    sqlx::query(include_str!("../sql/schema_version/insert.sql"))
        .bind(version)
        .execute(connection)
        .await
        .attempt("record the schema version")?;
    Ok(())
}
