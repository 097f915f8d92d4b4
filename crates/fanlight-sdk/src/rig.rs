//! Agents made with `rig`: runs, calls of models and tools.
//!
//! What `rig` says of itself, it says with `tracing`: the [layer](crate::tracing) makes spans of it. Messages, the
//! reason of a failure and the time to the first piece of a stream are seen where a call goes over HTTP, by the client
//! that [`http_client`] makes:
//!
//! ```
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! let subscriber = tracing_subscriber::registry().with(fanlight::tracing::layer());
//! # drop(subscriber);
//! let http = fanlight::rig::http_client();
//! // With the feature `reqwest-middleware-rustls` of `rig`, or `…-native-tls`:
//! // OpenAIConfig::from_env()?.connect(ReqwestMiddlewareClient::from(http)).completion("gpt-4o")
//! # drop(http);
//! ```
//!
//! A call then has two spans, one in the other, and counts once. What goes into tools and comes out of them is said by
//! agents with `record_content_telemetry(true)`.

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};

/// A client that traces calls of models; [`Tracing`](crate::reqwest::Tracing) does the same in a client of one's own.
pub fn http_client() -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new())
        .with(crate::reqwest::Tracing::new())
        .build()
}
