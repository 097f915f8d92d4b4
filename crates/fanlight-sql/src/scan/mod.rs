//! Reading a table: which columns and traces a query needs, and the streams that deliver them.
//!
//! `pushdown` finds what surely narrows a scan, `work` cuts it into pieces that several threads share, and `plan` is what
//! DataFusion runs. Every filter is applied again above the scan: what is left out here is only what cannot match.

mod plan;
mod pushdown;
mod work;

use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use fanlight_query::Moment;

use self::plan::ScanExec;
use self::work::{Early, Work};
use crate::column::schema_of;
use crate::tables::Table;

/// A table as of one moment.
#[derive(Debug)]
pub(crate) struct Provider<T> {
    moment: Arc<Moment>,
    schema: SchemaRef,
    table: PhantomData<T>,
}

impl<T: Table> Provider<T> {
    pub(crate) fn new(moment: &Arc<Moment>) -> Self {
        Self {
            moment: Arc::clone(moment),
            schema: schema_of(T::columns()),
            table: PhantomData,
        }
    }

    /// Places of the columns of `filter`; `None` when texts have to be read for one of them.
    fn narrow_columns(&self, filter: &Expr) -> Option<Vec<usize>> {
        let place = |name: &str| {
            let place = self.schema.index_of(name).ok()?;
            T::columns()[place].narrow.then_some(place)
        };
        let columns = filter.column_refs();
        columns.iter().map(|column| place(&column.name)).collect()
    }

    /// The filters that need no texts, ready to be applied before any is read.
    fn early(&self, state: &dyn Session, filters: &[Expr]) -> Result<Option<Early>> {
        let mut columns = Vec::new();
        let mut early = Vec::new();
        for filter in filters {
            if let Some(needed) = self.narrow_columns(filter) {
                columns.extend(needed);
                early.push(filter.clone());
            }
        }
        columns.sort_unstable();
        columns.dedup();
        let Some(filter) = conjunction(early).filter(|_| !columns.is_empty()) else {
            return Ok(None);
        };
        let fields = columns
            .iter()
            .map(|place| self.schema.field(*place).clone());
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let known = DFSchema::try_from(Arc::clone(&schema))?;
        Ok(Some(Early {
            filter: state.create_physical_expr(filter, &known)?,
            columns,
            schema,
        }))
    }
}

#[async_trait]
impl<T: Table> TableProvider for Provider<T> {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let helps = |filter: &&Expr| {
            if self.narrow_columns(filter).is_some() || pushdown::narrows::<T>(filter) {
                TableProviderFilterPushDown::Inexact
            } else {
                TableProviderFilterPushDown::Unsupported
            }
        };
        Ok(filters.iter().map(helps).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let places = match projection {
            Some(places) => places.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let work = Work::<T>::new(
            Arc::clone(&self.moment),
            pushdown::narrowing::<T>(filters),
            Arc::new(self.schema.project(&places)?),
            places,
            self.early(state, filters)?,
            limit.filter(|_| filters.is_empty()),
        );
        let threads = state.config().target_partitions();
        Ok(Arc::new(ScanExec::new(work, threads)))
    }
}
