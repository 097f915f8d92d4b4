//! Traces that go through several processes. Source: W3C Trace Context, level 1.

use std::fmt;
use std::str::FromStr;

use fanlight_model::{ParseIdError, SpanId, TraceId};

/// The header's name, in lower case.
pub const TRACEPARENT: &str = "traceparent";

/// A span of another process. Its text form is the value of the header `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteParent {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    /// Whether the other process sends its spans of the trace.
    pub is_sampled: bool,
}

/// Why a text is no `traceparent`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseTraceparentError {
    #[error("expected `version-traceid-spanid-flags`")]
    Shape,
    #[error("version `ff` is not valid")]
    Version,
    #[error("the flags are not two hex digits")]
    Flags,
    #[error("the trace id is not valid")]
    TraceId(#[source] ParseIdError),
    #[error("the span id is not valid")]
    SpanId(#[source] ParseIdError),
}

impl FromStr for RemoteParent {
    type Err = ParseTraceparentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim().split('-');
        let (Some(version), Some(trace_id), Some(span_id), Some(flags)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ParseTraceparentError::Shape);
        };
        // Later versions may say more after the flags; the first one may not.
        if version.len() != 2 || version == "00" && parts.next().is_some() {
            return Err(ParseTraceparentError::Shape);
        }
        if version == "ff" {
            return Err(ParseTraceparentError::Version);
        }
        let flags = Some(flags)
            .filter(|flags| flags.len() == 2)
            .and_then(|flags| u8::from_str_radix(flags, 16).ok())
            .ok_or(ParseTraceparentError::Flags)?;
        Ok(Self {
            trace_id: trace_id.parse().map_err(ParseTraceparentError::TraceId)?,
            span_id: span_id.parse().map_err(ParseTraceparentError::SpanId)?,
            is_sampled: flags & 1 == 1,
        })
    }
}

impl fmt::Display for RemoteParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.is_sampled);
        write!(f, "00-{}-{}-{flags:02x}", self.trace_id, self.span_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_header_is_read_and_written() {
        let parent: RemoteParent = HEADER.parse().unwrap();
        assert!(parent.is_sampled);
        assert_eq!(parent.to_string(), HEADER);
        assert!(
            !HEADER
                .replace("-01", "-00")
                .parse::<RemoteParent>()
                .unwrap()
                .is_sampled
        );
    }

    #[test]
    fn a_later_version_may_say_more() {
        let later = format!("{}-more", HEADER.replacen("00", "cc", 1));
        assert!(later.parse::<RemoteParent>().is_ok());
        assert!(format!("{HEADER}-more").parse::<RemoteParent>().is_err());
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for wrong in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-xyz-b7ad6b7169203331-01",
        ] {
            assert!(wrong.parse::<RemoteParent>().is_err(), "{wrong}");
        }
    }
}
