//! Tokens of one span.

use fanlight_model::{TokenUsage, Value};

use crate::document::member;
use crate::found::{Found, count};
use crate::json_text::{decode, decode_json_text};
use crate::keys::Key;
use crate::{claude_code, provider_usage, vercel};

/// Field names of MLflow's usage object, in the order it is written.
pub(crate) const INPUT: &str = "input_tokens";
pub(crate) const OUTPUT: &str = "output_tokens";
pub(crate) const TOTAL: &str = "total_tokens";
pub(crate) const CACHE_READ: &str = "cache_read_input_tokens";
pub(crate) const CACHE_WRITE: &str = "cache_creation_input_tokens";
pub(crate) const CACHE_WRITE_1H: &str = "cache_creation_input_tokens_above_1hr";

/// Whether a convention's count of input has the tokens in it that came from a cache or went there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cached {
    Included,
    /// They are counted apart.
    Excluded,
}

/// Where a convention keeps its counts.
struct Counts {
    cached: Cached,
    input: &'static [Key],
    output: &'static [Key],
    total: &'static [Key],
    cache_read: &'static [Key],
    cache_write: &'static [Key],
    cache_write_1h: &'static [Key],
    audio_input: &'static [Key],
    image_input: &'static [Key],
    reasoning: &'static [Key],
    audio_output: &'static [Key],
}

/// Its Anthropic instrumentation adds cached tokens up, as the others get them from their providers.
const OPEN_INFERENCE: Counts = Counts {
    cached: Cached::Included,
    input: &[Key::OpenInferencePromptTokens],
    output: &[Key::OpenInferenceCompletionTokens],
    total: &[Key::OpenInferenceTotalTokens],
    cache_read: &[Key::OpenInferenceCacheRead],
    cache_write: &[Key::OpenInferenceCacheWrite],
    cache_write_1h: &[],
    audio_input: &[Key::OpenInferenceAudioInput],
    image_input: &[],
    reasoning: &[Key::OpenInferenceReasoning],
    audio_output: &[Key::OpenInferenceAudioOutput],
};
/// Bare names, read on its model calls only.
const CLAUDE_CODE: Counts = Counts {
    cached: Cached::Excluded,
    input: &[Key::ClaudeInputTokens],
    output: &[Key::ClaudeOutputTokens],
    total: &[],
    cache_read: &[Key::ClaudeCacheRead],
    cache_write: &[Key::ClaudeCacheCreation],
    cache_write_1h: &[],
    audio_input: &[],
    image_input: &[],
    reasoning: &[],
    audio_output: &[],
};
const CODEX_CLI: Counts = Counts {
    cached: Cached::Included,
    input: &[Key::CodexInputTokens],
    output: &[Key::CodexOutputTokens],
    total: &[Key::CodexTotalTokens],
    cache_read: &[Key::CodexCacheRead],
    cache_write: &[Key::CodexCacheWrite],
    cache_write_1h: &[],
    audio_input: &[],
    image_input: &[],
    reasoning: &[Key::CodexReasoning],
    audio_output: &[],
};
/// The SDK since version 6, which tells what is not cached. Before, it passed on what the provider says.
const VERCEL: Counts = Counts {
    cached: Cached::Included,
    input: &[Key::VercelInputTokens, Key::VercelPromptTokens],
    output: &[Key::VercelOutputTokens, Key::VercelCompletionTokens],
    total: &[Key::VercelTotalTokens],
    cache_read: &[Key::VercelCacheRead, Key::VercelCachedTokens],
    cache_write: &[Key::VercelCacheWrite],
    cache_write_1h: &[],
    audio_input: &[],
    image_input: &[],
    reasoning: &[Key::VercelReasoningDetail, Key::VercelReasoning],
    audio_output: &[],
};
const VERCEL_OF_EXCLUDING_PROVIDERS: Counts = Counts {
    cached: Cached::Excluded,
    ..VERCEL
};
/// The convention says that input includes cached tokens. OpenLLMetry, Gemini CLI, Spring AI, Google ADK, Pydantic AI,
/// LiveKit and Laminar count in these too.
const GEN_AI: Counts = Counts {
    cached: Cached::Included,
    input: &[Key::GenAiInputTokens],
    output: &[Key::GenAiOutputTokens],
    total: &[],
    cache_read: &[
        Key::GenAiCacheRead,
        Key::GenAiCacheReadTokens,
        Key::GenAiDetailsCacheRead,
        Key::GenAiInputCachedTokens,
    ],
    cache_write: &[
        Key::GenAiCacheWrite,
        Key::GenAiCacheCreation,
        Key::GenAiCacheCreationTokens,
        Key::GenAiCacheWriteTokens,
        Key::GenAiDetailsCacheWrite,
    ],
    cache_write_1h: &[Key::AnthropicCacheWrite1h],
    audio_input: &[
        Key::GenAiAudioInput,
        Key::GenAiInputAudioTokens,
        Key::GenAiDetailsAudioInput,
    ],
    image_input: &[Key::GenAiImageInput],
    reasoning: &[
        Key::GenAiReasoning,
        Key::GenAiReasoningTokens,
        Key::GenAiDetailsReasoning,
    ],
    audio_output: &[
        Key::GenAiAudioOutput,
        Key::GenAiOutputAudioTokens,
        Key::GenAiDetailsAudioOutput,
    ],
};
/// One row, because they share the name of the total: asked one after the other, the total alone would win.
const TRACELOOP_AND_VOLT_AGENT: Counts = Counts {
    cached: Cached::Included,
    input: &[
        Key::TraceloopPromptTokens,
        Key::VoltPromptTokens,
        Key::VoltLlmPromptTokens,
    ],
    output: &[
        Key::TraceloopCompletionTokens,
        Key::VoltCompletionTokens,
        Key::VoltLlmCompletionTokens,
    ],
    total: &[Key::TraceloopTotalTokens, Key::VoltTotalTokens],
    cache_read: &[Key::GenAiCacheReadTokens],
    cache_write: &[Key::GenAiCacheCreationTokens],
    cache_write_1h: &[],
    audio_input: &[],
    image_input: &[],
    reasoning: &[Key::TraceloopReasoning],
    audio_output: &[],
};

/// The first convention that knows input, output or total supplies all numbers. What a provider says about itself in
/// JSON is read by its shape (`provider_usage.rs`).
const RULES: &[fn(&Found<'_>) -> Option<TokenUsage>] = &[
    |found| Some(OPEN_INFERENCE.read(found)),
    |found| claude_code::is_model_call(found).then(|| CLAUDE_CODE.read(found)),
    |found| Some(CODEX_CLI.read(found)),
    |found| vercel_usage(found),
    |found| provider_usage::read(found.get(Key::LangSmithUsage)?),
    |found| Some(GEN_AI.read(found)).map(|usage| with_raw_details(found, usage)),
    |found| Some(TRACELOOP_AND_VOLT_AGENT.read(found)),
    |found| provider_usage::read(found.get(Key::LangfuseUsage)?),
];

impl Counts {
    fn read(&self, found: &Found<'_>) -> TokenUsage {
        let total = found.first_count(self.total);
        let counted = TokenUsage {
            input: found.first_count(self.input),
            output: found.first_count(self.output),
            total,
            cache_read: found.first_count(self.cache_read),
            cache_write: found.first_count(self.cache_write),
            cache_write_1h: found.first_count(self.cache_write_1h),
            audio_input: found.first_count(self.audio_input),
            image_input: found.first_count(self.image_input),
            reasoning: found.first_count(self.reasoning),
            audio_output: found.first_count(self.audio_output),
        };
        let told_total = total.or_else(|| found.first_count(&[Key::GenAiTotalTokens]));
        settled(counted, self.cached, told_total)
    }
}

/// `counted` with everything in `input` and `output` that is a part of them.
///
/// Instrumentations do not always keep to their convention. What the numbers themselves prove counts more: a part
/// cannot be larger than the whole, and a total that is the sum of the parts says that they were counted apart.
pub(crate) fn settled(
    mut counted: TokenUsage,
    cached: Cached,
    told_total: Option<u64>,
) -> TokenUsage {
    let said = counted.input.zip(counted.output);
    let sum_with =
        |parts: u64| said.map(|(input, output)| input.saturating_add(output).saturating_add(parts));
    let in_cache = counted
        .cache_read
        .unwrap_or(0)
        .saturating_add(counted.cache_write.unwrap_or(0));
    let thoughts = counted.reasoning.unwrap_or(0);
    let is_total = |parts: u64| told_total.is_some() && sum_with(parts) == told_total;
    let thoughts_apart = thoughts > 0
        && (counted.output.is_some_and(|output| output < thoughts)
            || is_total(thoughts)
            || (in_cache > 0 && is_total(thoughts.saturating_add(in_cache))));
    let cache_apart = in_cache > 0
        && (cached == Cached::Excluded
            || counted.input.is_some_and(|input| input < in_cache)
            || is_total(in_cache)
            || (thoughts_apart && is_total(thoughts.saturating_add(in_cache))));
    let mut added = 0;
    if cache_apart && let Some(input) = &mut counted.input {
        *input = input.saturating_add(in_cache);
        added += in_cache;
    }
    if thoughts_apart && let Some(output) = &mut counted.output {
        *output = output.saturating_add(thoughts);
        added += thoughts;
    }
    // A total that left out what is counted now.
    if added > 0 && counted.total.is_some() && counted.total == sum_with(0) {
        counted.total = counted.total.map(|total| total.saturating_add(added));
    }
    counted
}

/// Its outer spans repeat what the calls inside them say.
fn vercel_usage(found: &Found<'_>) -> Option<TokenUsage> {
    if !vercel::is_model_call(found) {
        return None;
    }
    let passes_on = || {
        let provider = found.text(Key::VercelModelProvider);
        ["anthropic", "amazon-bedrock"]
            .iter()
            .any(|name| provider.as_deref().is_some_and(|own| own.starts_with(name)))
    };
    let counts = if !found.has(Key::VercelNoCacheTokens) && passes_on() {
        &VERCEL_OF_EXCLUDING_PROVIDERS
    } else {
        &VERCEL
    };
    let usage = counts.read(found);
    let said = found
        .get(Key::VercelProviderMetadata)
        .and_then(provider_usage::of_provider_metadata);
    Some(refined(usage, said))
}

fn with_raw_details(found: &Found<'_>, usage: TokenUsage) -> TokenUsage {
    refined(
        usage,
        found.get(Key::GenAiRawUsage).and_then(provider_usage::read),
    )
}

/// The numbers of the provider where they are about the same call: it tells of caches and thoughts more exactly.
fn refined(usage: TokenUsage, provider: Option<TokenUsage>) -> TokenUsage {
    let Some(provider) = provider else {
        return usage;
    };
    let known = |count: Option<u64>| count.unwrap_or(0);
    let uncached = |of: &TokenUsage| {
        known(of.input)
            .saturating_sub(known(of.cache_read))
            .saturating_sub(known(of.cache_write))
    };
    let spoken = |of: &TokenUsage| known(of.output).saturating_sub(known(of.reasoning));
    let same_input = usage.input == provider.input || known(usage.input) == uncached(&provider);
    let same_output = usage.output == provider.output || known(usage.output) == spoken(&provider);
    if !same_input || !same_output {
        return usage;
    }
    // A zero that nobody else mentioned says nothing new.
    let detail = |own: Option<u64>, said: Option<u64>| said.filter(|&said| said > 0).or(own);
    let grown = usage.input != provider.input || usage.output != provider.output;
    let both = TokenUsage {
        input: provider.input.or(usage.input),
        output: provider.output.or(usage.output),
        total: if grown {
            provider.total.or(usage.total)
        } else {
            usage.total
        },
        cache_read: detail(usage.cache_read, provider.cache_read),
        cache_write: detail(usage.cache_write, provider.cache_write),
        cache_write_1h: detail(usage.cache_write_1h, provider.cache_write_1h),
        audio_input: detail(usage.audio_input, provider.audio_input),
        image_input: detail(usage.image_input, provider.image_input),
        reasoning: detail(usage.reasoning, provider.reasoning),
        audio_output: detail(usage.audio_output, provider.audio_output),
    };
    // Either may know a part of which the other does not know the whole.
    settled(both, Cached::Included, None)
}

/// What the client says, else what a convention says, else what the provider said in the recorded response of a call. A
/// call has input: who counts nothing at all has not counted, as MLflow's client of `LiteLLM` does for streams.
pub(crate) fn usage(found: &Found<'_>) -> Option<TokenUsage> {
    let recorded = || {
        is_recorded_call(found)
            .then_some(found)
            .and_then(provider_usage::of_response)
    };
    said(found)
        .or_else(recorded)
        .filter(TokenUsage::counts_something)
}

/// MLflow's clients record the calls of some libraries, embeddings for one, without counting; so do people who record
/// calls by hand.
fn is_recorded_call(found: &Found<'_>) -> bool {
    const CALLS: [&str; 3] = ["CHAT_MODEL", "EMBEDDING", "LLM"];
    let span_type = found.text(Key::SpanType);
    span_type.is_some_and(|name| CALLS.contains(&name.as_ref()))
}

/// What the client says, else what a convention says; there a missing total is the sum of input and output.
///
/// MLflow's clients copy two or three numbers of what the provider said, as they are, and record all of it in the
/// outputs of the span.
fn said(found: &Found<'_>) -> Option<TokenUsage> {
    if let Some(own) = found.get(Key::ChatTokenUsage).and_then(from_value) {
        return Some(refined(own, provider_usage::of_response(found)));
    }
    let mut usage = RULES
        .iter()
        .filter_map(|rule| rule(found))
        .find(|usage| !usage.is_empty())?;
    if let (None, Some(input), Some(output)) = (usage.total, usage.input, usage.output) {
        usage.total = Some(input.saturating_add(output));
    }
    Some(usage)
}

/// MLflow's usage object, also as JSON text. `None` when it knows neither input, output nor total.
pub(crate) fn from_value(value: &Value) -> Option<TokenUsage> {
    Some(settled(as_said(value)?, Cached::Included, None))
}

/// The same with the numbers as they are.
fn as_said(value: &Value) -> Option<TokenUsage> {
    let decoded = decode_json_text(value);
    let part = |name| member(&decoded, name).and_then(count);
    let usage = TokenUsage {
        input: part(INPUT),
        output: part(OUTPUT),
        total: part(TOTAL),
        cache_read: part(CACHE_READ),
        cache_write: part(CACHE_WRITE),
        cache_write_1h: part(CACHE_WRITE_1H),
        ..TokenUsage::default()
    };
    (!usage.is_empty()).then_some(usage)
}

/// What a client says of a whole trace. Clients add up what their spans say, so the spans tell the rest of it.
pub(crate) fn of_trace(text: &str, of_spans: Option<TokenUsage>) -> Option<TokenUsage> {
    Some(refined(from_value(&decode(text)?)?, of_spans))
}

/// Whether `text` has other sums than `usage`.
pub(crate) fn says_otherwise(text: &str, usage: Option<&TokenUsage>) -> bool {
    let said = decode(text).as_ref().and_then(as_said);
    let sums = |usage: &TokenUsage| [usage.input, usage.output, usage.total];
    said.is_some_and(|said| usage.is_some_and(|usage| sums(usage) != sums(&said)))
}

/// MLflow's usage object; what is unknown is left out.
pub(crate) fn to_value(usage: &TokenUsage) -> Value {
    let parts = [
        (INPUT, usage.input),
        (OUTPUT, usage.output),
        (TOTAL, usage.total),
        (CACHE_READ, usage.cache_read),
        (CACHE_WRITE, usage.cache_write),
        (CACHE_WRITE_1H, usage.cache_write_1h),
    ];
    let known = parts.into_iter().filter_map(|(name, count)| {
        Some((
            name.to_owned(),
            Value::Int(i64::try_from(count?).unwrap_or(i64::MAX)),
        ))
    });
    Value::Map(known.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{json, span};

    fn usage_of<const N: usize>(attributes: [(&str, Value); N]) -> Option<Value> {
        usage(&Found::of(&span(attributes))).map(|usage| to_value(&usage))
    }

    #[test]
    fn open_inference_counts() {
        let counted = usage_of([
            ("llm.token_count.prompt", 5.into()),
            ("llm.token_count.completion", 7.into()),
            ("llm.token_count.prompt_details.cache_read", 2.into()),
            ("llm.token_count.prompt_details.cache_write", 1.into()),
        ]);
        let expected = r#"{"input_tokens": 5, "output_tokens": 7, "total_tokens": 12, "cache_read_input_tokens": 2,
            "cache_creation_input_tokens": 1}"#;
        assert_eq!(counted, Some(json(expected)));
        assert_eq!(
            usage_of([("llm.token_count.total", 9.into())]),
            Some(json(r#"{"total_tokens": 9}"#))
        );
    }

    #[test]
    fn claude_code_counts_cached_tokens_apart() {
        let counts = [
            ("input_tokens", 10.into()),
            ("output_tokens", 5.into()),
            ("cache_read_tokens", 100.into()),
            ("cache_creation_tokens", 20.into()),
        ];
        let [a, b, c, d] = counts.clone();
        let expected = r#"{"input_tokens": 130, "output_tokens": 5, "total_tokens": 135,
            "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20}"#;
        assert_eq!(
            usage_of([("span.type", "llm_request".into()), a, b, c, d]),
            Some(json(expected))
        );
        assert_eq!(usage_of(counts), None);
    }

    #[test]
    fn gen_ai_counts_may_be_text_or_integral_doubles_but_not_junk() {
        let junk = usage_of([
            ("gen_ai.usage.input_tokens", "12".into()),
            ("gen_ai.usage.output_tokens", "x".into()),
        ]);
        assert_eq!(junk, Some(json(r#"{"input_tokens": 12}"#)));
        let double = usage_of([("gen_ai.usage.input_tokens", 12.0.into())]);
        assert_eq!(double, Some(json(r#"{"input_tokens": 12}"#)));
        let legacy = usage_of([
            ("gen_ai.usage.output_tokens", 1.into()),
            ("gen_ai.usage.cache_read.input_tokens", 2.into()),
            ("gen_ai.usage.cache_creation.input_tokens", 3.into()),
        ]);
        let expected = r#"{"output_tokens": 1, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 3}"#;
        assert_eq!(legacy, Some(json(expected)));
    }

    #[test]
    fn every_part_of_gen_ai_counts_is_read() {
        let counts = span([
            ("gen_ai.usage.input_tokens", 100.into()),
            ("gen_ai.usage.output_tokens", 50.into()),
            ("gen_ai.usage.cache_write.input_tokens", 30.into()),
            (
                "anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
                20.into(),
            ),
            ("gen_ai.usage.audio.input_tokens", 10.into()),
            ("gen_ai.usage.image.input_tokens", 5.into()),
            ("gen_ai.usage.audio.output_tokens", 40.into()),
            ("gen_ai.usage.reasoning.output_tokens", 6.into()),
        ]);
        let expected = TokenUsage {
            input: Some(100),
            output: Some(50),
            total: Some(150),
            cache_write: Some(30),
            cache_write_1h: Some(20),
            audio_input: Some(10),
            image_input: Some(5),
            audio_output: Some(40),
            reasoning: Some(6),
            ..TokenUsage::default()
        };
        assert_eq!(usage(&Found::of(&counts)), Some(expected));
    }

    #[test]
    fn traceloop_and_volt_agent_counts_are_merged() {
        let expected = Some(json(
            r#"{"input_tokens": 1, "output_tokens": 2, "total_tokens": 4}"#,
        ));
        for (input, output, total) in [
            (
                "gen_ai.usage.prompt_tokens",
                "gen_ai.usage.completion_tokens",
                "llm.usage.total_tokens",
            ),
            (
                "usage.prompt_tokens",
                "usage.completion_tokens",
                "usage.total_tokens",
            ),
            (
                "llm.usage.prompt_tokens",
                "llm.usage.completion_tokens",
                "llm.usage.total_tokens",
            ),
        ] {
            assert_eq!(
                usage_of([(input, 1.into()), (output, 2.into()), (total, 4.into())]),
                expected
            );
        }
    }

    #[test]
    fn the_first_convention_supplies_all_numbers() {
        let mixed = usage_of([
            ("llm.token_count.prompt", 5.into()),
            ("gen_ai.usage.output_tokens", 7.into()),
        ]);
        assert_eq!(mixed, Some(json(r#"{"input_tokens": 5}"#)));
    }

    #[test]
    fn the_clients_own_usage_wins_and_gets_no_total() {
        let object = json(r#"{"input_tokens": 7, "output_tokens": 3, "other": 1}"#);
        let own = usage_of([
            ("mlflow.chat.tokenUsage", object),
            ("llm.token_count.prompt", 5.into()),
        ]);
        assert_eq!(
            own,
            Some(json(r#"{"input_tokens": 7, "output_tokens": 3}"#))
        );
        assert_eq!(
            usage_of([("mlflow.chat.tokenUsage", r#"{"total_tokens": 3}"#.into())]),
            Some(json(r#"{"total_tokens": 3}"#))
        );
        assert_eq!(
            usage_of([
                ("mlflow.chat.tokenUsage", "junk".into()),
                ("llm.token_count.prompt", 5.into())
            ]),
            Some(json(r#"{"input_tokens": 5}"#))
        );
    }
}
