//! Traces that go through several processes. Source: W3C Trace Context, level 1.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use fanlight_model::{ParseIdError, SpanId, TraceId};

/// The header's name, in lower case: which span calls.
pub const TRACEPARENT: &str = "traceparent";
/// The header's name, in lower case: what systems of other makers say of the trace.
pub const TRACESTATE: &str = "tracestate";

/// A span of another process. Its text form is the value of the header `traceparent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteParent {
    /// The trace it goes on with.
    pub trace_id: TraceId,
    /// The span that is the parent.
    pub span_id: SpanId,
    /// Whether the other process sends its spans of the trace.
    pub is_sampled: bool,
    /// The header `tracestate`, where there is one: it goes on to whoever is called next.
    pub trace_state: Option<TraceState>,
}

/// What systems of other makers say of a trace, in the header `tracestate`. It is carried through as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceState(Arc<str>);

impl TraceState {
    const MAX_MEMBERS: usize = 32;
    const MAX_BYTES: usize = 256;

    /// From the values of all headers of that name. `None` where one is not valid, as the standard has it, or nothing is
    /// said.
    pub fn from_headers<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut kept: Vec<(&str, &str)> = Vec::new();
        for member in headers.into_iter().flat_map(|header| header.split(',')) {
            let member = member.trim_matches([' ', '\t']);
            if member.is_empty() {
                continue;
            }
            let (name, value) = member.split_once('=')?;
            let is_new = kept.iter().all(|(known, _)| *known != name);
            if !(is_new && is_name(name) && is_value(value)) || kept.len() == Self::MAX_MEMBERS {
                return None;
            }
            kept.push((name, value));
        }
        let members: Vec<_> = kept
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!members.is_empty()).then(|| Self(members.join(",").into()))
    }

    /// The value of one header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_name(name: &str) -> bool {
    let is_first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= TraceState::MAX_BYTES
        && name.bytes().next().is_some_and(is_first)
        && name
            .bytes()
            .all(|byte| is_first(byte) || b"_-*/@".contains(&byte))
}

fn is_value(value: &str) -> bool {
    (1..=TraceState::MAX_BYTES).contains(&value.len())
        && value
            .bytes()
            .all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=')
}

/// Why a text is no `traceparent`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseTraceparentError {
    /// There are not four parts.
    #[error("expected `version-traceid-spanid-flags`")]
    Shape,
    /// The version is the one that never will be.
    #[error("version `ff` is not valid")]
    Version,
    /// The last part is not two hex digits.
    #[error("the flags are not two hex digits")]
    Flags,
    /// The second part is not 32 hex digits, or all of them are zero.
    #[error("the trace id is not valid")]
    TraceId(#[source] ParseIdError),
    /// The third part is not 16 hex digits, or all of them are zero.
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
            trace_state: None,
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

    #[test]
    fn states_of_several_headers_are_one_and_a_broken_one_is_none() {
        let read = |headers: &[&str]| {
            let state = TraceState::from_headers(headers.iter().copied())?;
            Some(state.as_str().to_owned())
        };
        let headers = ["rojo=00f067aa0ba902b7 , congo=t61rcWkgMzE", "", "a@b=1,,"];
        let joined = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE,a@b=1";
        assert_eq!(read(&headers).as_deref(), Some(joined));
        for wrong in ["a", "A=1", "a=", "a=b=c", "a=1,a=2", "=1", "a=\u{e9}"] {
            assert_eq!(read(&[wrong]), None, "{wrong}");
        }
        let many: Vec<_> = (0..33).map(|number| format!("k{number}=1")).collect();
        assert_eq!(read(&[&many.join(",")]), None);
        assert!(read(&[&many[1..].join(",")]).is_some());
        assert_eq!(read(&[]), None);
    }
}
