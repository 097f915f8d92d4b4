//! Latencies and what is told of them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One kind of request, repeated.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) repetitions: usize,
    /// Requests the server did not answer with 200.
    pub(crate) failed: usize,
    pub(crate) p50_ms: f64,
    #[serde(default)]
    pub(crate) p95_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
    /// Entries in the last answer, where that means something.
    pub(crate) hits: Option<usize>,
}

impl Measured {
    pub(crate) fn new(
        name: &str,
        mut times: Vec<Duration>,
        failed: usize,
        hits: Option<usize>,
    ) -> Self {
        times.sort_unstable();
        let at = |percent| percentile_ms(&times, percent);
        Self {
            name: name.to_owned(),
            repetitions: times.len(),
            failed,
            p50_ms: at(50),
            p95_ms: at(95),
            p99_ms: at(99),
            max_ms: at(100),
            hits,
        }
    }
}

/// The nearest-rank percentile of sorted times; 0 when there are none.
pub(crate) fn percentile_ms(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted
        .get(rank - 1)
        .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_values() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        let found =
            [1, 50, 99, 100].map(|percent| format!("{:.1}", percentile_ms(&times, percent)));
        assert_eq!(found, ["2.0", "100.0", "198.0", "200.0"]);
        assert!(percentile_ms(&[], 50).abs() < f64::EPSILON);
    }
}
