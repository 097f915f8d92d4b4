//! "Everything until then", from an age or a time.

use fanlight_model::{Clock, SystemClock, UnixNanos};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::config::parse_duration;

/// An instant; what started at or before it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Before(pub(crate) UnixNanos);

impl Before {
    /// From an age such as `30d`.
    pub(crate) fn parse_age(text: &str) -> Result<Self, String> {
        Self::at_age(text, SystemClock.now())
    }

    fn at_age(text: &str, now: UnixNanos) -> Result<Self, String> {
        let age = parse_duration(text).ok_or("expected an age such as 12h, 30d or 8w")?;
        let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        Ok(Self(UnixNanos::from_millis(
            now.as_millis().saturating_sub(age_ms),
        )))
    }

    /// From a time such as `2026-01-31` (its first moment, UTC) or `2026-01-31T12:00:00Z`.
    pub(crate) fn parse_time(text: &str) -> Result<Self, String> {
        let full = if text.contains('T') {
            text.to_owned()
        } else {
            format!("{text}T00:00:00Z")
        };
        let time = OffsetDateTime::parse(&full, &Rfc3339)
            .map_err(|_| "expected a time such as 2026-01-31 or 2026-01-31T12:00:00Z".to_owned())?;
        let nanos = u64::try_from(time.unix_timestamp_nanos())
            .map_err(|_| "expected a time after 1970".to_owned())?;
        Ok(Self(UnixNanos(nanos)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_counts_back_from_now() {
        let now = UnixNanos::from_millis(10 * 86_400_000);
        assert_eq!(
            Before::at_age("3d", now),
            Ok(Before(UnixNanos::from_millis(7 * 86_400_000)))
        );
        assert_eq!(Before::at_age("30d", now), Ok(Before(UnixNanos(0))));
        assert!(Before::at_age("old", now).is_err());
    }

    #[test]
    fn a_day_is_its_first_moment() {
        assert_eq!(
            Before::parse_time("1970-01-02"),
            Ok(Before(UnixNanos::from_millis(86_400_000)))
        );
        assert_eq!(
            Before::parse_time("1970-01-02T01:00:00+01:00"),
            Ok(Before(UnixNanos::from_millis(86_400_000)))
        );
        assert!(
            Before::parse_time("yesterday").is_err() && Before::parse_time("1969-01-01").is_err()
        );
    }
}
