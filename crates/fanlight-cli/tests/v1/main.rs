//! `/api/v1` over traces in memory, on disk and on both, with edits: every figure is compared with a naive model.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod counted_once;
mod figures;
mod hits;
mod made;
mod messages;
mod refusals;
mod searches;
mod sessions;

use made::{Made, seed};
use support::{Server, wait_until};

const SEAL_ALL: [&str; 4] = ["--seal-after", "1ms", "--quiet-ms", "0"];
const TRACES: u128 = 180;
const SEALED: usize = 100;

/// Asks the same in every state traces can be in.
fn in_every_state(ask: impl Fn(&Server, &[Made], &str)) {
    let traces: Vec<Made> = (1..=TRACES).map(Made::new).collect();
    let (old, new) = traces.split_at(SEALED);
    let server = Server::start(&[]);
    seed(&server, old);
    ask(&server, old, "memory");
    let server = server.kill().start(&SEAL_ALL);
    wait_until("the older half is sealed", || server.seals() > 0);
    ask(&server, old, "disk");
    let server = server.stop().start(&[]);
    seed(&server, new);
    ask(&server, &traces, "memory and disk");
    let server = server.kill().start(&SEAL_ALL);
    wait_until("all is sealed", || server.seals() > 1);
    ask(&server, &traces, "two segments");
    let stopped = server.stop();
    assert!(stopped.run("compact", &[]).starts_with("merged "));
    let server = stopped.start(&[]);
    ask(&server, &traces, "one segment of two parts");
    server.assert_well();
}
