//! An agent that answers with the help of tools: a trace with the agent, each call of the model and each tool.
//!
//! `OPENAI_BASE_URL` says whom to ask, for example the stand-in that tests use:
//!
//! ```sh
//! python3 tests/clients/python/support/fakellm.py --port 8900 &
//! OPENAI_BASE_URL=http://127.0.0.1:8900/v1 FANLIGHT_EXPERIMENT=agent \
//!     cargo run -p fanlight --features reqwest-middleware --example agent
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use reqwest_middleware::ClientWithMiddleware;
use serde_json::{Value as Json, json};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

const MAX_ROUNDS: usize = 5;

struct Agent {
    client: ClientWithMiddleware,
    base: String,
}

impl Agent {
    #[fanlight::trace(span_type = "AGENT", err)]
    async fn answer(&self, question: &str) -> Fallible<String> {
        fanlight::update_current_trace(|trace| {
            trace.set_user("ada");
            trace.set_tag("example", "agent");
        });
        let mut messages = vec![json!({"role": "user", "content": question})];
        for _ in 0..MAX_ROUNDS {
            let message = self.ask(&messages).await?;
            let calls = message["tool_calls"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            if calls.is_empty() {
                return Ok(message["content"].as_str().unwrap_or_default().to_owned());
            }
            messages.push(message);
            for call in calls {
                let arguments = call["function"]["arguments"].as_str().unwrap_or("{}");
                let arguments: Json = serde_json::from_str(arguments)?;
                let result = weather(arguments["city"].as_str().unwrap_or_default());
                messages
                    .push(json!({"role": "tool", "tool_call_id": call["id"], "content": result}));
            }
        }
        Err("the model goes on calling tools".into())
    }

    /// The call is traced by the client.
    async fn ask(&self, messages: &[Json]) -> Fallible<Json> {
        let body = json!({
            "model": "gpt-4o-mini",
            "messages": messages,
            "tools": [{"type": "function", "function": {
                "name": "weather",
                "description": "The weather in a city",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
            }}],
        });
        let reply = self
            .client
            .post(format!("{}/chat/completions", self.base))
            .header("content-type", "application/json")
            .bearer_auth(std::env::var("OPENAI_API_KEY").unwrap_or_default())
            .body(body.to_string())
            .send()
            .await?
            .error_for_status()?;
        let reply: Json = serde_json::from_str(&reply.text().await?)?;
        Ok(reply["choices"][0]["message"].clone())
    }
}

#[fanlight::trace(span_type = "TOOL")]
fn weather(city: &str) -> String {
    format!("21 °C and sunny in {city}")
}

#[tokio::main]
async fn main() -> Fallible<()> {
    let _tracing = fanlight::init()?;
    let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
        .with(fanlight::reqwest::Tracing::new())
        .build();
    let base = std::env::var("OPENAI_BASE_URL")?;
    let agent = Agent { client, base };
    println!("{}", agent.answer("What is the weather like?").await?);
    Ok(())
}
