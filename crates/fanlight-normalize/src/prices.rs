//! The bundled price list. Only [`price`] is known outside, so that another source can take its place.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

/// US dollars per million tokens.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    pub(crate) input: f64,
    pub(crate) output: f64,
    pub(crate) cache_read: Option<f64>,
    pub(crate) cache_write: Option<f64>,
    /// For what is kept longer than an hour.
    pub(crate) cache_write_1h: Option<f64>,
}

/// Model → who sells it at which price.
type Prices = FxHashMap<String, Vec<(String, Price)>>;

/// The price of `model` at `provider`, else of `model` anywhere. A name may carry a path in front (`models/…`) and a
/// date behind.
pub(crate) fn price(provider: Option<&str>, model: &str) -> Option<&'static Price> {
    let name = model.rsplit_once('/').map_or(model, |(_, name)| name);
    let offers = offers(model)
        .or_else(|| offers(name))
        .or_else(|| offers(without_version(name)?))?;
    let same = offers
        .iter()
        .find(|(seller, _)| provider.is_some_and(|provider| provider.eq_ignore_ascii_case(seller)));
    same.or(offers.first()).map(|(_, price)| price)
}

fn offers(model: &str) -> Option<&'static [(String, Price)]> {
    static PRICES: OnceLock<Prices> = OnceLock::new();
    PRICES.get_or_init(load).get(model).map(Vec::as_slice)
}

fn load() -> Prices {
    type Sheet = BTreeMap<String, BTreeMap<String, Price>>;
    let sheet: Sheet =
        serde_json::from_str(include_str!("prices.json")).expect("a test reads the same bytes");
    let mut prices = Prices::default();
    for (provider, models) in sheet {
        for (model, price) in models {
            prices
                .entry(model)
                .or_default()
                .push((provider.clone(), price));
        }
    }
    prices
}

/// `name` without `-2024-08-06`, `-20241022`, `@20241022`, `-latest` or `-001` behind it.
fn without_version(name: &str) -> Option<&str> {
    if let Some(base) = name.strip_suffix("-latest") {
        return Some(base);
    }
    let end = name
        .trim_end_matches(|character: char| character.is_ascii_digit() || character == '-')
        .len();
    let version = &name[end..];
    if let Some(base) = name[..end].strip_suffix('@') {
        return is_digits(version, 8).then_some(base);
    }
    // The version starts at a hyphen, but digits before it belong to the name: `claude-sonnet-4-20250514`.
    let dated = name
        .len()
        .checked_sub("-2024-08-06".len())
        .filter(|&at| is_iso_date(name.get(at..)));
    let compact = name
        .len()
        .checked_sub("-20241022".len())
        .filter(|&at| is_hyphen_digits(name.get(at..), 8));
    let revision = name
        .len()
        .checked_sub("-001".len())
        .filter(|&at| is_hyphen_digits(name.get(at..), 3));
    dated.or(compact).or(revision).map(|at| &name[..at])
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hyphen_digits(text: Option<&str>, length: usize) -> bool {
    text.and_then(|text| text.strip_prefix('-'))
        .is_some_and(|digits| is_digits(digits, length))
}

fn is_iso_date(text: Option<&str>) -> bool {
    let mut parts = text
        .and_then(|text| text.strip_prefix('-'))
        .unwrap_or_default()
        .split('-');
    let mut next_is = |length| parts.next().is_some_and(|part| is_digits(part, length));
    next_is(4) && next_is(2) && next_is(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_paths_and_dates_have_the_price_of_the_model() {
        for (name, input) in [
            ("gpt-4o", 2.5),
            ("gpt-4o-2024-08-06", 2.5),
            ("gpt-4o-2024-05-13", 5.0),
            ("gpt-4o-mini-2024-07-18", 0.15),
            ("openai/gpt-4o-mini", 0.15),
            ("claude-3-5-sonnet-20241022", 3.0),
            ("claude-3-5-sonnet@20241022", 3.0),
            ("claude-3-5-haiku-latest", 0.8),
            ("claude-sonnet-4-20250514", 3.0),
            ("claude-opus-4-5-20251101", 5.0),
            ("models/gemini-2.0-flash-001", 0.1),
        ] {
            assert_eq!(
                price(None, name).map(|price| price.input),
                Some(input),
                "{name}"
            );
        }
    }

    #[test]
    fn similar_names_are_not_the_same_model() {
        for name in [
            "gpt-4o-audio",
            "gpt-4o-mini-tts",
            "gpt",
            "",
            "-",
            "@",
            "-001",
            "é-2024-08-06",
            "gpt-4o-2024-8-6",
        ] {
            assert_eq!(price(None, name), None, "{name}");
        }
    }

    #[test]
    fn every_price_is_plausible() {
        for (model, offers) in load() {
            for (provider, price) in offers {
                let cached = [
                    price.cache_read.unwrap_or(0.0),
                    price.input,
                    price.cache_write.unwrap_or(price.input),
                ];
                assert!(cached.is_sorted(), "{provider} {model}");
                assert!(
                    price.output == 0.0 || price.output >= price.input,
                    "{provider} {model}"
                );
            }
        }
    }
}
