//! Looking into values as one looks into JSON documents: what is absent and what is null are the same.

use fanlight_model::Value;

pub(crate) fn entries(value: &Value) -> &[(String, Value)] {
    match value {
        Value::Map(entries) => entries,
        _ => &[],
    }
}

pub(crate) fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        _ => &[],
    }
}

pub(crate) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let named = members.into_iter();
    Value::Map(
        named
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// The member called `name` of an object; of a repeated name the last one, as everywhere in JSON.
pub(crate) fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    entries(value)
        .iter()
        .rev()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
        .filter(|value| **value != Value::Null)
}

/// The first of `names` that is there.
pub(crate) fn first_member<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| member(value, name))
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    member(value, name)?.as_str()
}

/// The first of `names` that is text and not empty.
pub(crate) fn first_text<'a>(value: &'a Value, names: &[&str]) -> Option<&'a str> {
    let mut texts = names.iter().filter_map(|name| text(value, name));
    texts.find(|text| !text.is_empty())
}

/// The member at the end of a path of names.
pub(crate) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter()
        .try_fold(value, |value, name| member(value, name))
}
