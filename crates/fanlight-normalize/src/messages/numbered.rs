//! Messages that were taken apart into numbered attributes: `llm.input_messages.0.message.role`.

use std::collections::BTreeMap;

use fanlight_model::{Span, Value};

/// Deeper names belong to nobody we know.
const MAX_DEPTH: usize = 16;

/// What the attributes that start with `prefix` and a number add up to, by number.
pub(crate) fn list(span: &Span, prefix: &str) -> Vec<Value> {
    let mut root = Node::default();
    for (name, value) in span.attributes.iter() {
        let Some(rest) = name.strip_prefix(prefix) else {
            continue;
        };
        let path: Vec<_> = rest.split('.').collect();
        if path.len() <= MAX_DEPTH && number(path[0]).is_some() {
            root.put(&path, value);
        }
    }
    match root.into_value() {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

/// Numbers come first and in order; a name that is none keeps its place among names.
#[derive(Default)]
struct Node {
    value: Option<Value>,
    members: BTreeMap<Name, Node>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Number(u64),
    Word(String),
}

impl Node {
    fn put(&mut self, path: &[&str], value: &Value) {
        let Some((first, rest)) = path.split_first() else {
            self.value = Some(value.clone());
            return;
        };
        let name = number(first).map_or_else(|| Name::Word((*first).to_owned()), Name::Number);
        self.members.entry(name).or_default().put(rest, value);
    }

    /// Nobody holds a value and members at once; if they do, members say more.
    fn into_value(self) -> Value {
        if self.members.is_empty() {
            return self.value.unwrap_or_default();
        }
        let is_list = self
            .members
            .keys()
            .all(|name| matches!(name, Name::Number(_)));
        let members = self.members.into_iter();
        if is_list {
            return Value::Array(members.map(|(_, node)| node.into_value()).collect());
        }
        let named = members.map(|(name, node)| {
            let name = match name {
                Name::Number(number) => number.to_string(),
                Name::Word(word) => word,
            };
            (name, node.into_value())
        });
        Value::Map(named.collect())
    }
}

fn number(text: &str) -> Option<u64> {
    // `parse` also takes a leading `+`.
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{json, span};

    #[test]
    fn names_become_objects_and_numbers_lists_in_order() {
        let span = span([
            ("m.10.message.role", "tool".into()),
            ("m.2.message.role", "user".into()),
            ("m.2.message.calls.1.id", "b".into()),
            ("m.2.message.calls.0.id", "a".into()),
            ("m.x.message.role", "nobody".into()),
            ("n.0.message.role", "other".into()),
        ]);
        let expected = json(
            r#"[{"message": {"calls": [{"id": "a"}, {"id": "b"}], "role": "user"}}, {"message": {"role": "tool"}}]"#,
        );
        assert_eq!(Value::Array(list(&span, "m.")), expected);
    }

    #[test]
    fn hostile_numbers_and_depths_cost_nothing() {
        let deep = format!("m.0{}", ".a".repeat(100_000));
        let span = span([
            ("m.18446744073709551615.role", "user".into()),
            ("m.99999999999999999999.role", "user".into()),
            (deep.as_str(), 1.into()),
        ]);
        assert_eq!(list(&span, "m."), [json(r#"{"role": "user"}"#)]);
    }
}
