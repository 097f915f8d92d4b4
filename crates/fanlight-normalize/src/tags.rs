//! Tags of a trace: what its resources, its roots and its client say.

use std::collections::BTreeMap;
use std::sync::Arc;

use fanlight_model::{Resource, Span, TraceFacts, Value};
use rustc_hash::FxHashSet;

use crate::json_text::{plain, render};
use crate::keys::TRACE_TAG;

/// Has a field of its own.
pub(crate) const TRACE_NAME: &str = "mlflow.traceName";

/// Where a trace is kept is ours to say; a client that could set these would make its spans unreachable.
const IMMUTABLE: [&str; 4] = [
    "mlflow.trace.spansLocation",
    "mlflow.artifactLocation",
    "mlflow.trace.archiveLocation",
    "mlflow.trace.archivalFailure",
];
const SKIPPED_RESOURCE_PREFIXES: [&str; 2] = ["telemetry.sdk.", "mlflow."];
const MAX_KEY_CHARS: usize = 250;
const MAX_VALUE_CHARS: usize = 8000;

/// All tags but the immutable ones, the trace name among them. `spans` in order of time: of two that disagree the later
/// one wins, and the client wins over all.
pub(crate) fn tags(facts: Option<&TraceFacts>, spans: &[&Span]) -> BTreeMap<String, String> {
    let mut tags = resource_tags(spans);
    for root in spans.iter().filter(|span| span.is_root()) {
        tags.extend(root_tags(root));
    }
    if let Some(facts) = facts {
        tags.extend(
            facts
                .tags
                .iter()
                .map(|(key, value)| (key.clone(), value.clone())),
        );
    }
    for key in IMMUTABLE {
        tags.remove(key);
    }
    tags
}

fn resource_tags(spans: &[&Span]) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    let mut seen: FxHashSet<*const Resource> = FxHashSet::default();
    // From the end, so that each resource is read once and the latest one wins.
    for span in spans.iter().rev() {
        if !seen.insert(Arc::as_ptr(&span.resource)) {
            continue;
        }
        for (key, value) in span.resource.attributes.iter() {
            if is_tag_of_resource(key) && !tags.contains_key(key) {
                tags.insert(key.to_owned(), tag_value(value));
            }
        }
    }
    tags
}

fn root_tags(root: &Span) -> impl Iterator<Item = (String, String)> {
    root.attributes.iter().filter_map(|(key, value)| {
        let tag = key.strip_prefix(TRACE_TAG)?;
        is_legal_key(tag).then(|| (tag.to_owned(), tag_value(value)))
    })
}

fn is_tag_of_resource(key: &str) -> bool {
    !SKIPPED_RESOURCE_PREFIXES
        .iter()
        .any(|prefix| key.starts_with(prefix))
        && is_legal_key(key)
}

/// Letters, digits, `_ - . space : /`, like a relative path that goes nowhere else.
pub(crate) fn is_legal_key(key: &str) -> bool {
    let is_legal_char =
        |character: char| character.is_alphanumeric() || "_-. :/".contains(character);
    !key.is_empty()
        && key.chars().nth(MAX_KEY_CHARS).is_none()
        && key.chars().all(is_legal_char)
        && key
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

fn tag_value(value: &Value) -> String {
    match value {
        Value::String(text) => within_limit(&plain(text)).to_owned(),
        other => render(other, MAX_VALUE_CHARS),
    }
}

pub(crate) fn within_limit(text: &str) -> &str {
    text.char_indices()
        .nth(MAX_VALUE_CHARS)
        .map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use fanlight_model::{ExperimentId, Span};

    use super::*;
    use crate::testing::{attributes, child, json, trace_id};

    fn from_resource<const N: usize>(span: Span, entries: [(&str, Value); N]) -> Span {
        Span {
            resource: Arc::new(Resource {
                attributes: attributes(entries),
            }),
            ..span
        }
    }

    fn pairs(tags: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
        tags.iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect()
    }

    #[test]
    fn resource_attributes_become_tags() {
        let span = from_resource(
            child(1, 0, []),
            [
                ("service.name", "shop".into()),
                ("telemetry.sdk.name", "opentelemetry".into()),
                ("mlflow.traceName", "no".into()),
                ("process.args", json(r#"["a", 1]"#)),
                ("../up", "no".into()),
                ("a//b", "no".into()),
                ("semi;colon", "no".into()),
                ("port", 80.into()),
            ],
        );
        let tags = tags(None, &[&span]);
        assert_eq!(
            pairs(&tags),
            [
                ("port", "80"),
                ("process.args", r#"["a", 1]"#),
                ("service.name", "shop")
            ]
        );
    }

    #[test]
    fn later_resources_win_then_roots_then_the_client() {
        let early = from_resource(
            child(1, 0, [("mlflow.traceTag.c", "root".into())]),
            [
                ("a", "early".into()),
                ("b", "early".into()),
                ("c", "early".into()),
            ],
        );
        let late = from_resource(
            child(2, 1, [("mlflow.traceTag.a", "ignored on children".into())]),
            [("b", "late".into()), ("d", "late".into())],
        );
        let mut facts = TraceFacts::new(trace_id(), ExperimentId::DEFAULT);
        facts.tags.insert("d".into(), "client".into());
        let tags = tags(Some(&facts), &[&early, &late]);
        assert_eq!(
            pairs(&tags),
            [
                ("a", "early"),
                ("b", "late"),
                ("c", "root"),
                ("d", "client")
            ]
        );
    }

    #[test]
    fn immutable_tags_are_protected_on_every_channel() {
        let root = child(
            1,
            0,
            [(
                "mlflow.traceTag.mlflow.trace.spansLocation",
                "elsewhere".into(),
            )],
        );
        let mut facts = TraceFacts::new(trace_id(), ExperimentId::DEFAULT);
        for key in IMMUTABLE {
            facts.tags.insert(key.into(), "elsewhere".into());
        }
        assert_eq!(pairs(&tags(Some(&facts), &[&root])), []);
    }

    #[test]
    fn long_values_are_cut_on_characters() {
        let span = from_resource(child(1, 0, []), [("long", "ü".repeat(8001).into())]);
        assert_eq!(tags(None, &[&span])["long"], "ü".repeat(8000));
    }
}
