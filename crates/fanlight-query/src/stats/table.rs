//! The finished table.

use fanlight_model::{Nanos, UnixNanos};

use super::buckets::LogBuckets;
use super::groups::{Groups, Sum};
use super::names::Names;
use super::request::{Keep, Tabulation};

/// Groups in no order.
#[derive(Clone, Debug)]
pub struct Table {
    /// Length of the intervals, when rows are grouped by time.
    pub interval: Option<Nanos>,
    pub groups: Vec<Group>,
}

#[derive(Clone, Debug)]
pub struct Group {
    /// Start of the interval, when rows are grouped by time.
    pub interval: Option<UnixNanos>,
    /// One per dimension; `None` for rows without a value.
    pub values: Vec<Option<String>>,
    /// Rows.
    pub count: u64,
    /// Rows that failed.
    pub errors: u64,
    /// One per measure.
    pub figures: Vec<Figures>,
}

/// Rows with a known value, and those values.
#[derive(Clone, Debug)]
pub struct Figures {
    pub count: u64,
    pub sum: f64,
    pub min: Option<f64>,
    pub max: Option<f64>,
    spread: Spread,
}

#[derive(Clone, Debug)]
enum Spread {
    Unknown,
    /// Sorted.
    Values(Vec<f64>),
    Buckets(LogBuckets),
}

impl Table {
    pub(crate) fn new(groups: Groups, names: &Names, request: &Tabulation) -> Self {
        let groups = groups.all.into_iter().map(|(key, group)| {
            let mut spread = match request.keep {
                Keep::Nothing => Spread::Unknown,
                Keep::Buckets => Spread::Buckets(group.buckets),
                Keep::Values(_) => {
                    let mut values = group.values;
                    values.sort_unstable_by(f64::total_cmp);
                    Spread::Values(values)
                }
            };
            let figures = group.sums.iter().map(|sum| {
                let spread = std::mem::replace(&mut spread, Spread::Unknown);
                Figures::of(sum, spread)
            });
            let dimensions = key.names.iter().take(request.dimensions.len());
            Group {
                interval: request.interval.map(|_| UnixNanos(key.interval)),
                values: dimensions.map(|name| names.text(*name)).collect(),
                count: group.count,
                errors: group.errors,
                figures: figures.collect(),
            }
        });
        Self {
            interval: request.interval,
            groups: groups.collect(),
        }
    }
}

impl Figures {
    fn of(sum: &Sum, spread: Spread) -> Self {
        let known = |value: f64| (sum.count > 0).then_some(value);
        Self {
            count: sum.count,
            sum: sum.total(),
            min: known(sum.min),
            max: known(sum.max),
            spread,
        }
    }

    /// `None` without values.
    pub fn mean(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let mean = self.sum / self.count as f64;
        (self.count > 0).then_some(mean)
    }

    /// From 0 to 100, of the first measure when its values or buckets were kept. Exact values are interpolated
    /// linearly between the closest ranks; buckets answer within 0.8 %, and within the least and greatest value.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        match &self.spread {
            Spread::Unknown => None,
            Spread::Values(values) => interpolated(values, percent),
            Spread::Buckets(buckets) => {
                let value = buckets.percentile(percent)?;
                Some(value.clamp(self.min?, self.max?))
            }
        }
    }
}

fn interpolated(values: &[f64], percent: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let rank = percent / 100.0 * last as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to `last`: percent is 0 to 100"
    )]
    let below = (rank.floor() as usize).min(last);
    let above = (below + 1).min(last);
    Some(values[below] + (values[above] - values[below]) * (rank - rank.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_the_closest_ranks() {
        let values = [392.0, 1236.0, 1265.0, 1395.0];
        let found = [50.0, 90.0, 99.0].map(|percent| interpolated(&values, percent).unwrap());
        assert_eq!(
            found.map(|value| format!("{value:.1}")),
            ["1250.5", "1356.0", "1391.1"]
        );
        assert_eq!(interpolated(&[], 50.0), None);
    }
}
