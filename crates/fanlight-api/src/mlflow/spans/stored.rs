//! The attributes of a span as MLflow's store keeps them.

use std::borrow::Cow;

use fanlight_model::{Span, Value};
use fanlight_normalize::{decode_json_text, mlflow_attributes};

use fanlight_query::filter::python_json;

/// Keys and JSON texts, of the trace that clients know as `trace_id`.
pub(super) fn stored_attributes(span: &Span, trace_id: &str) -> Vec<(String, String)> {
    let attributes = mlflow_attributes(span, trace_id).into_entries();
    let encode = |(key, value): (String, Value)| {
        let text =
            sent_text(span, &key).map_or_else(|| python_json(&value.to_json()), str::to_owned);
        (key, text)
    };
    attributes.into_iter().map(encode).collect()
}

/// The JSON text a client sent for `key`, where it did: written again, it might lose digits of a number.
fn sent_text<'a>(span: &'a Span, key: &str) -> Option<&'a str> {
    // Always the server's own.
    if key == "mlflow.traceRequestId" {
        return None;
    }
    let value = span.attributes.get(key)?;
    match decode_json_text(value) {
        Cow::Owned(_) => value.as_str(),
        Cow::Borrowed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use fanlight_model::Attributes;

    use super::super::dict::tests::root;
    use super::*;

    #[test]
    fn json_that_came_as_text_is_stored_as_it_came() {
        let attributes = [
            (
                "large",
                Value::from(
                    r#"{"n":608281864034267560872252163321295376887552831379210240000000000}"#,
                ),
            ),
            ("quoted", Value::from(r#""quoted""#)),
            ("digits", Value::from("5")),
            ("number", Value::Int(5)),
            ("float", Value::Double(1.0)),
            ("list", Value::Array(vec!["a".into(), 1.into()])),
            ("nothing", Value::Null),
        ];
        let attributes = attributes.map(|(key, value)| (key.to_owned(), value));
        let span = Span {
            attributes: Attributes::from_entries(attributes.into()),
            ..root()
        };
        let stored = stored_attributes(&span, "tr-1");
        let texts: Vec<_> = stored
            .iter()
            .map(|(key, text)| format!("{key}: {text}"))
            .collect();
        insta::assert_snapshot!(texts.join("\n"), @r#"
        large: {"n":608281864034267560872252163321295376887552831379210240000000000}
        quoted: "quoted"
        digits: "5"
        number: 5
        float: 1.0
        list: ["a", 1]
        nothing: null
        mlflow.traceRequestId: "tr-1"
        "#);
    }
}
