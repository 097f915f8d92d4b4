//! The thread of one destination.

use std::sync::Arc;

use super::backoff::Backoff;
use super::http::{Client, Outcome};
use super::outbox::Outbox;

/// Sends what comes until nothing will.
pub(super) fn run(outbox: &Arc<Outbox>, client: &Client) {
    let mut backoff = Backoff::default();
    while let Some(job) = outbox.next() {
        match client.send(job.payload()) {
            Outcome::Delivered { rejected, reason } => {
                backoff.reset();
                outbox.settle(job, rejected, (rejected > 0).then_some(reason));
            }
            Outcome::Refused(reason) => {
                backoff.reset();
                let spans = job.payload().spans;
                outbox.settle(job, spans, Some(reason));
            }
            Outcome::Away { reason, after } => {
                outbox.postpone(job, reason, backoff.next(after));
            }
        }
    }
}
