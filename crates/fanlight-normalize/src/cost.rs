//! What a span cost: as its client says, else computed from its tokens and its model.

use fanlight_model::{Cost, TokenUsage, Value};

use crate::found::Found;
use crate::json_text::{decode, decode_json_text};
use crate::keys::Key;
use crate::prices::{Price, price};

/// Field names of MLflow's cost object, in the order it is written.
const INPUT: &str = "input_cost";
const OUTPUT: &str = "output_cost";
const TOTAL: &str = "total_cost";

/// Names of models behind a proxy, which say nothing about a price.
const UNPRICED_PREFIXES: [&str; 2] = ["gateway:/", "endpoints:/"];

/// What the client says a span cost.
pub(crate) fn stated(found: &Found<'_>) -> Option<Cost> {
    from_value(found.get(Key::LlmCost)?)
}

/// `None` without a known price, or without input and output counts.
pub(crate) fn computed(usage: &TokenUsage, provider: Option<&str>, model: &str) -> Option<Cost> {
    if UNPRICED_PREFIXES
        .iter()
        .any(|prefix| model.starts_with(prefix))
    {
        return None;
    }
    if usage.input.is_none() && usage.output.is_none() {
        return None;
    }
    Some(apply(usage, price(provider, model)?))
}

/// Cached tokens are part of the input; each kind has its own price, else the next more general one.
fn apply(usage: &TokenUsage, price: &Price) -> Cost {
    let input = usage.input.unwrap_or(0);
    let cache_read = usage.cache_read.unwrap_or(0);
    let cache_write = usage.cache_write.unwrap_or(0);
    let cache_write_1h = usage.cache_write_1h.unwrap_or(0).min(cache_write);
    let regular = input.saturating_sub(cache_read).saturating_sub(cache_write);

    let write_price = price.cache_write.unwrap_or(price.input);
    let input = dollars(regular, price.input)
        + dollars(cache_read, price.cache_read.unwrap_or(price.input))
        + dollars(cache_write - cache_write_1h, write_price)
        + dollars(cache_write_1h, price.cache_write_1h.unwrap_or(write_price));
    let output = dollars(usage.output.unwrap_or(0), price.output);
    Cost {
        input,
        output,
        total: input + output,
    }
}

#[expect(clippy::cast_precision_loss, reason = "no span has 2^53 tokens")]
fn dollars(tokens: u64, per_million_tokens: f64) -> f64 {
    tokens as f64 * per_million_tokens / 1e6
}

/// MLflow's cost object, also as JSON text. A missing total is the sum of the rest.
pub(crate) fn from_value(value: &Value) -> Option<Cost> {
    let decoded = decode_json_text(value);
    let Value::Map(entries) = decoded.as_ref() else {
        return None;
    };
    let part = |name| {
        entries
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .and_then(|(_, value)| amount(value))
    };
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
    use super::*;
    use crate::testing::json;

    fn assert_close(cost: Option<Cost>, expected: [f64; 3]) {
        let cost = cost.unwrap();
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

    #[test]
    fn plain_tokens_have_two_prices() {
        assert_close(
            computed(&tokens(100, 50), Some("openai"), "gpt-4o-mini"),
            [1.5e-5, 3e-5, 4.5e-5],
        );
        assert_close(
            computed(&tokens(100, 50), Some("Somebody"), "gpt-4o-mini"),
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
            computed(&usage, None, "claude-sonnet-4-5"),
            [input, output, input + output],
        );
        // gpt-4o has no price for writing to the cache.
        let input = (600.0 * 2.5 + 100.0 * 1.25 + 300.0 * 2.5) / 1e6;
        assert_close(
            computed(&usage, None, "gpt-4o"),
            [input, 1e-4, input + 1e-4],
        );
    }

    #[test]
    fn more_cached_than_counted_is_not_below_zero() {
        let usage = TokenUsage {
            cache_read: Some(100),
            cache_write_1h: Some(9),
            ..tokens(10, 0)
        };
        assert_close(computed(&usage, None, "gpt-4o"), [1.25e-4, 0.0, 1.25e-4]);
    }

    #[test]
    fn unknown_stays_unknown() {
        assert_eq!(computed(&tokens(1, 1), None, "my-model"), None);
        assert_eq!(computed(&tokens(1, 1), None, "endpoints:/gpt-4o"), None);
        assert_eq!(computed(&tokens(1, 1), None, "gateway:/gpt-4o"), None);
        let total_only = TokenUsage {
            total: Some(9),
            ..TokenUsage::default()
        };
        assert_eq!(computed(&total_only, None, "gpt-4o"), None);
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
