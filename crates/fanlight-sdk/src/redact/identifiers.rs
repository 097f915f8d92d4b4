//! E-mail addresses, phone numbers, social security numbers.

use std::ops::Range;

use super::{Pattern, neighbours, pattern, regex, stands_alone};

static EMAIL: Pattern = pattern(|| {
    regex(
        r"[A-Za-z0-9](?:[A-Za-z0-9._%+'-]{0,62}[A-Za-z0-9_+-])?@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}",
    )
});
static SSN: Pattern = pattern(|| regex(r"[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{3} [0-9]{2} [0-9]{4}"));
static INTERNATIONAL: Pattern = pattern(|| regex(r"\+[1-9](?:[ .()/-]{0,2}[0-9]){6,14}"));
static NORTH_AMERICAN: Pattern = pattern(|| {
    // Exchanges begin with 2 to 9; made-up numbers, which look as much like one, do not always.
    regex(
        r"(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?[0-9]{3}[ .-]|[2-9][0-9]{2}(?:-[0-9]{3}-|[ .-][2-9][0-9]{2}[ .-]))[0-9]{4}",
    )
});
static NATIONAL: Pattern =
    pattern(|| regex(r"(?:\(0[1-9][0-9]{0,3}\)|0[1-9][0-9]{0,3})(?:[ /-][0-9]{2,8}){1,5}"));

/// Names of files on screens of high resolution: `icon@2x.png`.
const FILE_ENDINGS: [&str; 7] = ["png", "jpg", "jpeg", "gif", "svg", "webp", "ico"];

pub(super) fn emails(text: &str) -> Vec<Range<usize>> {
    if !text.contains('@') {
        return Vec::new();
    }
    let is_file = |found: &str| {
        let ending = found.rsplit('.').next().unwrap_or_default();
        FILE_ENDINGS.contains(&ending)
    };
    EMAIL
        .find_iter(text)
        .filter(|found| !is_file(found.as_str()))
        .map(|found| found.range())
        .collect()
}

pub(super) fn social_security_numbers(text: &str) -> Vec<Range<usize>> {
    let can_be_given = |digits: &str| {
        let (area, group, serial) = (&digits[..3], &digits[4..6], &digits[7..]);
        !matches!(area, "000" | "666")
            && !area.starts_with('9')
            && group != "00"
            && serial != "0000"
    };
    SSN.find_iter(text)
        .filter(|found| can_be_given(found.as_str()) && is_whole_number(text, &found.range()))
        .map(|found| found.range())
        .collect()
}

/// Neither a word nor a longer number goes on with it.
fn is_whole_number(text: &str, place: &Range<usize>) -> bool {
    let (before, after) = neighbours(text, place);
    let rest = &text[place.end..];
    // A dot ends a sentence, unless a digit follows.
    let goes_on = after.is_some_and(|c| matches!(c, '-' | '.' | ':' | '/' | ','))
        && rest[1..].starts_with(|c: char| c.is_ascii_digit());
    stands_alone(text, place)
        && !before.is_some_and(|c| matches!(c, '-' | '.' | '/' | '+' | ':'))
        && !goes_on
}

pub(super) fn phones(text: &str) -> Vec<Range<usize>> {
    if text.bytes().filter(u8::is_ascii_digit).take(8).count() < 8 {
        return Vec::new();
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    for (pattern, is_one) in [
        (&INTERNATIONAL, is_international as fn(&str) -> bool),
        (&NORTH_AMERICAN, |_| true),
        (&NATIONAL, is_national),
    ] {
        for candidate in pattern.find_iter(text) {
            let place = candidate.range();
            if is_one(candidate.as_str()) && is_whole_number(text, &place) {
                found.push(place);
            }
        }
    }
    found
}

/// Source: ITU-T E.164: fifteen digits at most.
fn is_international(text: &str) -> bool {
    (8..=15).contains(&digits(text))
}

/// Nine to twelve digits with separators of one kind: dates and versions are not.
fn is_national(text: &str) -> bool {
    let after_area = text
        .trim_start_matches('(')
        .trim_start_matches(|c: char| c.is_ascii_digit());
    let separators: Vec<_> = after_area
        .trim_start_matches(')')
        .chars()
        .filter(|c| !c.is_ascii_digit())
        .collect();
    let only = |wanted: &[char]| separators.iter().skip(1).all(|c| wanted.contains(c));
    let is_even = match separators.first() {
        Some(' ' | '/') => only(&[' ']),
        Some('-') => only(&['-']),
        _ => false,
    };
    is_even && (9..=12).contains(&digits(text))
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}
