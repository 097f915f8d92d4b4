//! Whatever attributes say: nothing panics, no token is made up, and a cost is the sum of its lines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use fanlight_model::{Span, SpanId, SpanKind, TokenUsage, TraceId, UnixNanos, Value};
use fanlight_normalize::{Call, Derivation, PriceTable, Prices, Served, derivation, meaning};
use proptest::collection::vec;
use proptest::prelude::*;

/// Names of all conventions that count, and of what decides about prices.
const KEYS: [&str; 53] = [
    "mlflow.chat.tokenUsage",
    "mlflow.spanOutputs",
    "mlflow.llm.model",
    "llm.token_count.prompt",
    "llm.token_count.completion",
    "llm.token_count.total",
    "llm.token_count.prompt_details.cache_read",
    "llm.token_count.prompt_details.cache_write",
    "llm.token_count.prompt_details.audio",
    "llm.token_count.completion_details.reasoning",
    "llm.token_count.completion_details.audio",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.total_tokens",
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_write_input_tokens",
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.audio.input_tokens",
    "gen_ai.usage.image.input_tokens",
    "gen_ai.usage.audio.output_tokens",
    "gen_ai.usage.input_cached_tokens",
    "anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
    "gen_ai.usage.details.input_audio_tokens",
    "gen_ai.usage.raw",
    "gen_ai.usage.prompt_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.usage.total_tokens",
    "llm.usage.reasoning_tokens",
    "span.type",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_creation_tokens",
    "ai.operationId",
    "ai.model.provider",
    "ai.usage.inputTokens",
    "ai.usage.outputTokens",
    "ai.usage.cachedInputTokens",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
    "ai.usage.reasoningTokens",
    "ai.usage.totalTokens",
    "ai.response.providerMetadata",
    "codex.turn.token_usage.input_tokens",
    "codex.turn.token_usage.cached_input_tokens",
    "codex.turn.token_usage.output_tokens",
    "langsmith.metadata.usage_metadata",
    "langfuse.observation.usage_details",
    "openai.response.service_tier",
    "anthropic.response.service_tier",
    "gen_ai.request.model",
];

const MEMBERS: [&str; 22] = [
    "usage",
    "usage_metadata",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "prompt_tokens",
    "completion_tokens",
    "prompt_tokens_details",
    "completion_tokens_details",
    "cached_tokens",
    "audio_tokens",
    "reasoning_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation",
    "ephemeral_1h_input_tokens",
    "input_token_details",
    "cache_read",
    "promptTokenCount",
    "thoughtsTokenCount",
    "inputTokens",
    "input",
];

const WORDS: [&str; 12] = [
    "gpt-4o",
    "o4-mini",
    "claude-sonnet-4-5",
    "gemini-2.5-flash",
    "gpt-4o-audio-preview",
    "llm_request",
    "ai.generateText.doGenerate",
    "anthropic.messages",
    "batch",
    "priority",
    "",
    "{\"usage\": ",
];

/// Mostly counts that a call may have; some that none has.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![6 => 0_i64..400_000, 1 => any::<i64>(), 1 => Just(i64::MAX)]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => number().prop_map(Value::Int),
        2 => number().prop_map(|number| Value::from(number.to_string())),
        1 => any::<f64>().prop_map(Value::Double),
        3 => prop::sample::select(&WORDS[..]).prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let tree = leaf().prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            4 => vec((prop::sample::select(&MEMBERS[..]), inner.clone()), 0..6).prop_map(|entries| {
                Value::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
            1 => vec(inner, 0..3).prop_map(Value::Array),
        ]
    });
    // Many instrumentations write objects as text.
    (tree, any::<bool>()).prop_map(|(value, as_text)| match value {
        Value::Map(_) if as_text => Value::from(value.to_json().to_string()),
        value => value,
    })
}

fn span(attributes: Vec<(&str, Value)>) -> Span {
    Span {
        kind: SpanKind::Internal,
        start: UnixNanos(1_764_000_000_000_000_000),
        attributes: attributes
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
        ..Span::new(
            TraceId::from_bytes([7; 16]).unwrap(),
            SpanId::from_bytes([7; 8]).unwrap(),
            "call",
        )
    }
}

/// All counts that are somewhere in it, added up.
fn said(value: &Value) -> u128 {
    match value {
        Value::Int(number) => u128::try_from(*number).unwrap_or(0),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an upper bound"
        )]
        Value::Double(number) if number.is_finite() => u128::from(number.max(0.0) as u64),
        Value::String(text) => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(serde_json::Value::Number(number)) => number.as_u64().unwrap_or(0).into(),
            Ok(json @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => {
                said(&Value::from_json(json))
            }
            _ => text.trim().parse::<u64>().unwrap_or(0).into(),
        },
        Value::Array(items) => items.iter().map(said).sum(),
        Value::Map(entries) => entries.iter().map(|(_, value)| said(value)).sum(),
        _ => 0,
    }
}

fn counts(usage: &TokenUsage) -> impl Iterator<Item = u64> {
    [
        usage.input,
        usage.output,
        usage.total,
        usage.cache_read,
        usage.cache_write,
        usage.cache_write_1h,
        usage.audio_input,
        usage.image_input,
        usage.reasoning,
        usage.audio_output,
    ]
    .into_iter()
    .flatten()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_token_is_made_up_and_parts_are_parts(
        attributes in vec((prop::sample::select(&KEYS[..]), value()), 0..12),
    ) {
        let span = span(attributes);
        let said: u128 = span.attributes.iter().map(|(_, value)| said(value)).sum();
        let Some(usage) = meaning(&span).usage else { return Ok(()) };
        for count in counts(&usage) {
            prop_assert!(u128::from(count) <= said, "{usage:?} of {said}");
        }
        if let Some(input) = usage.input {
            let in_cache = usage.cache_read.unwrap_or(0).saturating_add(usage.cache_write.unwrap_or(0));
            prop_assert!(in_cache <= input, "{usage:?}");
        }
        if let (Some(output), Some(reasoning)) = (usage.output, usage.reasoning) {
            prop_assert!(reasoning <= output, "{usage:?}");
        }
    }

    #[test]
    fn a_cost_is_the_sum_of_its_lines_and_each_token_is_in_one(
        attributes in vec((prop::sample::select(&KEYS[..]), value()), 0..12),
        model in prop::sample::select(&WORDS[..5]),
    ) {
        let mut attributes = attributes;
        attributes.push(("mlflow.llm.model", model.into()));
        let mut span = span(attributes);
        let unasked = meaning(&span).cost;
        prop_assert_eq!(unasked.is_some(), derivation(&span).is_some());
        span.price = Prices::default().of(&span);
        let meant = meaning(&span);
        prop_assert_eq!(meant.cost, unasked);
        let (Some(cost), Some(Derivation::Computed { lines, .. })) = (meant.cost, derivation(&span)) else {
            return Ok(());
        };
        let side = |of_output: bool| lines.iter().filter(move |line| line.is_output == of_output);
        for (of_output, expected) in [(false, cost.input), (true, cost.output)] {
            let sum: f64 = side(of_output).map(|line| line.cost).sum();
            prop_assert!((sum - expected).abs() <= expected.abs() * 1e-12, "{lines:?} {cost:?}");
        }
        prop_assert!((cost.total - cost.input - cost.output).abs() <= cost.total * 1e-12);
        prop_assert!(cost.total >= 0.0);
        let usage = meant.usage.unwrap_or_default();
        let paid = |of_output| side(of_output).map(|line| u128::from(line.tokens)).sum::<u128>();
        prop_assert_eq!(paid(true), u128::from(usage.output.unwrap_or(0)));
        if let Some(input) = usage.input {
            prop_assert_eq!(paid(false), u128::from(input), "{:?} {:?}", usage, lines);
        }
    }

    #[test]
    fn hostile_tables_and_names_are_answered(text in ".{0,40}", pattern in "[a*é]{1,12}", model in "[a-z0-9.:@/é*-]{0,40}") {
        let _ = PriceTable::from_json("t", &text);
        let sheet = serde_json::json!({"prices": [{"models": [pattern], "per_million": {"input": 1, "output": 1}}]});
        let table = PriceTable::from_json("t", &sheet.to_string()).unwrap();
        let prices = Prices { tables: vec![Arc::new(table)] };
        let call = Call {
            provider: None,
            model: &model,
            at: UnixNanos(0),
            input_tokens: 0,
            served: Served::Normally,
        };
        let _ = prices.price(&call);
    }
}
