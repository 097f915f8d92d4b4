//! Price tables of workspaces, and which workspaces are being priced again.

use fanlight_model::WorkspaceId;

use crate::database::from_sql;
use crate::error::Attempt;
use crate::{Catalog, CatalogError, Result};

impl Catalog {
    /// Each workspace that has a table, with its text.
    pub async fn load_price_tables(&self) -> Result<Vec<(WorkspaceId, String)>> {
        let mut tx = self.database().read().await?;
        let rows: Vec<(i64, String)> =
            sqlx::query_as(include_str!("../sql/price_tables/select_all.sql"))
                .fetch_all(&mut *tx)
                .await
                .attempt("read the price tables")?;
        rows.into_iter()
            .map(|(workspace, sheet)| Ok((workspace_of(workspace)?, sheet)))
            .collect()
    }

    /// Keeps `sheet` as the table of `workspace`, in place of the one it had.
    pub async fn put_price_table(&self, workspace: WorkspaceId, sheet: &str) -> Result<()> {
        let mut tx = self.database().write().await?;
        sqlx::query(include_str!("../sql/price_tables/put.sql"))
            .bind(i64::from(workspace.0))
            .bind(sheet)
            .execute(&mut *tx)
            .await
            .attempt("keep a price table")?;
        tx.commit().await.attempt("commit a price table")
    }

    /// Answers whether there was one.
    pub async fn delete_price_table(&self, workspace: WorkspaceId) -> Result<bool> {
        let mut tx = self.database().write().await?;
        let done = sqlx::query(include_str!("../sql/price_tables/delete.sql"))
            .bind(i64::from(workspace.0))
            .execute(&mut *tx)
            .await
            .attempt("delete a price table")?;
        tx.commit()
            .await
            .attempt("commit the end of a price table")?;
        Ok(done.rows_affected() > 0)
    }

    /// Workspaces whose traces were to be priced again and are not all yet.
    pub async fn load_repricings(&self) -> Result<Vec<WorkspaceId>> {
        let mut tx = self.database().read().await?;
        let rows: Vec<i64> = sqlx::query_scalar(include_str!("../sql/repricings/select_all.sql"))
            .fetch_all(&mut *tx)
            .await
            .attempt("read the repricings")?;
        rows.into_iter().map(workspace_of).collect()
    }

    pub async fn begin_repricing(&self, workspace: WorkspaceId) -> Result<()> {
        self.change_repricing(include_str!("../sql/repricings/put.sql"), workspace)
            .await
    }

    pub async fn end_repricing(&self, workspace: WorkspaceId) -> Result<()> {
        self.change_repricing(include_str!("../sql/repricings/delete.sql"), workspace)
            .await
    }

    async fn change_repricing(&self, sql: &'static str, workspace: WorkspaceId) -> Result<()> {
        let mut tx = self.database().write().await?;
        sqlx::query(sql)
            .bind(i64::from(workspace.0))
            .execute(&mut *tx)
            .await
            .attempt("note a repricing")?;
        tx.commit().await.attempt("commit the note of a repricing")
    }
}

fn workspace_of(stored: i64) -> Result<WorkspaceId, CatalogError> {
    let number = from_sql("workspace id", stored)?;
    Ok(WorkspaceId(u32::try_from(number).unwrap_or(u32::MAX)))
}
