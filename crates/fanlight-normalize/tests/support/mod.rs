//! Reading fixtures, and writing down what this crate makes of them.

pub(crate) mod autolog;
pub(crate) mod otlp;
pub(crate) mod providers;
pub(crate) mod report;
