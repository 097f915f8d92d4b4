//! MLflow's text forms of ids.
//!
//! A trace made by OpenTelemetry is `tr-` and the 32 hex digits of its id. Older clients drop the
//! prefix, and `StartTraceV3` accepts any short text: such ids keep their text as an alias.

use fanlight_model::{ExperimentId, TraceId, TraceSummary};

use crate::ApiError;

/// Characters of the longest id a client may choose for a trace.
pub const MAX_TRACE_ID_CHARS: usize = 50;

/// A trace id as a client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRef {
    pub id: TraceId,
    /// The text, when it is not the standard form of `id`.
    pub alias: Option<String>,
}

impl TraceRef {
    /// Understands any text, for looking a trace up: an id nobody could have chosen finds nothing.
    ///
    /// Texts that are not hex ids become one by [`stable_hash`].
    pub fn of(text: &str) -> Self {
        let hex = text.strip_prefix("tr-").unwrap_or(text);
        let id = hex.parse().unwrap_or_else(|_| stable_hash(text));
        let alias = (standard(id) != text).then(|| text.to_owned());
        Self { id, alias }
    }

    /// Checks an id that a new trace is to have.
    pub fn for_new_trace(text: &str) -> Result<Self, ApiError> {
        let length = text.chars().count();
        if length > MAX_TRACE_ID_CHARS {
            return Err(ApiError::invalid(format!(
                "parameter `trace_id` has {length} characters; the limit is {MAX_TRACE_ID_CHARS}"
            )));
        }
        Ok(Self::of(text))
    }

    /// The text the client wrote.
    pub fn text(&self) -> String {
        self.alias.clone().unwrap_or_else(|| standard(self.id))
    }
}

/// `tr-` and 32 hex digits.
pub fn standard(id: TraceId) -> String {
    format!("tr-{id}")
}

/// The id clients know the trace by.
pub fn trace_id_text(summary: &TraceSummary) -> String {
    summary
        .alias
        .clone()
        .unwrap_or_else(|| standard(summary.key.trace))
}

/// A trace id for a text that is none: FNV-1a of its UTF-8 bytes, 128 bits wide.
///
/// Stored traces depend on it, so it must never change. Source: "The FNV Non-Cryptographic Hash
/// Algorithm", section 4.
pub fn stable_hash(text: &str) -> TraceId {
    const OFFSET_BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = text.bytes().fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(PRIME)
    });
    // Zero is not an id; its one preimage may share an id with another text's.
    TraceId::from_bytes(hash.to_be_bytes())
        .or_else(|| TraceId::from_bytes(OFFSET_BASIS.to_be_bytes()))
        .expect("the offset basis is not zero")
}

/// A decimal experiment id, named `parameter` in the error.
pub fn experiment_id(parameter: &str, text: &str) -> Result<ExperimentId, ApiError> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(64).collect();
        ApiError::invalid(format!(
            "invalid value \"{shown}\" for parameter `{parameter}`: an experiment id must be an integer"
        ))
    })
}

/// A prefix such as `a-` and the 32 hex digits of 16 random bytes.
pub fn prefixed_hex(prefix: &str, random: u128) -> String {
    format!("{prefix}{random:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_form_needs_no_alias() {
        let parsed = TraceRef::of("tr-0af7651916cd43dd8448eb211c80319c");
        assert_eq!(parsed.id.to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(parsed.alias, None);
        assert_eq!(parsed.text(), "tr-0af7651916cd43dd8448eb211c80319c");
    }

    #[test]
    fn bare_hex_of_older_clients_is_the_same_id_under_its_own_text() {
        let parsed = TraceRef::of("0af7651916cd43dd8448eb211c80319c");
        assert_eq!(
            parsed.id,
            TraceRef::of("tr-0af7651916cd43dd8448eb211c80319c").id
        );
        assert_eq!(
            parsed.alias.as_deref(),
            Some("0af7651916cd43dd8448eb211c80319c")
        );
    }

    #[test]
    fn any_other_text_is_hashed_the_same_way_for_ever() {
        let parsed = TraceRef::of("my-trace");
        assert_eq!(parsed.id.to_string(), "6dee0b14a3659b1100af6fe46a4f40e7");
        assert_eq!(parsed.alias.as_deref(), Some("my-trace"));
        // Published test value of FNV-1a with 128 bits.
        assert_eq!(
            stable_hash("a").to_string(),
            "d228cb696f1a8caf78912b704e4a8964"
        );
    }

    #[test]
    fn a_new_trace_may_not_have_a_long_id() {
        assert!(TraceRef::for_new_trace(&"é".repeat(50)).is_ok());
        let error = TraceRef::for_new_trace(&"é".repeat(51)).unwrap_err();
        assert_eq!(
            error.message,
            "parameter `trace_id` has 51 characters; the limit is 50"
        );
    }

    #[test]
    fn an_experiment_id_is_an_integer() {
        assert_eq!(
            experiment_id("experiment_id", "12").unwrap(),
            ExperimentId(12)
        );
        assert_eq!(
            experiment_id("experiment_id", "abc").unwrap_err().message,
            "invalid value \"abc\" for parameter `experiment_id`: an experiment id must be an integer"
        );
    }
}
