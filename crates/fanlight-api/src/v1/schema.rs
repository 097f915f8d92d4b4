//! Shapes of JSON that describe themselves: a struct made by `shape!` is what is sent and its schema in one.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

/// JSON with a JSON Schema, as `OpenAPI` 3.1 wants it.
pub trait Schema {
    /// Whether an object always has a member of this shape.
    const ALWAYS: bool = true;

    /// Schemas with a name of their own are put into `book` and referred to.
    fn schema(book: &mut Book) -> Json;

    /// Whether this member is left out of its object.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Named schemas, each once.
#[derive(Debug, Default)]
pub struct Book(pub(super) BTreeMap<&'static str, Json>);

/// A member that is there only when it was asked for, or only when its sender wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maybe<T> {
    Absent,
    Here(T),
}

impl<T> From<Option<T>> for Maybe<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Here)
    }
}

impl<T: Serialize> Serialize for Maybe<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_none(),
            Self::Here(value) => value.serialize(serializer),
        }
    }
}

impl<T: Schema> Schema for Maybe<T> {
    const ALWAYS: bool = false;

    fn schema(book: &mut Book) -> Json {
        T::schema(book)
    }

    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// `null` is what is not known.
impl<T: Schema> Schema for Option<T> {
    fn schema(book: &mut Book) -> Json {
        let mut schema = T::schema(book);
        match schema.get_mut("type") {
            Some(kind) if kind.is_string() => {
                *kind = json!([kind.clone(), "null"]);
                schema
            }
            _ => json!({"anyOf": [schema, {"type": "null"}]}),
        }
    }
}

impl<T: Schema> Schema for Vec<T> {
    fn schema(book: &mut Book) -> Json {
        json!({"type": "array", "items": T::schema(book)})
    }
}

impl<T: Schema> Schema for BTreeMap<String, T> {
    fn schema(book: &mut Book) -> Json {
        json!({"type": "object", "additionalProperties": T::schema(book)})
    }
}

/// Members of any name and shape.
impl Schema for Map<String, Json> {
    fn schema(_: &mut Book) -> Json {
        json!({"type": "object", "additionalProperties": {}})
    }
}

/// Anything at all.
impl Schema for Json {
    fn schema(_: &mut Book) -> Json {
        json!({})
    }
}

/// Two, or three, of a kind as a list.
impl<T: Schema, const N: usize> Schema for [T; N] {
    fn schema(book: &mut Book) -> Json {
        json!({"type": "array", "items": T::schema(book), "minItems": N, "maxItems": N})
    }
}

macro_rules! plain {
    ($($type:ty => $schema:tt),* $(,)?) => {
        $(impl Schema for $type {
            fn schema(_: &mut Book) -> Json {
                json!($schema)
            }
        })*
    };
}

plain! {
    bool => {"type": "boolean"},
    u32 => {"type": "integer", "minimum": 0},
    u64 => {"type": "integer", "minimum": 0},
    usize => {"type": "integer", "minimum": 0},
    f64 => {"type": "number"},
    String => {"type": "string"},
}

/// Declares a struct of public members that serialises as an object, and its schema. Comments become descriptions.
macro_rules! shape {
    (
        $(#[doc = $about:literal])+
        $name:ident { $( $(#[doc = $doc:literal])* $field:ident : $type:ty ),* $(,)? }
    ) => {
        $(#[doc = $about])+
        #[allow(unreachable_pub, reason = "parts of a shape need no name outside")]
        #[derive(Clone, Debug, serde::Serialize)]
        pub struct $name {
            $(
                $(#[doc = $doc])*
                #[serde(skip_serializing_if = "crate::v1::schema::Schema::is_absent")]
                pub $field: $type,
            )*
        }

        impl crate::v1::schema::Schema for $name {
            fn schema(book: &mut crate::v1::schema::Book) -> serde_json::Value {
                book.object(
                    stringify!($name),
                    concat!($($about),+),
                    |book| vec![$((
                        stringify!($field),
                        concat!($($doc),*),
                        <$type as crate::v1::schema::Schema>::ALWAYS,
                        <$type as crate::v1::schema::Schema>::schema(book),
                    )),*],
                )
            }
        }
    };
}

pub(crate) use shape;

/// Name, description, whether it is always there, schema.
type Member = (&'static str, &'static str, bool, Json);

impl Book {
    /// Enters an object once and answers a reference to it.
    pub(super) fn object(
        &mut self,
        name: &'static str,
        about: &'static str,
        members: impl FnOnce(&mut Self) -> Vec<Member>,
    ) -> Json {
        if !self.0.contains_key(name) {
            // Entered first, so that an object may contain its own kind.
            self.0.insert(name, Json::Null);
            let schema = object(about, members(self));
            self.0.insert(name, schema);
        }
        json!({"$ref": format!("#/components/schemas/{name}")})
    }
}

fn object(about: &str, members: Vec<Member>) -> Json {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, doc, always, mut schema) in members {
        let name = name.trim_start_matches("r#");
        if always {
            required.push(name);
        }
        let doc = doc.trim();
        if !doc.is_empty()
            && let Some(schema) = schema.as_object_mut()
        {
            schema.insert("description".to_owned(), doc.into());
        }
        properties.insert(name.to_owned(), schema);
    }
    json!({
        "type": "object", "description": about.trim(), "properties": properties, "required": required,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    shape! {
        /// One of several
        /// lines.
        Sample {
            /// What it is.
            r#type: String,
            size: Option<f64>,
            tags: BTreeMap<String, String>,
            inner: Maybe<Vec<Sample>>,
        }
    }

    #[test]
    fn what_is_sent_is_what_is_described() {
        let sample = Sample {
            r#type: "a".to_owned(),
            size: None,
            tags: BTreeMap::new(),
            inner: Maybe::Absent,
        };
        insta::assert_snapshot!(serde_json::to_string(&sample).unwrap(), @r#"{"type":"a","size":null,"tags":{}}"#);
        let mut book = Book::default();
        assert_eq!(
            Sample::schema(&mut book),
            json!({"$ref": "#/components/schemas/Sample"})
        );
        insta::assert_snapshot!(book.0["Sample"], @r##"{"type":"object","description":"One of several lines.","properties":{"type":{"type":"string","description":"What it is."},"size":{"type":["number","null"]},"tags":{"type":"object","additionalProperties":{"type":"string"}},"inner":{"type":"array","items":{"$ref":"#/components/schemas/Sample"}}},"required":["type","size","tags"],"additionalProperties":false}"##);
    }
}
