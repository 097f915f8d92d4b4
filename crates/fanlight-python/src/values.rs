//! Python values as attributes of spans, and back.

use fanlight::Value;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString};

use crate::json;

/// Inputs and outputs: single numbers as such, all else as JSON text, so that a text is never taken for what it looks
/// like.
pub(crate) fn content(value: &Bound<'_, PyAny>) -> Value {
    match plain(value) {
        Some(plain) => plain,
        None => Value::String(json::text_of(value)),
    }
}

/// Any other attribute. Texts stay as they are; MLflow's clients read those that are JSON as what they say.
pub(crate) fn attribute(value: &Bound<'_, PyAny>) -> Value {
    if let Some(plain) = plain(value) {
        return plain;
    }
    if let Ok(text) = value.cast::<PyString>() {
        return match text.to_str() {
            Ok(text) => text.into(),
            Err(_) => text.to_string_lossy().into_owned().into(),
        };
    }
    let text = json::text_of(value);
    // What is a text in JSON (a date, an object without a JSON form) is one here.
    match serde_json::from_str::<String>(&text) {
        Ok(text) => Value::String(text),
        Err(_) => Value::String(text),
    }
}

/// For events, whose attributes are not read as JSON later: lists and dicts as such.
pub(crate) fn structured(value: &Bound<'_, PyAny>) -> Value {
    match attribute(value) {
        Value::String(text)
            if !value.is_instance_of::<PyString>() && text.starts_with(['{', '[']) =>
        {
            match serde_json::from_str(&text) {
                Ok(json) => of_json(json),
                Err(_) => Value::String(text),
            }
        }
        other => other,
    }
}

fn of_json(json: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(flag),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::String(text),
        Json::Array(items) => Value::Array(items.into_iter().map(of_json).collect()),
        Json::Object(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, item)| (key, of_json(item)))
                .collect(),
        ),
    }
}

fn plain(value: &Bound<'_, PyAny>) -> Option<Value> {
    if value.is_none() {
        Some(Value::Null)
    } else if let Ok(flag) = value.cast::<PyBool>() {
        Some(Value::Bool(flag.is_true()))
    } else if let Ok(number) = value.cast::<PyInt>() {
        number.extract().ok().map(Value::Int)
    } else if let Ok(number) = value.cast::<PyFloat>() {
        let number = number.value();
        number.is_finite().then_some(Value::Double(number))
    } else {
        None
    }
}

/// As a reader of the trace will see it: texts that are JSON objects, arrays or texts are read.
pub(crate) fn to_python(py: Python<'_>, value: &Value) -> PyResult<Py<PyAny>> {
    Ok(match value {
        Value::Null => py.None(),
        Value::Bool(flag) => flag.into_pyobject(py)?.to_owned().into_any().unbind(),
        Value::Int(number) => number.into_pyobject(py)?.into_any().unbind(),
        Value::Double(number) => number.into_pyobject(py)?.into_any().unbind(),
        Value::String(text) => {
            if text.starts_with(['{', '[', '"'])
                && let Ok(read) = loads(py, text)
            {
                return Ok(read);
            }
            text.into_pyobject(py)?.into_any().unbind()
        }
        Value::Bytes(bytes) => PyBytes::new(py, bytes).into_any().unbind(),
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(to_python(py, item)?)?;
            }
            list.into_any().unbind()
        }
        Value::Map(entries) => {
            let dict = PyDict::new(py);
            for (key, item) in entries {
                dict.set_item(key, to_python(py, item)?)?;
            }
            dict.into_any().unbind()
        }
    })
}

/// JSON text as Python reads it.
pub(crate) fn loads(py: Python<'_>, text: &str) -> PyResult<Py<PyAny>> {
    py.import("json")?
        .call_method1("loads", (text,))
        .map(Bound::unbind)
}

/// What a name, key or message is as a text, whatever it is.
pub(crate) fn text(value: &Bound<'_, PyAny>) -> String {
    match value.cast::<PyString>() {
        Ok(text) => text.to_string_lossy().into_owned(),
        Err(_) => match value.str() {
            Ok(text) => text.to_string_lossy().into_owned(),
            Err(_) => String::from("(no text)"),
        },
    }
}
