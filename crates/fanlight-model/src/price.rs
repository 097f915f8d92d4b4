//! What tokens cost, and which price applied to a span.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// US dollars per million tokens of each kind. What has no rate of its own costs what the kind costs that it is part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    pub input: f64,
    pub output: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    /// For what is kept longer than an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_input: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_input: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_output: Option<f64>,
}

impl Rates {
    /// All of them multiplied by `factor`.
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        let times = |rate: Option<f64>| rate.map(|rate| rate * factor);
        Self {
            input: self.input * factor,
            output: self.output * factor,
            cache_read: times(self.cache_read),
            cache_write: times(self.cache_write),
            cache_write_1h: times(self.cache_write_1h),
            audio_input: times(self.audio_input),
            image_input: times(self.image_input),
            reasoning: times(self.reasoning),
            audio_output: times(self.audio_output),
        }
    }

    /// Each with the field's name.
    pub fn named(&self) -> [(&'static str, Option<f64>); 9] {
        [
            ("input", Some(self.input)),
            ("output", Some(self.output)),
            ("cache_read", self.cache_read),
            ("cache_write", self.cache_write),
            ("cache_write_1h", self.cache_write_1h),
            ("audio_input", self.audio_input),
            ("image_input", self.image_input),
            ("reasoning", self.reasoning),
            ("audio_output", self.audio_output),
        ]
    }
}

/// A price as it applies to one call, and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// Which table: `built-in`, `file` or `workspace`.
    pub table: String,
    pub version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The name, or pattern of names, in the table.
    pub model: String,
    /// The day from which the table says it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// It is the price of calls with more input tokens than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_input_tokens: Option<u64>,
    /// The share of the normal price that a batch costs; part of `rates` already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<f64>,
    pub rates: Rates,
}

/// What is known of the price of a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Priced {
    /// Nobody looked: it has nothing to pay for, or was kept before prices were.
    #[default]
    Unasked,
    /// No table knew its model.
    Unknown,
    At(Arc<Price>),
}
