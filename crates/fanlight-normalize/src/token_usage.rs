//! Tokens of one span.

use fanlight_model::{TokenUsage, Value};

use crate::claude_code;
use crate::found::{Found, count};
use crate::json_text::{decode, decode_json_text};
use crate::keys::Key;

/// Field names of MLflow's usage object, in the order it is written.
pub(crate) const INPUT: &str = "input_tokens";
pub(crate) const OUTPUT: &str = "output_tokens";
pub(crate) const TOTAL: &str = "total_tokens";
pub(crate) const CACHE_READ: &str = "cache_read_input_tokens";
pub(crate) const CACHE_WRITE: &str = "cache_creation_input_tokens";
pub(crate) const CACHE_WRITE_1H: &str = "cache_creation_input_tokens_above_1hr";

/// Where a convention keeps its counts.
struct Counts {
    input: &'static [Key],
    output: &'static [Key],
    total: &'static [Key],
    cache_read: &'static [Key],
    cache_write: &'static [Key],
}

const OPEN_INFERENCE: Counts = Counts {
    input: &[Key::OpenInferencePromptTokens],
    output: &[Key::OpenInferenceCompletionTokens],
    total: &[Key::OpenInferenceTotalTokens],
    cache_read: &[Key::OpenInferenceCacheRead],
    cache_write: &[Key::OpenInferenceCacheWrite],
};
/// Gemini CLI, Spring AI, Google ADK, Vercel, LiveKit and Laminar count in these too.
const GEN_AI: Counts = Counts {
    input: &[Key::GenAiInputTokens],
    output: &[Key::GenAiOutputTokens],
    total: &[],
    cache_read: &[Key::GenAiCacheRead],
    cache_write: &[Key::GenAiCacheWrite, Key::GenAiCacheCreation],
};
/// One row, because they share the name of the total: asked one after the other, the total alone would win.
const TRACELOOP_AND_VOLT_AGENT: Counts = Counts {
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
    cache_read: &[],
    cache_write: &[],
};

/// The first convention that knows input, output or total supplies all numbers.
const RULES: &[fn(&Found<'_>) -> Option<TokenUsage>] = &[
    |found| Some(OPEN_INFERENCE.read(found)),
    claude_code::usage,
    |found| Some(GEN_AI.read(found)),
    |found| Some(TRACELOOP_AND_VOLT_AGENT.read(found)),
];

impl Counts {
    fn read(&self, found: &Found<'_>) -> TokenUsage {
        TokenUsage {
            input: found.first_count(self.input),
            output: found.first_count(self.output),
            total: found.first_count(self.total),
            cache_read: found.first_count(self.cache_read),
            cache_write: found.first_count(self.cache_write),
            cache_write_1h: None,
        }
    }
}

/// What the client says, else what a convention says; there a missing total is the sum of input and output.
pub(crate) fn usage(found: &Found<'_>) -> Option<TokenUsage> {
    if let Some(own) = found.get(Key::ChatTokenUsage).and_then(from_value) {
        return Some(own);
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
    let decoded = decode_json_text(value);
    let Value::Map(entries) = decoded.as_ref() else {
        return None;
    };
    let part = |name| {
        entries
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .and_then(|(_, value)| count(value))
    };
    let usage = TokenUsage {
        input: part(INPUT),
        output: part(OUTPUT),
        total: part(TOTAL),
        cache_read: part(CACHE_READ),
        cache_write: part(CACHE_WRITE),
        cache_write_1h: part(CACHE_WRITE_1H),
    };
    (!usage.is_empty()).then_some(usage)
}

pub(crate) fn from_text(text: &str) -> Option<TokenUsage> {
    from_value(&decode(text)?)
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
