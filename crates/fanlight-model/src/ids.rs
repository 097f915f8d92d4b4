//! Identifiers, each with its one text form.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    #[error("expected {expected} hex digits, found {found} characters")]
    WrongLength { expected: usize, found: usize },
    #[error("expected hex digits only")]
    NotHex,
    #[error("an id of only zeros is not valid")]
    AllZero,
    #[error("expected an integer")]
    NotAnInteger,
}

/// Identifies one trace.
///
/// In memory and in segments: 16 bytes, big-endian, never all zero. As text (JSON, URLs, logs): 32 lowercase hex
/// digits. Source: W3C Trace Context, "trace-id".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(NonZeroU128);

/// Identifies one span within its trace.
///
/// 8 bytes, big-endian, never all zero; as text 16 lowercase hex digits. Source: W3C Trace Context, "parent-id".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(NonZeroU64);

impl TraceId {
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        NonZeroU128::new(u128::from_be_bytes(bytes)).map(Self)
    }

    pub fn to_bytes(self) -> [u8; 16] {
        self.0.get().to_be_bytes()
    }
}

impl SpanId {
    pub fn from_bytes(bytes: [u8; 8]) -> Option<Self> {
        NonZeroU64::new(u64::from_be_bytes(bytes)).map(Self)
    }

    pub fn to_bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }
}

fn check_hex(text: &str, expected: usize) -> Result<(), ParseIdError> {
    if text.len() != expected {
        return Err(ParseIdError::WrongLength {
            expected,
            found: text.chars().count(),
        });
    }
    // `from_str_radix` also accepts a leading '+', which is not an id.
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(ParseIdError::NotHex)
    }
}

impl FromStr for TraceId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        check_hex(text, 32)?;
        let value = u128::from_str_radix(text, 16).map_err(|_| ParseIdError::NotHex)?;
        NonZeroU128::new(value)
            .map(Self)
            .ok_or(ParseIdError::AllZero)
    }
}

impl FromStr for SpanId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        check_hex(text, 16)?;
        let value = u64::from_str_radix(text, 16).map_err(|_| ParseIdError::NotHex)?;
        NonZeroU64::new(value)
            .map(Self)
            .ok_or(ParseIdError::AllZero)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanId({self})")
    }
}

/// Text formats get the hex text, binary ones the bytes.
macro_rules! serde_as_hex_or_bytes {
    ($id:ty, $bytes:ty) => {
        impl Serialize for $id {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.to_bytes().serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error;
                if deserializer.is_human_readable() {
                    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                    text.parse().map_err(D::Error::custom)
                } else {
                    let bytes = <$bytes>::deserialize(deserializer)?;
                    Self::from_bytes(bytes).ok_or_else(|| D::Error::custom(ParseIdError::AllZero))
                }
            }
        }
    };
}

serde_as_hex_or_bytes!(TraceId, [u8; 16]);
serde_as_hex_or_bytes!(SpanId, [u8; 8]);

/// Numbered by the catalog; 0 is the workspace named `default`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct WorkspaceId(pub u32);

impl WorkspaceId {
    pub const DEFAULT: Self = Self(0);
}

/// Numbered by the catalog, over all workspaces; 0 is `Default`. As text: decimal.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct ExperimentId(pub u64);

impl ExperimentId {
    pub const DEFAULT: Self = Self(0);
}

impl fmt::Display for ExperimentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ExperimentId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ParseIdError::NotAnInteger);
        }
        text.parse()
            .map(Self)
            .map_err(|_| ParseIdError::NotAnInteger)
    }
}

/// A sealed segment; numbered upwards in the order of sealing. As text (file names): 16 lowercase hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SegmentId(pub u64);

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What makes a trace itself: the same trace id in two workspaces names two traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TraceKey {
    pub workspace: WorkspaceId,
    pub trace: TraceId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_through_text() {
        let id: TraceId = "0AF7651916CD43DD8448EB211C80319C".parse().unwrap();
        assert_eq!(id.to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(TraceId::from_bytes(id.to_bytes()), Some(id));
    }

    #[test]
    fn texts_that_are_not_ids_say_why() {
        assert_eq!(
            "+af7651916cd43dd8448eb211c80319c".parse::<TraceId>(),
            Err(ParseIdError::NotHex)
        );
        assert_eq!(
            "00".parse::<SpanId>(),
            Err(ParseIdError::WrongLength {
                expected: 16,
                found: 2
            })
        );
        assert_eq!(
            "0000000000000000".parse::<SpanId>(),
            Err(ParseIdError::AllZero)
        );
        assert_eq!(
            "-1".parse::<ExperimentId>(),
            Err(ParseIdError::NotAnInteger)
        );
    }
}
