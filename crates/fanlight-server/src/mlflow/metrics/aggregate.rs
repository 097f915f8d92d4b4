//! Sums, averages and percentiles of groups of numbers. Knows nothing of where they come from.

use std::collections::{BTreeMap, HashSet};

use super::catalogue::Aggregation;

/// Numbers kept for percentiles, over all groups: 80 MB.
pub(super) const MAX_VALUES: usize = 10_000_000;
pub(super) const MAX_GROUPS: usize = 100_000;

/// What a point of the result is about; ordered as the result is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) bucket_millis: Option<u64>,
    pub(super) dimensions: Vec<String>,
}

/// One group and its figures, in the order the aggregations were asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) group: Group,
    pub(super) values: Vec<f64>,
}

/// Groups and what has been added to them.
#[derive(Debug)]
pub(super) struct Table {
    groups: BTreeMap<Group, Sums>,
    /// A result without groups has a point even when nothing was added.
    is_grouped: bool,
    keeps_values: bool,
    kept: usize,
}

#[derive(Debug, Default)]
struct Sums {
    count: u64,
    sum: f64,
    min: Option<f64>,
    max: Option<f64>,
    /// Only when percentiles are asked for.
    values: Vec<f64>,
    /// Only when distinct texts are counted.
    texts: HashSet<String>,
}

/// The result would hold too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooMuch {
    #[error(
        "the result has more than {MAX_GROUPS} combinations of dimensions; ask for fewer or a shorter time"
    )]
    Groups,
    #[error("more than {MAX_VALUES} values fall into the window; ask for a shorter time")]
    Values,
}

impl Table {
    pub(super) fn new(is_grouped: bool, keeps_values: bool) -> Self {
        Self {
            groups: BTreeMap::new(),
            is_grouped,
            keeps_values,
            kept: 0,
        }
    }

    /// Counts one more row.
    pub(super) fn add_row(&mut self, group: Group) -> Result<(), TooMuch> {
        self.sums(group)?.count += 1;
        Ok(())
    }

    /// Counts a text once per group.
    pub(super) fn add_distinct(&mut self, group: Group, text: &str) -> Result<(), TooMuch> {
        let sums = self.sums(group)?;
        if !sums.texts.contains(text) {
            sums.texts.insert(text.to_owned());
            sums.count += 1;
            self.keep_one()?;
        }
        Ok(())
    }

    pub(super) fn add_value(&mut self, group: Group, value: f64) -> Result<(), TooMuch> {
        let keeps_values = self.keeps_values;
        let sums = self.sums(group)?;
        sums.count += 1;
        sums.sum += value;
        sums.min = Some(sums.min.map_or(value, |min| min.min(value)));
        sums.max = Some(sums.max.map_or(value, |max| max.max(value)));
        if keeps_values {
            sums.values.push(value);
            self.keep_one()?;
        }
        Ok(())
    }

    fn keep_one(&mut self) -> Result<(), TooMuch> {
        self.kept += 1;
        if self.kept > MAX_VALUES {
            Err(TooMuch::Values)
        } else {
            Ok(())
        }
    }

    fn sums(&mut self, group: Group) -> Result<&mut Sums, TooMuch> {
        if self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&group) {
            return Err(TooMuch::Groups);
        }
        Ok(self.groups.entry(group).or_default())
    }

    /// The first `limit` groups, by bucket and then by dimensions.
    pub(super) fn finish(
        mut self,
        aggregations: &[Aggregation],
        limit: Option<usize>,
    ) -> Vec<Point> {
        let only_counts = aggregations
            .iter()
            .all(|aggregation| *aggregation == Aggregation::Count);
        if self.groups.is_empty() && !self.is_grouped && only_counts {
            let everything = Group {
                bucket_millis: None,
                dimensions: Vec::new(),
            };
            self.groups.insert(everything, Sums::default());
        }
        let groups = self.groups.into_iter().take(limit.unwrap_or(usize::MAX));
        groups
            .map(|(group, sums)| Point {
                group,
                values: sums.figures(aggregations),
            })
            .collect()
    }
}

impl Sums {
    fn figures(mut self, aggregations: &[Aggregation]) -> Vec<f64> {
        self.values.sort_by(f64::total_cmp);
        let figure = |aggregation: &Aggregation| match *aggregation {
            Aggregation::Count => float(self.count),
            Aggregation::Sum => self.sum,
            Aggregation::Avg => self.sum / float(self.count),
            Aggregation::Min => self.min.unwrap_or_default(),
            Aggregation::Max => self.max.unwrap_or_default(),
            Aggregation::Percentile(percent) => percentile(&self.values, percent),
        };
        aggregations.iter().map(figure).collect()
    }
}

/// Linear interpolation between the closest ranks of sorted `values`, as the reference does.
fn percentile(values: &[f64], percent: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else {
        return 0.0;
    };
    let rank = percent / 100.0 * float(last as u64);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to `last`: percent is 0 to 100"
    )]
    let below = (rank.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let share = rank - rank.floor();
    values[below] + (values[above] - values[below]) * share
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything() -> Group {
        Group {
            bucket_millis: None,
            dimensions: Vec::new(),
        }
    }

    #[test]
    fn percentiles_agree_with_the_reference() {
        let mut table = Table::new(false, true);
        for value in [1395.0, 392.0, 1265.0, 1236.0] {
            table.add_value(everything(), value).unwrap();
        }
        let asked = [50.0, 90.0, 99.0].map(Aggregation::Percentile);
        let points = table.finish(&asked, None);
        let rounded: Vec<_> = points[0]
            .values
            .iter()
            .map(|value| format!("{value:.1}"))
            .collect();
        assert_eq!(rounded, ["1250.5", "1356.0", "1391.1"]);
    }

    #[test]
    fn all_figures_come_from_the_same_values() {
        let mut table = Table::new(false, false);
        for value in [2.0, 4.0] {
            table.add_value(everything(), value).unwrap();
        }
        let asked = [
            Aggregation::Count,
            Aggregation::Sum,
            Aggregation::Avg,
            Aggregation::Min,
            Aggregation::Max,
        ];
        assert_eq!(
            table.finish(&asked, None)[0].values,
            [2.0, 6.0, 3.0, 2.0, 4.0]
        );
    }

    #[test]
    fn only_a_plain_count_of_nothing_has_a_point() {
        let count = [Aggregation::Count];
        let zero = Point {
            group: everything(),
            values: vec![0.0],
        };
        assert_eq!(Table::new(false, false).finish(&count, None), [zero]);
        assert_eq!(Table::new(true, false).finish(&count, None), []);
        assert_eq!(
            Table::new(false, false).finish(&[Aggregation::Avg], None),
            []
        );
        assert_eq!(Table::new(false, false).finish(&count, Some(0)), []);
    }

    #[test]
    fn groups_are_ordered_by_bucket_then_dimensions() {
        let mut table = Table::new(true, false);
        for (bucket, name) in [(2, "a"), (1, "b"), (1, "a")] {
            table
                .add_row(Group {
                    bucket_millis: Some(bucket),
                    dimensions: vec![name.into()],
                })
                .unwrap();
        }
        let points = table.finish(&[Aggregation::Count], Some(2));
        let groups: Vec<_> = points
            .iter()
            .map(|point| (point.group.bucket_millis, &*point.group.dimensions[0]))
            .collect();
        assert_eq!(groups, [(Some(1), "a"), (Some(1), "b")]);
    }

    #[test]
    fn a_session_counts_once() {
        let mut table = Table::new(false, false);
        for session in ["s1", "s2", "s1"] {
            table.add_distinct(everything(), session).unwrap();
        }
        assert_eq!(table.finish(&[Aggregation::Count], None)[0].values, [2.0]);
    }
}
