//! Answers from documents: embeddings, a search among them, and an answer that streams.
//!
//! Runs as `examples/agent.rs` does.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use reqwest_middleware::ClientWithMiddleware;
use serde::Serialize;
use serde_json::{Value as Json, json};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

const DOCUMENTS: [&str; 3] = [
    "Tides are caused by the moon and the sun.",
    "Bread is made of flour, water and salt.",
    "Ferns have no flowers and no seeds.",
];

/// The form in which documents are shown.
#[derive(Clone, Serialize)]
struct Document {
    page_content: &'static str,
    metadata: Json,
}

struct Pipeline {
    client: ClientWithMiddleware,
    base: String,
}

impl Pipeline {
    #[fanlight::trace(name = "rag", span_type = "CHAIN", err)]
    async fn answer(&self, question: &str) -> Fallible<String> {
        let documents = self.retrieve(question).await?;
        let context: Vec<_> = documents.iter().map(|found| found.page_content).collect();
        let prompt = format!("{}\n\n{question}", context.join("\n"));
        self.generate(&prompt).await
    }

    #[fanlight::trace(span_type = "RETRIEVER", attributes(top_k = 2), err)]
    async fn retrieve(&self, question: &str) -> Fallible<Vec<Document>> {
        let texts: Vec<_> = DOCUMENTS.iter().copied().chain([question]).collect();
        let mut vectors = self.embed(&texts).await?;
        let question = vectors.pop().unwrap_or_default();
        let mut found: Vec<_> = DOCUMENTS.into_iter().zip(&vectors).collect();
        found.sort_by(|a, b| likeness(b.1, &question).total_cmp(&likeness(a.1, &question)));
        let documents = found.into_iter().take(2).map(|(text, vector)| Document {
            page_content: text,
            metadata: json!({"score": likeness(vector, &question)}),
        });
        Ok(documents.collect())
    }

    async fn embed(&self, texts: &[&str]) -> Fallible<Vec<Vec<f64>>> {
        let body = json!({"model": "text-embedding-3-small", "input": texts});
        let reply = self.post("/embeddings", &body).await?.text().await?;
        let reply: Json = serde_json::from_str(&reply)?;
        let items = reply["data"].as_array().cloned().unwrap_or_default();
        let vectors = items
            .into_iter()
            .map(|item| serde_json::from_value(item["embedding"].clone()));
        Ok(vectors.collect::<Result<_, _>>()?)
    }

    /// Prints the answer as it comes; the client traces the stream.
    async fn generate(&self, prompt: &str) -> Fallible<String> {
        let body = json!({
            "model": "gpt-4o-mini",
            "stream": true,
            "stream_options": {"include_usage": true},
            "messages": [{"role": "user", "content": prompt}],
        });
        let mut response = self.post("/chat/completions", &body).await?;
        let mut raw = Vec::new();
        while let Some(bytes) = response.chunk().await? {
            raw.extend_from_slice(&bytes);
        }
        let mut answer = String::new();
        for data in String::from_utf8_lossy(&raw)
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
        {
            let event: Json = serde_json::from_str(data).unwrap_or_default();
            answer.push_str(
                event["choices"][0]["delta"]["content"]
                    .as_str()
                    .unwrap_or_default(),
            );
        }
        Ok(answer)
    }

    async fn post(&self, path: &str, body: &Json) -> Fallible<reqwest::Response> {
        let request = self
            .client
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/json")
            .bearer_auth(std::env::var("OPENAI_API_KEY").unwrap_or_default())
            .body(body.to_string());
        Ok(request.send().await?.error_for_status()?)
    }
}

fn likeness(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[tokio::main]
async fn main() -> Fallible<()> {
    let _tracing = fanlight::init()?;
    let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
        .with(fanlight::reqwest::Tracing::new())
        .build();
    let base = std::env::var("OPENAI_BASE_URL")?;
    let pipeline = Pipeline { client, base };
    println!("{}", pipeline.answer("What causes tides?").await?);
    Ok(())
}
