//! Work over many segments on several cores.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::QueryError;

/// More threads would take what other requests need.
const MAX_THREADS: usize = 4;
/// Asked once: the answer takes reading several files.
static CORES: LazyLock<usize> =
    LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));

/// Feeds `items`, taken in their order by whoever is free, into one accumulator per thread.
pub(crate) fn fold<I: Sync, A: Send>(
    items: &[I],
    new: impl Fn() -> A + Sync,
    step: impl Fn(&mut A, &I) -> Result<(), QueryError> + Sync,
) -> Result<Vec<A>, QueryError> {
    let threads = CORES.min(MAX_THREADS).min(items.len()).max(1);
    let next = AtomicUsize::new(0);
    let run = || -> Result<A, QueryError> {
        let mut gathered = new();
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            step(&mut gathered, item)?;
        }
        Ok(gathered)
    };
    if threads == 1 {
        return Ok(vec![run()?]);
    }
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut gathered = vec![run()?];
        for other in others {
            let result = other
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            gathered.push(result?);
        }
        Ok(gathered)
    })
}

/// As [`fold`], keeping one result per item, in order.
pub(crate) fn map<I: Sync, T: Send>(
    items: &[I],
    work: impl Fn(&I) -> Result<T, QueryError> + Sync,
) -> Result<Vec<T>, QueryError> {
    let places: Vec<usize> = (0..items.len()).collect();
    let gathered = fold(&places, Vec::new, |results: &mut Vec<(usize, T)>, place| {
        results.push((*place, work(&items[*place])?));
        Ok(())
    })?;
    let mut results: Vec<_> = gathered.into_iter().flatten().collect();
    results.sort_unstable_by_key(|(place, _)| *place);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order_and_the_first_failure_is_told() {
        let items: Vec<u32> = (0..1000).collect();
        assert_eq!(map(&items, |item| Ok(*item)).unwrap(), items);
        let sums = fold(
            &items,
            || 0,
            |sum, item| {
                *sum += item;
                Ok(())
            },
        );
        assert_eq!(sums.unwrap().into_iter().sum::<u32>(), 499_500);
        let failing = map(&items, |item| {
            if *item == 7 {
                Err(QueryError::OutOfTime)
            } else {
                Ok(())
            }
        });
        assert!(matches!(failing, Err(QueryError::OutOfTime)));
        assert!(map(&[] as &[u32], |_| Ok(())).unwrap().is_empty());
    }
}
