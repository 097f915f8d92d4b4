//! Addresses of machines.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::{Pattern, neighbours, pattern, regex};

static V4: Pattern = pattern(|| regex(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"));
static V6: Pattern = pattern(|| regex(r"[0-9A-Fa-f:]{2,}:[0-9A-Fa-f:.]*"));

pub(super) fn addresses(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if text.contains("::") || text.bytes().filter(|byte| *byte == b':').take(7).count() == 7 {
        found.extend(V6.find_iter(text).filter_map(|candidate| {
            // A sentence may end behind it.
            let address = candidate.as_str().trim_end_matches(['.', ':']);
            let address = if candidate.as_str().ends_with("::") {
                candidate.as_str()
            } else {
                address
            };
            let place = candidate.start()..candidate.start() + address.len();
            (is_v6(address) && is_apart(text, &place)).then_some(place)
        }));
    }
    found.extend(V4.find_iter(text).filter_map(|candidate| {
        let place = candidate.range();
        (is_v4(candidate.as_str()) && is_apart(text, &place)).then_some(place)
    }));
    found
}

fn is_v4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok_and(|address| {
        !address.is_loopback() && !address.is_unspecified() && !address.is_broadcast()
    })
}

fn is_v6(text: &str) -> bool {
    let Ok(address) = text.parse::<Ipv6Addr>() else {
        return false;
    };
    // `a::b` is a path in a program as well: an address begins with a longer group, and has digits.
    let first = text.split(':').next().unwrap_or_default();
    let is_plain = first.len() >= 3 || text.starts_with("::ffff:") || !text.contains("::");
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    is_plain && has_digit && !address.is_loopback() && !address.is_unspecified()
}

/// Not a part of a version, an object identifier or a word.
fn is_apart(text: &str, place: &Range<usize>) -> bool {
    let (before, after) = neighbours(text, place);
    let rest = &text[place.end..];
    let goes_on = after == Some('.') && rest[1..].starts_with(|c: char| c.is_ascii_digit());
    !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':'))
        && !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
        && !goes_on
}
