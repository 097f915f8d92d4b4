//! How many bytes of request bodies the server holds at one time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes per permit of the semaphore, whose counts are 32 bits wide.
const UNIT: usize = 1024;

/// The bytes all running requests share. A request that cannot have its bytes at once is refused rather than queued:
/// waiting requests would hold memory too.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    units: Arc<Semaphore>,
    total: usize,
}

/// Everything is taken by requests that are under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BudgetSpent {
    pub(crate) total: usize,
}

/// Bytes held by one request; given back on drop.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Budget,
    permit: Option<OwnedSemaphorePermit>,
}

impl Budget {
    pub(crate) fn new(total: usize) -> Self {
        let units = (total / UNIT)
            .min(Semaphore::MAX_PERMITS)
            .min(u32::MAX as usize);
        Self {
            units: Arc::new(Semaphore::new(units)),
            total: units * UNIT,
        }
    }

    /// A reservation of nothing, to be grown.
    pub(crate) fn empty_reservation(&self) -> Reservation {
        Reservation {
            budget: self.clone(),
            permit: None,
        }
    }

    /// All there is to reserve.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Bytes taken now, rounded up to whole units per request.
    pub(crate) fn used(&self) -> usize {
        self.total - self.units.available_permits() * UNIT
    }
}

impl Reservation {
    /// Holds at least `bytes` afterwards, or is unchanged.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), BudgetSpent> {
        let spent = BudgetSpent {
            total: self.budget.total,
        };
        let missing = bytes.div_ceil(UNIT).saturating_sub(self.units());
        if missing == 0 {
            return Ok(());
        }
        let missing = u32::try_from(missing).map_err(|_| spent)?;
        let more = Arc::clone(&self.budget.units)
            .try_acquire_many_owned(missing)
            .map_err(|_| spent)?;
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        Ok(())
    }

    /// Gives back what exceeds `bytes`.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let surplus = self.units().saturating_sub(bytes.div_ceil(UNIT));
        if let Some(permit) = &mut self.permit {
            drop(permit.split(surplus));
        }
    }

    fn units(&self) -> usize {
        self.permit
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_when_a_reservation_ends() {
        let budget = Budget::new(8 * UNIT);
        let mut first = budget.empty_reservation();
        first.grow_to(1).unwrap();
        first.grow_to(5 * UNIT).unwrap();
        assert_eq!(budget.used(), 5 * UNIT);

        let mut second = budget.empty_reservation();
        assert_eq!(
            second.grow_to(4 * UNIT),
            Err(BudgetSpent { total: 8 * UNIT })
        );
        first.shrink_to(4 * UNIT);
        assert_eq!(second.grow_to(4 * UNIT), Ok(()));

        drop((first, second));
        assert_eq!(budget.used(), 0);
    }
}
