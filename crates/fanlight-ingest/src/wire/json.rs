//! OTLP's JSON forms of scalar fields, for `#[serde(with = …)]`.
//!
//! What is accepted beyond what is written: ids in either case and shorter than full length (left-padded with zeros),
//! 64-bit integers as numbers, enums by name, `null` everywhere.

use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::cut;

/// `null` is the same as absent.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A number written as a number.
pub(super) fn integer<'de, D: Deserializer<'de>, T: TryFrom<i128> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<Integer<T>>::deserialize(from)?.map_or_else(T::default, |integer| integer.0))
}

/// A 64-bit number written as decimal text.
pub(super) mod decimal {
    use super::{Deserializer, Serializer, fmt};

    pub(in super::super) fn serialize<T: fmt::Display, S: Serializer>(
        number: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(in super::super) fn deserialize<'de, D, T>(from: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: TryFrom<i128> + Default,
    {
        super::integer(from)
    }
}

/// An integer, from a JSON number or from decimal text.
pub(super) struct Integer<T>(pub(super) T);

impl<'de, T: TryFrom<i128>> Deserialize<'de> for Integer<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(IntegerVisitor(PhantomData))
            .map(Integer)
    }
}

struct IntegerVisitor<T>(PhantomData<T>);

impl<T: TryFrom<i128>> Visitor<'_> for IntegerVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer within the range of its field, as a number or as decimal text")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        T::try_from(number.into())
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::try_from(number.into()).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    /// Proto-JSON allows `1.0` and `1e3` for integers.
    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() != 0.0 || number.abs() > EXACT {
            return Err(E::invalid_value(Unexpected::Float(number), &self));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "integral and within 2^53, checked above"
        )]
        let integer = number as i128;
        T::try_from(integer).map_err(|_| E::invalid_value(Unexpected::Float(number), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let number: Option<i128> = text.trim().parse().ok();
        number
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| E::invalid_value(Unexpected::Str(cut(text)), &self))
    }
}

/// A double: JSON has no name for NaN and the infinities, so those are text.
pub(super) struct Double(pub(super) f64);

impl Serialize for Double {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            number if number.is_nan() => to.serialize_str("NaN"),
            f64::INFINITY => to.serialize_str("Infinity"),
            f64::NEG_INFINITY => to.serialize_str("-Infinity"),
            number => to.serialize_f64(number),
        }
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "expected a number, or NaN, Infinity or -Infinity as text"
        )]
        enum Form {
            Number(f64),
            Text(String),
        }
        match Form::deserialize(from)? {
            Form::Number(number) => Ok(Self(number)),
            // Rust reads `NaN`, `Infinity` and `-Infinity` as well as decimal text.
            Form::Text(text) => text.trim().parse().map(Self).map_err(|_| {
                D::Error::invalid_value(Unexpected::Str(cut(&text)), &"a number as text")
            }),
        }
    }
}

/// Bytes as base64: standard alphabet, padding optional; the URL alphabet is read too.
pub(super) struct Base64(pub(super) Vec<u8>);

const ANY_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let alphabet = if text.contains(['-', '_']) {
            &alphabet::URL_SAFE
        } else {
            &alphabet::STANDARD
        };
        GeneralPurpose::new(alphabet, ANY_PADDING)
            .decode(&text)
            .map(Self)
            .map_err(|_| D::Error::invalid_value(Unexpected::Str(cut(&text)), &"base64"))
    }
}

/// 16 bytes as 32 hex digits.
pub(super) mod trace_id {
    use super::{Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(id: &[u8], to: S) -> Result<S::Ok, S::Error> {
        super::serialize_hex(id, to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<u8>, D::Error> {
        super::deserialize_hex(from, 16)
    }
}

/// 8 bytes as 16 hex digits.
pub(super) mod span_id {
    use super::{Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(id: &[u8], to: S) -> Result<S::Ok, S::Error> {
        super::serialize_hex(id, to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<u8>, D::Error> {
        super::deserialize_hex(from, 8)
    }
}

fn serialize_hex<S: Serializer>(id: &[u8], to: S) -> Result<S::Ok, S::Error> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = id.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let text: String = digits
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect();
    to.serialize_str(&text)
}

/// Left-pads to `length` bytes. A longer id is kept as it is: then its span is refused, not the whole body.
fn deserialize_hex<'de, D: Deserializer<'de>>(from: D, length: usize) -> Result<Vec<u8>, D::Error> {
    let text = Option::<String>::deserialize(from)?.unwrap_or_default();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = parse_hex(&text).ok_or_else(|| {
        D::Error::invalid_value(Unexpected::Str(cut(&text)), &"an id of hex digits")
    })?;
    if bytes.len() >= length {
        return Ok(bytes);
    }
    let mut padded = vec![0; length - bytes.len()];
    padded.extend(bytes);
    Ok(padded)
}

/// Bytes of hex digits in either case; an odd first digit stands alone.
pub(crate) fn parse_hex(text: &str) -> Option<Vec<u8>> {
    fn digit(character: u8) -> Option<u8> {
        #[expect(clippy::cast_possible_truncation, reason = "a hex digit is below 16")]
        char::from(character).to_digit(16).map(|digit| digit as u8)
    }
    let (odd, pairs) = text.as_bytes().split_at(text.len() % 2);
    let mut bytes = Vec::with_capacity(text.len().div_ceil(2));
    for character in odd {
        bytes.push(digit(*character)?);
    }
    for pair in pairs.chunks_exact(2) {
        bytes.push(digit(pair[0])? << 4 | digit(pair[1])?);
    }
    Some(bytes)
}

const SPAN_KINDS: [&str; 6] = [
    "UNSPECIFIED",
    "INTERNAL",
    "SERVER",
    "CLIENT",
    "PRODUCER",
    "CONSUMER",
];
const STATUS_CODES: [&str; 3] = ["UNSET", "OK", "ERROR"];
const SEVERITIES: [&str; 25] = [
    "UNSPECIFIED",
    "TRACE",
    "TRACE2",
    "TRACE3",
    "TRACE4",
    "DEBUG",
    "DEBUG2",
    "DEBUG3",
    "DEBUG4",
    "INFO",
    "INFO2",
    "INFO3",
    "INFO4",
    "WARN",
    "WARN2",
    "WARN3",
    "WARN4",
    "ERROR",
    "ERROR2",
    "ERROR3",
    "ERROR4",
    "FATAL",
    "FATAL2",
    "FATAL3",
    "FATAL4",
];

pub(super) fn span_kind<'de, D: Deserializer<'de>>(from: D) -> Result<i32, D::Error> {
    enumeration(from, "SPAN_KIND_", &SPAN_KINDS)
}

pub(super) fn status_code<'de, D: Deserializer<'de>>(from: D) -> Result<i32, D::Error> {
    enumeration(from, "STATUS_CODE_", &STATUS_CODES)
}

pub(super) fn severity<'de, D: Deserializer<'de>>(from: D) -> Result<i32, D::Error> {
    enumeration(from, "SEVERITY_NUMBER_", &SEVERITIES)
}

/// An enum by number or by name, with or without its prefix.
fn enumeration<'de, D: Deserializer<'de>>(
    from: D,
    prefix: &str,
    names: &[&str],
) -> Result<i32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected the name or number of an enum value")]
    enum Form {
        Number(i32),
        Name(String),
    }
    match Option::<Form>::deserialize(from)? {
        None => Ok(0),
        Some(Form::Number(number)) => Ok(number),
        Some(Form::Name(name)) => {
            let short = name.strip_prefix(prefix).unwrap_or(&name);
            let place = names
                .iter()
                .position(|known| *known == short)
                .and_then(|place| i32::try_from(place).ok());
            // Some writers put numbers in quotes.
            place.or_else(|| short.parse().ok()).ok_or_else(|| {
                let expected = format!("one of {prefix}{{{}}}", names.join(", "));
                D::Error::invalid_value(Unexpected::Str(cut(&name)), &expected.as_str())
            })
        }
    }
}
