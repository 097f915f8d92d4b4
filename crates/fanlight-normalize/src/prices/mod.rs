//! What models cost: tables, and the order in which they are asked.

mod names;
mod sheet;

use std::sync::{Arc, LazyLock};

use fanlight_model::{Price, Priced, Span, UnixNanos};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

pub use sheet::{AboveRow, PriceRow, PriceSheet, Served, day_start};

use self::names::names;
use self::sheet::Offer;
use crate::meaning::call;

/// A [`PriceSheet`] that answers quickly.
#[derive(Clone, Debug)]
pub struct PriceTable {
    name: String,
    sheet: PriceSheet,
    /// Latest first.
    offers: FxHashMap<String, Vec<Offer>>,
    /// In the order of the sheet.
    patterns: Vec<(String, Offer)>,
}

/// More rows than this are a mistake.
const MAX_ROWS: usize = 10_000;

impl PriceTable {
    /// `name` says where the sheet is from; it and the version are named in every derivation. Fails with the place of
    /// the first row that makes no sense.
    pub fn new(name: &str, mut sheet: PriceSheet) -> Result<Self, String> {
        if sheet.prices.len() > MAX_ROWS {
            return Err(format!("more than {MAX_ROWS} rows"));
        }
        if sheet.version.is_empty() {
            sheet.version = version_of(&sheet);
        }
        let mut table = Self {
            name: name.to_owned(),
            offers: FxHashMap::default(),
            patterns: Vec::new(),
            sheet: PriceSheet::default(),
        };
        for (place, row) in sheet.prices.iter().enumerate() {
            let wrong = |reason: &str| format!("prices[{place}]: {reason}");
            if row.models.is_empty() || row.models.iter().any(String::is_empty) {
                return Err(wrong("`models` needs names"));
            }
            for model in &row.models {
                let offer =
                    Offer::of(name, &sheet.version, row, model).map_err(|reason| wrong(&reason))?;
                if model.contains('*') {
                    table.patterns.push((model.clone(), offer));
                } else {
                    table.offers.entry(model.clone()).or_default().push(offer);
                }
            }
        }
        for offers in table.offers.values_mut() {
            offers.sort_by_key(Offer::order);
        }
        table.patterns.sort_by_key(|(_, offer)| offer.order());
        table.sheet = sheet;
        Ok(table)
    }

    /// From JSON.
    pub fn from_json(name: &str, text: &str) -> Result<Self, String> {
        Self::new(
            name,
            serde_json::from_str(text).map_err(|cause| cause.to_string())?,
        )
    }

    /// The one that comes with the program.
    pub fn built_in() -> &'static Arc<Self> {
        static TABLE: LazyLock<Arc<PriceTable>> = LazyLock::new(|| {
            let text = include_str!("built_in.json");
            let table = PriceTable::from_json("built-in", text);
            Arc::new(table.expect("a test reads the same bytes"))
        });
        &TABLE
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn version(&self) -> &str {
        &self.sheet.version
    }

    pub fn sheet(&self) -> &PriceSheet {
        &self.sheet
    }

    /// A row of the provider, else one that names none.
    fn own(&self, call: &Call<'_>) -> Option<&Offer> {
        self.of_provider(call)
            .or_else(|| self.offer(call, |seller| seller.is_none()))
    }

    /// A row of the provider, else any: instrumentations have many names for one and the same provider.
    fn any(&self, call: &Call<'_>) -> Option<&Offer> {
        self.of_provider(call)
            .or_else(|| self.offer(call, |_| true))
    }

    fn of_provider(&self, call: &Call<'_>) -> Option<&Offer> {
        let provider = call.provider?;
        self.offer(call, |seller| {
            seller.is_some_and(|seller| provider.eq_ignore_ascii_case(seller))
        })
    }

    fn offer(&self, call: &Call<'_>, sells: impl Fn(Option<&str>) -> bool) -> Option<&Offer> {
        let fits = |offer: &&Offer| offer.holds(call.at) && sells(offer.provider.as_deref());
        names(call.model)
            .filter_map(|name| self.offers.get(name))
            .find_map(|offers| offers.iter().find(fits))
            .or_else(|| {
                let mut patterns = self.patterns.iter();
                patterns
                    .find(|(pattern, offer)| fits(&offer) && is_like(pattern, call.model))
                    .map(|(_, offer)| offer)
            })
    }
}

/// A name for content that has none.
fn version_of(sheet: &PriceSheet) -> String {
    let mut hasher = FxHasher::default();
    hasher.write(serde_json::to_string(sheet).unwrap_or_default().as_bytes());
    format!("{:016x}", hasher.finish())
}

/// Whether `text` is `pattern` with something for each `*`.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| text.strip_prefix(start)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

/// What a price depends on.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub provider: Option<&'a str>,
    pub model: &'a str,
    pub at: UnixNanos,
    pub input_tokens: u64,
    pub served: Served,
}

/// Names of models behind a proxy, which say nothing about a price.
const UNPRICED_PREFIXES: [&str; 2] = ["gateway:/", "endpoints:/"];

/// The tables that count somewhere, the most specific first; the built-in one is the last.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    pub tables: Vec<Arc<PriceTable>>,
}

impl Prices {
    /// The first table that knows the model decides.
    pub fn price(&self, call: &Call<'_>) -> Option<&Arc<Price>> {
        let is_unpriced = |prefix: &str| call.model.starts_with(prefix);
        if UNPRICED_PREFIXES.iter().any(|prefix| is_unpriced(prefix)) {
            return None;
        }
        self.tables
            .iter()
            .find_map(|table| table.own(call))
            .or_else(|| PriceTable::built_in().any(call))?
            .price(call.input_tokens, call.served)
    }

    /// What is to be kept with `span`: the price that holds for it now.
    pub fn of(&self, span: &Span) -> Priced {
        call(span, |call| {
            self.price(call)
                .map_or(Priced::Unknown, |price| Priced::At(Arc::clone(price)))
        })
        .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(model: &str) -> Call<'_> {
        Call {
            provider: None,
            model,
            at: UnixNanos(1_764_000_000_000_000_000),
            input_tokens: 10,
            served: Served::Normally,
        }
    }

    fn input_rate(call: &Call<'_>) -> Option<f64> {
        Prices::default().price(call).map(|price| price.rates.input)
    }

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
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", 3.0),
            ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", 3.0),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 3.3),
            ("us.anthropic.claude-sonnet-4-20250514-v1:0", 3.0),
            ("bedrock/eu.amazon.nova-lite-v1:0", 0.078),
            ("us.amazon.nova-lite-v1:0", 0.06),
        ] {
            assert_eq!(input_rate(&call(name)), Some(input), "{name}");
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
            "ft:gpt-4o-mini-2024-07-18:org::id",
            "gateway:/gpt-4o",
            "endpoints:/gpt-4o",
        ] {
            assert_eq!(input_rate(&call(name)), None, "{name}");
        }
    }

    #[test]
    fn a_price_depends_on_the_day_the_input_and_how_the_call_was_served() {
        let day = |seconds: u64| UnixNanos(seconds * 1_000_000_000);
        let o3 = call("o3");
        assert_eq!(
            input_rate(&Call {
                at: day(1_749_513_599),
                ..o3
            }),
            Some(10.0)
        );
        assert_eq!(
            input_rate(&Call {
                at: day(1_749_513_600),
                ..o3
            }),
            Some(2.0)
        );
        let sonnet = call("claude-sonnet-4-5");
        assert_eq!(
            input_rate(&Call {
                input_tokens: 200_000,
                ..sonnet
            }),
            Some(3.0)
        );
        assert_eq!(
            input_rate(&Call {
                input_tokens: 200_001,
                ..sonnet
            }),
            Some(6.0)
        );
        assert_eq!(
            input_rate(&Call {
                served: Served::Batch,
                ..sonnet
            }),
            Some(1.5)
        );
        assert_eq!(
            input_rate(&Call {
                served: Served::Specially,
                ..sonnet
            }),
            None
        );
        // Nobody knows what a batch of it costs.
        assert_eq!(
            input_rate(&Call {
                served: Served::Batch,
                ..call("command-a-03-2025")
            }),
            None
        );
    }

    #[test]
    fn a_price_may_depend_on_the_hour() {
        let rate = |seconds: u64| {
            input_rate(&Call {
                at: UnixNanos(seconds * 1_000_000_000),
                ..call("deepseek-v4-pro")
            })
        };
        // Friday and Saturday, at noon and at two at night.
        let friday = 1_795_737_600;
        let hour = 3600;
        assert_eq!(rate(friday + 12 * hour), Some(0.66));
        assert_eq!(rate(friday + 2 * hour), Some(1.32));
        assert_eq!(rate(friday + 26 * hour), Some(0.66));
        // Before there were such hours.
        assert_eq!(rate(friday - 180 * 24 * hour), Some(0.435));
    }

    #[test]
    fn the_first_table_that_knows_a_model_decides() {
        let table = |name: &str, text: &str| Arc::new(PriceTable::from_json(name, text).unwrap());
        let prices = Prices {
            tables: vec![
                table(
                    "workspace",
                    r#"{"version": "7", "prices": [
                        {"models": ["gpt-4o"], "provider": "azure", "per_thousand": {"input": 0.002, "output": 0.008}},
                        {"models": ["llama-*-instruct*"], "from": "2025-01-01", "per_million": {"input": 1, "output": 2}}
                    ]}"#,
                ),
                table(
                    "file",
                    r#"{"prices": [{"models": ["gpt-4o"], "per_million": {"input": 9, "output": 9}}]}"#,
                ),
            ],
        };
        let found = |call: &Call<'_>| {
            let price = prices.price(call)?;
            Some((price.table.clone(), price.rates.input))
        };
        let azure = Call {
            provider: Some("Azure"),
            ..call("gpt-4o-2024-08-06")
        };
        assert_eq!(found(&azure), Some(("workspace".to_owned(), 2.0)));
        assert_eq!(found(&call("gpt-4o")), Some(("file".to_owned(), 9.0)));
        assert_eq!(found(&call("o3")), Some(("built-in".to_owned(), 2.0)));
        assert_eq!(
            found(&call("llama-7-instruct-x")),
            Some(("workspace".to_owned(), 1.0))
        );
        let before = Call {
            at: UnixNanos(5),
            ..call("llama-7-instruct")
        };
        assert_eq!(found(&before), None);
        assert_ne!(prices.tables[1].version(), "");
    }

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, expected) in [
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("*", "", true),
            ("a*b*c", "a12b3c", true),
            ("a*b*c", "a12c3b", false),
            ("a*a", "a", false),
            ("abc", "abcd", false),
        ] {
            assert_eq!(is_like(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_row_that_makes_no_sense_is_named() {
        for (row, reason) in [
            (r#"{"models": ["a"]}"#, "prices[0]: needs either"),
            (
                r#"{"models": [], "per_million": {"input": 1, "output": 1}}"#,
                "`models` needs names",
            ),
            (
                r#"{"models": ["a"], "per_million": {"input": -1, "output": 1}}"#,
                "`input` must be",
            ),
            (
                r#"{"models": ["a"], "batch": 2, "per_million": {"input": 1, "output": 1}}"#,
                "`batch` is",
            ),
            (
                r#"{"models": ["a"], "from": "May", "per_million": {"input": 1, "output": 1}}"#,
                "`from` is no day",
            ),
            (
                r#"{"models": ["a"], "hours": ["night"], "per_million": {"input": 1, "output": 1}}"#,
                "`hours` has no times of day: `night`",
            ),
            (
                r#"{"models": ["a"], "per_million": {"input": 1, "output": 1, "sound": 1}}"#,
                "unknown field `sound`",
            ),
        ] {
            let told =
                PriceTable::from_json("t", &format!(r#"{{"prices": [{row}]}}"#)).unwrap_err();
            assert!(told.contains(reason), "{told}");
        }
    }

    #[test]
    fn every_built_in_price_is_plausible() {
        for row in &PriceTable::built_in().sheet().prices {
            let above = row.above.iter().map(|above| above.per_million);
            for rates in above.chain([row.per_million]).map(Option::unwrap) {
                let cached = [
                    rates.cache_read.unwrap_or(0.0),
                    rates.input,
                    rates.cache_write.unwrap_or(rates.input),
                    rates.cache_write_1h.unwrap_or(f64::MAX),
                ];
                assert!(cached.is_sorted(), "{row:?}");
                assert!(
                    rates.output == 0.0 || rates.output >= rates.input,
                    "{row:?}"
                );
            }
        }
    }
}
