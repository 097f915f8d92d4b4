//! Groups of rows and what was added to them. Knows nothing of where rows come from.

use rustc_hash::FxHashMap;

use super::buckets::LogBuckets;
use super::names::{ABSENT, KnownNames, Name};
use super::request::{Keep, MAX_DIMENSIONS, Tabulation};
use crate::QueryError;

/// What tells groups apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) interval: u64,
    pub(crate) names: [Name; MAX_DIMENSIONS],
}

impl Key {
    pub(crate) const fn at(interval: u64) -> Self {
        Self {
            interval,
            names: [ABSENT; MAX_DIMENSIONS],
        }
    }
}

/// One trace, ready to be added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Added<'a> {
    pub(crate) start: u64,
    /// Its start when the end is unknown.
    pub(crate) end: u64,
    pub(crate) failed: bool,
    /// Where the trace is: which part of what matched, and its place there.
    pub(crate) place: (u32, u32),
    /// One value per measure; not a number when unknown.
    pub(crate) values: &'a [f64],
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) count: u64,
    pub(crate) errors: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// Start and place of the oldest trace.
    pub(crate) oldest: (u64, (u32, u32)),
    /// Start and place of the newest trace.
    pub(crate) newest: (u64, (u32, u32)),
    pub(crate) sums: Vec<Sum>,
    pub(crate) values: Vec<f64>,
    pub(crate) buckets: LogBuckets,
}

/// Sum of one measure, with what rounding lost (Neumaier), so that the order of adding does not show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    pub(crate) count: u64,
    high: f64,
    lost: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Sum {
    const NOTHING: Self = Self {
        count: 0,
        high: 0.0,
        lost: 0.0,
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
    };

    pub(crate) fn total(&self) -> f64 {
        let total = self.high + self.lost;
        // Infinities leave no difference to speak of.
        if total.is_nan() { self.high } else { total }
    }

    fn add(&mut self, value: f64) {
        self.count += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.plus(value);
    }

    fn plus(&mut self, value: f64) {
        let sum = self.high + value;
        self.lost += if self.high.abs() >= value.abs() {
            (self.high - sum) + value
        } else {
            (value - sum) + self.high
        };
        self.high = sum;
    }

    fn absorb(&mut self, other: &Self) {
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.plus(other.high);
        self.plus(other.lost);
    }
}

/// The groups of one thread, or of all of them.
#[derive(Debug)]
pub(crate) struct Groups {
    places: FxHashMap<Key, usize>,
    pub(crate) all: Vec<(Key, Group)>,
    pub(crate) known_names: KnownNames,
    /// Neighbours are mostly of the same group.
    last: usize,
    measures: usize,
    keep: Keep,
    most: usize,
    kept: usize,
}

impl Groups {
    pub(crate) fn new(request: &Tabulation) -> Self {
        Self {
            places: FxHashMap::default(),
            all: Vec::new(),
            known_names: KnownNames::default(),
            last: 0,
            measures: request.measures.len(),
            keep: request.keep,
            most: request.max_groups,
            kept: 0,
        }
    }

    /// Adds a trace.
    pub(crate) fn add(&mut self, key: Key, row: &Added<'_>) -> Result<(), QueryError> {
        let place = self.place_of(key)?;
        let group = &mut self.all[place].1;
        group.first = group.first.min(row.start);
        group.last = group.last.max(row.end);
        group.oldest = group.oldest.min((row.start, row.place));
        group.newest = group.newest.max((row.start, row.place));
        self.add_at(place, row.failed, row.values)
    }

    /// Adds a row to the group at `place`, which [`Self::place_of`] gave.
    #[inline]
    pub(crate) fn add_at(
        &mut self,
        place: usize,
        failed: bool,
        values: &[f64],
    ) -> Result<(), QueryError> {
        self.count_at(place, failed);
        let group = &mut self.all[place].1;
        for (sum, value) in group.sums.iter_mut().zip(values) {
            if !value.is_nan() {
                sum.add(*value);
            }
        }
        match (self.keep, values.first()) {
            (Keep::Buckets, Some(value)) if !value.is_nan() => group.buckets.add(*value),
            (Keep::Values(limit), Some(value)) if !value.is_nan() => {
                group.values.push(*value);
                self.kept += 1;
                if self.kept > limit {
                    return Err(QueryError::TooManyValues { limit });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// As [`Self::add_at`], for a row without any value.
    #[inline]
    pub(crate) fn count_at(&mut self, place: usize, failed: bool) {
        let group = &mut self.all[place].1;
        group.count += 1;
        group.errors += u64::from(failed);
    }

    /// Where the group of `key` is, which is made when there is none.
    pub(crate) fn place_of(&mut self, key: Key) -> Result<usize, QueryError> {
        if self
            .all
            .get(self.last)
            .is_some_and(|(known, _)| *known == key)
        {
            return Ok(self.last);
        }
        let next = self.all.len();
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            if next >= self.most {
                return Err(QueryError::TooManyGroups { limit: self.most });
            }
            let group = Group {
                count: 0,
                errors: 0,
                first: u64::MAX,
                last: 0,
                oldest: (u64::MAX, (u32::MAX, u32::MAX)),
                newest: (0, (0, 0)),
                sums: vec![Sum::NOTHING; self.measures],
                values: Vec::new(),
                buckets: LogBuckets::default(),
            };
            self.all.push((key, group));
        }
        self.last = place;
        Ok(place)
    }

    pub(crate) fn absorb(&mut self, other: Self) -> Result<(), QueryError> {
        for (key, from) in other.all {
            let place = self.place_of(key)?;
            let group = &mut self.all[place].1;
            group.count += from.count;
            group.errors += from.errors;
            group.first = group.first.min(from.first);
            group.last = group.last.max(from.last);
            group.oldest = group.oldest.min(from.oldest);
            group.newest = group.newest.max(from.newest);
            for (sum, more) in group.sums.iter_mut().zip(&from.sums) {
                sum.absorb(more);
            }
            group.buckets.absorb(&from.buckets);
            group.values.extend(from.values);
        }
        self.kept += other.kept;
        match self.keep {
            Keep::Values(limit) if self.kept > limit => Err(QueryError::TooManyValues { limit }),
            _ => Ok(()),
        }
    }
}
