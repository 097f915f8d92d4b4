//! Functions that look into JSON text.
//!
//! `json_get(json, key, …)` answers what is at a path as text: a string as it is, everything else as JSON.
//! `json_get_int`, `json_get_float` and `json_get_bool` answer it as a number or flag, and `json_length` how many members
//! or items it has. What is not there, or of another type, or not JSON at all, is `NULL`. A key is text for an object, or a
//! whole number, from 0, for an array. Only the path is parsed; the rest is skipped.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StringArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

/// Every function of this file.
pub(crate) fn json_functions() -> Vec<Arc<ScalarUDF>> {
    [
        Answer::Text,
        Answer::Integer,
        Answer::Float,
        Answer::Flag,
        Answer::Length,
    ]
    .map(|answer| Arc::new(JsonFunction::new(answer).into()))
    .into()
}

/// What a function makes of what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Answer {
    Text,
    Integer,
    Float,
    Flag,
    Length,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonFunction {
    answer: Answer,
    signature: Signature,
}

impl JsonFunction {
    fn new(answer: Answer) -> Self {
        Self {
            answer,
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for JsonFunction {
    fn name(&self) -> &'static str {
        match self.answer {
            Answer::Text => "json_get",
            Answer::Integer => "json_get_int",
            Answer::Float => "json_get_float",
            Answer::Flag => "json_get_bool",
            Answer::Length => "json_length",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.answer {
            Answer::Text => DataType::Utf8,
            Answer::Integer | Answer::Length => DataType::Int64,
            Answer::Float => DataType::Float64,
            Answer::Flag => DataType::Boolean,
        })
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let name = self.name();
        if given.is_empty() || given.len() == 1 && self.answer != Answer::Length {
            return plan_err!("`{name}` takes JSON text and one key or more");
        }
        let kinds = given.iter().enumerate().map(|(place, kind)| match kind {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => {
                Ok(DataType::Utf8)
            }
            kind if kind.is_integer() && place > 0 => Ok(DataType::Int64),
            kind if place == 0 => plan_err!("`{name}` takes JSON text, not {kind}"),
            kind => plan_err!("a key of `{name}` is text or a whole number, not {kind}"),
        });
        kinds.collect()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let is_scalar = args
            .args
            .iter()
            .all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let arrays = args.args.into_iter().map(|arg| arg.into_array(rows));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let Some((json, keys)) = arrays.split_first() else {
            return exec_err!("`{}` takes JSON text", self.name());
        };
        let json = cast(json, &DataType::Utf8)?;
        let json = json.as_string::<i32>();
        let keys = keys.iter().map(Keys::of).collect::<Result<Vec<_>>>()?;
        let found = (0..json.len()).map(|row| {
            let mut raw = json.is_valid(row).then(|| json.value(row))?;
            for keys in &keys {
                raw = step(raw, &keys.at(row)?)?;
            }
            Some(raw)
        });
        let array: ArrayRef = match self.answer {
            Answer::Text => Arc::new(found.map(|raw| text_of(raw?)).collect::<StringArray>()),
            Answer::Integer => {
                Arc::new(found.map(|raw| parsed::<i64>(raw?)).collect::<Int64Array>())
            }
            Answer::Float => Arc::new(
                found
                    .map(|raw| parsed::<f64>(raw?))
                    .collect::<Float64Array>(),
            ),
            Answer::Flag => Arc::new(
                found
                    .map(|raw| parsed::<bool>(raw?))
                    .collect::<BooleanArray>(),
            ),
            Answer::Length => Arc::new(found.map(|raw| length_of(raw?)).collect::<Int64Array>()),
        };
        if is_scalar && array.len() == 1 {
            let value = datafusion::common::ScalarValue::try_from_array(&array, 0)?;
            return Ok(ColumnarValue::Scalar(value));
        }
        Ok(ColumnarValue::Array(array))
    }
}

/// One argument that names a step of the path.
enum Keys {
    Names(StringArray),
    Places(Int64Array),
}

enum Key<'a> {
    Name(&'a str),
    Place(usize),
}

impl Keys {
    fn of(array: &ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Int64 => Self::Places(array.as_primitive::<Int64Type>().clone()),
            _ => Self::Names(cast(array, &DataType::Utf8)?.as_string::<i32>().clone()),
        })
    }

    fn at(&self, row: usize) -> Option<Key<'_>> {
        match self {
            Self::Names(names) => names.is_valid(row).then(|| Key::Name(names.value(row))),
            Self::Places(places) => {
                let place = places.is_valid(row).then(|| places.value(row))?;
                usize::try_from(place).ok().map(Key::Place)
            }
        }
    }
}

/// The raw text of a member or item.
fn step<'a>(json: &'a str, key: &Key<'_>) -> Option<&'a str> {
    // Text is not looked into: what cannot begin an object or array is skipped at once.
    let first = json.trim_start().as_bytes().first()?;
    let fits = match key {
        Key::Name(_) => *first == b'{',
        Key::Place(_) => *first == b'[',
    };
    if !fits {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    Step(key).deserialize(&mut reader).ok()?.map(RawValue::get)
}

struct Step<'k>(&'k Key<'k>);

impl<'de> DeserializeSeed<'de> for Step<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        reader: D,
    ) -> std::result::Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Step<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or array")
    }

    fn visit_map<A: MapAccess<'de>>(
        self,
        mut members: A,
    ) -> std::result::Result<Self::Value, A::Error> {
        let Key::Name(wanted) = self.0 else {
            return Ok(None);
        };
        let mut found = None;
        while let Some(is_wanted) = members.next_key_seed(Name(wanted))? {
            if is_wanted {
                found = Some(members.next_value::<&RawValue>()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(
        self,
        mut items: A,
    ) -> std::result::Result<Self::Value, A::Error> {
        let Key::Place(wanted) = self.0 else {
            return Ok(None);
        };
        for _ in 0..*wanted {
            if items.next_element::<IgnoredAny>()?.is_none() {
                return Ok(None);
            }
        }
        let found = items.next_element::<&RawValue>()?;
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }
}

/// Compares a key without keeping it.
struct Name<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> std::result::Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> std::result::Result<bool, E> {
        Ok(key == self.0)
    }
}

fn text_of(raw: &str) -> Option<String> {
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok(),
        b'n' => None,
        _ => Some(raw.to_owned()),
    }
}

fn parsed<T: serde::de::DeserializeOwned>(raw: &str) -> Option<T> {
    serde_json::from_str(raw).ok()
}

fn length_of(raw: &str) -> Option<i64> {
    serde_json::from_str::<Length>(raw)
        .ok()
        .map(|length| length.0)
}

/// How many items or members there are.
struct Length(i64);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> std::result::Result<Self, D::Error> {
        reader.deserialize_any(Count).map(Self)
    }
}

struct Count;

impl<'de> Visitor<'de> for Count {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<i64, A::Error> {
        let mut count = 0;
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<i64, A::Error> {
        let mut count = 0;
        while items.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(json: &str, path: &[Key<'_>]) -> Option<String> {
        let mut raw = json;
        for key in path {
            raw = step(raw, key)?;
        }
        text_of(raw)
    }

    #[test]
    fn a_path_leads_to_what_is_there_and_nowhere_else() {
        let json = r#"{"a": {"b\"c": [10, "x\ny", null, {"d": 12345678901234567890}]}, "": true, "a2": "[1]"}"#;
        let name = Key::Name;
        let inner = |place| vec![name("a"), name("b\"c"), Key::Place(place)];
        assert_eq!(get(json, &inner(0)).as_deref(), Some("10"));
        assert_eq!(get(json, &inner(1)).as_deref(), Some("x\ny"));
        assert_eq!(get(json, &inner(2)), None);
        assert_eq!(
            get(json, &inner(3)).as_deref(),
            Some(r#"{"d": 12345678901234567890}"#)
        );
        assert_eq!(get(json, &inner(4)), None);
        assert_eq!(get(json, &[name("")]).as_deref(), Some("true"));
        assert_eq!(get(json, &[name("a"), Key::Place(0)]), None);
        assert_eq!(get(json, &[name("a2"), Key::Place(0)]), None);
        for broken in ["", "{", "plain", "{\"a\": 1", "[1, 2"] {
            assert_eq!(get(broken, &[name("a")]), None, "{broken}");
            assert_eq!(get(broken, &[Key::Place(0)]), None, "{broken}");
        }
    }

    #[test]
    fn lengths_are_of_objects_and_arrays() {
        assert_eq!(length_of("[1, [2, 3]]"), Some(2));
        assert_eq!(length_of(r#"{"a": 1}"#), Some(1));
        assert_eq!(length_of(r#""text""#), None);
    }
}
