//! Calls that the crate `async-openai` makes, traced: chat completions, responses, completions and embeddings, with
//! their streams, of OpenAI and of everyone who speaks its API.
//!
//! ```
//! use async_openai::Client;
//! use async_openai::config::OpenAIConfig;
//!
//! let client = Client::with_config(OpenAIConfig::default())
//!     .with_http_service(fanlight::async_openai::service());
//! # let _ = client;
//! ```
//!
//! A service of one's own takes the place of the one that repeats refused calls: put `OpenAIRetryLayer` around it with
//! `tower::ServiceBuilder`, and each attempt has a span.

use std::pin::Pin;
use std::task::{Context, Poll};

use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use reqwest::{Client, Response};

/// Sends requests with a new client of `reqwest`, and traces those that call models.
pub fn service() -> Service {
    Service::new(Client::new())
}

/// A service of `tower`, made by [`service`].
#[derive(Clone, Debug)]
pub struct Service {
    client: Client,
}

impl Service {
    /// With this client, its time limits and proxies.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl tower_service::Service<HttpRequestFactory> for Service {
    type Response = Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let client = self.client.clone();
        Box::pin(async move {
            let request = factory.build().await?;
            let sent = crate::reqwest::execute(&client, request).await;
            sent.map_err(OpenAIError::Reqwest)
        })
    }
}
