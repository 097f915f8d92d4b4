//! Instants and lengths of time as MLflow's JSON writes them: RFC 3339 and seconds, to the millisecond.

use fanlight_model::{Nanos, UnixNanos};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// An instant with any number of fraction digits and any offset; `None` when it is none, or before 1970.
pub fn parse_timestamp(text: &str) -> Option<UnixNanos> {
    let instant = OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?;
    u64::try_from(instant.unix_timestamp_nanos())
        .ok()
        .map(UnixNanos)
}

/// `2026-11-20T22:44:25.267Z`, without a fraction on a whole second.
pub fn render_timestamp(instant: UnixNanos) -> String {
    let millis = instant.as_millis();
    let (year, month, day) = civil_date(millis / 86_400_000);
    let (hour, minute) = (millis / 3_600_000 % 24, millis / 60_000 % 60);
    let second = render_fraction(millis / 1000 % 60, millis % 1000);
    let pad = if second.find('.').unwrap_or(second.len()) == 1 {
        "0"
    } else {
        ""
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{pad}{second}Z")
}

/// Year, month and day so many days after 1970-01-01.
///
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`, for days
/// from 1970 on.
fn civil_date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

/// `0s`, `0.039s`, `1.500s`.
pub fn render_duration(length: Nanos) -> String {
    let millis = length.as_millis();
    format!("{}s", render_fraction(millis / 1000, millis % 1000))
}

fn render_fraction(seconds: u64, millis: u64) -> String {
    if millis == 0 {
        seconds.to_string()
    } else {
        format!("{seconds}.{millis:03}")
    }
}

/// Seconds with `s` and any number of fraction digits; `None` when it is none, or negative.
pub fn parse_duration(text: &str) -> Option<Nanos> {
    let number = text.trim().strip_suffix('s')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits_only = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits_only(whole) || !digits_only(fraction) {
        return None;
    }
    let nanos_text: String = fraction
        .chars()
        .chain(std::iter::repeat('0'))
        .take(9)
        .collect();
    let nanos: u64 = nanos_text.parse().ok()?;
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(1_000_000_000)?
        .checked_add(nanos)
        .map(Nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_have_three_fraction_digits_or_none() {
        let render = |millis| render_timestamp(UnixNanos::from_millis(millis));
        assert_eq!(render(1_795_214_665_267), "2026-11-20T22:44:25.267Z");
        assert_eq!(render(1_767_225_600_000), "2026-01-01T00:00:00Z");
        assert_eq!(render(1_709_164_801_007), "2024-02-29T00:00:01.007Z");
        assert_eq!(render(0), "1970-01-01T00:00:00Z");
        assert_eq!(
            render_timestamp(UnixNanos(u64::MAX)),
            "2554-07-21T23:34:33.709Z"
        );
    }

    #[test]
    fn timestamps_are_read_with_any_fraction_and_offset() {
        assert_eq!(
            parse_timestamp("2026-01-01T00:00:00Z"),
            Some(UnixNanos(1_767_225_600_000_000_000))
        );
        assert_eq!(
            parse_timestamp("2026-01-01T01:00:00.123456789+01:00"),
            Some(UnixNanos(1_767_225_600_123_456_789))
        );
        assert_eq!(parse_timestamp("yesterday"), None);
        assert_eq!(parse_timestamp("1969-12-31T23:59:59Z"), None);
    }

    #[test]
    fn durations_round_trip() {
        for text in ["0s", "1s", "0.039s", "1.500s"] {
            assert_eq!(
                parse_duration(text).map(render_duration).as_deref(),
                Some(text)
            );
        }
        assert_eq!(parse_duration("1.5s"), Some(Nanos(1_500_000_000)));
        assert_eq!(parse_duration("0.0000000019s"), Some(Nanos(1)));
    }

    #[test]
    fn texts_that_are_no_durations_are_refused() {
        for text in [
            "",
            "s",
            "1",
            "-1s",
            "1.5.s",
            "1e3s",
            "99999999999999999999s",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
