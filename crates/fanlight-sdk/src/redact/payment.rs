//! Numbers of cards and bank accounts, which have checksums.

use std::ops::Range;

use super::{Pattern, neighbours, pattern, regex, stands_alone};

static DIGIT_GROUPS: Pattern = pattern(|| regex(r"[0-9]{1,19}(?:[ -][0-9]{1,19})*"));
static IBAN: Pattern = pattern(|| {
    regex(
        r"(?-u:\b)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{1,4}){3,8}|(?-u:\b)[a-z]{2}[0-9]{2}[a-z0-9]{11,30}",
    )
});

/// Countries and how long their IBANs are. Source: the IBAN registry of SWIFT.
const IBAN_LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 \
    EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 \
    JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 \
    NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 \
    TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

pub(super) fn cards(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for candidate in DIGIT_GROUPS.find_iter(text) {
        let place = candidate.range();
        let (before, after) = neighbours(text, &place);
        let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        // `0.4111…` is a number, and a sentence may end behind a card.
        if before.is_some_and(goes_on) || after.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        cards_among(candidate.as_str(), place.start, &mut found);
    }
    found
}

/// Cards among groups of digits: other numbers may stand before and after them.
fn cards_among(text: &str, offset: usize, found: &mut Vec<Range<usize>>) {
    let mut groups = Vec::new();
    let mut start = 0;
    for part in text.split([' ', '-']) {
        groups.push(start..start + part.len());
        start += part.len() + 1;
    }
    let mut first = 0;
    while first < groups.len() {
        // Cards have five groups at most.
        let last = (first..groups.len().min(first + 5))
            .rev()
            .find(|last| is_written_card(text, &groups[first..=*last]));
        if let Some(last) = last {
            found.push(offset + groups[first].start..offset + groups[last].end);
            first = last;
        }
        first += 1;
    }
}

fn is_written_card(text: &str, groups: &[Range<usize>]) -> bool {
    let separators: Vec<_> = groups[1..]
        .iter()
        .map(|group| text.as_bytes()[group.start - 1])
        .collect();
    let is_even = separators.windows(2).all(|two| two[0] == two[1]);
    // A group of a card has two digits at least: a list of small numbers is none.
    let is_grouped = groups.iter().all(|group| group.len() >= 2);
    let digits: String = groups.iter().map(|group| &text[group.clone()]).collect();
    is_even && is_grouped && is_card(&digits)
}

/// Digits of a known network, of its length, with the checksum.
pub(super) fn is_card(digits: &str) -> bool {
    if !(13..=19).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let prefix = |length: usize| digits[..length].parse::<u32>().unwrap_or(0);
    let lengths: &[usize] = match prefix(4) {
        4000..=4999 => &[13, 16, 19],
        5100..=5599 | 2221..=2720 => &[16],
        3400..=3499 | 3700..=3799 => &[15],
        3000..=3059 | 3600..=3699 | 3800..=3999 => &[14, 16, 19],
        6011 | 6440..=6599 => &[16, 19],
        3528..=3589 | 6200..=6299 => &[16, 17, 18, 19],
        5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 => &[13, 14, 15, 16, 17, 18, 19],
        _ => return false,
    };
    lengths.contains(&digits.len()) && has_luhn_checksum(digits)
}

fn has_luhn_checksum(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            match (place % 2, digit * 2) {
                (0, _) => digit,
                (_, doubled @ 0..=9) => doubled,
                (_, doubled) => doubled - 9,
            }
        })
        .sum();
    // All zeros have the checksum and are no card; no network begins with zeros.
    sum.is_multiple_of(10)
}

pub(super) fn ibans(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for candidate in IBAN.find_iter(text) {
        let Some(length) = iban_length(candidate.as_str()) else {
            continue;
        };
        // Words after it may look like a part of it: its country says where it ends.
        let written = candidate.as_str();
        let mut count = 0;
        let end = written.char_indices().find_map(|(at, char)| {
            count += usize::from(char != ' ');
            (count == length).then_some(at + 1)
        });
        let Some(end) = end else { continue };
        let place = candidate.start()..candidate.start() + end;
        if stands_alone(text, &place) && has_iban_checksum(&text[place.clone()]) {
            found.push(place);
        }
    }
    found
}

fn iban_length(text: &str) -> Option<usize> {
    let country = text.get(..2)?.to_ascii_uppercase();
    let mut known = IBAN_LENGTHS.split(' ');
    known.find_map(|entry| entry.strip_prefix(&country)?.parse().ok())
}

/// Source: ISO 13616, which uses ISO 7064, MOD 97-10: the first four characters go last, letters are 10 to 35.
fn has_iban_checksum(text: &str) -> bool {
    let compact: String = text.chars().filter(|char| *char != ' ').collect();
    let (head, tail) = compact.split_at(4);
    let digits = tail.chars().chain(head.chars());
    let remainder = digits.fold(0, |remainder, char| match char.to_digit(36) {
        Some(value @ 0..=9) => (remainder * 10 + value) % 97,
        Some(value) => (remainder * 100 + value) % 97,
        None => remainder,
    });
    remainder == 1
}
