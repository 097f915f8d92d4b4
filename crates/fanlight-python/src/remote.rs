//! Spans of other processes, as parents.

use fanlight::RemoteParent;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A span of another process, as a parent.
#[pyclass(frozen, name = "RemoteParent", module = "fanlight._core")]
pub(crate) struct Remote(pub(crate) RemoteParent);

#[pymethods]
impl Remote {
    /// From the value of a `traceparent` header. Raises `ValueError` when it is not valid.
    #[new]
    fn new(traceparent: &str) -> PyResult<Self> {
        traceparent
            .parse()
            .map(Self)
            .map_err(|error| PyValueError::new_err(format!("not a traceparent: {error}")))
    }

    #[getter]
    fn trace_id(&self) -> String {
        format!("tr-{}", self.0.trace_id)
    }

    #[getter]
    fn span_id(&self) -> String {
        self.0.span_id.to_string()
    }

    #[getter]
    fn traceparent(&self) -> String {
        self.0.to_string()
    }
}
