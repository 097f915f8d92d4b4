//! Locks that outlive a panic of another thread.

pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};

/// The data behind every lock of this crate is whole between any two statements that could panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
