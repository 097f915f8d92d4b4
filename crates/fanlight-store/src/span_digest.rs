//! What the spans of a recent trace are called, of what type they are and how they ended, in a few bytes: most searches
//! for spans pass over most traces, and looking at a span is a miss of the cache or two.

use std::hash::BuildHasher;
use std::sync::Arc;

use fanlight_model::{Span, StatusCode};
use rustc_hash::FxBuildHasher;

/// Sets of names, types and statuses that may have more than was put in, never less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanDigest {
    names: u128,
    types: u64,
    statuses: u8,
}

impl SpanDigest {
    pub(crate) fn of(spans: &[Arc<Span>]) -> Self {
        let mut digest = Self::default();
        for span in spans {
            digest.names |= bit_of_name(&span.name);
            if let Some(span_type) = fanlight_normalize::meaning(span).span_type {
                digest.types |= bit_of_type(&span_type);
            }
            digest.statuses |= bit_of_status(span.status.code);
        }
        digest
    }

    /// False when certainly no span is called so.
    pub fn may_have_name(&self, name: &str) -> bool {
        self.names & bit_of_name(name) != 0
    }

    /// False when certainly no span is of this type.
    pub fn may_have_type(&self, span_type: &str) -> bool {
        self.types & bit_of_type(span_type) != 0
    }

    /// False when no span ended so.
    pub fn has_status(&self, status: &str) -> bool {
        [StatusCode::Unset, StatusCode::Ok, StatusCode::Error]
            .into_iter()
            .any(|code| code.as_str() == status && self.statuses & bit_of_status(code) != 0)
    }
}

fn bit_of_name(name: &str) -> u128 {
    1 << (FxBuildHasher.hash_one(name) >> 57)
}

fn bit_of_type(span_type: &str) -> u64 {
    1 << (FxBuildHasher.hash_one(span_type) >> 58)
}

fn bit_of_status(code: StatusCode) -> u8 {
    match code {
        StatusCode::Unset => 1,
        StatusCode::Ok => 2,
        StatusCode::Error => 4,
    }
}
