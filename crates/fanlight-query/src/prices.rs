//! Which price tables count in which workspace, and the price of everything that arrives.

use std::sync::Arc;

use fanlight_catalog::Catalog;
use fanlight_model::{Batch, WorkspaceId};
use fanlight_normalize::{PriceSheet, PriceTable, Prices};
use parking_lot::Mutex;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::{RwLock, RwLockReadGuard};

use crate::{Engine, QueryError, Repricing};

/// The name of a workspace's own table in derivations.
const OF_WORKSPACE: &str = "workspace";

/// All tables but the built-in one.
#[derive(Debug)]
pub(crate) struct PriceBook {
    /// Of the settings, for all workspaces.
    file: Option<Arc<PriceTable>>,
    /// Read as long as a batch is on its way, so that no change comes between its prices and its place in the store.
    workspaces: RwLock<FxHashMap<WorkspaceId, Arc<PriceTable>>>,
    pub(crate) repricings: Mutex<FxHashMap<WorkspaceId, Repricing>>,
    /// Asked for once more while under way.
    pub(crate) again: Mutex<FxHashSet<WorkspaceId>>,
}

impl PriceBook {
    pub(crate) async fn load(
        catalog: &Catalog,
        file: Option<Arc<PriceTable>>,
    ) -> Result<Self, QueryError> {
        let mut workspaces = FxHashMap::default();
        for (workspace, text) in catalog.load_price_tables().await? {
            match PriceTable::from_json(OF_WORKSPACE, &text) {
                Ok(table) => drop(workspaces.insert(workspace, Arc::new(table))),
                // Written by another version of the program. Costs go on without it.
                Err(reason) => {
                    tracing::error!(
                        workspace.id = workspace.0,
                        "a price table is unreadable: {reason}"
                    );
                }
            }
        }
        Ok(Self {
            file,
            workspaces: RwLock::new(workspaces),
            repricings: Mutex::default(),
            again: Mutex::default(),
        })
    }

    /// Gives each span the price that holds for it now. Append the batch before letting go of the answer.
    pub(crate) async fn priced(&self, batch: &mut Batch) -> impl Drop + use<'_> {
        let guard = self.workspaces.read().await;
        let prices = self.of(&guard, batch.workspace);
        for span in batch.groups.iter_mut().flat_map(|group| &mut group.spans) {
            span.price = prices.of(span);
        }
        guard
    }

    /// The tables of `workspace`, and what `look` sees while no batch is between its prices and the store.
    pub(crate) async fn settled<T>(
        &self,
        workspace: WorkspaceId,
        look: impl FnOnce() -> T,
    ) -> (Prices, T) {
        let workspaces = self.workspaces.write().await;
        let seen = look();
        let workspaces = workspaces.downgrade();
        (self.of(&workspaces, workspace), seen)
    }

    fn of(
        &self,
        workspaces: &RwLockReadGuard<'_, FxHashMap<WorkspaceId, Arc<PriceTable>>>,
        workspace: WorkspaceId,
    ) -> Prices {
        let tables = workspaces.get(&workspace).into_iter().chain(&self.file);
        Prices {
            tables: tables.cloned().collect(),
        }
    }
}

impl Engine {
    /// The tables that count in `workspace`, without the built-in one.
    pub async fn prices(&self, workspace: WorkspaceId) -> Prices {
        self.prices
            .of(&self.prices.workspaces.read().await, workspace)
    }

    /// Makes `sheet` the table of `workspace`: for all that arrives from now on.
    pub async fn put_prices(
        &self,
        workspace: WorkspaceId,
        sheet: PriceSheet,
    ) -> Result<Arc<PriceTable>, QueryError> {
        let table = PriceTable::new(OF_WORKSPACE, sheet)
            .map_err(|reason| QueryError::PriceTable { reason })?;
        let text = serde_json::to_string(table.sheet()).expect("plain structs have a text");
        let mut workspaces = self.prices.workspaces.write().await;
        self.catalog.put_price_table(workspace, &text).await?;
        let table = Arc::new(table);
        workspaces.insert(workspace, Arc::clone(&table));
        Ok(table)
    }

    /// Answers whether there was one.
    pub async fn delete_prices(&self, workspace: WorkspaceId) -> Result<bool, QueryError> {
        let mut workspaces = self.prices.workspaces.write().await;
        let was_there = self.catalog.delete_price_table(workspace).await?;
        workspaces.remove(&workspace);
        Ok(was_there)
    }
}
