//! Counts of logarithmic buckets, for percentiles of any number of values.

/// Sixty-four buckets for each doubling: a bucket is 1.6 % wide at most, its middle off by 0.8 %.
const STEPS: u32 = 6;

/// Where non-negative numbers lie. Grows with the range of what was added, not with its number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LogBuckets {
    first: u64,
    counts: Vec<u64>,
}

impl LogBuckets {
    pub(crate) fn add(&mut self, value: f64) {
        self.add_many(bucket_of(value), 1);
    }

    fn add_many(&mut self, bucket: u64, count: u64) {
        if self.counts.is_empty() {
            self.first = bucket;
        }
        if bucket < self.first {
            let missing = usize::try_from(self.first - bucket).unwrap_or(0);
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = bucket;
        }
        let place = usize::try_from(bucket - self.first).unwrap_or(0);
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += count;
    }

    pub(crate) fn absorb(&mut self, other: &Self) {
        for (bucket, count) in (other.first..).zip(&other.counts) {
            if *count > 0 {
                self.add_many(bucket, *count);
            }
        }
    }

    /// The middle of the bucket in which the value of this rank lies; `None` when nothing was added.
    pub(crate) fn percentile(&self, percent: f64) -> Option<f64> {
        let total: u64 = self.counts.iter().sum();
        let last = total.checked_sub(1)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "from 0 to `last`, which is a count"
        )]
        let rank = ((percent / 100.0 * last as f64).round() as u64).min(last);
        let mut seen = 0;
        for (bucket, count) in (self.first..).zip(&self.counts) {
            seen += count;
            if seen > rank {
                return Some(f64::midpoint(start_of(bucket), start_of(bucket + 1)));
            }
        }
        None
    }
}

/// The exponent and the first bits of the mantissa, which grow with the number.
fn bucket_of(value: f64) -> u64 {
    // Values below a nanosecond (in milliseconds) are one bucket, so that the range stays small.
    value.max(1e-6).to_bits() >> (52 - STEPS)
}

fn start_of(bucket: u64) -> f64 {
    f64::from_bits(bucket << (52 - STEPS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_off_by_less_than_a_hundredth() {
        let mut buckets = LogBuckets::default();
        let mut other = LogBuckets::default();
        for number in 1..=10_000_u32 {
            let half = if number % 2 == 0 {
                &mut buckets
            } else {
                &mut other
            };
            half.add(f64::from(number) * 0.37);
        }
        buckets.absorb(&other);
        for percent in [0.0, 1.0, 50.0, 90.0, 99.9, 100.0] {
            let exact = (1.0 + percent / 100.0 * 9999.0) * 0.37;
            let found = buckets.percentile(percent).unwrap();
            assert!(
                (found / exact - 1.0).abs() < 0.01,
                "{percent}: {found} for {exact}"
            );
        }
        assert_eq!(LogBuckets::default().percentile(50.0), None);
    }

    #[test]
    fn zero_is_the_smallest() {
        let mut buckets = LogBuckets::default();
        for value in [5.0, 0.0, 1e12] {
            buckets.add(value);
        }
        assert!(buckets.percentile(0.0).unwrap() < 1e-5);
        assert!(buckets.percentile(100.0).unwrap() > 0.99e12);
    }
}
