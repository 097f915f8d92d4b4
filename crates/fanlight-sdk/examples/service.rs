//! A chat service with sessions: each request is a trace that goes on with its caller's, and belongs to a session.
//!
//! Runs as `examples/agent.rs` does, and answers `GET /chat/<session>?say=hello` on the port it prints.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use fanlight::Instrument as _;
use reqwest_middleware::ClientWithMiddleware;
use serde::Deserialize;
use serde_json::{Value as Json, json};

struct Chat {
    client: ClientWithMiddleware,
    base: String,
}

#[derive(Deserialize)]
struct Said {
    say: String,
}

/// Every request has a span, and what is done for it happens within.
async fn traced(request: Request, next: Next) -> Response {
    let span = fanlight::http::server_span(&request).start();
    let response = next.run(request).instrument(span.clone()).await;
    span.set_attribute("http.response.status_code", response.status().as_u16());
    if response.status().is_server_error() {
        span.set_error(response.status().to_string());
    }
    response
}

async fn chat(
    State(chat): State<Arc<Chat>>,
    Path(session): Path<String>,
    Query(said): Query<Said>,
) -> Result<String, StatusCode> {
    fanlight::update_current_trace(|trace| {
        trace.set_session(session);
        trace.request_preview = Some(said.say.clone());
    });
    let answer = answer(&chat, &said.say)
        .await
        .map_err(|_| StatusCode::BAD_GATEWAY)?;
    fanlight::update_current_trace(|trace| trace.response_preview = Some(answer.clone()));
    Ok(answer)
}

#[fanlight::trace(span_type = "CHAIN", skip(chat), err)]
async fn answer(chat: &Chat, text: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
    let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]});
    let reply = chat
        .client
        .post(format!("{}/chat/completions", chat.base))
        .header("content-type", "application/json")
        .bearer_auth(std::env::var("OPENAI_API_KEY").unwrap_or_default())
        .body(body.to_string())
        .send()
        .await?
        .error_for_status()?;
    let reply: Json = serde_json::from_str(&reply.text().await?)?;
    let content = &reply["choices"][0]["message"]["content"];
    Ok(content.as_str().unwrap_or_default().to_owned())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _tracing = fanlight::init()?;
    let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
        .with(fanlight::reqwest::Tracing::new())
        .build();
    let base = std::env::var("OPENAI_BASE_URL")?;
    let router = Router::new()
        .route("/chat/{session}", get(chat))
        .with_state(Arc::new(Chat { client, base }))
        .layer(middleware::from_fn(traced));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router)
        .with_graceful_shutdown(async {
            drop(tokio::signal::ctrl_c().await);
        })
        .await?;
    Ok(())
}
