//! Spans in the three shapes MLflow's readers know. All start from the same stored attributes: a key
//! and its value as JSON text, with the `mlflow.*` keys that normalisation added.

mod any_value;
mod completeness;
mod dict;
mod legacy;
mod rest;
mod stored;

pub use completeness::is_complete;
pub use dict::render_document;
pub use legacy::render_legacy_document;
pub use rest::render_rest;
