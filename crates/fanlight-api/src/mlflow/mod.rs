//! MLflow's REST shapes, 2.0 and 3.0. Source: MLflow 3.17.2, observed on the wire.

pub mod assessments;
pub mod correlation;
pub mod experiments;
pub mod fields;
pub mod ids;
pub mod runs;
pub mod spans;
pub mod tags;
pub mod times;
pub mod trace_info;

pub use fields::Fields;
pub use ids::TraceRef;
