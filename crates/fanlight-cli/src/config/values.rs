//! From text to the value of a setting.

use std::time::Duration;

use fanlight_model::{number_and_unit, parse_bytes};

use super::memory::LEAST_BUDGET;

/// What would have been a good value, for the reader of an error message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected(pub(crate) &'static str);

pub(crate) fn text(text: &str) -> Result<String, Expected> {
    if text.is_empty() {
        Err(Expected("some text"))
    } else {
        Ok(text.to_owned())
    }
}

pub(crate) fn port(text: &str) -> Result<u16, Expected> {
    text.parse().map_err(|_| Expected("a port from 0 to 65535"))
}

/// Entries between commas; spaces around them do not count.
pub(crate) fn list(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Nothing, or a path with a slash at its beginning and none at its end.
pub(crate) fn base_path(text: &str) -> Result<String, Expected> {
    let path = text.trim_end_matches('/');
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let fits = path.is_empty() || path.starts_with('/') && !path.contains("//");
    if fits && path.bytes().all(is_plain) {
        Ok(path.to_owned())
    } else {
        Err(Expected("a path such as /fanlight"))
    }
}

/// Sources of a content security policy, between commas.
pub(crate) fn frame_ancestors(text: &str) -> Result<Vec<String>, Expected> {
    let sources = list(text);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:/*".contains(&byte);
    if sources.iter().all(|source| source.bytes().all(is_plain)) {
        Ok(sources)
    } else {
        Err(Expected("origins such as https://name, between commas"))
    }
}

pub(crate) fn millis(text: &str) -> Result<Duration, Expected> {
    match text.parse::<u64>() {
        Ok(millis) if millis <= MAX_MILLIS => Ok(Duration::from_millis(millis)),
        _ => Err(Expected("a number of milliseconds")),
    }
}

/// A hundred years: far enough, and far from any overflow.
const MAX_MILLIS: u64 = 100 * 366 * 24 * 3_600_000;

pub(crate) fn bytes(text: &str) -> Result<usize, Expected> {
    parse_bytes(text)
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or(Expected(
            "a number of bytes such as 65536, 64KiB, 64MiB or 1GiB",
        ))
}

/// A size, 0 for no limit.
pub(crate) fn limit_bytes(text: &str) -> Result<Option<u64>, Expected> {
    let limit = parse_bytes(text).ok_or(Expected(
        "a number of bytes such as 500MB or 10GiB, 0 for no limit",
    ))?;
    Ok((limit != 0).then_some(limit))
}

/// A size that the server can work with.
pub(crate) fn budget(text: &str) -> Result<usize, Expected> {
    bytes(text)
        .ok()
        .filter(|found| *found >= LEAST_BUDGET)
        .ok_or(Expected(
            "`auto` or at least 128MiB, such as 512MiB or 2GiB",
        ))
}

pub(crate) fn duration(text: &str) -> Result<Duration, Expected> {
    parse_duration(text).ok_or(Expected(
        "a length of time such as 500ms, 30s, 10m, 1h or 7d",
    ))
}

/// A length of time that is not nothing.
pub(crate) fn patience(text: &str) -> Result<Duration, Expected> {
    let patience = parse_duration(text).filter(|patience| !patience.is_zero());
    patience.ok_or(Expected(
        "a length of time above zero, such as 500ms, 30s or 10m",
    ))
}

/// A whole number and its unit: ms, s, m, h, d or w.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = number_and_unit(text)?;
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    };
    number
        .checked_mul(unit_ms)
        .filter(|millis| *millis <= MAX_MILLIS)
        .map(Duration::from_millis)
}

/// A whole number, 0 for no limit.
pub(crate) fn limit<T: std::str::FromStr + Default + PartialEq>(
    text: &str,
) -> Result<Option<T>, Expected> {
    let limit: T = text
        .parse()
        .map_err(|_| Expected("a whole number, 0 for no limit"))?;
    Ok((limit != T::default()).then_some(limit))
}

pub(crate) fn count(text: &str) -> Result<usize, Expected> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or(Expected("a whole number from 1"))
}

pub(crate) fn log(text: &str) -> Result<String, Expected> {
    let expected = Expected(
        "a level (error, warn, info, debug, trace, off), or levels per part such as `info,fanlight_store=debug`",
    );
    // Taken for the name of a part otherwise, so that a misspelled level would silence everything else.
    let levels = ["error", "warn", "info", "debug", "trace", "off"];
    let is_directive =
        |part: &str| part.contains('=') || levels.contains(&part.to_ascii_lowercase().as_str());
    let parts_fit = !text.is_empty() && text.split(',').all(|part| is_directive(part.trim()));
    if parts_fit && tracing_subscriber::EnvFilter::try_new(text).is_ok() {
        Ok(text.to_owned())
    } else {
        Err(expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_nothing_is_no_limit() {
        assert_eq!(limit_bytes("10GiB"), Ok(Some(10 << 30)));
        assert_eq!(limit_bytes("0"), Ok(None));
        assert!(limit_bytes("much").is_err() && bytes("-1").is_err());
    }

    #[test]
    fn lengths_of_time_need_their_unit() {
        assert_eq!(parse_duration("90m"), Some(Duration::from_mins(90)));
        assert_eq!(parse_duration("30d"), Some(Duration::from_hours(720)));
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        for wrong in ["", "10", "h", "1 year", "999999999w"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
        assert_eq!(patience("1ms"), Ok(Duration::from_millis(1)));
        assert!(patience("0s").is_err());
    }

    #[test]
    fn lists_are_between_commas() {
        assert_eq!(
            list(" a.example, *.b.example ,"),
            ["a.example", "*.b.example"]
        );
        assert_eq!(list(""), Vec::<String>::new());
    }

    #[test]
    fn a_base_path_has_one_form() {
        assert_eq!(base_path("/tools/fan/").as_deref(), Ok("/tools/fan"));
        assert_eq!(base_path("/").as_deref(), Ok(""));
        for wrong in ["fan", "//evil.example", "/a b", "/a\"b"] {
            assert!(base_path(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_frame_source_cannot_end_the_policy() {
        assert_eq!(frame_ancestors("https://a.example, *").unwrap().len(), 2);
        assert!(frame_ancestors("https://a.example; script-src *").is_err());
    }

    #[test]
    fn a_misspelled_level_is_noticed() {
        assert_eq!(
            log("info,fanlight_store=debug").as_deref(),
            Ok("info,fanlight_store=debug")
        );
        assert!(log("inof").is_err() && log("").is_err() && log("fanlight=loud").is_err());
    }
}
