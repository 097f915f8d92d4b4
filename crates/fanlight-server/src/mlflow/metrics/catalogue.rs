//! Which metrics there are, and what may be asked of each.

use std::fmt;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Traces,
    Spans,
    Assessments,
}

impl View {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "TRACES" => Some(Self::Traces),
            "SPANS" => Some(Self::Spans),
            "ASSESSMENTS" => Some(Self::Assessments),
            _ => None,
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Traces => "TRACES",
            Self::Spans => "SPANS",
            Self::Assessments => "ASSESSMENTS",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Aggregation {
    Count,
    Sum,
    Avg,
    Min,
    Max,
    /// From 0 to 100.
    Percentile(f64),
}

/// What each row adds to an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Rows,
    Sessions,
    LatencyMillis,
    InputTokens,
    OutputTokens,
    TotalTokens,
    CacheReadTokens,
    CacheWriteTokens,
    InputCost,
    OutputCost,
    TotalCost,
    AssessmentValue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    TraceName,
    TraceStatus,
    SpanName,
    SpanType,
    SpanStatus,
    SpanModelName,
    SpanModelProvider,
    AssessmentName,
    AssessmentValue,
}

impl Dimension {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::TraceName => "trace_name",
            Self::TraceStatus => "trace_status",
            Self::SpanName => "span_name",
            Self::SpanType => "span_type",
            Self::SpanStatus => "span_status",
            Self::SpanModelName => "span_model_name",
            Self::SpanModelProvider => "span_model_provider",
            Self::AssessmentName => "assessment_name",
            Self::AssessmentValue => "assessment_value",
        }
    }
}

/// How a metric may be aggregated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    Count,
    /// Averages, extremes and percentiles.
    Figures,
    /// Those and sums.
    FiguresAndSum,
}

impl Allowed {
    pub(super) const fn allows(self, aggregation: Aggregation) -> bool {
        match aggregation {
            Aggregation::Count => matches!(self, Self::Count),
            Aggregation::Sum => matches!(self, Self::FiguresAndSum),
            Aggregation::Avg | Aggregation::Min | Aggregation::Max | Aggregation::Percentile(_) => {
                !matches!(self, Self::Count)
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Metric {
    pub(super) view: View,
    pub(super) name: &'static str,
    pub(super) measure: Measure,
    pub(super) allowed: Allowed,
    pub(super) dimensions: &'static [Dimension],
}

impl Metric {
    /// Cost lies in the window of its span's start, everything else in that of its trace's.
    pub(super) const fn is_timed_by_span(&self) -> bool {
        matches!(
            self.measure,
            Measure::InputCost | Measure::OutputCost | Measure::TotalCost
        )
    }
}

const fn metric(
    view: View,
    name: &'static str,
    measure: Measure,
    allowed: Allowed,
    dimensions: &'static [Dimension],
) -> Metric {
    Metric {
        view,
        name,
        measure,
        allowed,
        dimensions,
    }
}

const BY_TRACE: &[Dimension] = &[Dimension::TraceName];
const BY_MODEL: &[Dimension] = &[Dimension::SpanModelName, Dimension::SpanModelProvider];

pub(super) static METRICS: [Metric; 15] = {
    use Allowed::{Count, Figures, FiguresAndSum};
    use Dimension as D;
    use Measure as M;
    use View::{Assessments, Spans, Traces};
    [
        metric(
            Traces,
            "trace_count",
            M::Rows,
            Count,
            &[D::TraceName, D::TraceStatus],
        ),
        metric(Traces, "session_count", M::Sessions, Count, &[]),
        metric(Traces, "latency", M::LatencyMillis, Figures, BY_TRACE),
        metric(
            Traces,
            "input_tokens",
            M::InputTokens,
            FiguresAndSum,
            BY_TRACE,
        ),
        metric(
            Traces,
            "output_tokens",
            M::OutputTokens,
            FiguresAndSum,
            BY_TRACE,
        ),
        metric(
            Traces,
            "total_tokens",
            M::TotalTokens,
            FiguresAndSum,
            BY_TRACE,
        ),
        metric(
            Traces,
            "cache_read_input_tokens",
            M::CacheReadTokens,
            FiguresAndSum,
            BY_TRACE,
        ),
        metric(
            Traces,
            "cache_creation_input_tokens",
            M::CacheWriteTokens,
            FiguresAndSum,
            BY_TRACE,
        ),
        metric(
            Spans,
            "span_count",
            M::Rows,
            Count,
            &[
                D::SpanName,
                D::SpanType,
                D::SpanStatus,
                D::SpanModelName,
                D::SpanModelProvider,
            ],
        ),
        metric(
            Spans,
            "latency",
            M::LatencyMillis,
            Figures,
            &[D::SpanName, D::SpanStatus],
        ),
        metric(Spans, "input_cost", M::InputCost, FiguresAndSum, BY_MODEL),
        metric(Spans, "output_cost", M::OutputCost, FiguresAndSum, BY_MODEL),
        metric(Spans, "total_cost", M::TotalCost, FiguresAndSum, BY_MODEL),
        metric(
            Assessments,
            "assessment_count",
            M::Rows,
            Count,
            &[D::AssessmentName, D::AssessmentValue],
        ),
        metric(
            Assessments,
            "assessment_value",
            M::AssessmentValue,
            Figures,
            &[D::AssessmentName],
        ),
    ]
};
