//! Sessions, users, and what could be typed next.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::in_every_state;
use crate::made::Made;
use crate::support::Server;

#[derive(Default)]
struct Gathered {
    first: u64,
    last: u64,
    traces: u64,
    errors: u64,
    tokens: Option<u64>,
    newest: Option<(u64, u128)>,
}

fn gather(
    traces: &[Made],
    key: impl Fn(&Made) -> Option<String>,
    holds: impl Fn(&Made) -> bool,
) -> BTreeMap<String, Gathered> {
    let mut sessions: BTreeMap<String, Gathered> = BTreeMap::new();
    for made in traces.iter().filter(|made| holds(made)) {
        let Some(key) = key(made) else { continue };
        let session = sessions.entry(key).or_insert_with(|| Gathered {
            first: u64::MAX,
            ..Gathered::default()
        });
        session.first = session.first.min(made.start_ms);
        session.last = session.last.max(made.start_ms + made.duration_ms);
        session.traces += 1;
        session.errors += u64::from(made.failed);
        if let Some((input, output)) = made.tokens {
            session.tokens = Some(session.tokens.unwrap_or(0) + input + output);
        }
        session.newest = session.newest.max(Some((made.start_ms, made.trace)));
    }
    sessions
}

/// All pages of a search.
fn pages(server: &Server, mut body: Json) -> Vec<Json> {
    let mut all = Vec::new();
    loop {
        let reply = server.post_json("/api/v1/sessions/search", &body);
        assert_eq!(reply.status, 200, "{body}: {}", reply.text());
        let page = reply.json();
        all.extend(page["sessions"].as_array().unwrap().iter().cloned());
        assert!(page["total"].as_u64().unwrap() >= all.len() as u64);
        if page["next_page_token"].is_null() {
            return all;
        }
        body["page_token"] = page["next_page_token"].clone();
    }
}

#[test]
fn sessions_and_users_are_the_sums_of_their_traces() {
    in_every_state(|server, traces, place| {
        type Key = fn(&Made) -> Option<String>;
        type Holds = fn(&Made) -> bool;
        let cases: [(&str, &str, Key, Holds); 3] = [
            ("session", "", |made| made.session.clone(), |_| true),
            ("user", "", |made| made.user.clone(), |_| true),
            (
                "session",
                "tags.team = 'red'",
                |made| made.session.clone(),
                |made| made.team() == Some("red"),
            ),
        ];
        for (by, filter, key, holds) in cases {
            let what = format!("{place}: {by} {filter}");
            let expected = gather(traces, key, holds);
            let found = pages(
                server,
                json!({"experiments": ["0"], "by": by, "filter": filter, "limit": 4}),
            );
            assert_eq!(found.len(), expected.len(), "{what}");
            let mut order: Vec<_> = expected.iter().collect();
            order.sort_by_key(|(key, session)| (std::cmp::Reverse(session.last), (*key).clone()));
            for (row, (key, session)) in found.iter().zip(order) {
                assert_eq!(row["id"], key.as_str(), "{what}: {row}");
                assert_eq!(row["traces"], session.traces, "{what}: {row}");
                assert_eq!(row["errors"], session.errors, "{what}: {row}");
                let length = row["duration_ms"].as_f64().unwrap().to_string();
                assert_eq!(
                    length,
                    (session.last - session.first).to_string(),
                    "{what}: {row}"
                );
                let tokens = row["tokens"]["total"].as_f64().map(|sum| sum.to_string());
                assert_eq!(
                    tokens,
                    session.tokens.map(|sum| sum.to_string()),
                    "{what}: {row}"
                );
                // Of traces that start together either may be shown.
                let start_of = |shown: &str| {
                    let made = traces.iter().find(|made| row[shown]["id"] == made.id());
                    made.unwrap().start_ms
                };
                assert_eq!(start_of("oldest"), session.first, "{what}");
                assert_eq!(
                    Some(start_of("newest")),
                    session.newest.map(|(start, _)| start),
                    "{what}"
                );
            }
        }
        for (order, ascending) in [
            ("traces ASC", true),
            ("tokens DESC", false),
            ("errors", false),
        ] {
            let body = json!({"experiments": ["0"], "order_by": order, "limit": 5});
            let found = pages(server, body);
            let key = order.split(' ').next().unwrap();
            let values = found.iter().filter_map(|row| match key {
                "tokens" => row["tokens"]["total"].as_f64(),
                key => row[key].as_f64(),
            });
            let values: Vec<f64> = values.collect();
            let is_sorted = if ascending {
                values.is_sorted()
            } else {
                values.is_sorted_by(|left, right| left >= right)
            };
            assert!(is_sorted, "{place}: {order}: {values:?}");
            let distinct: BTreeSet<_> = found.iter().map(|row| row["id"].to_string()).collect();
            assert_eq!(distinct.len(), found.len(), "{place}: {order}");
        }
    });
}

#[test]
fn values_and_keys_in_use_are_completed() {
    in_every_state(|server, traces, place| {
        let get = |path: &str| {
            let reply = server.get(&format!("/api/v1/{path}&experiments=0"));
            assert_eq!(reply.status, 200, "{place}: {path}: {}", reply.text());
            let found = reply.json();
            let values = found["values"].as_array().unwrap().iter();
            let values: Vec<String> = values
                .map(|value| value.as_str().unwrap().to_owned())
                .collect();
            (values, found["more"] == true)
        };
        let distinct = |values: &mut dyn Iterator<Item = String>| {
            values
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
        };
        let teams = distinct(
            &mut traces
                .iter()
                .filter_map(|made| made.team().map(str::to_owned)),
        );
        assert_eq!(
            get("values?property=tag.team"),
            (teams.clone(), false),
            "{place}"
        );
        assert_eq!(
            get("values?property=tag.team&limit=2"),
            (teams[..2].to_vec(), true),
            "{place}"
        );
        let sessions = distinct(&mut traces.iter().filter_map(|made| made.session.clone()));
        let with_one: Vec<_> = sessions
            .into_iter()
            .filter(|key| key.starts_with("s1"))
            .collect();
        assert_eq!(
            get("values?property=session&prefix=s1"),
            (with_one, false),
            "{place}"
        );
        let tools = ["calculator", "call"].map(str::to_owned).to_vec();
        assert_eq!(
            get("values?property=span.name&prefix=cal"),
            (tools, false),
            "{place}"
        );
        assert_eq!(
            get("keys?of=tag"),
            (vec!["team".to_owned()], false),
            "{place}"
        );
        let usage = ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"];
        let found = get("keys?of=attribute&prefix=gen_ai.usage");
        assert_eq!(found, (usage.map(str::to_owned).to_vec(), false), "{place}");
        assert_eq!(
            get("keys?of=metadata&prefix=nothing"),
            (Vec::new(), false),
            "{place}"
        );
    });
}
