//! A scan as DataFusion runs it.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PhysicalExpr, PlanProperties,
};
use futures_util::stream;

use super::work::{Share, Work};
use crate::tables::Table;

/// Reads a table with several streams, each of which takes whatever piece is next.
#[derive(Debug)]
pub(super) struct ScanExec<T> {
    work: Arc<Work<T>>,
    properties: Arc<PlanProperties>,
}

impl<T: Table> ScanExec<T> {
    pub(super) fn new(work: Work<T>, streams: usize) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&work.schema)),
            Partitioning::UnknownPartitioning(streams.max(1)),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            work: Arc::new(work),
            properties: Arc::new(properties.with_scheduling_type(SchedulingType::Cooperative)),
        }
    }
}

impl<T: Table> DisplayAs for ScanExec<T> {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScanExec: {}", self.work.describe())
    }
}

impl<T: Table> ExecutionPlan for ScanExec<T> {
    fn name(&self) -> &'static str {
        "ScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() {
            Ok(self)
        } else {
            internal_err!("a scan has no children")
        }
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let share = (Arc::clone(&self.work), Share::default());
        let batches = stream::unfold(share, |(work, mut share)| async move {
            let batch = work.next(&mut share).transpose()?;
            Some((batch, (work, share)))
        });
        let schema = Arc::clone(&self.work.schema);
        // Batches are read while the stream is polled: between two of them others have their turn, and a query that was
        // given up ends.
        Ok(make_cooperative(Box::pin(RecordBatchStreamAdapter::new(
            schema, batches,
        ))))
    }
}
