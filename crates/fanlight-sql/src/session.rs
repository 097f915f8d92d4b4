//! The tables and functions one query sees, and nothing else.

use std::sync::Arc;

use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider,
};
use datafusion::common::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use fanlight_query::Moment;

use crate::functions::with_functions;
use crate::scan::Provider;
use crate::tables::Table;
use crate::tables::assessments::Assessments;
use crate::tables::events::Events;
use crate::tables::spans::Spans;
use crate::tables::traces::Traces;

const CATALOG: &str = "fanlight";
const SCHEMA: &str = "public";

/// A session over `moment`. It can reach no file and no network: there are no formats to read them with, and nothing is
/// spilled to disk.
pub(crate) fn session(
    moment: &Arc<Moment>,
    memory_bytes: usize,
    threads: usize,
) -> Result<SessionContext> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(memory_bytes)))
        .with_disk_manager_builder(
            DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled),
        )
        .build_arc()?;
    runtime.deregister_object_store(ObjectStoreUrl::local_filesystem().as_ref())?;
    let mut config = SessionConfig::new()
        .with_target_partitions(threads)
        .with_information_schema(true)
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMA);
    let options = config.options_mut();
    options.sql_parser.collect_spans = true;
    options.sql_parser.map_string_types_to_utf8view = false;
    // A recursion can double a text again and again.
    options.execution.enable_recursive_ctes = false;
    options.execution.time_zone = Some("UTC".to_owned());
    let builder = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime);
    let context = SessionContext::new_with_state(with_functions(builder).build());
    let tables = MemorySchemaProvider::new();
    add::<Traces>(&tables, moment)?;
    add::<Spans>(&tables, moment)?;
    add::<Assessments>(&tables, moment)?;
    add::<Events>(&tables, moment)?;
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(SCHEMA, Arc::new(tables))?;
    context.register_catalog(CATALOG, Arc::new(catalog));
    Ok(context)
}

fn add<T: Table>(tables: &MemorySchemaProvider, moment: &Arc<Moment>) -> Result<()> {
    tables.register_table(T::NAME.to_owned(), Arc::new(Provider::<T>::new(moment)))?;
    Ok(())
}
