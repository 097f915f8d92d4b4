//! Answers as Ollama gives them. Source: Ollama's `docs/api.md`.

use serde_json::{Value as Json, json};

use crate::{Reply, StandIn};

const CREATED: &str = "2026-01-01T12:00:00.000000Z";

/// Says `You said: …`, word by word where a stream is asked for; the model `missing` is not there, and `cut` breaks off.
pub fn start() -> StandIn {
    StandIn::start(|path, body| {
        let model = body["model"].as_str().unwrap_or_default();
        if model == "missing" {
            let error = json!({"error": "model 'missing' not found"});
            return Reply::json(&error).status(404);
        }
        match path {
            "/api/chat" => chat(model, body),
            "/api/generate" => completion(model, body),
            "/api/embed" => Reply::json(&json!({
                "model": model, "embeddings": [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]],
                "total_duration": 14_143_917, "load_duration": 1_019_500, "prompt_eval_count": 8,
            })),
            _ => Reply::json(&json!({"error": "no such path"})).status(404),
        }
    })
}

fn counts() -> Json {
    json!({
        "done": true, "done_reason": "stop", "total_duration": 4_883_583_458_u64, "load_duration": 1_334_875,
        "prompt_eval_count": 26, "prompt_eval_duration": 342_546_000, "eval_count": 5, "eval_duration": 4_535_599_000_u64,
    })
}

fn line(model: &str, said: &Json, last: Option<Json>) -> String {
    let mut line = json!({"model": model, "created_at": CREATED, "done": false});
    for (name, value) in said.as_object().into_iter().flatten() {
        line[name] = value.clone();
    }
    for (name, value) in last.iter().flat_map(|last| last.as_object()).flatten() {
        line[name] = value.clone();
    }
    format!("{line}\n")
}

fn chat(model: &str, body: &Json) -> Reply {
    let said = body["messages"]
        .as_array()
        .and_then(|all| all.last()?["content"].as_str());
    let answer = format!("You said: {}", said.unwrap_or_default());
    let call = json!([{"function": {"name": "weather", "arguments": {"city": "Paris"}}}]);
    let calls = body["tools"]
        .as_array()
        .is_some_and(|tools| !tools.is_empty());
    if body["stream"] == false {
        let mut message = json!({"role": "assistant", "content": answer});
        if calls {
            message = json!({"role": "assistant", "content": "", "tool_calls": call});
        }
        return Reply::stream(
            "application/json",
            [line(model, &json!({"message": message}), Some(counts()))],
        );
    }
    let message = |message: Json| json!({"message": message});
    let words = answer.split_inclusive(' ').map(|word| {
        line(
            model,
            &message(json!({"role": "assistant", "content": word})),
            None,
        )
    });
    let mut lines: Vec<_> = words.collect();
    if calls {
        lines = vec![line(
            model,
            &message(json!({"role": "assistant", "content": "", "tool_calls": call})),
            None,
        )];
    }
    if model == "cut" {
        return Reply::stream("application/x-ndjson", lines);
    }
    let last = message(json!({"role": "assistant", "content": ""}));
    lines.push(line(model, &last, Some(counts())));
    Reply::stream("application/x-ndjson", lines)
}

fn completion(model: &str, body: &Json) -> Reply {
    let answer = format!("You said: {}", body["prompt"].as_str().unwrap_or_default());
    if body["stream"] == false {
        return Reply::stream(
            "application/json",
            [line(model, &json!({"response": answer}), Some(counts()))],
        );
    }
    let words = answer.split_inclusive(' ');
    let mut lines: Vec<_> = words
        .map(|word| line(model, &json!({"response": word}), None))
        .collect();
    lines.push(line(model, &json!({"response": ""}), Some(counts())));
    Reply::stream("application/x-ndjson", lines)
}
