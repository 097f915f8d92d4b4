//! A price table as people write it.

use std::cmp::Reverse;
use std::sync::Arc;

use fanlight_model::{Price, Rates, UnixNanos};
use serde::{Deserialize, Serialize};

/// What a table file says: JSON, or TOML of the same shape. `docs/prices.md` describes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceSheet {
    /// Named in the derivation of every cost. Empty: made from the content.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    pub prices: Vec<PriceRow>,
}

/// The price of some models from a day on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRow {
    /// Only of spans that name this provider; of all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Names as clients write them; `*` stands for anything.
    pub models: Vec<String>,
    /// `2025-09-29`: for spans that started on that day (UTC) or later, until the next row of the model begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `01:00-04:00` or `Mon-Fri 01:00-04:00`: only of spans that started in one of these times of day (UTC). Goes before
    /// a row without, from the same day on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<String>,
    /// Rates come in one of two units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_million: Option<Rates>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_thousand: Option<Rates>,
    /// Prices of calls with more input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub above: Vec<AboveRow>,
    /// What share of the price a batch costs. Absent: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AboveRow {
    pub input_tokens: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_million: Option<Rates>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_thousand: Option<Rates>,
}

/// US dollars per million tokens, whichever unit they were given in.
fn rates(per_million: Option<Rates>, per_thousand: Option<Rates>) -> Result<Rates, String> {
    let rates = match (per_million, per_thousand) {
        (Some(rates), None) => rates,
        (None, Some(rates)) => rates.times(1000.0),
        _ => return Err("needs either `per_million` or `per_thousand`".to_owned()),
    };
    for (name, rate) in rates.named() {
        if rate.is_some_and(|rate| !rate.is_finite() || !(0.0..=1e9).contains(&rate)) {
            return Err(format!("`{name}` must be a price of 0 or more"));
        }
    }
    Ok(rates)
}

/// A row as it is looked up.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) provider: Option<String>,
    from: UnixNanos,
    /// Empty: all.
    hours: Vec<Hours>,
    /// Largest limit first; the last one has none.
    tiers: Vec<Tier>,
}

#[derive(Clone, Debug)]
struct Tier {
    above: u64,
    normal: Arc<Price>,
    batch: Option<Arc<Price>>,
}

/// How a call was served, as far as prices differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    Normally,
    /// Within hours, for less.
    Batch,
    /// At a price of its own that tables do not know.
    Specially,
}

impl Offer {
    pub(super) fn of(
        table: &str,
        version: &str,
        row: &PriceRow,
        model: &str,
    ) -> Result<Self, String> {
        if row.batch.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err("`batch` is a share from 0 to 1".to_owned());
        }
        let from = match &row.from {
            Some(day) => day_start(day).ok_or_else(|| format!("`from` is no day: `{day}`"))?,
            None => UnixNanos::default(),
        };
        let hours = row.hours.iter().map(|text| {
            Hours::of(text).ok_or_else(|| format!("`hours` has no times of day: `{text}`"))
        });
        let hours = hours.collect::<Result<_, String>>()?;
        let mut above = row.above.clone();
        above.sort_by_key(|tier| Reverse(tier.input_tokens));
        let tiers = above
            .iter()
            .map(|tier| (tier.input_tokens, tier.per_million, tier.per_thousand))
            .chain([(0, row.per_million, row.per_thousand)]);
        let tiers = tiers.map(|(above, per_million, per_thousand)| {
            let price = Price {
                table: table.to_owned(),
                version: version.to_owned(),
                provider: row.provider.clone(),
                model: model.to_owned(),
                from: row.from.clone(),
                above_input_tokens: (above > 0).then_some(above),
                batch: None,
                rates: rates(per_million, per_thousand)?,
            };
            Ok(Tier {
                above,
                batch: row.batch.map(|share| {
                    Arc::new(Price {
                        batch: Some(share),
                        rates: price.rates.times(share),
                        ..price.clone()
                    })
                }),
                normal: Arc::new(price),
            })
        });
        Ok(Self {
            provider: row.provider.clone(),
            from,
            hours,
            tiers: tiers.collect::<Result<_, String>>()?,
        })
    }

    /// Whether it is the price of calls that start `at` this time, as far as its own row says.
    pub(super) fn holds(&self, at: UnixNanos) -> bool {
        self.from <= at && (self.hours.is_empty() || self.hours.iter().any(|hours| hours.has(at)))
    }

    /// Offers that hold at a time are asked in this order.
    pub(super) fn order(&self) -> impl Ord + use<> {
        (Reverse(self.from), self.hours.is_empty())
    }

    pub(super) fn price(&self, input_tokens: u64, served: Served) -> Option<&Arc<Price>> {
        let tier = self
            .tiers
            .iter()
            .find(|tier| tier.above == 0 || input_tokens > tier.above)?;
        match served {
            Served::Normally => Some(&tier.normal),
            Served::Batch => tier.batch.as_ref(),
            Served::Specially => None,
        }
    }
}

/// A part of each day in UTC, or of each day from Monday to Friday.
#[derive(Clone, Copy, Debug)]
struct Hours {
    is_of_workdays: bool,
    /// Minutes of the day.
    start: u64,
    end: u64,
}

impl Hours {
    fn of(text: &str) -> Option<Self> {
        let workdays = text.strip_prefix("Mon-Fri ");
        let (start, end) = workdays.unwrap_or(text).split_once('-')?;
        let (start, end) = (minute(start)?, minute(end)?);
        (start < end).then_some(Self {
            is_of_workdays: workdays.is_some(),
            start,
            end,
        })
    }

    fn has(self, at: UnixNanos) -> bool {
        let minutes = at.0 / (60 * 1_000_000_000);
        let (day, minute) = (minutes / MINUTES_OF_DAY, minutes % MINUTES_OF_DAY);
        // The first day of the epoch was a Thursday: this counts from Monday.
        let weekday = (day + 3) % 7;
        (self.start..self.end).contains(&minute) && (!self.is_of_workdays || weekday < 5)
    }
}

const MINUTES_OF_DAY: u64 = 24 * 60;

/// `16:30` as minutes of the day; `24:00` is its end.
fn minute(text: &str) -> Option<u64> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.len() == 2);
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= MINUTES_OF_DAY).then_some(minute)
}

/// The start of `2025-09-29` in UTC.
pub fn day_start(text: &str) -> Option<UnixNanos> {
    let mut parts = text.split('-');
    let mut number = |length: usize| {
        let part = parts.next().filter(|part| part.len() == length)?;
        part.parse::<u64>().ok()
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let february = if is_leap(year) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if parts.next().is_some() || !(1970..=2200).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    let days: u64 = (1970..year)
        .map(|year| if is_leap(year) { 366 } else { 365 })
        .chain(lengths.into_iter().take(usize::try_from(month).ok()? - 1))
        .sum::<u64>()
        + day
        - 1;
    Some(UnixNanos(days * 86_400 * 1_000_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_calendars_do() {
        for (text, seconds) in [
            ("1970-01-01", Some(0)),
            ("2024-02-29", Some(1_709_164_800)),
            ("2025-09-29", Some(1_759_104_000)),
            ("2025-02-29", None),
            ("2025-13-01", None),
            ("2025-1-01", None),
            ("2025-01-01-01", None),
            ("", None),
        ] {
            let expected = seconds.map(|seconds: u64| UnixNanos(seconds * 1_000_000_000));
            assert_eq!(day_start(text), expected, "{text}");
        }
    }

    #[test]
    fn hours_are_of_a_day_or_of_a_working_day() {
        // A Friday.
        let day = day_start("2026-11-27").unwrap().0;
        let has = |text: &str, minute: u64| {
            let hours = Hours::of(text).unwrap();
            hours.has(UnixNanos(day + minute * 60 * 1_000_000_000))
        };
        assert!(has("01:00-04:00", 60));
        assert!(has("Mon-Fri 01:00-04:00", 239));
        assert!(!has("01:00-04:00", 240));
        assert!(has("00:00-24:00", 24 * 60 + 5));
        assert!(!has("Mon-Fri 00:00-24:00", 24 * 60 + 5));
        for text in [
            "",
            "1:00-4:00",
            "04:00-01:00",
            "00:60-02:00",
            "00:00-24:01",
            "Sat 01:00-02:00",
        ] {
            assert!(Hours::of(text).is_none(), "{text}");
        }
    }
}
