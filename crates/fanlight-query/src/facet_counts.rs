//! How many matching traces have which value of a property.

use rustc_hash::FxHashMap;

use crate::QueryError;
use crate::facet::Facet;
use crate::matched::{Count, Matched, MatchedRows};
use crate::overlay::Overlay;
use crate::parallel::fold;
use crate::sealed_values::SealedValues;
use crate::search::Context;

/// Distinct values counted of one facet; more are left out and make the counts inexact.
pub const MAX_FACET_VALUES: usize = 200_000;

/// A facet to be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetRequest {
    pub facet: Facet,
    /// Values in the answer.
    pub limit: usize,
}

/// The most frequent values of a facet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetCounts {
    pub facet: Facet,
    /// By number of traces, then by value. A trace with several values counts for each of them.
    pub values: Vec<(String, Count)>,
    /// There are more values than those.
    pub more: bool,
    /// Traces with a value that no index lists, because it is long or one of very many.
    pub unlisted: Count,
    /// Some values were not counted, because there are more than [`MAX_FACET_VALUES`].
    pub overflowed: bool,
}

#[derive(Default)]
struct Tally {
    values: FxHashMap<String, Count>,
    unlisted: Count,
    overflowed: bool,
}

impl Tally {
    fn add(&mut self, value: &str, count: Count) {
        if count.most == 0 {
            return;
        }
        if let Some(known) = self.values.get_mut(value) {
            known.add(count);
        } else if self.values.len() < MAX_FACET_VALUES {
            self.values.insert(value.to_owned(), count);
        } else {
            self.overflowed = true;
        }
    }

    fn add_segment(
        &mut self,
        rows: &MatchedRows,
        facet: &Facet,
        overlay: &Overlay,
    ) -> Result<(), QueryError> {
        let values = SealedValues::new(rows, facet, overlay)?;
        let certain = |unlisted: u64, all: u64| Count {
            least: unlisted,
            most: all,
        };
        let unlisted = &values.unlisted;
        self.unlisted.add(certain(
            unlisted.intersection_len(&rows.must),
            unlisted.len(),
        ));
        values.each(&mut |value, having, among| {
            let most = having.count_in(among)?;
            let least = if rows.open.is_empty() {
                most
            } else if most == 0 {
                0
            } else {
                most - having.count_in(&(among & &rows.open))?
            };
            self.add(value, certain(least, most));
            Ok(())
        })
    }

    fn absorb(&mut self, other: Self) {
        self.unlisted.add(other.unlisted);
        self.overflowed |= other.overflowed;
        for (value, count) in other.values {
            self.add(&value, count);
        }
    }

    fn finish(self, request: FacetRequest) -> FacetCounts {
        let mut values: Vec<_> = self.values.into_iter().collect();
        let by_count = |(left, a): &(String, Count), (right, b): &(String, Count)| {
            (b.least, b.most, left).cmp(&(a.least, a.most, right))
        };
        let more = values.len() > request.limit || self.overflowed;
        if request.limit > 0 && values.len() > request.limit {
            values.select_nth_unstable_by(request.limit - 1, by_count);
        }
        values.truncate(request.limit);
        values.sort_unstable_by(by_count);
        FacetCounts {
            facet: request.facet,
            values,
            more,
            unlisted: self.unlisted,
            overflowed: self.overflowed,
        }
    }
}

/// Counts one facet of everything that matched.
pub(crate) fn count_facet(
    context: &Context<'_>,
    matched: &Matched,
    request: FacetRequest,
) -> Result<FacetCounts, QueryError> {
    let facet = &request.facet;
    let overlay = context.overlay;
    let mut tallies = fold(&matched.sealed, Tally::default, |tally, rows| {
        let add = || tally.add_segment(rows, facet, overlay);
        context.unreadable.pass_over(add)
    })?;
    tallies.extend(fold(&matched.hot_lots(), Tally::default, |tally, lot| {
        for trace in *lot {
            let (values, unlisted) = facet.of_hot(trace, overlay);
            for value in values {
                tally.add(&value, Count::exactly(1));
            }
            tally.unlisted.add(Count::exactly(u64::from(unlisted)));
        }
        Ok(())
    })?);
    let mut tallies = tallies.into_iter();
    let mut tally = tallies.next().unwrap_or_default();
    tallies.for_each(|part| tally.absorb(part));
    Ok(tally.finish(request))
}
