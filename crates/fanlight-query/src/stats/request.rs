//! What may be asked of traces and spans in numbers.

use fanlight_model::{Nanos, UnixNanos};

use crate::Facet;

/// Most dimensions of one table.
pub const MAX_DIMENSIONS: usize = 5;

/// A table of figures over everything a search matches.
#[derive(Clone, Debug)]
pub struct Tabulation {
    pub of: Rows,
    /// What rows are grouped by, at most [`MAX_DIMENSIONS`]. A row with several values counts in several groups.
    pub dimensions: Vec<Dimension>,
    /// Rows are grouped by intervals of this length since the epoch, too.
    pub interval: Option<Nanos>,
    /// Instead of `interval`: at most so many intervals of one round length over the time of the matches.
    pub buckets: Option<usize>,
    /// The interval of a span is that of its own start instead of its trace's, and so is the window.
    pub timed_by_span: bool,
    /// First and last instant of rows that count.
    pub window: (UnixNanos, UnixNanos),
    /// Spans that count have these values.
    pub spans: Vec<(SpanProperty, String)>,
    pub measures: Vec<Measure>,
    pub keep: Keep,
    /// More groups are an error.
    pub max_groups: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    Traces,
    Spans,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Of the trace.
    Trace(Facet),
    /// Of the span itself; for tables of spans only.
    Span(SpanProperty),
    /// An attribute of the span itself, as filters see it; for tables of spans only. Slow: spans are read whole.
    SpanAttribute(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanProperty {
    Name,
    Type,
    Status,
    Model,
    Provider,
}

/// A number each row has, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Milliseconds with a fraction.
    Duration,
    /// Milliseconds, rounded down.
    WholeMillis,
    InputTokens,
    OutputTokens,
    TotalTokens,
    /// Slow for spans, which are read whole.
    CacheReadTokens,
    /// Slow for spans, which are read whole.
    CacheWriteTokens,
    /// Slow for traces, which are read whole.
    InputCost,
    /// Slow for traces, which are read whole.
    OutputCost,
    TotalCost,
}

/// What is kept of the values of the first measure, for percentiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    Nothing,
    /// Counts of logarithmic buckets: percentiles are off by 0.8 % at most.
    Buckets,
    /// All of them, at most so many over all groups.
    Values(usize),
}

impl Tabulation {
    /// Counts of rows in one group.
    pub fn new(of: Rows) -> Self {
        Self {
            of,
            dimensions: Vec::new(),
            interval: None,
            buckets: None,
            timed_by_span: false,
            window: (UnixNanos(0), UnixNanos(u64::MAX)),
            spans: Vec::new(),
            measures: Vec::new(),
            keep: Keep::Nothing,
            max_groups: 100_000,
        }
    }

    pub(super) fn covers(&self, instant: u64) -> bool {
        (self.window.0.0..=self.window.1.0).contains(&instant)
    }

    /// Start of the interval an instant lies in; 0 without intervals.
    pub(super) fn interval_of(&self, instant: u64) -> u64 {
        self.interval.map_or(0, |interval| {
            let length = interval.0.max(1);
            instant / length * length
        })
    }
}

impl SpanProperty {
    /// The column of `spans.parquet`.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Type => "type",
            Self::Status => "status",
            Self::Model => "model",
            Self::Provider => "provider",
        }
    }
}

impl Measure {
    pub(super) const fn is_time(self) -> bool {
        matches!(self, Self::Duration | Self::WholeMillis)
    }

    /// Of a length in nanoseconds.
    #[expect(clippy::cast_precision_loss, reason = "exact up to a hundred days")]
    pub(super) fn of_length(self, nanos: u64) -> f64 {
        match self {
            Self::WholeMillis => (nanos / 1_000_000) as f64,
            _ => nanos as f64 / 1e6,
        }
    }

    /// The column of either Parquet file; those of time are made of two.
    pub(super) const fn column(self) -> Option<&'static str> {
        Some(match self {
            Self::Duration | Self::WholeMillis => return None,
            Self::InputTokens => "input_tokens",
            Self::OutputTokens => "output_tokens",
            Self::TotalTokens => "total_tokens",
            Self::CacheReadTokens => "cache_read_tokens",
            Self::CacheWriteTokens => "cache_write_tokens",
            Self::InputCost => "input_cost",
            Self::OutputCost => "output_cost",
            Self::TotalCost => "cost",
        })
    }

    /// Of what is known; not a number when it is not.
    #[expect(clippy::cast_precision_loss, reason = "tokens stay far below 2^53")]
    pub(super) fn of_figures(
        self,
        usage: Option<&fanlight_model::TokenUsage>,
        cost: Option<&fanlight_model::Cost>,
    ) -> f64 {
        let count = |count: Option<u64>| count.map(|count| count as f64);
        let value = match self {
            Self::Duration | Self::WholeMillis => None,
            Self::InputTokens => usage.and_then(|usage| count(usage.input)),
            Self::OutputTokens => usage.and_then(|usage| count(usage.output)),
            Self::TotalTokens => usage.and_then(|usage| count(usage.total)),
            Self::CacheReadTokens => usage.and_then(|usage| count(usage.cache_read)),
            Self::CacheWriteTokens => usage.and_then(|usage| count(usage.cache_write)),
            Self::InputCost => cost.map(|cost| cost.input),
            Self::OutputCost => cost.map(|cost| cost.output),
            Self::TotalCost => cost.map(|cost| cost.total),
        };
        value.unwrap_or(f64::NAN)
    }
}
