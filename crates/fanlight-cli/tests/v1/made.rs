//! Traces as the naive model knows them.

use fanlight_model::{Span, Status, StatusCode, UnixNanos, Value};
use serde_json::json;

use crate::support::Server;
use crate::support::otlp::{BASE, child, root, trace_id};

#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) trace: u128,
    pub(crate) start_ms: u64,
    pub(crate) duration_ms: u64,
    pub(crate) failed: bool,
    pub(crate) team: Option<&'static str>,
    pub(crate) session: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) tool: &'static str,
    pub(crate) tool_ms: u64,
    pub(crate) model: Option<&'static str>,
    /// Input and output of the call.
    pub(crate) tokens: Option<(u64, u64)>,
    pub(crate) text: String,
    /// What the tag `team` was changed to; empty: it was removed.
    pub(crate) edit: Option<&'static str>,
}

impl Made {
    pub(crate) fn new(trace: u128) -> Self {
        let number = u64::try_from(trace).unwrap();
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let pick =
            |from: &[&'static str], by: u64| from[usize::try_from(by % from.len() as u64).unwrap()];
        let team =
            [None, Some("blue"), Some("red"), Some("Blue")][usize::try_from(mixed % 4).unwrap()];
        Self {
            trace,
            start_ms: BASE / 1_000_000 + number / 3 * 700,
            duration_ms: 1 + mixed % 50 * 100,
            failed: mixed % 5 == 0,
            team,
            session: (mixed % 3 != 0).then(|| format!("s{}", mixed % 17)),
            user: (mixed % 4 != 1).then(|| format!("u{}", mixed % 5)),
            name: (mixed % 9 < 6).then(|| format!("agent {}", mixed % 3)),
            tool: pick(&["search", "calculator", "mail"], mixed / 4),
            tool_ms: mixed % 7 * 30,
            model: (mixed % 6 != 0).then(|| pick(&["gpt-4o", "small-1"], mixed)),
            tokens: (mixed % 6 != 0).then_some((mixed % 1000, mixed % 77)),
            text: format!(
                "question {number} about {}",
                pick(&["rain", "wool", "snow"], mixed / 3)
            ),
            edit: match mixed % 10 {
                0 => Some("red"),
                1 => Some("green"),
                2 if team.is_some() => Some(""),
                _ => None,
            },
        }
    }

    pub(crate) fn id(&self) -> String {
        trace_id(self.trace)
    }

    /// With edits.
    pub(crate) fn team(&self) -> Option<&'static str> {
        self.edit
            .map_or(self.team, |edit| (!edit.is_empty()).then_some(edit))
    }

    pub(crate) fn state(&self) -> &'static str {
        if self.failed { "ERROR" } else { "OK" }
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let start = UnixNanos(self.start_ms * 1_000_000);
        let after = |ms: u64| Some(UnixNanos((self.start_ms + ms) * 1_000_000));
        let code = |failed| Status {
            code: if failed {
                StatusCode::Error
            } else {
                StatusCode::Ok
            },
            message: String::new(),
        };
        let mut top = root(self.trace, "top");
        (top.start, top.end, top.status) = (start, after(self.duration_ms), code(self.failed));
        top.attributes
            .insert("question", Value::from(self.text.as_str()));
        let optional = [
            ("mlflow.traceTag.team", self.team.map(str::to_owned)),
            ("mlflow.traceTag.mlflow.traceName", self.name.clone()),
            ("session.id", self.session.clone()),
            ("user.id", self.user.clone()),
        ];
        for (key, value) in optional {
            if let Some(value) = value {
                top.attributes.insert(key, Value::from(value.as_str()));
            }
        }
        let mut tool = child(self.trace, 2, self.tool);
        (tool.start, tool.end) = (start, after(self.tool_ms.min(self.duration_ms)));
        tool.status = code(self.tool_ms == 0);
        tool.attributes
            .insert("mlflow.spanType", Value::from("\"TOOL\""));
        let mut call = child(self.trace, 3, "call");
        (call.start, call.end, call.status) = (start, after(1), code(false));
        call.attributes
            .insert("mlflow.spanType", Value::from("\"LLM\""));
        if let Some(model) = self.model {
            call.attributes
                .insert("gen_ai.request.model", Value::from(model));
        }
        if let Some((input, output)) = self.tokens {
            let number = |count: u64| Value::Int(i64::try_from(count).unwrap());
            call.attributes
                .insert("gen_ai.usage.input_tokens", number(input));
            call.attributes
                .insert("gen_ai.usage.output_tokens", number(output));
        }
        vec![call, tool, top]
    }
}

pub(crate) fn seed(server: &Server, traces: &[Made]) {
    for batch in traces.chunks(20) {
        let spans: Vec<Span> = batch.iter().flat_map(Made::spans).collect();
        server.ingest(&spans);
    }
    for made in traces {
        let path = format!("/api/3.0/mlflow/traces/{}/tags", made.id());
        let reply = match made.edit {
            None => continue,
            Some(team) if !team.is_empty() => {
                let body = json!({"key": "team", "value": team}).to_string();
                server.send_json("PATCH", &path, &body)
            }
            Some(_) => server.send_json("DELETE", &path, r#"{"key": "team"}"#),
        };
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}
