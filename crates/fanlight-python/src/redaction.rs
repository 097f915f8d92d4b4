//! Taking personal data and secrets out of spans before they leave the process: on and off while it runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use fanlight::Processor;
use fanlight::redact::{Kind, Redaction};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Asked at every span, on the thread that sends.
static IS_ON: AtomicBool = AtomicBool::new(false);
static REDACTION: RwLock<Option<Redaction>> = RwLock::new(None);

const KINDS: [(&str, Kind); 7] = [
    ("secret", Kind::Secret),
    ("email", Kind::Email),
    ("iban", Kind::Iban),
    ("credit_card", Kind::CreditCard),
    ("us_ssn", Kind::UsSsn),
    ("phone", Kind::Phone),
    ("ip_address", Kind::IpAddress),
];

/// In the place of a text that a function of the application could not look at.
const NOT_LOOKED_AT: &str = "[REDACTED]";

/// What every tracer runs: whatever is set when a span is encoded counts.
pub(crate) fn processor() -> Processor {
    Processor::new(|span| {
        if !IS_ON.load(Ordering::Acquire) {
            return;
        }
        let redaction = REDACTION.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(redaction) = &*redaction {
            redaction.span(span);
        }
    })
}

/// Redacts every span that is not encoded yet. `kinds` are all when not given; `patterns` are expressions with what
/// takes their place; `functions` get every text and return another one, or `None` to leave it.
///
/// Raises `ValueError` for a kind or a pattern that is not understood; then nothing has changed.
#[pyfunction]
#[pyo3(signature = (kinds, patterns, functions))]
pub(crate) fn set_redaction(
    kinds: Option<Vec<String>>,
    patterns: Vec<(String, String)>,
    functions: Vec<Py<PyAny>>,
) -> PyResult<()> {
    let mut redaction = match kinds {
        None => Redaction::default(),
        Some(names) => names
            .iter()
            .map(|name| kind_of(name))
            .try_fold(Redaction::none(), |all, kind| PyResult::Ok(all.with(kind?)))?,
    };
    for (pattern, replacement) in patterns {
        redaction = redaction
            .pattern(&pattern, &replacement)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
    }
    for function in functions {
        redaction = redaction.function(move |text| replaced(&function, text));
    }
    put(Some(redaction));
    Ok(())
}

/// Spans leave as they are.
#[pyfunction]
pub(crate) fn clear_redaction() {
    put(None);
}

/// `text` as it would leave the process.
#[pyfunction]
pub(crate) fn redacted(py: Python<'_>, text: String) -> String {
    // A function of the application runs with the interpreter's lock, which this thread holds.
    py.detach(move || {
        let redaction = REDACTION.read().unwrap_or_else(PoisonError::into_inner);
        match &*redaction {
            Some(redaction) => redaction.text(&text).into_owned(),
            None => text,
        }
    })
}

fn put(redaction: Option<Redaction>) {
    let is_on = redaction.is_some();
    *REDACTION.write().unwrap_or_else(PoisonError::into_inner) = redaction;
    IS_ON.store(is_on, Ordering::Release);
}

fn kind_of(name: &str) -> PyResult<Kind> {
    let known = KINDS.iter().find(|(known, _)| *known == name);
    known.map(|(_, kind)| *kind).ok_or_else(|| {
        let names: Vec<_> = KINDS.iter().map(|(name, _)| *name).collect();
        PyValueError::new_err(format!(
            "unknown kind `{name}`; there are {}",
            names.join(", ")
        ))
    })
}

/// A function that raises, returns something else than text, or can no longer run, lets nothing out.
fn replaced(function: &Py<PyAny>, text: &str) -> Option<String> {
    let called = Python::try_attach(|py| {
        let result = function.bind(py).call1((text,))?;
        result.extract::<Option<String>>()
    });
    match called {
        Some(Ok(replacement)) => replacement,
        Some(Err(_)) | None => Some(NOT_LOOKED_AT.to_owned()),
    }
}
