//! What Python code passes along: attributes, texts, ids, links.

use fanlight::attributes as key;
use fanlight::{Experiment, SpanId, Text, TraceId, Value};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::{json, values};

/// Names and values.
pub(crate) type Pairs = Vec<(String, String)>;

/// How much a span matters. Source: MLflow.
pub(crate) const LOG_LEVEL: &str = "mlflow.spanLogLevel";

/// Spans' own keys hold JSON.
pub(crate) fn attribute_of(name: &str, value: &Bound<'_, PyAny>) -> Value {
    match name {
        LOG_LEVEL => level_of(value),
        key::INPUTS | key::OUTPUTS => values::content(value),
        key::SPAN_TYPE => Value::String(json::quoted(&values::text(value))),
        _ => values::attribute(value),
    }
}

/// As a number: from a `SpanLogLevel`, its name or its number. Another word stays as it is.
fn level_of(value: &Bound<'_, PyAny>) -> Value {
    if let Ok(number) = value.extract::<i64>() {
        return Value::Int(number);
    }
    let word = values::text(value);
    match word.trim().to_ascii_uppercase().as_str() {
        "DEBUG" => Value::Int(10),
        "INFO" => Value::Int(20),
        "WARNING" => Value::Int(30),
        "ERROR" => Value::Int(40),
        "CRITICAL" => Value::Int(50),
        _ => Value::String(word),
    }
}

pub(crate) fn attributes_of(attributes: Option<&Bound<'_, PyAny>>) -> Vec<(Text, Value)> {
    entries_of(attributes, attribute_of)
}

pub(crate) fn event_attributes(attributes: Option<&Bound<'_, PyAny>>) -> Vec<(Text, Value)> {
    entries_of(attributes, |_, value| values::structured(value))
}

/// Anything but a mapping has none.
fn entries_of(
    attributes: Option<&Bound<'_, PyAny>>,
    convert: impl Fn(&str, &Bound<'_, PyAny>) -> Value,
) -> Vec<(Text, Value)> {
    let Some(attributes) = attributes.filter(|attributes| !attributes.is_none()) else {
        return Vec::new();
    };
    let items = match attributes.cast::<PyDict>() {
        Ok(dict) => dict.items(),
        Err(_) => {
            let copy = attributes.py().get_type::<PyDict>().call1((attributes,));
            match copy.map(Bound::cast_into::<PyDict>) {
                Ok(Ok(dict)) => dict.items(),
                _ => return Vec::new(),
            }
        }
    };
    let mut found = Vec::with_capacity(items.len());
    for item in items.iter() {
        if let (Ok(name), Ok(value)) = (item.get_item(0), item.get_item(1)) {
            let name = values::text(&name);
            let value = convert(&name, &value);
            found.push((Text::from(name), value));
        }
    }
    found
}

pub(crate) fn texts(dict: Option<&Bound<'_, PyDict>>) -> Pairs {
    let Some(dict) = dict else {
        return Vec::new();
    };
    let items = dict.items();
    let mut found = Vec::with_capacity(items.len());
    for item in items.iter() {
        if let (Ok(name), Ok(value)) = (item.get_item(0), item.get_item(1)) {
            let value = match value.cast::<PyString>() {
                Ok(text) => values::text(text),
                Err(_) => values::text(&value),
            };
            found.push((values::text(&name), value));
        }
    }
    found
}

pub(crate) fn parse_trace_id(text: &str) -> PyResult<TraceId> {
    let hex = text.strip_prefix("tr-").unwrap_or(text);
    hex.parse()
        .map_err(|error| PyValueError::new_err(format!("{text:?} is not a trace id: {error}")))
}

pub(crate) fn link_of(link: &Bound<'_, PyAny>) -> PyResult<(TraceId, SpanId)> {
    let trace_id = parse_trace_id(&values::text(&link.getattr("trace_id")?))?;
    let span_id = values::text(&link.getattr("span_id")?);
    let span_id = span_id
        .parse()
        .map_err(|error| PyValueError::new_err(format!("{span_id:?} is not a span id: {error}")))?;
    Ok((trace_id, span_id))
}

pub(crate) fn experiment_of(name: Option<String>, id: Option<String>) -> Option<Experiment> {
    id.map(Experiment::Id).or(name.map(Experiment::Name))
}
