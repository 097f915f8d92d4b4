//! The model a span asked, who serves it, and how its messages are written.

use std::borrow::Cow;

use fanlight_model::{Span, Value};
use serde::Deserialize;

use crate::content::{self, Field};
use crate::found::Found;
use crate::keys::Key;
use crate::{gemini_cli, vercel};

/// In the order they are asked: within a convention, what answered before what was asked for.
const MODEL: &[Key] = &[
    Key::LlmModel,
    Key::OpenInferenceResponseModel,
    Key::OpenInferenceModel,
    Key::OpenInferenceRequestModel,
    Key::OpenInferenceEmbeddingModel,
    Key::GenAiResponseModel,
    Key::GenAiRequestModel,
    Key::LangfuseModel,
    Key::LangSmithModel,
    Key::VercelResponseModel,
    Key::VercelModel,
];
const REQUESTED: &[Key] = &[
    Key::OpenInferenceRequestModel,
    Key::GenAiRequestModel,
    Key::VercelModel,
    Key::LangSmithModel,
];
const ANSWERED: &[Key] = &[
    Key::OpenInferenceResponseModel,
    Key::GenAiResponseModel,
    Key::VercelResponseModel,
];

const PROVIDER: &[Key] = &[
    Key::LlmProvider,
    Key::OpenInferenceProvider,
    Key::GenAiProvider,
    Key::LangSmithProvider,
    Key::OpenInferenceSystem,
    Key::TraceloopSystem,
];
/// What frameworks write where the provider belongs.
const FRAMEWORKS: [&str; 4] = [
    "langchain",
    "langgraph",
    "strands-agents",
    "gcp.vertex.agent",
];

const LAMINAR: &[Key] = &[Key::LaminarSpanType, Key::LaminarInput, Key::LaminarOutput];

type Test = fn(&Found<'_>) -> bool;

/// Asked only when a client did not say it; the first that matches counts.
const MESSAGE_FORMATS: &[(&str, Test)] = &[
    ("gemini", gemini_cli::is),
    ("vercel_ai", vercel::is_model_call),
    ("voltagent", |found| {
        found.has(Key::VoltOperationId) || found.has(Key::VoltConversationId)
    }),
    ("livekit", |found| found.is_livekit),
    ("openai", |found| LAMINAR.iter().any(|key| found.has(*key))),
];

pub(crate) fn model<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    found.first_text(MODEL).or_else(|| codex_model(found))
}

/// A name as common as `model` is a model's only where nobody else would write it.
fn codex_model<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    found
        .text(Key::CodexModel)
        .filter(|_| found.has(Key::CodexTotalTokens))
}

pub(crate) fn provider<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    let mut named = PROVIDER.iter().filter_map(|key| found.text(*key));
    let provider = named.find(|name| !FRAMEWORKS.contains(&name.as_ref()))?;
    Some(without_api(found, provider))
}

/// Vercel's SDK adds which API of the provider it uses: `openai.responses`.
fn without_api<'a>(found: &Found<'a>, provider: Cow<'a, str>) -> Cow<'a, str> {
    if !found.has(Key::VercelOperation) {
        return provider;
    }
    match provider.split_once('.') {
        Some((name, _)) => Cow::Owned(name.to_owned()),
        None => provider,
    }
}

/// The model that was asked for and the one that answered, where a client tells them apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Models {
    pub requested: Option<String>,
    pub answered: Option<String>,
}

pub fn models(span: &Span) -> Models {
    let found = Found::of(span);
    let inputs = || model_in_content(&content::inputs(&found)?);
    let outputs = || model_in_content(&content::outputs(&found)?);
    let owned = |name: Option<Cow<'_, str>>| name.map(Cow::into_owned);
    Models {
        requested: owned(found.first_text(REQUESTED).or_else(inputs)),
        answered: owned(found.first_text(ANSWERED).or_else(outputs)),
    }
}

pub(crate) fn message_format<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    found.text(Key::MessageFormat).or_else(|| {
        let (name, _) = MESSAGE_FORMATS.iter().find(|(_, matches)| matches(found))?;
        Some(Cow::Borrowed(*name))
    })
}

/// The field `model` (Bedrock: `modelId`) of recorded inputs or outputs, for spans that name their model nowhere else.
pub(crate) fn model_in_content<'a>(content: &Field<'a>) -> Option<Cow<'a, str>> {
    match content {
        Field::Attribute(_, Value::String(text)) => model_in_json(text).map(Cow::Owned),
        Field::Attribute(_, Value::Map(entries)) => model_in_entries(entries).map(Cow::Borrowed),
        Field::Composed(Value::Map(entries)) => {
            model_in_entries(entries).map(|name| Cow::Owned(name.to_owned()))
        }
        _ => None,
    }
}

fn model_in_entries(entries: &[(String, Value)]) -> Option<&str> {
    let is_model = |key: &str| key == "model" || key == "modelId";
    let (_, value) = entries.iter().rev().find(|(key, _)| is_model(key))?;
    value.as_str().filter(|name| !name.is_empty())
}

/// Content is large and rarely names a model: a search for the name comes before the parse.
fn model_in_json(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct WithModel {
        #[serde(alias = "modelId")]
        model: Option<serde_json::Value>,
    }
    if !text.trim_start().starts_with('{') || !text.contains("\"model") {
        return None;
    }
    match serde_json::from_str::<WithModel>(text).ok()?.model? {
        serde_json::Value::String(name) if !name.is_empty() => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{json, span};

    #[test]
    fn every_model_key_is_read_on_its_own() {
        for key in MODEL {
            let span = span([(key.name(), "gpt-4o".into())]);
            assert_eq!(
                model(&Found::of(&span)).as_deref(),
                Some("gpt-4o"),
                "{key:?}"
            );
        }
    }

    #[test]
    fn every_provider_key_is_read_on_its_own() {
        for key in PROVIDER {
            let span = span([(key.name(), "openai".into())]);
            assert_eq!(
                provider(&Found::of(&span)).as_deref(),
                Some("openai"),
                "{key:?}"
            );
        }
    }

    #[test]
    fn old_clients_write_names_as_json() {
        let span = span([("mlflow.llm.model", "\"gpt-4o\"".into())]);
        assert_eq!(model(&Found::of(&span)).as_deref(), Some("gpt-4o"));
    }

    #[test]
    fn message_formats_follow_the_convention() {
        for (key, value, expected) in [
            ("mlflow.message.format", "anthropic", Some("anthropic")),
            ("gen_ai.agent.name", "gemini-cli", Some("gemini")),
            (
                "ai.operationId",
                "ai.streamText.doStream",
                Some("vercel_ai"),
            ),
            ("ai.operationId", "ai.streamText", None),
            ("voltagent.operation_id", "o", Some("voltagent")),
            ("voltagent.conversation_id", "c", Some("voltagent")),
            ("lk.anything", "x", Some("livekit")),
            ("lmnr.span.type", "LLM", Some("openai")),
        ] {
            let span = span([(key, value.into())]);
            assert_eq!(
                message_format(&Found::of(&span)).as_deref(),
                expected,
                "{key} = {value}"
            );
        }
    }

    #[test]
    fn a_model_in_the_content_is_found_in_objects_and_in_text() {
        let object = json(r#"{"model": "gpt-4o", "messages": []}"#);
        assert_eq!(
            model_in_content(&Field::Attribute("k", &object)).as_deref(),
            Some("gpt-4o")
        );
        assert_eq!(
            model_in_content(&Field::Composed(object)).as_deref(),
            Some("gpt-4o")
        );
        let text = Value::from(r#" {"messages": [{"model": "no"}], "model": "yes"}"#);
        assert_eq!(
            model_in_content(&Field::Attribute("k", &text)).as_deref(),
            Some("yes")
        );
        for other in [
            r#"{"model": 5}"#,
            r#"{"model": ""}"#,
            r#"["model"]"#,
            r#"{"model": "#,
        ] {
            assert_eq!(
                model_in_content(&Field::Attribute("k", &other.into())),
                None
            );
        }
    }
}
