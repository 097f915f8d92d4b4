//! Python values as JSON text, written on the thread that calls: objects may change later.
//!
//! Whatever a value does, nothing is raised: what cannot be written leaves a text that says so. The text is always
//! valid JSON, looks as `json.dumps` writes it with `ensure_ascii=False`, and stays near a limit of bytes.

use std::cell::Cell;

use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple,
};
use serde_json::value::RawValue;

/// Longer values are cut, and say so. Below the limit of the queue behind, which knows nothing of JSON.
pub(crate) const MAX_BYTES: usize = 2 << 20;

/// Values in values beyond this are left out, and that is said.
const MAX_DEPTH: usize = 64;

/// Larger arrays of numbers are described, not written.
const MAX_ARRAY_ITEMS: usize = 10_000;

/// Of `bytes`, and of `data:` addresses that do not fit, that many are shown.
const MAX_SHOWN_BYTES: usize = 256;

thread_local! {
    /// Values are written here and copied when their length is known: one that grows is moved many times.
    static SCRATCH: Cell<String> = const { Cell::new(String::new()) };
}

/// A larger scratch is not kept.
const MAX_SCRATCH: usize = 64 << 10;

pub(crate) struct Writer {
    out: String,
    limit: usize,
    /// Addresses of the containers around the place that is written, to see when one contains itself.
    around: Vec<usize>,
}

/// `value` as JSON text.
pub(crate) fn text_of(value: &Bound<'_, PyAny>) -> String {
    let mut writer = Writer::new();
    writer.value(value);
    writer.finish()
}

/// A text as JSON text.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_quoted(&mut out, text);
    out
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self {
            // What a value runs while it is written may write another one, which then has a scratch of its own.
            out: SCRATCH.take(),
            limit: MAX_BYTES,
            around: Vec::new(),
        }
    }

    pub(crate) fn finish(mut self) -> String {
        if self.out.capacity() > MAX_SCRATCH {
            self.out.shrink_to_fit();
            return self.out;
        }
        let text = self.out.as_str().to_owned();
        self.out.clear();
        SCRATCH.set(self.out);
        text
    }

    /// For what is JSON already.
    pub(crate) fn raw(&mut self, json: &str) {
        self.out.push_str(json);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.out.len() >= self.limit
    }

    pub(crate) fn value(&mut self, value: &Bound<'_, PyAny>) {
        if let Ok(text) = value.cast::<PyString>() {
            self.string(text);
        } else if let Ok(dict) = value.cast::<PyDict>() {
            self.nested(value, |writer| writer.dict(dict));
        } else if let Ok(list) = value.cast::<PyList>() {
            self.nested(value, |writer| writer.items(list.iter(), list.len()));
        } else if value.is_none() {
            self.out.push_str("null");
        } else if let Ok(flag) = value.cast::<PyBool>() {
            self.out
                .push_str(if flag.is_true() { "true" } else { "false" });
        } else if let Ok(number) = value.cast::<PyInt>() {
            self.int(number);
        } else if let Ok(number) = value.cast::<PyFloat>() {
            self.float(number.value());
        } else if let Ok(tuple) = value.cast::<PyTuple>() {
            self.nested(value, |writer| writer.items(tuple.iter(), tuple.len()));
        } else {
            self.nested(value, |writer| writer.object(value));
        }
    }

    fn nested(&mut self, value: &Bound<'_, PyAny>, write: impl FnOnce(&mut Self)) {
        let address = value.as_ptr() as usize;
        if self.around.contains(&address) {
            self.text("… [contains itself]");
        } else if self.around.len() >= MAX_DEPTH {
            self.text("… [cut: nested too deep]");
        } else {
            self.around.push(address);
            write(self);
            self.around.pop();
        }
    }

    fn string(&mut self, text: &Bound<'_, PyString>) {
        match text.to_str() {
            Ok(text) => self.text(text),
            // Half of a surrogate pair has no UTF-8.
            Err(_) => self.text(&text.to_string_lossy()),
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        let room = self.limit.saturating_sub(self.out.len()).max(64);
        if text.len() <= room {
            push_quoted(&mut self.out, text);
        } else {
            // A part of a picture is none: it only takes the place of what comes after it.
            let is_data = text.starts_with("data:");
            let kept = text.floor_char_boundary(if is_data { MAX_SHOWN_BYTES } else { room });
            let cut = format!("{}… [cut: {kept} of {} bytes]", &text[..kept], text.len());
            push_quoted(&mut self.out, &cut);
        }
    }

    fn int(&mut self, number: &Bound<'_, PyInt>) {
        use std::fmt::Write as _;
        if let Ok(small) = number.extract::<i64>() {
            write!(self.out, "{small}").expect("a string takes what is written to it");
            return;
        }
        // The type's own text: a subclass may have another one.
        let decimal = number
            .py()
            .get_type::<PyInt>()
            .call_method1("__repr__", (number,));
        match decimal.and_then(|text| text.extract::<String>()) {
            Ok(digits) if digits.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
                self.out.push_str(&digits);
            }
            // Python refuses decimal texts of more than 4300 digits.
            _ => {
                let bits = number.call_method0("bit_length").map(|n| n.to_string());
                let bits = bits.unwrap_or_default();
                self.text(&format!("… [cut: an integer of {bits} bits]"));
            }
        }
    }

    fn float(&mut self, number: f64) {
        use std::fmt::Write as _;
        if number.is_finite() {
            // As Python: the shortest text that reads back the same, with a point or an exponent.
            write!(self.out, "{number:?}").expect("a string takes what is written to it");
        } else {
            // JSON has no word for these; bare ones would make the whole text unreadable.
            let name = if number.is_nan() {
                "\"NaN\""
            } else if number > 0.0 {
                "\"Infinity\""
            } else {
                "\"-Infinity\""
            };
            self.out.push_str(name);
        }
    }

    fn dict(&mut self, dict: &Bound<'_, PyDict>) {
        self.out.push('{');
        let count = dict.len();
        // As far as writing runs no foreign code, nothing can change the dict meanwhile.
        let mut written = 0;
        for (key, value) in dict.iter() {
            let Ok(key) = key.cast::<PyString>() else {
                break;
            };
            if !is_plain(&value) || self.is_full() {
                break;
            }
            self.entry_begins(written);
            self.string(key);
            self.out.push_str(": ");
            self.value(&value);
            written += 1;
        }
        if written < count {
            self.rest_of_dict(dict, written);
        }
        self.out.push('}');
    }

    fn rest_of_dict(&mut self, dict: &Bound<'_, PyDict>, written: usize) {
        // A copy: writing a value runs foreign code, which may change the dict.
        let items = dict.items();
        let count = items.len();
        for (index, item) in items.iter().enumerate().skip(written) {
            self.entry_begins(index);
            if self.is_full() {
                self.text("…");
                self.out.push_str(": ");
                self.text(&format!("[cut: {} more entries]", count - index));
                break;
            }
            let (Ok(key), Ok(value)) = (item.get_item(0), item.get_item(1)) else {
                continue;
            };
            match key.cast::<PyString>() {
                Ok(key) => self.string(key),
                Err(_) => self.key(&key),
            }
            self.out.push_str(": ");
            self.value(&value);
        }
    }

    fn entry_begins(&mut self, index: usize) {
        if index > 0 {
            self.out.push_str(", ");
        }
    }

    /// `json.dumps` writes `true` for the key `True`, and so on; other keys as their text.
    fn key(&mut self, key: &Bound<'_, PyAny>) {
        let is_plain = key.is_none()
            || key.is_instance_of::<PyBool>()
            || key.is_instance_of::<PyInt>()
            || key.is_instance_of::<PyFloat>();
        if is_plain {
            let text = text_of(key);
            self.text(text.trim_matches('"'));
        } else {
            self.str_of(key);
        }
    }

    fn items<'py>(&mut self, items: impl Iterator<Item = Bound<'py, PyAny>>, count: usize) {
        self.out.push('[');
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            if self.is_full() {
                self.text(&format!(
                    "… [cut: {} more items]",
                    count.saturating_sub(index)
                ));
                break;
            }
            self.value(&item);
        }
        self.out.push(']');
    }

    fn object(&mut self, value: &Bound<'_, PyAny>) {
        let kind = value.get_type();
        let known = self.bytes(value)
            || self.pydantic(value, &kind)
            || self.dataclass(value, &kind)
            || self.numpy(value, &kind);
        if !known {
            self.str_of(value);
        }
    }

    fn bytes(&mut self, value: &Bound<'_, PyAny>) -> bool {
        if let Ok(bytes) = value.cast::<PyBytes>() {
            self.binary(bytes.as_bytes());
        } else if let Ok(bytes) = value.cast::<PyByteArray>() {
            self.binary(&bytes.to_vec());
        } else {
            return false;
        }
        true
    }

    /// As Python shows them.
    fn binary(&mut self, bytes: &[u8]) {
        let shown = &bytes[..bytes.len().min(MAX_SHOWN_BYTES)];
        let mut text = String::from("b'");
        for &byte in shown {
            match byte {
                b'\\' | b'\'' => text.extend(['\\', char::from(byte)]),
                b' '..=b'~' => text.push(char::from(byte)),
                _ => text.extend(["\\x".to_owned(), format!("{byte:02x}")]),
            }
        }
        text.push('\'');
        if shown.len() < bytes.len() {
            text = format!("{text}… [cut: {} of {} bytes]", shown.len(), bytes.len());
        }
        self.text(&text);
    }

    /// Asked of the type, not of the object: some objects answer to every name.
    fn pydantic(
        &mut self,
        value: &Bound<'_, PyAny>,
        kind: &Bound<'_, pyo3::types::PyType>,
    ) -> bool {
        if !kind.hasattr("model_dump_json").unwrap_or(false) {
            return false;
        }
        let dumped = value.call_method0("model_dump_json");
        if let Ok(json) = dumped.and_then(|json| json.extract::<String>())
            && json.len() <= self.limit.saturating_sub(self.out.len())
            && serde_json::from_str::<&RawValue>(&json).is_ok()
        {
            self.out.push_str(&json);
            return true;
        }
        match value.call_method0("model_dump") {
            Ok(fields) if fields.is_instance_of::<PyDict>() => {
                self.value(&fields);
                true
            }
            _ => false,
        }
    }

    fn dataclass(
        &mut self,
        value: &Bound<'_, PyAny>,
        kind: &Bound<'_, pyo3::types::PyType>,
    ) -> bool {
        let Ok(fields) = kind.getattr("__dataclass_fields__") else {
            return false;
        };
        let Ok(fields) = fields.cast_into::<PyDict>() else {
            return false;
        };
        let found = PyDict::new(value.py());
        for name in fields.keys() {
            if let Ok(name) = name.cast::<PyString>()
                && let Ok(field) = value.getattr(name)
                && found.set_item(name, field).is_err()
            {
                return false;
            }
        }
        self.dict(&found);
        true
    }

    fn numpy(&mut self, value: &Bound<'_, PyAny>, kind: &Bound<'_, pyo3::types::PyType>) -> bool {
        let is_numpy = kind
            .getattr("__module__")
            .and_then(|module| module.extract::<String>())
            .is_ok_and(|module| module == "numpy" || module.starts_with("numpy."));
        if !is_numpy {
            return false;
        }
        let size = value
            .getattr("size")
            .and_then(|size| size.extract::<usize>());
        let Ok(size) = size else {
            return false;
        };
        if size > MAX_ARRAY_ITEMS {
            let shape = value.getattr("shape").map(|it| it.to_string());
            let dtype = value.getattr("dtype").map(|it| it.to_string());
            self.text(&format!(
                "… [cut: an array of shape {}, {}]",
                shape.unwrap_or_default(),
                dtype.unwrap_or_default()
            ));
            return true;
        }
        match value.call_method0("tolist") {
            // An object array may list itself again.
            Ok(plain) if !plain.get_type().is(kind) => {
                self.value(&plain);
                true
            }
            _ => false,
        }
    }

    fn str_of(&mut self, value: &Bound<'_, PyAny>) {
        match value.str() {
            Ok(text) => self.string(&text),
            Err(error) => {
                let name = value.get_type().name();
                let name = name.map_or_else(|_| String::from("object"), |name| name.to_string());
                let error = error.get_type(value.py()).name();
                let error = error.map_or_else(|_| String::new(), |error| format!(": {error}"));
                self.text(&format!("<{name} without a text{error}>"));
            }
        }
    }
}

/// Whether writing it runs no code but ours.
fn is_plain(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyString>()
        || value.is_none()
        || value.is_instance_of::<PyBool>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// JSON text of `text`.
pub(crate) fn push_quoted(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    let bytes = text.as_bytes();
    let mut start = 0;
    while let Some(offset) = next_special(&bytes[start..]) {
        let at = start + offset;
        out.push_str(&text[start..at]);
        match bytes[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte => {
                out.push_str("\\u00");
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
        start = at + 1;
    }
    out.push_str(&text[start..]);
    out.push('"');
}

/// Where the next byte stands that JSON does not take as it is.
fn next_special(bytes: &[u8]) -> Option<usize> {
    let is_special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    let mut at = 0;
    // Without a way out in between, many bytes are looked at together.
    for chunk in bytes.chunks_exact(32) {
        let found = chunk
            .iter()
            .fold(0, |found, byte| found | u8::from(is_special(*byte)));
        if found != 0 {
            break;
        }
        at += 32;
    }
    let rest = bytes[at..].iter();
    rest.copied().position(is_special).map(|offset| at + offset)
}
