//! Calls of language models that `reqwest` makes, traced by their address and body: OpenAI's APIs, which many providers
//! speak, Anthropic's and Gemini's, with streams of server-sent events.
//!
//! Who has a `reqwest_middleware` client adds [`Tracing`] to it, with the feature `reqwest-middleware`; who has requests
//! of plain `reqwest` at hand sends them with [`execute`].
//!
//! The span of a call ends when the body of the answer has been read, or is dropped. Bodies go on to the reader as they
//! come; up to 16 MiB of one are looked at. Headers are not kept, as they hold keys. Every other request goes through
//! as it is.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use futures_core::Stream;
use reqwest::{Body, Client, Request, Response, ResponseBuilderExt as _};

use crate::context::Instrument as _;
use crate::wire::{self, Answer};

/// As [`Client::execute`], traced.
///
/// ```no_run
/// # async fn ask(client: reqwest::Client, request: reqwest::Request) -> reqwest::Result<()> {
/// let answer = fanlight::reqwest::execute(&client, request).await?.text().await?;
/// # drop(answer);
/// # Ok(())
/// # }
/// ```
pub async fn execute(client: &Client, request: Request) -> reqwest::Result<Response> {
    traced(request, false, |request| client.execute(request)).await
}

/// Sends a request with `send`, and makes a span of it if it calls a model.
async fn traced<F, E>(
    mut request: Request,
    propagates: bool,
    send: impl FnOnce(Request) -> F,
) -> Result<Response, E>
where
    F: Future<Output = Result<Response, E>>,
    E: std::error::Error + 'static,
{
    let recognised = if crate::global::is_recording() {
        recognise(&request)
    } else {
        None
    };
    let Some(call) = recognised else {
        if propagates {
            crate::http::inject(request.headers_mut());
        }
        return send(request).await;
    };
    let started = Instant::now();
    let span = call.span().start();
    span.set_attribute(
        "server.address",
        request.url().host_str().unwrap_or_default(),
    );
    if propagates {
        crate::http::inject_span(&span, request.headers_mut());
    }
    match send(request).instrument(span.clone()).await {
        Ok(response) => {
            let is_stream = response.status().is_success() && is_stream(&response);
            let answer = Answer::new(&call, span, started, is_stream);
            Ok(observed(response, answer))
        }
        Err(error) => {
            span.record_error(&error);
            span.end();
            Err(error)
        }
    }
}

/// For `reqwest_middleware`:
///
/// ```
/// # fn client() -> reqwest_middleware::ClientWithMiddleware {
/// reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
///     .with(fanlight::reqwest::Tracing::new())
///     .build()
/// # }
/// ```
#[cfg(feature = "reqwest-middleware")]
#[derive(Clone, Debug, Default)]
pub struct Tracing {
    propagates: bool,
}

#[cfg(feature = "reqwest-middleware")]
impl Tracing {
    /// Traces calls of models, and tells nobody about the trace.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells whoever is called, also of other requests, about the span it is called from: for services of one's own, as
    /// the header `traceparent`.
    #[must_use]
    pub fn propagate(mut self) -> Self {
        self.propagates = true;
        self
    }
}

#[cfg(feature = "reqwest-middleware")]
#[async_trait::async_trait]
impl reqwest_middleware::Middleware for Tracing {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut http::Extensions,
        next: reqwest_middleware::Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        traced(request, self.propagates, |request| {
            next.run(request, extensions)
        })
        .await
    }
}

fn recognise(request: &Request) -> Option<wire::Request> {
    let url = request.url();
    let body = request.body()?.as_bytes()?;
    wire::recognise(url.host_str().unwrap_or_default(), url.path(), body)
}

fn is_stream(response: &Response) -> bool {
    let content_type = response.headers().get(http::header::CONTENT_TYPE);
    let is_events = content_type
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value.starts_with("text/event-stream")
                || value.starts_with("application/vnd.amazon.eventstream")
        });
    is_events || response.url().path().ends_with(":streamGenerateContent")
}

/// The same response, whose body is read by `answer` as it goes by.
fn observed(response: Response, answer: Answer) -> Response {
    let url = response.url().clone();
    let status = response.status();
    let mut builder = http::Response::builder()
        .status(status)
        .version(response.version())
        .url(url);
    if let Some(headers) = builder.headers_mut() {
        headers.clone_from(response.headers());
    }
    let failed = (!status.is_success()).then_some(status.as_u16());
    let body = Observed {
        body: Box::pin(response.bytes_stream()),
        answer,
        failed,
    };
    let response = builder.body(Body::wrap_stream(body));
    response.expect("made of parts of a response").into()
}

struct Observed {
    body: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    answer: Answer,
    /// The status of an answer that is none.
    failed: Option<u16>,
}

impl Stream for Observed {
    type Item = reqwest::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = std::task::ready!(self.body.as_mut().poll_next(context));
        match &item {
            Some(Ok(bytes)) => self.answer.read(bytes),
            Some(Err(error)) => self.answer.fail(error),
            None => match self.failed {
                Some(status) => self.answer.refused(status),
                None => self.answer.finish(),
            },
        }
        Poll::Ready(item)
    }
}

/// Whoever stops at the status has seen all that counts.
impl Drop for Observed {
    fn drop(&mut self) {
        if let Some(status) = self.failed
            && self.answer.span().is_recording()
        {
            self.answer.refused(status);
        }
    }
}
