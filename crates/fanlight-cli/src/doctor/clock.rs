//! The clock: in this century, and the same as the server's.

use fanlight_model::{Clock, SystemClock, UnixNanos};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::Finding;
use crate::client::Client;

const SUBJECT: &str = "clock";

/// 2025-01-01: before any version of this program.
const EARLIEST_MS: u64 = 1_735_689_600_000;
/// 2100-01-01.
const LATEST_MS: u64 = 4_102_444_800_000;
/// `Date` has whole seconds, and the reply takes its time.
const TOLERATED_MS: u64 = 5_000;

pub(super) fn check(server: Option<&Client>) -> Finding {
    let date = server
        .and_then(|client| client.probe("/health").ok())
        .and_then(|(_, date)| date);
    judge(SystemClock.now(), date.as_deref())
}

fn judge(now: UnixNanos, date: Option<&str>) -> Finding {
    let now_ms = now.as_millis();
    if !(EARLIEST_MS..LATEST_MS).contains(&now_ms) {
        let found = format!("it says {now_ms} ms after 1970, which cannot be");
        return Finding::fail(
            SUBJECT,
            found,
            "set the time of this machine; traces are found by it",
        );
    }
    match date.and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok()) {
        None => Finding::ok(SUBJECT, "plausible"),
        Some(server) => {
            let server_ms = u64::try_from(server.unix_timestamp())
                .unwrap_or(0)
                .saturating_mul(1000);
            let apart_ms = now_ms.abs_diff(server_ms);
            if apart_ms > TOLERATED_MS {
                let found = format!("{} s apart from the server's", apart_ms / 1000);
                Finding::warn(
                    SUBJECT,
                    found,
                    "synchronise the clocks of both machines (NTP)",
                )
            } else {
                Finding::ok(SUBJECT, "the same as the server's")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_clock_from_before_this_program_fails() {
        assert_eq!(
            judge(UnixNanos::from_millis(5), None).verdict,
            Verdict::Fail
        );
        assert_eq!(
            judge(UnixNanos::from_millis(EARLIEST_MS), None).verdict,
            Verdict::Ok
        );
    }

    #[test]
    fn clocks_that_differ_are_a_warning() {
        let now = UnixNanos::from_millis(EARLIEST_MS + 60_000);
        let judged = |date| judge(now, Some(date));
        assert_eq!(
            judged("Wed, 01 Jan 2025 00:01:02 GMT").found,
            "the same as the server's"
        );
        assert_eq!(
            judged("Wed, 01 Jan 2025 00:00:00 GMT").found,
            "60 s apart from the server's"
        );
    }
}
