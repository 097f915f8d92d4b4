//! Pages and filters over traces in memory and on disk: nothing twice, nothing left out, the same answer before and
//! after sealing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use fanlight_model::{Span, Status, StatusCode, UnixNanos, Value};
use serde_json::{Value as Json, json};
use support::otlp::{BASE, child, root, trace_id};
use support::{Server, trace_id_of, wait_until};

const SEAL_ALL: [&str; 4] = ["--seal-after", "1ms", "--quiet-ms", "0"];

/// A trace as the naive model knows it.
#[derive(Clone, Debug)]
struct Made {
    trace: u128,
    start_ms: u64,
    duration_ms: u64,
    failed: bool,
    running: bool,
    team: Option<&'static str>,
    tool: &'static str,
    tool_failed: bool,
    model: &'static str,
    text: String,
    tag: Option<String>,
    feedback: Option<bool>,
}

impl Made {
    fn new(trace: u128) -> Self {
        let number = u64::try_from(trace).unwrap();
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        Self {
            trace,
            // Several start in the same millisecond.
            start_ms: BASE / 1_000_000 + number / 3 * 10,
            duration_ms: mixed % 50 * 100,
            failed: mixed % 5 == 0 && mixed % 11 != 0,
            running: mixed % 11 == 0,
            team: [None, Some("blue"), Some("red"), Some("Blue")]
                [usize::try_from(mixed % 4).unwrap()],
            tool: ["search", "calculator", "Search", "mail"]
                [usize::try_from(mixed / 4 % 4).unwrap()],
            tool_failed: mixed % 7 == 0,
            model: ["small-1", "large-2", ""][usize::try_from(mixed % 3).unwrap()],
            text: format!(
                "question {number} about {}",
                ["rain", "100% wool", "a_b", "snow"][usize::try_from(mixed / 3 % 4).unwrap()]
            ),
            tag: (mixed % 6 == 0).then(|| format!("t{}", mixed % 12)),
            feedback: (mixed % 8 == 0).then_some(mixed % 16 == 0),
        }
    }

    fn spans(&self) -> Vec<Span> {
        let start = UnixNanos(self.start_ms * 1_000_000);
        let end = UnixNanos((self.start_ms + self.duration_ms) * 1_000_000);
        let status = |failed| Status {
            code: if failed {
                StatusCode::Error
            } else {
                StatusCode::Ok
            },
            message: String::new(),
        };
        let mut top = root(self.trace, &format!("agent {}", self.trace % 10));
        (top.start, top.end, top.status) =
            (start, (!self.running).then_some(end), status(self.failed));
        top.attributes
            .insert("question", Value::from(self.text.as_str()));
        if let Some(team) = self.team {
            top.attributes
                .insert("mlflow.traceTag.team", Value::from(team));
        }
        let mut tool = child(self.trace, 2, self.tool);
        (tool.start, tool.end, tool.status) = (start, Some(end), status(self.tool_failed));
        tool.attributes
            .insert("mlflow.spanType", Value::from("\"TOOL\""));
        let mut call = child(self.trace, 3, "call");
        (call.start, call.end, call.status) = (start, Some(end), status(false));
        call.attributes
            .insert("mlflow.spanType", Value::from("\"LLM\""));
        if !self.model.is_empty() {
            call.attributes.insert("model", Value::from(self.model));
        }
        vec![call, tool, top]
    }

    fn state(&self) -> &'static str {
        match (self.running, self.failed) {
            (true, _) => "IN_PROGRESS",
            (false, true) => "ERROR",
            (false, false) => "OK",
        }
    }

    /// What is known while the root runs is from its children; only finished ones take part in tests of duration.
    fn lasts(&self) -> Option<u64> {
        (!self.running).then_some(self.duration_ms)
    }

    fn has_span(&self, test: impl Fn(&str, &str, &str, &str) -> bool) -> bool {
        let status = |failed| if failed { "ERROR" } else { "OK" };
        let name = format!("agent {}", self.trace % 10);
        test(&name, "UNKNOWN", status(self.failed), "")
            || test(self.tool, "TOOL", status(self.tool_failed), "")
            || test("call", "LLM", "OK", self.model)
    }
}

fn seed(server: &Server, traces: &[Made]) {
    for batch in traces.chunks(20) {
        let spans: Vec<Span> = batch.iter().flat_map(Made::spans).collect();
        server.ingest(&spans);
    }
    for made in traces {
        let path = format!("/api/3.0/mlflow/traces/{}", trace_id(made.trace));
        if let Some(tag) = &made.tag {
            let body = json!({"key": "edited", "value": tag}).to_string();
            assert_eq!(
                server
                    .send_json("PATCH", &format!("{path}/tags"), &body)
                    .status,
                200
            );
        }
        if let Some(good) = made.feedback {
            let body =
                json!({"assessment": {"assessment_name": "good", "feedback": {"value": good}}});
            assert_eq!(
                server
                    .post_json(&format!("{path}/assessments"), &body)
                    .status,
                200
            );
        }
    }
}

type Case = (&'static str, fn(&Made) -> bool);

/// Filters and what they mean.
#[expect(clippy::too_many_lines, reason = "one long table")]
fn cases() -> Vec<Case> {
    vec![
        ("", |_| true),
        ("status = 'OK'", |t| t.state() == "OK"),
        ("status != 'OK'", |t| t.state() != "OK"),
        ("NOT status = 'OK'", |t| t.state() != "OK"),
        ("status IN ('ERROR', 'IN_PROGRESS')", |t| t.state() != "OK"),
        ("status NOT IN ('ERROR')", |t| t.state() != "ERROR"),
        ("status = 'OK' OR status = 'ERROR'", |t| !t.running),
        ("status = 'OK' AND status = 'ERROR'", |_| false),
        ("tags.team = 'blue'", |t| t.team == Some("blue")),
        ("tags.team != 'blue'", |t| {
            t.team.is_some_and(|team| team != "blue")
        }),
        ("NOT tags.team = 'blue'", |t| t.team != Some("blue")),
        ("tags.team ILIKE 'b%'", |t| {
            t.team
                .is_some_and(|team| team.to_lowercase().starts_with('b'))
        }),
        ("tags.team LIKE 'b%'", |t| t.team == Some("blue")),
        ("tags.team IS NULL", |t| t.team.is_none()),
        ("tags.team IS NOT NULL AND NOT tags.team = 'red'", |t| {
            t.team.is_some_and(|team| team != "red")
        }),
        ("tags.team RLIKE '^[Bb]lue$'", |t| {
            t.team.is_some_and(|team| team.to_lowercase() == "blue")
        }),
        ("tags.edited = 't0'", |t| t.tag.as_deref() == Some("t0")),
        ("tags.edited IS NOT NULL OR tags.team = 'red'", |t| {
            t.tag.is_some() || t.team == Some("red")
        }),
        ("NOT (tags.edited IS NULL OR tags.team IS NULL)", |t| {
            t.tag.is_some() && t.team.is_some()
        }),
        ("feedback.good = 'true'", |t| t.feedback == Some(true)),
        ("feedback.good IS NULL AND status = 'ERROR'", |t| {
            t.feedback.is_none() && t.state() == "ERROR"
        }),
        ("NOT feedback.good = 'false'", |t| t.feedback != Some(false)),
        ("span.name = 'search'", |t| t.tool == "search"),
        ("span.name ILIKE 'SEARCH'", |t| {
            t.tool.to_lowercase() == "search"
        }),
        ("span.name IN ('mail', 'calculator')", |t| {
            ["mail", "calculator"].contains(&t.tool)
        }),
        ("NOT span.name = 'search'", |t| t.tool != "search"),
        ("span.name = 'agent 3' OR span.name = 'mail'", |t| {
            t.trace % 10 == 3 || t.tool == "mail"
        }),
        ("span.type = 'TOOL' AND span.status = 'ERROR'", |t| {
            t.tool_failed
        }),
        ("span.type = 'LLM' AND span.status = 'ERROR'", |_| false),
        ("NOT NOT span.type = 'LLM' AND span.status = 'ERROR'", |t| {
            t.tool_failed || t.failed
        }),
        ("span.status = 'ERROR'", |t| t.tool_failed || t.failed),
        ("span.attributes.model = 'small-1'", |t| {
            t.model == "small-1"
        }),
        (
            "span.attributes.model LIKE '%-2' AND span.name = 'call'",
            |t| t.model == "large-2",
        ),
        (
            "span.type = 'TOOL' AND span.attributes.model = 'small-1'",
            |_| false,
        ),
        (
            "(span.name = 'mail' OR span.type = 'LLM') AND span.status = 'ERROR'",
            |t| {
                t.has_span(|name, kind, status, _| {
                    (name == "mail" || kind == "LLM") && status == "ERROR"
                })
            },
        ),
        ("trace.text ILIKE '%WOOL%'", |t| t.text.contains("wool")),
        ("trace.text LIKE '%question 1% about%'", |t| {
            t.text.starts_with("question 1")
        }),
        ("trace.text ILIKE '%rain%' AND NOT status = 'OK'", |t| {
            t.text.contains("rain") && t.state() != "OK"
        }),
        ("NOT trace.text ILIKE '%snow%' OR tags.team = 'red'", |t| {
            !t.text.contains("snow") || t.team == Some("red")
        }),
        ("execution_time > 2000 AND status != 'IN_PROGRESS'", |t| {
            t.lasts().is_some_and(|ms| ms > 2000)
        }),
        ("execution_time <= 1e3 AND status != 'IN_PROGRESS'", |t| {
            t.lasts().is_some_and(|ms| ms <= 1000)
        }),
        (
            "timestamp >= 1767225600500 AND timestamp < 1767225600700",
            |t| (1_767_225_600_500..1_767_225_600_700).contains(&t.start_ms),
        ),
        (
            "NOT timestamp < 1767225600900 OR timestamp = 1767225600100",
            |t| t.start_ms >= 1_767_225_600_900 || t.start_ms == 1_767_225_600_100,
        ),
        (
            "(status = 'ERROR' AND (tags.team = 'red' OR NOT span.name = 'mail')) OR feedback.good = 'true'",
            |t| {
                t.state() == "ERROR" && (t.team == Some("red") || t.tool != "mail")
                    || t.feedback == Some(true)
            },
        ),
        (
            "request_id IN ('tr-00000000000000000000000000000007', 'tr-0')",
            |t| t.trace == 7,
        ),
    ]
}

/// Newest first; ties by id.
fn newest_first(traces: &[Made]) -> Vec<Made> {
    let mut sorted = traces.to_vec();
    sorted.sort_by_key(|made| (std::cmp::Reverse(made.start_ms), made.trace));
    sorted
}

fn assert_filters(server: &Server, traces: &[Made], place: &str) {
    for (filter, holds) in cases() {
        let expected: Vec<String> = newest_first(traces)
            .iter()
            .filter(|made| holds(made))
            .map(|made| trace_id(made.trace))
            .collect();
        assert_eq!(server.search_ids(filter), expected, "{place}: {filter}");
    }
}

#[test]
fn filters_mean_the_same_in_memory_on_disk_and_on_both() {
    let traces: Vec<Made> = (1..=300).map(Made::new).collect();
    for (filter, holds) in cases() {
        let matching = traces.iter().filter(|made| holds(made)).count();
        let is_meant = filter.is_empty() || filter.contains("AND") || (1..300).contains(&matching);
        assert!(is_meant, "{filter} does not tell anything apart");
    }
    let server = Server::start(&[]);
    let (old, new) = traces.split_at(170);
    seed(&server, old);
    assert_filters(&server, old, "memory");
    let server = server.kill().start(&SEAL_ALL);
    wait_until("the older half is sealed", || server.seals() > 0);
    assert_filters(&server, old, "disk");
    let server = server.stop().start(&[]);
    seed(&server, new);
    assert_filters(&server, &traces, "memory and disk");
    let server = server.kill().start(&SEAL_ALL);
    wait_until("all is sealed", || server.seals() > 1);
    assert_filters(&server, &traces, "two segments");
    let server = server.stop().start(&[]);
    assert_filters(&server, &traces, "after a restart");
    assert!(server.segments() > 1);
    let stopped = server.stop();
    assert!(stopped.run("compact", &[]).starts_with("merged "));
    assert!(stopped.run("verify", &[]).contains(": ok, 300 traces"));
    let server = stopped.start(&[]);
    assert_eq!(server.segments(), 1);
    assert_filters(&server, &traces, "merged");
    server.assert_well();
}

/// Reads all pages; between them `disturb` may do what it likes.
fn pages(server: &Server, search: &Json, mut disturb: impl FnMut(usize)) -> Vec<String> {
    let mut found = Vec::new();
    let mut token = String::new();
    for page in 0.. {
        let mut body = search.clone();
        body["page_token"] = token.as_str().into();
        let answer = server.search_page(&body);
        let traces = answer["traces"].as_array().cloned().unwrap_or_default();
        found.extend(traces.iter().map(trace_id_of));
        disturb(page);
        match answer["next_page_token"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    found
}

#[test]
fn pages_neither_repeat_nor_leave_out_while_traces_arrive() {
    let flags = ["--seal-bytes", "40KiB", "--quiet-ms", "0"];
    let server = Server::start(&flags);
    // Even numbers are there before; odd ones arrive between the pages, newer and older than the place.
    let known: Vec<Made> = (1..=120)
        .map(|number| Made {
            running: false,
            ..Made::new(number * 2)
        })
        .collect();
    seed(&server, &known);
    wait_until("some are sealed, some are not", || server.seals() > 0);
    let mut by_duration = newest_first(&known);
    by_duration.sort_by_key(|made| made.duration_ms);
    let mut slowest = newest_first(&known);
    slowest.sort_by_key(|made| std::cmp::Reverse(made.duration_ms));
    let mut by_state = newest_first(&known);
    by_state.sort_by_key(Made::state);
    let mut arriving = 1_u128;
    for (search, expected) in [
        (json!({"max_results": 7}), newest_first(&known)),
        (
            json!({"max_results": 1, "filter": "status = 'ERROR'"}),
            newest_first(&known),
        ),
        (
            json!({"max_results": 7, "order_by": ["timestamp DESC"]}),
            newest_first(&known),
        ),
        (
            json!({"max_results": 9, "order_by": ["execution_time ASC"]}),
            by_duration,
        ),
        (
            json!({"max_results": 9, "order_by": ["execution_time_ms DESC"]}),
            slowest,
        ),
        (json!({"max_results": 13, "order_by": ["status"]}), by_state),
    ] {
        let only_errors = search.get("filter").is_some();
        let expected: Vec<String> = expected
            .iter()
            .filter(|made| !only_errors || made.failed)
            .map(|made| trace_id(made.trace))
            .collect();
        let found = pages(&server, &search, |_| {
            for _ in 0..2 {
                server.ingest(
                    &Made {
                        running: false,
                        ..Made::new(arriving)
                    }
                    .spans(),
                );
                arriving += 2;
            }
        });
        let mut distinct = found.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), found.len(), "{search}: a trace came twice");
        let is_known = |id: &String| {
            u128::from_str_radix(&id[3..], 16)
                .unwrap()
                .is_multiple_of(2)
        };
        let found: Vec<String> = found.into_iter().filter(is_known).collect();
        assert_eq!(found, expected, "{search}");
    }
    assert!(server.seals() > 3, "sealing has to happen meanwhile");
    server.assert_well();
}

#[test]
fn a_page_token_outlives_sealing_restart_and_delete() {
    let server = Server::start(&[]);
    let traces: Vec<Made> = (1..=40)
        .map(|number| Made {
            running: false,
            ..Made::new(number)
        })
        .collect();
    seed(&server, &traces);
    for order in [json!([]), json!(["execution_time DESC"])] {
        let search = json!({"max_results": 10, "order_by": order});
        let all: Vec<String> = pages(&server, &search, |_| {});
        assert_eq!(all.len(), 40);
        let first = server.search_page(&search);
        let token = &first["next_page_token"];
        let next = |server: &Server| {
            let mut search = search.clone();
            search["page_token"] = token.clone();
            let page = server.search_page(&search);
            page["traces"]
                .as_array()
                .unwrap()
                .iter()
                .map(trace_id_of)
                .collect::<Vec<_>>()
        };
        assert_eq!(next(&server), all[10..20]);
        assert_eq!(next(&server), all[10..20], "a token can be used again");
    }
    let search = json!({"max_results": 10});
    let all = pages(&server, &search, |_| {});
    let token = server.search_page(&search)["next_page_token"].clone();
    let server = server.kill().start(&SEAL_ALL);
    wait_until("sealed", || server.seals() > 0);
    // The trace the token names is deleted, and the one after it.
    let doomed = json!({"experiment_id": "0", "request_ids": [all[9], all[10]]});
    assert_eq!(
        server
            .post_json("/api/3.0/mlflow/traces/delete-traces", &doomed)
            .json()["traces_deleted"],
        2
    );
    let page = server.search_page(&json!({"max_results": 10, "page_token": token}));
    let ids: Vec<String> = page["traces"]
        .as_array()
        .unwrap()
        .iter()
        .map(trace_id_of)
        .collect();
    assert_eq!(ids, all[11..21]);
    // A full last page has a token, whose page is empty.
    let last = server.search_page(&json!({"max_results": 38}));
    let after =
        server.search_page(&json!({"max_results": 38, "page_token": last["next_page_token"]}));
    assert_eq!(after, json!({}));
    server.assert_well();
}
