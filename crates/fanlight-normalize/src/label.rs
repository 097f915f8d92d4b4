//! A name to show for a span whose own name says too little.

use std::borrow::Cow;

use fanlight_model::Span;

/// Attributes that a call is about, by what makes it such a call. The first that is there counts.
const ABOUT: &[(&[&str], &[&str])] = &[
    (
        &["http.request.method", "http.method"],
        &[
            "http.route",
            "url.template",
            "url.path",
            "http.target",
            "url.full",
            "http.url",
        ],
    ),
    (
        &["db.system.name", "db.system"],
        &[
            "db.query.summary",
            "db.collection.name",
            "db.sql.table",
            "db.namespace",
            "db.name",
        ],
    ),
    (&["rpc.system"], &["rpc.method"]),
    (
        &["messaging.system"],
        &["messaging.destination.name", "messaging.destination"],
    ),
    (
        &["mcp.method.name"],
        &["gen_ai.tool.name", "gen_ai.prompt.name", "mcp.resource.uri"],
    ),
];
/// What a template was filled with.
const FILLED: &str = "logfire.msg";
/// Calls of models and tools go over HTTP and RPC too, and have names of their own.
const OPERATION: &str = "gen_ai.operation.name";

/// The span's name; of a template, the text it stands for; of a plain call named `GET` alone, also what was asked.
pub fn label(span: &Span) -> Cow<'_, str> {
    if span.name.contains('{')
        && let Some(text) = text(span, FILLED)
    {
        return Cow::Borrowed(text);
    }
    if span.attributes.get(OPERATION).is_some() {
        return Cow::Borrowed(&span.name);
    }
    let about = ABOUT.iter().find_map(|(marks, about)| {
        let is_such_a_call = marks.iter().any(|mark| span.attributes.get(mark).is_some());
        is_such_a_call.then(|| about.iter().find_map(|name| text(span, name)))?
    });
    match about.map(without_query) {
        Some(about) if !span.name.contains(about) && !span.name.contains('/') => {
            Cow::Owned(format!("{} {about}", span.name).trim_start().to_owned())
        }
        _ => Cow::Borrowed(&span.name),
    }
}

fn text<'a>(span: &'a Span, name: &str) -> Option<&'a str> {
    span.attributes
        .get_str(name)
        .filter(|text| !text.is_empty())
}

/// The part of an address that does not differ from call to call, nor holds a secret.
fn without_query(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use fanlight_model::Value;

    use super::*;
    use crate::testing::span;

    fn named<const N: usize>(name: &str, attributes: [(&str, Value); N]) -> String {
        let span = Span {
            name: name.to_owned(),
            ..span(attributes)
        };
        label(&span).into_owned()
    }

    #[test]
    fn a_name_that_says_too_little_says_what_was_asked() {
        let get = ("http.request.method", Value::from("GET"));
        let url = (
            "url.full",
            Value::from("https://a.example/v1/items?key=secret"),
        );
        assert_eq!(
            named("GET", [get.clone(), url.clone()]),
            "GET https://a.example/v1/items"
        );
        assert_eq!(named("GET /v1/items", [get, url]), "GET /v1/items");
        let table = ("db.collection.name", Value::from("orders"));
        assert_eq!(
            named("SELECT", [("db.system", "mysql".into()), table]),
            "SELECT orders"
        );
        assert_eq!(
            named("work", [("db.collection.name", "orders".into())]),
            "work"
        );
    }

    #[test]
    fn a_template_is_shown_filled() {
        let message = ("logfire.msg", Value::from("Chat with 'gpt-4o'"));
        assert_eq!(
            named("Chat with {model!r}", [message.clone()]),
            "Chat with 'gpt-4o'"
        );
        assert_eq!(named("chat", [message]), "chat");
    }
}
