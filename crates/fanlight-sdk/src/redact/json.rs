//! JSON text: strings change where they stand, and every other byte stays as it was, numbers of any length among them.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::{Kind, Redaction, payment};

/// JSON within strings of JSON is looked into so deep: arguments of tools are.
const MAX_DEPTH: usize = 4;

pub(super) fn redact<'a>(redaction: &Redaction, text: &'a str) -> Cow<'a, str> {
    at_depth(redaction, text, 0)
}

fn at_depth<'a>(redaction: &Redaction, text: &'a str, depth: usize) -> Cow<'a, str> {
    let is_json = depth < MAX_DEPTH
        && text.trim_start().starts_with(['{', '[', '"'])
        && serde_json::from_str::<IgnoredAny>(text).is_ok();
    if is_json {
        strings(redaction, text, depth)
    } else {
        redaction.plain(text)
    }
}

/// `text` is JSON.
fn strings<'a>(redaction: &Redaction, text: &'a str, depth: usize) -> Cow<'a, str> {
    let bytes = text.as_bytes();
    let mut changed = String::new();
    // Up to here `text` is in `changed`.
    let mut copied = 0;
    let mut at = 0;
    let mut is_secret = false;
    while at < bytes.len() {
        let (end, replacement) = match bytes[at] {
            b'"' => {
                let end = end_of_string(bytes, at);
                let literal = &text[at..end];
                // What a member is called changes only if it is personal itself.
                let is_name = next_is_colon(bytes, end);
                let Ok(content) = serde_json::from_str::<String>(literal) else {
                    at = end;
                    continue;
                };
                let replacement = if is_secret {
                    Some(Kind::Secret.placeholder().to_owned())
                } else {
                    match at_depth(redaction, &content, depth + 1) {
                        Cow::Owned(replacement) => Some(replacement),
                        Cow::Borrowed(_) => None,
                    }
                };
                is_secret = is_name && redaction.hides_value_of(&content);
                (end, replacement)
            }
            b'0'..=b'9' => {
                let end = end_of_number(bytes, at);
                let is_card =
                    redaction.kinds.contains(&Kind::CreditCard) && payment::is_card(&text[at..end]);
                (
                    end,
                    is_card.then(|| Kind::CreditCard.placeholder().to_owned()),
                )
            }
            // A secret is a string; names within an object say for themselves.
            b'{' | b'[' | b',' => {
                is_secret = false;
                (at + 1, None)
            }
            _ => (at + 1, None),
        };
        if let Some(replacement) = replacement {
            changed.push_str(&text[copied..at]);
            changed.push_str(&crate::span::json_text(&replacement));
            copied = end;
        }
        at = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    changed.push_str(&text[copied..]);
    Cow::Owned(changed)
}

/// Behind the closing quote of the string that begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn end_of_number(bytes: &[u8], start: usize) -> usize {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    let length = bytes[start..]
        .iter()
        .take_while(|byte| is_part(byte))
        .count();
    start + length
}

fn next_is_colon(bytes: &[u8], at: usize) -> bool {
    bytes[at..]
        .iter()
        .find(|byte| !byte.is_ascii_whitespace())
        .is_some_and(|byte| *byte == b':')
}
