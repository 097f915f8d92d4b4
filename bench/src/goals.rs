//! What Fanlight wants to reach on two cores, beside what was measured.

use std::fmt::Write as _;

use crate::report::Size;

/// A goal for a figure of the report; smaller is better unless `at_least`.
struct Goal {
    figure: &'static str,
    bound: f64,
    at_least: bool,
}

const fn at_most(figure: &'static str, bound: f64) -> Goal {
    Goal {
        figure,
        bound,
        at_least: false,
    }
}

const fn at_least(figure: &'static str, bound: f64) -> Goal {
    Goal {
        figure,
        bound,
        at_least: true,
    }
}

const GOALS: [Goal; 31] = [
    at_least("ingest, spans/s", 60_000.0),
    at_most("CPU s per million spans", 25.0),
    at_least("last tenth, share of the first's speed", 0.9),
    at_most("get trace p50, ms", 2.0),
    at_most("get trace p99, ms", 10.0),
    at_most("newest p50, ms", 5.0),
    at_most("rare tag p50, ms", 5.0),
    at_most("session p50, ms", 5.0),
    at_most("user p50, ms", 5.0),
    at_most("span type p50, ms", 5.0),
    at_most("span status and type p50, ms", 5.0),
    at_most("span name p50, ms", 5.0),
    at_most("span attribute LIKE p50, ms", 20.0),
    at_most("text: common word p50, ms", 5.0),
    at_most("text: rare word p50, ms", 10.0),
    at_most("text: absent word p50, ms", 5.0),
    at_most("text: inside of a word p50, ms", 50.0),
    at_most("facets, histogram: all p50, ms", 50.0),
    at_most("facets, histogram: errors p50, ms", 50.0),
    at_most("facets, histogram: span type p50, ms", 50.0),
    at_most("spans by name: time, percentiles p50, ms", 200.0),
    at_most("spans by model: tokens, cost p50, ms", 200.0),
    at_most("traces per hour: time, percentiles p50, ms", 200.0),
    at_most("set tag p50, ms", 5.0),
    at_most("add assessment p50, ms", 5.0),
    at_most("any search while ingesting p95, ms", 50.0),
    at_most("disk, % of raw", 20.0),
    at_most("memory idle, MB", 40.0),
    at_most("memory peak while ingesting, MB", 500.0),
    at_most("start, empty, ms", 50.0),
    at_most("start, full, ms", 500.0),
];

/// One line per goal that was measured.
pub(crate) fn table(size: &Size) -> String {
    let mut text = format!(
        "\n{:<46}{:>12}{:>12}\n",
        format!("{} traces", size.traces),
        "measured",
        "goal"
    );
    for Goal {
        figure,
        bound,
        at_least,
    } in &GOALS
    {
        let Some(found) = size.figure(figure) else {
            continue;
        };
        let reached = if *at_least {
            found >= *bound
        } else {
            found <= *bound
        };
        let (sign, mark) = (
            if *at_least { "≥" } else { "≤" },
            if reached { "" } else { "  missed" },
        );
        _ = writeln!(text, "{figure:<46}{found:>12.2}{sign:>6}{bound:>9.1}{mark}");
    }
    text
}
