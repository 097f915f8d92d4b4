//! Ids in the forms `MLflow`'s clients write.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use fanlight_model::{SpanId, TraceId};

use crate::error::cut;
use crate::wire::parse_hex;

/// A span id: hex (with `0x` or full length) or base64 of 8 bytes. Zero is `None`.
pub(super) fn span_id(text: &str) -> Result<Option<SpanId>, String> {
    id_bytes(text)
        .map(SpanId::from_bytes)
        .ok_or_else(|| format!("`{}` is not a span id", cut(text)))
}

/// The trace id of a link: also with the prefix `tr-`.
pub(super) fn trace_id(text: &str) -> Option<TraceId> {
    id_bytes(text.strip_prefix("tr-").unwrap_or(text)).and_then(TraceId::from_bytes)
}

fn id_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Base64 may begin like that too.
    if let Some(bytes) = text.strip_prefix("0x").and_then(parse_hex) {
        return left_padded(&bytes);
    }
    // Base64 of 8 or 16 bytes is shorter than their hex, so the two cannot be confused.
    if text.len() == 2 * N {
        return left_padded(&parse_hex(text)?);
    }
    STANDARD_NO_PAD
        .decode(text.trim_end_matches('='))
        .ok()?
        .try_into()
        .ok()
}

fn left_padded<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let mut padded = [0; N];
    padded[N.checked_sub(bytes.len())?..].copy_from_slice(bytes);
    Some(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_id_is_read_in_every_form() {
        let id: SpanId = "00f067aa0ba902b7".parse().unwrap();
        for text in [
            "00f067aa0ba902b7",
            "00F067AA0BA902B7",
            "0xf067aa0ba902b7",
            "APBnqgupArc=",
            "APBnqgupArc",
        ] {
            assert_eq!(span_id(text), Ok(Some(id)), "{text}");
        }
        let like_hex: SpanId = "d31017a3c5bb6553".parse().unwrap();
        assert_eq!(span_id("0xAXo8W7ZVM="), Ok(Some(like_hex)));
        assert_eq!(span_id("0000000000000000"), Ok(None));
        assert_eq!(span_id("0x"), Ok(None));
        assert_eq!(span_id("short"), Err("`short` is not a span id".to_owned()));
        assert_eq!(
            span_id("0x00f067aa0ba902b700"),
            Err("`0x00f067aa0ba902b700` is not a span id".to_owned())
        );
    }

    #[test]
    fn a_link_names_its_trace_with_or_without_prefix() {
        let id: TraceId = "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap();
        assert_eq!(trace_id("tr-4bf92f3577b34da6a3ce929d0e0e4736"), Some(id));
        assert_eq!(trace_id("S/kvNXezTaajzpKdDg5HNg=="), Some(id));
        assert_eq!(trace_id("tr-my-own-id"), None);
    }
}
