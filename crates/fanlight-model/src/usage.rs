//! Tokens and dollars. Unknown is `None`, never zero.

use serde::{Deserialize, Serialize};

/// Tokens of one call, or the sum over a trace.
///
/// `input` and `output` are always everything: each other count is a part of one of them, whatever the convention it
/// came in says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    pub input: Option<u64>,
    pub output: Option<u64>,
    pub total: Option<u64>,
    /// Part of `input` that was served from a cache.
    pub cache_read: Option<u64>,
    /// Part of `input` that was written to a cache.
    pub cache_write: Option<u64>,
    /// Part of `cache_write` that is kept longer than an hour.
    pub cache_write_1h: Option<u64>,
    /// Part of `input` that was sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_input: Option<u64>,
    /// Part of `input` that was pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_input: Option<u64>,
    /// Part of `output` that the model thought and did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<u64>,
    /// Part of `output` that was sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_output: Option<u64>,
}

impl TokenUsage {
    /// Nothing is known about input, output or total.
    pub fn is_empty(&self) -> bool {
        self.input.is_none() && self.output.is_none() && self.total.is_none()
    }

    /// Any of input, output and total is known, and more than zero.
    pub fn counts_something(&self) -> bool {
        [self.input, self.output, self.total]
            .into_iter()
            .flatten()
            .any(|count| count > 0)
    }

    /// Adds part by part; a part unknown on both sides stays unknown.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        fn add(a: Option<u64>, b: Option<u64>) -> Option<u64> {
            match (a, b) {
                (None, None) => None,
                (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
            }
        }
        Self {
            input: add(self.input, other.input),
            output: add(self.output, other.output),
            total: add(self.total, other.total),
            cache_read: add(self.cache_read, other.cache_read),
            cache_write: add(self.cache_write, other.cache_write),
            cache_write_1h: add(self.cache_write_1h, other.cache_write_1h),
            audio_input: add(self.audio_input, other.audio_input),
            image_input: add(self.image_input, other.image_input),
            reasoning: add(self.reasoning, other.reasoning),
            audio_output: add(self.audio_output, other.audio_output),
        }
    }
}

/// US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    pub input: f64,
    pub output: f64,
    pub total: f64,
}

impl Cost {
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            input: self.input + other.input,
            output: self.output + other.output,
            total: self.total + other.total,
        }
    }
}
