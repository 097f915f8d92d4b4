//! One request to one destination, and what its reply means.
//!
//! Source: OTLP 1.x, "OTLP/HTTP Response": 429, 502, 503 and 504 may be repeated, other failures may not.

use std::time::Duration;

use ureq::Agent;

use super::Payload;
use crate::settings::Destination;

/// More of a reply is not read.
const MAX_REPLY_BYTES: u64 = 64 << 10;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Acknowledged; `rejected` of the spans were refused by name, for a reason.
    Delivered { rejected: usize, reason: String },
    /// Never to be repeated.
    Refused(String),
    /// To be repeated, not before `after` if that is said.
    Away {
        reason: String,
        after: Option<Duration>,
    },
}

#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    destination: Destination,
}

impl Client {
    pub(super) fn new(destination: Destination) -> Self {
        let config = Agent::config_builder();
        // A receiver inside a company has a certificate of that company.
        #[cfg(feature = "tls")]
        let config = config.tls_config(
            ureq::tls::TlsConfig::builder()
                .root_certs(ureq::tls::RootCerts::PlatformVerifier)
                .build(),
        );
        let agent = config
            .timeout_global(Some(destination.timeout))
            .http_status_as_error(false)
            // A redirect would carry the headers, and what they prove, elsewhere.
            .max_redirects(0)
            .user_agent(concat!("fanlight-sdk/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self { agent, destination }
    }

    pub(super) fn url(&self) -> &str {
        &self.destination.url
    }

    pub(super) fn send(&self, payload: &Payload) -> Outcome {
        let mut request = self
            .agent
            .post(&self.destination.url)
            .header("content-type", "application/x-protobuf");
        if payload.is_gzip {
            request = request.header("content-encoding", "gzip");
        }
        for (name, value) in &self.destination.headers {
            request = request.header(name, value);
        }
        match request.send(&payload.body[..]) {
            Ok(reply) => outcome_of(reply),
            Err(error) => failure(&error),
        }
    }
}

fn outcome_of(mut reply: ureq::http::Response<ureq::Body>) -> Outcome {
    let status = reply.status().as_u16();
    let after = reply
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    let body = reply
        .body_mut()
        .with_config()
        .limit(MAX_REPLY_BYTES)
        .read_to_vec();
    match status {
        200..=299 => {
            // A body that cannot be read takes nothing back: the status is the acknowledgement.
            let (rejected, reason) = partial_success(&body.unwrap_or_default()).unwrap_or_default();
            Outcome::Delivered { rejected, reason }
        }
        429 | 502 | 503 | 504 => Outcome::Away {
            reason: format!("the receiver answered {status}"),
            after,
        },
        _ => Outcome::Refused(format!(
            "the receiver answered {status}: {}",
            readable(&body.unwrap_or_default())
        )),
    }
}

/// An error before any reply. What is wrong with the request itself stays wrong; everything else may pass.
fn failure(error: &ureq::Error) -> Outcome {
    let reason = error.to_string();
    match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::TlsRequired => {
            Outcome::Refused(reason)
        }
        _ => Outcome::Away {
            reason,
            after: None,
        },
    }
}

/// What a person can read of a reply, in one line.
fn readable(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let shown = text.chars().filter(|char| !char.is_control()).take(300);
    shown.collect()
}

/// `rejected_spans` and `error_message` of an `ExportTraceServiceResponse`, when it has a `partial_success`.
fn partial_success(response: &[u8]) -> Option<(usize, String)> {
    let mut rejected = 0;
    let mut reason = String::new();
    for field in Fields(response) {
        if let (1, Field::Bytes(partial)) = field? {
            for field in Fields(partial) {
                match field? {
                    (1, Field::Number(count)) => rejected = usize::try_from(count).ok()?,
                    (2, Field::Bytes(message)) => reason = readable(message),
                    _ => {}
                }
            }
        }
    }
    Some((rejected, reason))
}

/// The fields of a Protocol Buffers message; `None` where it is broken.
struct Fields<'a>(&'a [u8]);

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Other,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Field<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn read(&mut self) -> Option<(u64, Field<'a>)> {
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Number(self.varint()?),
            1 => self.skip(8)?,
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Field::Bytes(self.cut(length)?)
            }
            5 => self.skip(4)?,
            _ => return None,
        };
        Some((tag >> 3, field))
    }

    fn skip(&mut self, length: usize) -> Option<Field<'a>> {
        self.cut(length).map(|_| Field::Other)
    }

    fn cut(&mut self, length: usize) -> Option<&'a [u8]> {
        let (cut, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(cut)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_success_says_how_many_were_refused_and_why() {
        let response = b"\x0a\x07\x08\x03\x12\x03why";
        assert_eq!(partial_success(response), Some((3, "why".to_owned())));
        assert_eq!(partial_success(b""), Some((0, String::new())));
        assert_eq!(partial_success(b"{\"not\": \"protobuf\"}"), None);
        assert_eq!(partial_success(b"\x0a\xff\xff\xff\xff\x0f"), None);
    }
}
