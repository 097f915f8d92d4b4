//! Counts the entries of a request without building them.
//!
//! An empty span is two bytes on the wire and hundreds in memory, so a hostile body must be refused before it is
//! decoded. In protobuf only tags and lengths of the outer three messages are read, a few nanoseconds per span; in JSON
//! everything below a span is skipped.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Resources, scopes and spans (or log records) of a protobuf request. A malformed body is counted up to its fault;
/// decoding will name it.
pub(crate) fn count_protobuf(body: &[u8]) -> usize {
    let scopes = |group| messages(group, 2).map(|scope| 1 + messages(scope, 2).count());
    messages(body, 1)
        .map(|group| 1 + scopes(group).sum::<usize>())
        .sum()
}

/// The same for OTLP/JSON. A malformed body counts as empty; decoding will name its fault.
pub(crate) fn count_json(body: &[u8]) -> usize {
    serde_json::from_slice(body).map_or(0, |Entries(count)| count)
}

/// How many entries the lists of groups below a JSON value have.
struct Entries(usize);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(EntriesVisitor).map(Self)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, a list or null")
    }

    fn visit_unit<E: Error>(self) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while let Some(name) = map.next_key::<Name>()? {
            match name {
                Name::Groups => count += map.next_value::<Entries>()?.0,
                Name::Leaves => {
                    count += map
                        .next_value::<Option<Leaves>>()?
                        .map_or(0, |leaves| leaves.0);
                }
                Name::Other => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(count)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while let Some(below) = list.next_element::<Entries>()? {
            count += 1 + below.0;
        }
        Ok(count)
    }
}

#[derive(serde::Deserialize)]
enum Name {
    #[serde(
        rename = "resourceSpans",
        alias = "scopeSpans",
        alias = "resourceLogs",
        alias = "scopeLogs"
    )]
    Groups,
    #[serde(rename = "spans", alias = "logRecords")]
    Leaves,
    #[serde(other)]
    Other,
}

/// Length of a list whose entries do not matter.
struct Leaves(usize);

impl<'de> Deserialize<'de> for Leaves {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(LeavesVisitor).map(Self)
    }
}

struct LeavesVisitor;

impl<'de> Visitor<'de> for LeavesVisitor {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

/// The messages in field `field` of the message `bytes`.
fn messages(mut bytes: &[u8], field: u64) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        loop {
            let (found, content) = next_field(&mut bytes)?;
            if let (true, Some(content)) = (found == field, content) {
                return Some(content);
            }
        }
    })
}

/// Number of the next field, and its content when it is length-delimited; `None` at the end or at a fault.
fn next_field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Option<&'a [u8]>)> {
    let tag = varint(bytes)?;
    let content = match tag & 7 {
        0 => {
            varint(bytes)?;
            None
        }
        1 => take(bytes, 8).map(|_| None)?,
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            Some(take(bytes, length)?)
        }
        5 => take(bytes, 4).map(|_| None)?,
        _ => return None,
    };
    Some((tag >> 3, content))
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let byte = *take(bytes, 1)?.first()?;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::wire;

    #[test]
    fn entries_are_counted_over_all_groups() {
        let scope = |spans: usize| wire::ScopeSpans {
            scope: Some(wire::InstrumentationScope {
                name: "s".into(),
                ..Default::default()
            }),
            spans: vec![
                wire::Span {
                    start_time_unix_nano: 1,
                    ..Default::default()
                };
                spans
            ],
            schema_url: "url".into(),
        };
        let group = |scopes: &[usize]| wire::ResourceSpans {
            resource: Some(wire::Resource {
                dropped_attributes_count: 300,
                ..Default::default()
            }),
            scope_spans: scopes.iter().map(|spans| scope(*spans)).collect(),
            schema_url: String::new(),
        };
        let request = wire::ExportTraceServiceRequest {
            resource_spans: vec![group(&[3, 0]), group(&[]), group(&[200])],
        };
        // Three groups, three scopes, 203 spans.
        assert_eq!(count_protobuf(&request.encode_to_vec()), 209);
        assert_eq!(count_json(&serde_json::to_vec(&request).unwrap()), 209);
    }

    #[test]
    fn a_malformed_body_is_counted_up_to_its_fault() {
        assert_eq!(count_protobuf(b""), 0);
        assert_eq!(count_json(b""), 0);
        assert_eq!(
            count_json(
                br#"{"resourceSpans":null,"resourceLogs":[{"scopeLogs":[{"logRecords":null}]}]}"#
            ),
            2
        );
        assert_eq!(count_protobuf(&[0xff; 20]), 0);
        // One resource with one scope with two empty spans, then a length that promises too much.
        assert_eq!(
            count_protobuf(&[0x0a, 6, 0x12, 4, 0x12, 0, 0x12, 0, 0x0a, 99]),
            4
        );
    }
}
