//! Which starts a filter can match at all, so that segments of other times are not touched.

use std::ops::RangeInclusive;

use crate::filter::{Comparison, Filter, Number, Test, TraceField};

/// Starts in milliseconds that may match; too wide rather than too narrow.
pub(crate) fn possible_starts(filter: &Filter) -> RangeInclusive<u64> {
    let mut range = 0..=u64::MAX;
    narrow(filter, &mut range);
    range
}

fn narrow(filter: &Filter, range: &mut RangeInclusive<u64>) {
    match filter {
        Filter::And(parts) => parts.iter().for_each(|part| narrow(part, range)),
        Filter::Trace(condition) if condition.field == TraceField::Start => {
            narrow_by(&condition.test, range);
        }
        _ => {}
    }
}

fn narrow_by(test: &Test, range: &mut RangeInclusive<u64>) {
    let Test::Compare(comparison, Number::Int(millis)) = test else {
        return;
    };
    let millis = u64::try_from(*millis).unwrap_or(0);
    let (start, end) = (*range.start(), *range.end());
    match comparison {
        Comparison::Lt | Comparison::Le => *range = start..=end.min(millis),
        Comparison::Gt | Comparison::Ge => *range = start.max(millis)..=end,
        Comparison::Eq => *range = start.max(millis)..=end.min(millis),
        Comparison::Ne => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::parse;

    #[test]
    fn only_what_surely_limits_the_start_counts() {
        for (filter, expected) in [
            ("", 0..=u64::MAX),
            ("timestamp >= 5 AND timestamp < 9 AND status = 'OK'", 5..=9),
            ("timestamp = 7", 7..=7),
            ("timestamp >= 5 OR status = 'OK'", 0..=u64::MAX),
            ("NOT timestamp >= 5", 0..=u64::MAX),
            (
                "timestamp > 5 AND timestamp > 3 AND timestamp != 6",
                5..=u64::MAX,
            ),
            ("timestamp > -5 AND execution_time > 3", 0..=u64::MAX),
        ] {
            assert_eq!(
                possible_starts(&parse(filter).unwrap()),
                expected,
                "{filter}"
            );
        }
    }
}
