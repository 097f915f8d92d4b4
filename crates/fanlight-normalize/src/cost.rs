//! What a span cost: as its client says, else computed from its tokens and its model.

use std::borrow::Cow;
use std::sync::Arc;

use fanlight_model::{Cost, Price, Rates, Span, TokenUsage, Value};

use crate::document::member;
use crate::found::Found;
use crate::json_text::{decode, decode_json_text};
use crate::keys::Key;
use crate::meaning::priced;
use crate::prices::Served;
use crate::provider_usage::at;

/// Field names of MLflow's cost object, in the order it is written.
const INPUT: &str = "input_cost";
const OUTPUT: &str = "output_cost";
const TOTAL: &str = "total_cost";

/// Where responses say how they were served.
const SERVICE_TIERS: [Key; 3] = [
    Key::OpenAiServiceTier,
    Key::GenAiOpenAiServiceTier,
    Key::AnthropicServiceTier,
];
const IN_RESPONSES: [&[&str]; 2] = [&["service_tier"], &["usage", "service_tier"]];

/// Where a cost comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Derivation {
    /// The client said it.
    Stated,
    /// The sum of `lines`, at `price`.
    Computed {
        price: Arc<Price>,
        lines: Vec<CostLine>,
    },
}

/// Tokens of one kind and what they cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostLine {
    /// The name of the rate.
    pub kind: &'static str,
    pub tokens: u64,
    pub per_million: f64,
    /// US dollars.
    pub cost: f64,
    /// It is part of the cost of output, not of input.
    pub is_output: bool,
}

/// How the cost of `span` is made up. `None` where it is unknown.
pub fn derivation(span: &Span) -> Option<Derivation> {
    if stated(&Found::of(span)).is_some() {
        return Some(Derivation::Stated);
    }
    priced(span, |usage, price| Derivation::Computed {
        lines: cost_lines(usage, &price.rates),
        price: Arc::clone(price),
    })
}

/// What `usage` costs at `rates`; without kinds of which there are no tokens.
pub fn cost_lines(usage: &TokenUsage, rates: &Rates) -> Vec<CostLine> {
    let lines = lines(usage, rates).into_iter();
    lines.filter(|line| line.tokens > 0).collect()
}

/// What the client says a span cost.
pub(crate) fn stated(found: &Found<'_>) -> Option<Cost> {
    from_value(found.get(Key::LlmCost)?)
}

/// The sum of all lines.
pub(crate) fn computed(usage: &TokenUsage, rates: &Rates) -> Cost {
    let lines = lines(usage, rates);
    let sum = |of_output: bool| {
        let side = lines.iter().filter(|line| line.is_output == of_output);
        side.map(|line| line.cost).sum::<f64>()
    };
    let (input, output) = (sum(false), sum(true));
    Cost {
        input,
        output,
        total: input + output,
    }
}

/// Each token is in one line: the most special one that has a rate of its own.
fn lines(usage: &TokenUsage, rates: &Rates) -> [CostLine; 9] {
    let known = |count: Option<u64>| count.unwrap_or(0);
    let cache_read = known(usage.cache_read);
    let cache_write = known(usage.cache_write);
    let cache_write_1h = known(usage.cache_write_1h).min(cache_write);
    let mut input = known(usage.input)
        .saturating_sub(cache_read)
        .saturating_sub(cache_write);
    let mut output = known(usage.output);
    let audio_input = take(&mut input, usage.audio_input, rates.audio_input);
    let image_input = take(&mut input, usage.image_input, rates.image_input);
    let audio_output = take(&mut output, usage.audio_output, rates.audio_output);
    let reasoning = take(&mut output, usage.reasoning, rates.reasoning);

    let write_rate = rates.cache_write.unwrap_or(rates.input);
    let of_input =
        |kind, tokens, rate: Option<f64>| line(kind, tokens, rate.unwrap_or(rates.input));
    let of_output = |kind, tokens, rate: Option<f64>| CostLine {
        is_output: true,
        ..line(kind, tokens, rate.unwrap_or(rates.output))
    };
    [
        of_input("input", input, None),
        of_input("cache_read", cache_read, rates.cache_read),
        line("cache_write", cache_write - cache_write_1h, write_rate),
        line(
            "cache_write_1h",
            cache_write_1h,
            rates.cache_write_1h.unwrap_or(write_rate),
        ),
        of_input("audio_input", audio_input, rates.audio_input),
        of_input("image_input", image_input, rates.image_input),
        of_output("output", output, None),
        of_output("reasoning", reasoning, rates.reasoning),
        of_output("audio_output", audio_output, rates.audio_output),
    ]
}

/// Takes the tokens of a kind with a rate of its own out of those that have none.
fn take(rest: &mut u64, tokens: Option<u64>, rate: Option<f64>) -> u64 {
    let taken = rate.and(tokens).unwrap_or(0).min(*rest);
    *rest -= taken;
    taken
}

fn line(kind: &'static str, tokens: u64, per_million: f64) -> CostLine {
    #[expect(clippy::cast_precision_loss, reason = "no span has 2^53 tokens")]
    let cost = tokens as f64 * per_million / 1e6;
    CostLine {
        kind,
        tokens,
        per_million,
        cost,
        is_output: false,
    }
}

/// As the response says; most say nothing.
pub(crate) fn served(found: &Found<'_>) -> Served {
    let attribute = found.first_text(&SERVICE_TIERS);
    let tier = attribute.or_else(|| tier_in_response(found.get(Key::SpanOutputs)?));
    match tier.as_deref() {
        Some("batch" | "flex") => Served::Batch,
        Some("priority" | "scale" | "fast") => Served::Specially,
        _ => Served::Normally,
    }
}

fn tier_in_response(response: &Value) -> Option<Cow<'_, str>> {
    let tier = |response: &Value| {
        IN_RESPONSES
            .iter()
            .find_map(|path| at(response, path)?.as_str().map(str::to_owned))
    };
    match response {
        Value::Map(_) => tier(response),
        Value::String(text) if says_special_tier(text) => tier(&decode(text)?),
        _ => None,
    }
    .map(Cow::Owned)
}

/// Most responses name a tier that changes nothing: those are not worth parsing.
fn says_special_tier(text: &str) -> bool {
    const USUAL: [&str; 4] = ["default", "standard", "auto", "null"];
    text.match_indices("service_tier").any(|(at, name)| {
        let said = text[at + name.len()..].trim_start_matches(['"', ':', ' ', '\\']);
        !USUAL.iter().any(|usual| said.starts_with(usual))
    })
}

/// MLflow's cost object, also as JSON text. A missing total is the sum of the rest.
pub(crate) fn from_value(value: &Value) -> Option<Cost> {
    let decoded = decode_json_text(value);
    let part = |name| member(&decoded, name).and_then(amount);
    let (input, output, total) = (part(INPUT), part(OUTPUT), part(TOTAL));
    input.or(output).or(total)?;
    let (input, output) = (input.unwrap_or(0.0), output.unwrap_or(0.0));
    Some(Cost {
        input,
        output,
        total: total.unwrap_or(input + output),
    })
}

pub(crate) fn from_text(text: &str) -> Option<Cost> {
    from_value(&decode(text)?)
}

pub(crate) fn to_value(cost: &Cost) -> Value {
    let parts = [
        (INPUT, cost.input),
        (OUTPUT, cost.output),
        (TOTAL, cost.total),
    ];
    Value::Map(
        parts
            .into_iter()
            .map(|(name, amount)| (name.to_owned(), Value::Double(amount)))
            .collect(),
    )
}

fn amount(value: &Value) -> Option<f64> {
    let amount = match value {
        Value::Double(number) => *number,
        Value::String(text) => text.trim().parse().ok()?,
        #[expect(clippy::cast_precision_loss, reason = "no span costs 2^53 dollars")]
        Value::Int(number) => *number as f64,
        _ => return None,
    };
    amount.is_finite().then_some(amount)
}

#[cfg(test)]
mod tests {
    use fanlight_model::UnixNanos;

    use super::*;
    use crate::prices::{Call, Prices};
    use crate::testing::{json, span};

    fn assert_close(cost: Cost, expected: [f64; 3]) {
        for (amount, expected) in [cost.input, cost.output, cost.total]
            .into_iter()
            .zip(expected)
        {
            assert!((amount - expected).abs() < 1e-12, "{cost:?}");
        }
    }

    fn tokens(input: u64, output: u64) -> TokenUsage {
        TokenUsage {
            input: Some(input),
            output: Some(output),
            ..TokenUsage::default()
        }
    }

    fn rates(model: &str) -> Rates {
        let call = Call {
            provider: None,
            model,
            at: UnixNanos(1_764_000_000_000_000_000),
            input_tokens: 0,
            served: Served::Normally,
        };
        Prices::default().price(&call).unwrap().rates
    }

    #[test]
    fn plain_tokens_have_two_prices() {
        assert_close(
            computed(&tokens(100, 50), &rates("gpt-4o-mini")),
            [1.5e-5, 3e-5, 4.5e-5],
        );
    }

    #[test]
    fn cached_tokens_have_their_own() {
        let usage = TokenUsage {
            cache_read: Some(100),
            cache_write: Some(300),
            cache_write_1h: Some(200),
            ..tokens(1000, 10)
        };
        let input = (600.0 * 3.0 + 100.0 * 0.3 + 100.0 * 3.75 + 200.0 * 6.0) / 1e6;
        let output = 10.0 * 15.0 / 1e6;
        assert_close(
            computed(&usage, &rates("claude-sonnet-4-5")),
            [input, output, input + output],
        );
        // gpt-4o has no price for writing to the cache.
        let input = (600.0 * 2.5 + 100.0 * 1.25 + 300.0 * 2.5) / 1e6;
        assert_close(
            computed(&usage, &rates("gpt-4o")),
            [input, 1e-4, input + 1e-4],
        );
    }

    #[test]
    fn kinds_without_a_rate_of_their_own_stay_where_they_are() {
        let usage = TokenUsage {
            audio_input: Some(60),
            reasoning: Some(30),
            audio_output: Some(20),
            ..tokens(100, 50)
        };
        let plain = Rates {
            input: 1.0,
            output: 2.0,
            ..Rates::default()
        };
        assert_close(computed(&usage, &plain), [1e-4, 1e-4, 2e-4]);
        let special = Rates {
            audio_input: Some(10.0),
            reasoning: Some(3.0),
            audio_output: Some(20.0),
            ..plain
        };
        assert_close(
            computed(&usage, &special),
            [(40.0 + 600.0) / 1e6, (90.0 + 400.0) / 1e6, 1130.0 / 1e6],
        );
    }

    #[test]
    fn more_cached_than_counted_is_not_below_zero() {
        let usage = TokenUsage {
            cache_read: Some(100),
            cache_write_1h: Some(9),
            ..tokens(10, 0)
        };
        assert_close(computed(&usage, &rates("gpt-4o")), [1.25e-4, 0.0, 1.25e-4]);
    }

    #[test]
    fn how_a_call_was_served_is_in_attributes_or_in_the_response() {
        for (key, value, expected) in [
            ("openai.response.service_tier", "flex".into(), Served::Batch),
            (
                "openai.response.service_tier",
                "default".into(),
                Served::Normally,
            ),
            (
                "anthropic.response.service_tier",
                "batch".into(),
                Served::Batch,
            ),
            (
                "mlflow.spanOutputs",
                json(r#"{"service_tier": "priority"}"#),
                Served::Specially,
            ),
            (
                "mlflow.spanOutputs",
                r#"{"usage": {"service_tier": "batch"}}"#.into(),
                Served::Batch,
            ),
            (
                "mlflow.spanOutputs",
                "service_tier: batch".into(),
                Served::Normally,
            ),
        ] {
            assert_eq!(served(&Found::of(&span([(key, value)]))), expected, "{key}");
        }
    }

    #[test]
    fn a_stated_cost_may_be_an_object_or_text() {
        let expected = Some(Cost {
            input: 1.0,
            output: 0.5,
            total: 1.5,
        });
        assert_eq!(
            from_value(&json(r#"{"input_cost": 1, "output_cost": 0.5}"#)),
            expected
        );
        assert_eq!(
            from_text(r#"{"input_cost": 1, "output_cost": 0.5, "total_cost": 1.5}"#),
            expected
        );
        assert_eq!(from_text(r#"{"cost": 1}"#), None);
        assert_eq!(from_text("1.5"), None);
    }
}
