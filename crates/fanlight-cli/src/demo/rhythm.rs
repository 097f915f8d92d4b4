//! When people use an application: by day more than by night, less at weekends.

use fanlight_model::{Nanos, UnixNanos};

use super::dice::Dice;

/// How busy each hour of the day is, in per cent of the busiest.
const HOURS: [u64; 24] = [
    8, 5, 4, 4, 5, 9, 18, 36, 62, 88, 100, 96, 78, 84, 97, 94, 82, 66, 52, 45, 40, 34, 24, 14,
];
const WEEKEND: u64 = 35;

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;
/// The last moments stay free, so that a trace that starts here has ended by now.
const MARGIN: u64 = 20 * MINUTE;

/// A start within the 14 days before `now`.
pub(super) fn start(now: UnixNanos, dice: &mut Dice) -> UnixNanos {
    let now = now.as_millis();
    let mut ago = 0;
    // Throws until a moment is busy enough; the bound only guards against an endless loop.
    for _ in 0..1_000 {
        ago = dice.between(MARGIN, 14 * DAY - MARGIN);
        if dice.chance(busyness(now.saturating_sub(ago))) {
            break;
        }
    }
    UnixNanos::from_millis(now.saturating_sub(ago)).saturating_add(Nanos(dice.between(0, 999_999)))
}

fn busyness(unix_millis: u64) -> u64 {
    let hour = usize::try_from(unix_millis % DAY / (60 * MINUTE)).unwrap_or(0);
    // 1970-01-01 was a Thursday: days 2 and 3 after it were a weekend.
    let weekend = matches!(unix_millis / DAY % 7, 2 | 3);
    if weekend {
        HOURS[hour] * WEEKEND / 100
    } else {
        HOURS[hour]
    }
}
