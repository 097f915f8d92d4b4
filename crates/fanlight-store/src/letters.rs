//! Which letters follow each other in the texts of a recent trace: most searches for text pass over most traces, and
//! asking this is much cheaper than looking through the texts.

use std::borrow::Cow;
use std::sync::Arc;

use fanlight_model::{Attributes, Span, Value};
use memchr::memmem::Finder;

/// So many letters in a row are one entry.
const RUN: usize = 4;
/// A text of so many bytes brings one entry or fewer, mostly.
const BYTES_PER_BIT: usize = 2;
const MIN_BITS_LOG: u32 = 10;
const MAX_BITS_LOG: u32 = 20;

/// Runs of four ASCII letters, without case, as a Bloom filter with one hash.
#[derive(Debug)]
pub struct Letters {
    bits: Box<[u64]>,
    bits_log: u32,
    /// Letters may be written in ways that are not seen here: as `\u` escapes, or as other letters that are the same
    /// without case.
    has_others: bool,
}

impl Letters {
    pub(crate) fn of(spans: &[Arc<Span>], derived: &str) -> Self {
        let texts = || std::iter::once(Cow::Borrowed(derived)).chain(texts_of(spans));
        let bytes: usize = texts().map(|text| text.len()).sum();
        let wanted = (bytes / BYTES_PER_BIT).max(1).next_power_of_two().ilog2();
        let bits_log = wanted.clamp(MIN_BITS_LOG, MAX_BITS_LOG);
        let mut letters = Self {
            bits: vec![0; 1 << (bits_log - 6)].into(),
            bits_log,
            has_others: false,
        };
        let escape = Finder::new(b"\\u");
        for text in texts() {
            letters.add(text.as_bytes());
            letters.has_others |= escape.find(text.as_bytes()).is_some();
        }
        letters
    }

    /// False when certainly no text has these ASCII letters one after the other, in upper or lower case.
    pub fn may_have(&self, letters: &str) -> bool {
        let mut run = 0;
        self.has_others
            || letters.bytes().enumerate().all(|(at, byte)| {
                run = longer(run, byte);
                at + 1 < RUN || self.has(run)
            })
    }

    fn add(&mut self, text: &[u8]) {
        let mut run = 0;
        let mut length = 0;
        for (at, &byte) in text.iter().enumerate() {
            if byte.is_ascii_alphabetic() {
                run = longer(run, byte);
                length += 1;
                if length >= RUN {
                    let bit = self.bit_of(run);
                    self.bits[bit / 64] |= 1 << (bit % 64);
                }
                continue;
            }
            length = 0;
            // `İ`, `ſ` and the Kelvin sign are `i`, `s` and `k` without case.
            self.has_others |= match byte {
                0xc4 => text.get(at + 1) == Some(&0xb0),
                0xc5 => text.get(at + 1) == Some(&0xbf),
                0xe2 => text.get(at + 1..at + 3) == Some(&[0x84, 0xaa]),
                _ => false,
            };
        }
    }

    fn has(&self, run: u32) -> bool {
        let bit = self.bit_of(run);
        self.bits[bit / 64] & 1 << (bit % 64) != 0
    }

    fn bit_of(&self, run: u32) -> usize {
        (run.wrapping_mul(0x9e37_79b1) >> (32 - self.bits_log)) as usize
    }
}

/// The last four letters, in lower case.
fn longer(run: u32, letter: u8) -> u32 {
    run << 8 | u32::from(letter.to_ascii_lowercase())
}

/// The raw texts of spans: names, values of attributes, events.
fn texts_of(spans: &[Arc<Span>]) -> impl Iterator<Item = Cow<'_, str>> {
    spans.iter().flat_map(|span| {
        let mut texts = values_of(&span.attributes);
        texts.push(Cow::Borrowed(span.name.as_str()));
        for event in &span.events {
            texts.push(Cow::Borrowed(event.name.as_str()));
            texts.append(&mut values_of(&event.attributes));
        }
        texts
    })
}

fn values_of(attributes: &Attributes) -> Vec<Cow<'_, str>> {
    let mut texts = Vec::new();
    for (_, value) in attributes.iter() {
        texts.push(value.to_text());
        if matches!(value, Value::Array(_) | Value::Map(_)) {
            add_parts(value, &mut texts);
        }
    }
    texts
}

/// Of equal keys the whole text has the last one alone, and searches look at what was sent.
fn add_parts<'a>(value: &'a Value, texts: &mut Vec<Cow<'a, str>>) {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Map(entries) => {
                texts.extend(entries.iter().map(|(key, _)| Cow::Borrowed(key.as_str())));
                waiting.extend(entries.iter().map(|(_, value)| value));
            }
            Value::String(text) => texts.push(Cow::Borrowed(text)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Letters {
        Letters::of(&[], text)
    }

    #[test]
    fn letters_that_are_there_are_never_denied() {
        let text = "The Refund-Policy of 2024, naïve as it IS; un\u{df}bekannt";
        let letters = of(text);
        for length in RUN..12 {
            for start in 0..text.len() {
                let piece = text.get(start..start + length).unwrap_or("");
                if piece.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                    assert!(letters.may_have(piece), "{piece}");
                }
            }
        }
        assert!(letters.may_have("REFUND"));
    }

    #[test]
    fn most_of_what_is_absent_is_denied() {
        let letters = of("The refund policy of the shop in the old town");
        let absent = ["sesquipedalian", "refunds", "weather", "townhall"];
        for word in absent {
            assert!(!letters.may_have(word), "{word}");
        }
    }

    #[test]
    fn what_may_be_written_in_another_way_is_never_denied() {
        for text in [
            r"caf\u0065s",
            "\u{212a}elvin",
            "lon\u{17f}t",
            "\u{130}stanbul",
        ] {
            assert!(of(text).may_have("absent"), "{text}");
        }
    }
}
