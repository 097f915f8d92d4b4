//! Which functions queries may call.

use std::sync::Arc;

use datafusion::execution::SessionStateDefaults;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::ScalarUDF;

use crate::json::json_functions;

/// A few bytes of a query would make these fill all memory at once, past every account of it.
const UNBOUNDED: [&str; 8] = [
    "repeat",
    "lpad",
    "rpad",
    "range",
    "generate_series",
    "array_repeat",
    "array_resize",
    "version",
];

/// Adds all functions but those that read files, make tables or cannot be bounded.
pub(crate) fn with_functions(builder: SessionStateBuilder) -> SessionStateBuilder {
    let is_bounded = |function: &Arc<ScalarUDF>| !UNBOUNDED.contains(&function.name());
    let mut scalar = SessionStateDefaults::default_scalar_functions();
    scalar.retain(is_bounded);
    scalar.extend(json_functions());
    builder
        .with_expr_planners(SessionStateDefaults::default_expr_planners())
        .with_scalar_functions(scalar)
        .with_higher_order_functions(SessionStateDefaults::default_higher_order_functions())
        .with_aggregate_functions(SessionStateDefaults::default_aggregate_functions())
        .with_window_functions(SessionStateDefaults::default_window_functions())
        .with_table_function_list(SessionStateDefaults::default_table_functions())
}
