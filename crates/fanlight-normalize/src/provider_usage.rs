//! What providers say about the tokens of a call in their own JSON, recognised by its shape.

use fanlight_model::{TokenUsage, Value};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::found::{Found, count};
use crate::json_text::decode_json_text;
use crate::keys::Key;
use crate::token_usage::{Cached, settled};

/// A place in a JSON object: names from the outside in.
type Path = &'static [&'static str];

/// Where the usage object of a provider's API has its counts. Those of `input` are added up, as are those of `output`:
/// some providers count parts apart.
struct Shape {
    cached: Cached,
    /// Only an object with one of them has this shape.
    marks: &'static [Path],
    input: &'static [Path],
    output: &'static [Path],
    total: Path,
    cache_read: &'static [Path],
    cache_write: &'static [Path],
    cache_write_1h: &'static [Path],
    audio_input: Path,
    image_input: Path,
    reasoning: Path,
    audio_output: Path,
}

/// Chat completions, which most providers answer like the first one that had them. One names its cache apart
/// (`prompt_cache_hit_tokens`), one counts thoughts apart, which its total proves.
const CHAT_COMPLETIONS: Shape = Shape {
    cached: Cached::Included,
    marks: &[&["prompt_tokens"]],
    input: &[&["prompt_tokens"]],
    output: &[&["completion_tokens"]],
    total: &["total_tokens"],
    cache_read: &[
        &["prompt_tokens_details", "cached_tokens"],
        &["prompt_cache_hit_tokens"],
    ],
    cache_write: &[&["prompt_tokens_details", "cache_write_tokens"]],
    cache_write_1h: &[],
    audio_input: &["prompt_tokens_details", "audio_tokens"],
    image_input: &["prompt_tokens_details", "image_tokens"],
    reasoning: &["completion_tokens_details", "reasoning_tokens"],
    audio_output: &["completion_tokens_details", "audio_tokens"],
};
/// Messages: Anthropic, also on Bedrock and Vertex. Input is what was neither read from a cache nor written to one.
const MESSAGES: Shape = Shape {
    cached: Cached::Excluded,
    marks: &[
        &["cache_read_input_tokens"],
        &["cache_creation_input_tokens"],
        &["cache_creation"],
    ],
    input: &[&["input_tokens"]],
    output: &[&["output_tokens"]],
    total: &[],
    cache_read: &[&["cache_read_input_tokens"]],
    cache_write: &[&["cache_creation_input_tokens"]],
    cache_write_1h: &[&["cache_creation", "ephemeral_1h_input_tokens"]],
    audio_input: &[],
    image_input: &[],
    reasoning: &[],
    audio_output: &[],
};
/// The Responses API; images have the same shape.
const RESPONSES: Shape = Shape {
    cached: Cached::Included,
    marks: &[
        &["input_tokens_details"],
        &["output_tokens_details"],
        &["input_tokens"],
    ],
    input: &[&["input_tokens"]],
    output: &[&["output_tokens"]],
    total: &["total_tokens"],
    cache_read: &[&["input_tokens_details", "cached_tokens"]],
    cache_write: &[&["input_tokens_details", "cache_write_tokens"]],
    cache_write_1h: &[],
    audio_input: &["input_tokens_details", "audio_tokens"],
    image_input: &["input_tokens_details", "image_tokens"],
    reasoning: &["output_tokens_details", "reasoning_tokens"],
    audio_output: &["output_tokens_details", "audio_tokens"],
};
/// `usage_metadata` of messages of `langchain-core`, the same for all providers.
const LANG_CHAIN: Shape = Shape {
    cached: Cached::Included,
    marks: &[&["input_token_details"], &["output_token_details"]],
    input: &[&["input_tokens"]],
    output: &[&["output_tokens"]],
    total: &["total_tokens"],
    cache_read: &[&["input_token_details", "cache_read"]],
    cache_write: &[&["input_token_details", "cache_creation"]],
    cache_write_1h: &[&["input_token_details", "ephemeral_1h_input_tokens"]],
    audio_input: &["input_token_details", "audio"],
    image_input: &[],
    reasoning: &["output_token_details", "reasoning"],
    audio_output: &["output_token_details", "audio"],
};
/// Gemini and Vertex over HTTP. Thoughts and the prompts of tools are counted apart, cached content is not.
const GEMINI: Shape = Shape {
    cached: Cached::Included,
    marks: &[&["promptTokenCount"]],
    input: &[&["promptTokenCount"], &["toolUsePromptTokenCount"]],
    output: &[&["candidatesTokenCount"], &["thoughtsTokenCount"]],
    total: &["totalTokenCount"],
    cache_read: &[&["cachedContentTokenCount"]],
    cache_write: &[],
    cache_write_1h: &[],
    audio_input: &["promptTokensDetails", "AUDIO"],
    image_input: &["promptTokensDetails", "IMAGE"],
    reasoning: &["thoughtsTokenCount"],
    audio_output: &["candidatesTokensDetails", "AUDIO"],
};
/// The same as its Python client names it.
const GEMINI_PYTHON: Shape = Shape {
    marks: &[&["prompt_token_count"]],
    input: &[&["prompt_token_count"], &["tool_use_prompt_token_count"]],
    output: &[&["candidates_token_count"], &["thoughts_token_count"]],
    total: &["total_token_count"],
    cache_read: &[&["cached_content_token_count"]],
    audio_input: &["prompt_tokens_details", "AUDIO"],
    image_input: &["prompt_tokens_details", "IMAGE"],
    reasoning: &["thoughts_token_count"],
    audio_output: &["candidates_tokens_details", "AUDIO"],
    ..GEMINI
};
/// Converse of Amazon Bedrock.
const CONVERSE: Shape = Shape {
    cached: Cached::Excluded,
    marks: &[&["inputTokens"]],
    input: &[&["inputTokens"]],
    output: &[&["outputTokens"]],
    total: &["totalTokens"],
    cache_read: &[&["cacheReadInputTokens"]],
    cache_write: &[&["cacheWriteInputTokens"]],
    cache_write_1h: &[],
    audio_input: &[],
    image_input: &[],
    reasoning: &[],
    audio_output: &[],
};
/// Langfuse's own names: every kind of token is counted once.
const LANGFUSE: Shape = Shape {
    cached: Cached::Excluded,
    marks: &[&["input"], &["output"]],
    input: &[&["input"]],
    output: &[&["output"]],
    total: &["total"],
    cache_read: &[
        &["cache_read_input_tokens"],
        &["input_cache_read"],
        &["input_cached_tokens"],
    ],
    cache_write: &[&["cache_creation_input_tokens"], &["input_cache_creation"]],
    cache_write_1h: &[],
    audio_input: &[],
    image_input: &[],
    reasoning: &[],
    audio_output: &[],
};

/// The first whose marks an object has.
const SHAPES: &[&Shape] = &[
    &CHAT_COMPLETIONS,
    &GEMINI,
    &GEMINI_PYTHON,
    &CONVERSE,
    &LANG_CHAIN,
    &LANGFUSE,
    &MESSAGES,
    &RESPONSES,
];

/// Names under which responses have their usage.
const IN_RESPONSES: [&str; 4] = [
    "usage",
    "usage_metadata",
    "usageMetadata",
    "response_metadata",
];

impl Shape {
    fn read(&self, object: &Value) -> TokenUsage {
        let first = |paths: &[Path]| paths.iter().find_map(|path| count_at(object, path));
        let sum = |paths: &[Path]| {
            paths
                .iter()
                .filter_map(|path| count_at(object, path))
                .reduce(u64::saturating_add)
        };
        let total = count_at(object, self.total);
        let counted = TokenUsage {
            input: sum(self.input),
            output: sum(self.output),
            total,
            cache_read: first(self.cache_read),
            cache_write: first(self.cache_write),
            cache_write_1h: first(self.cache_write_1h),
            audio_input: count_at(object, self.audio_input),
            image_input: count_at(object, self.image_input),
            reasoning: count_at(object, self.reasoning),
            audio_output: count_at(object, self.audio_output),
        };
        let mut settled = settled(counted, self.cached, total);
        if let (Some(input), Some(output)) = (settled.input, settled.output) {
            let sum = input.saturating_add(output);
            settled.total = Some(settled.total.map_or(sum, |total| total.max(sum)));
        }
        settled
    }
}

/// A usage object, also as JSON text.
pub(crate) fn read(value: &Value) -> Option<TokenUsage> {
    let object = decode_json_text(value);
    let shape = SHAPES.iter().find(|shape| {
        let mut marks = shape.marks.iter();
        marks.any(|path| at(&object, path).is_some())
    })?;
    Some(shape.read(&object)).filter(|usage| !usage.is_empty())
}

/// The usage in the response that MLflow's clients record as outputs.
pub(crate) fn of_response(found: &Found<'_>) -> Option<TokenUsage> {
    match found.get(Key::SpanOutputs)? {
        response @ Value::Map(_) => IN_RESPONSES
            .iter()
            .find_map(|name| read(at(response, &[name])?)),
        // Parsing is worth it only where there is something to find.
        Value::String(text) if IN_RESPONSES.iter().any(|name| text.contains(name)) => of_text(text),
        _ => None,
    }
}

/// Responses are long and arrive often: of the rest of one, nothing is kept.
fn of_text(text: &str) -> Option<TokenUsage> {
    #[derive(Deserialize)]
    struct Told {
        usage: Option<Json>,
        usage_metadata: Option<Json>,
        #[serde(rename = "usageMetadata")]
        usage_metadata_in_camels: Option<Json>,
        response_metadata: Option<Json>,
    }
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let told: Told = serde_json::from_str(text).ok()?;
    let places = [
        told.usage,
        told.usage_metadata,
        told.usage_metadata_in_camels,
        told.response_metadata,
    ];
    let mut said = places.into_iter().flatten().map(Value::from_json);
    said.find_map(|said| read(&said))
}

/// What the Vercel AI SDK passes on beside its own counts.
pub(crate) fn of_provider_metadata(metadata: &Value) -> Option<TokenUsage> {
    if metadata
        .as_str()
        .is_some_and(|text| !text.contains("usage"))
    {
        return None;
    }
    let metadata = decode_json_text(metadata);
    let Value::Map(providers) = metadata.as_ref() else {
        return None;
    };
    providers
        .iter()
        .find_map(|(_, said)| read(at(said, &["usage"])?))
}

fn count_at(object: &Value, path: Path) -> Option<u64> {
    (!path.is_empty()).then_some(())?;
    count(at(object, path)?)
}

/// In a list, which Gemini keeps by modality, the name chooses an item.
pub(crate) fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, name| match value {
        Value::Map(entries) => {
            let (_, member) = entries.iter().rev().find(|(key, _)| key == name)?;
            (*member != Value::Null).then_some(member)
        }
        Value::Array(items) => items.iter().find_map(|item| {
            let modality = at(item, &["modality"])?.as_str()?;
            let is_it = modality.rsplit('.').next() == Some(*name);
            is_it
                .then(|| at(item, &["tokenCount"]).or_else(|| at(item, &["token_count"])))
                .flatten()
        }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::json;

    fn counts(text: &str) -> [Option<u64>; 3] {
        let usage = read(&json(text)).unwrap();
        [usage.input, usage.output, usage.total]
    }

    #[test]
    fn every_shape_means_the_same_by_input_and_output() {
        for text in [
            r#"{"prompt_tokens": 110, "completion_tokens": 20, "total_tokens": 130,
                "prompt_tokens_details": {"cached_tokens": 100}}"#,
            r#"{"input_tokens": 110, "output_tokens": 20, "input_tokens_details": {"cached_tokens": 100}}"#,
            r#"{"input_tokens": 10, "output_tokens": 20, "cache_read_input_tokens": 100}"#,
            r#"{"input_tokens": 110, "output_tokens": 20, "input_token_details": {"cache_read": 100}}"#,
            r#"{"promptTokenCount": 110, "candidatesTokenCount": 5, "thoughtsTokenCount": 15,
                "cachedContentTokenCount": 100, "totalTokenCount": 130}"#,
            r#"{"prompt_token_count": 100, "tool_use_prompt_token_count": 10, "candidates_token_count": 5,
                "thoughts_token_count": 15, "cached_content_token_count": 100}"#,
            r#"{"inputTokens": 10, "outputTokens": 20, "totalTokens": 30, "cacheReadInputTokens": 100}"#,
            r#"{"input": 10, "output": 20, "cache_read_input_tokens": 100}"#,
            r#"{"prompt_tokens": 110, "completion_tokens": 5, "total_tokens": 130,
                "completion_tokens_details": {"reasoning_tokens": 15}, "prompt_cache_hit_tokens": 100}"#,
        ] {
            assert_eq!(counts(text), [Some(110), Some(20), Some(130)], "{text}");
            assert_eq!(read(&json(text)).unwrap().cache_read, Some(100), "{text}");
        }
    }

    #[test]
    fn modalities_are_found_in_a_list() {
        let usage = read(&json(
            r#"{"promptTokenCount": 30, "candidatesTokenCount": 1,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 1}, {"modality": "AUDIO", "tokenCount": 25},
                    {"modality": "IMAGE", "tokenCount": 4}]}"#,
        ))
        .unwrap();
        assert_eq!(usage.audio_input, Some(25));
        assert_eq!(usage.image_input, Some(4));
    }

    #[test]
    fn a_response_is_an_object_or_its_text() {
        let text = r#"{"id": "x", "usage": null, "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1}}"#;
        for outputs in [
            json(text),
            text.into(),
            format!("\n {text}").as_str().into(),
        ] {
            let span = crate::testing::span([("mlflow.spanOutputs", outputs)]);
            let usage = of_response(&Found::of(&span)).unwrap();
            assert_eq!((usage.input, usage.output), (Some(3), Some(1)));
        }
        for other in ["usage", r#"["usage"]"#, r#"{"usage": "#, r#"{"usage": 5}"#] {
            let span = crate::testing::span([("mlflow.spanOutputs", other.into())]);
            assert_eq!(of_response(&Found::of(&span)), None, "{other}");
        }
    }

    #[test]
    fn what_is_no_usage_is_none() {
        for text in [
            "{}",
            "[]",
            "\"usage\"",
            r#"{"input_tokens": null}"#,
            r#"{"tokens": 5}"#,
        ] {
            assert_eq!(read(&json(text)), None, "{text}");
        }
    }
}
