//! W3C trace context in HTTP headers: a trace goes on in the service that is called.
//!
//! Headers are those of the crate `http`, which `reqwest`, `axum`, `hyper` and `tonic` share:
//!
//! ```
//! # use http::{HeaderMap, Request};
//! // reqwest: `client.get(url).headers(headers)`
//! let mut headers = HeaderMap::new();
//! fanlight::http::inject(&mut headers);
//!
//! // axum: within a handler or a middleware that has the request
//! # let request = Request::new(());
//! let span = fanlight::http::server_span(&request).start();
//!
//! // tonic: `MetadataMap::from_headers(headers)` to send them, `request.metadata().as_ref()` to read them
//! let parent = fanlight::http::extract(&headers);
//! ```

use http::{HeaderMap, HeaderName, HeaderValue, Request};

use crate::context::current_span;
use crate::propagation::{RemoteParent, TRACEPARENT};
use crate::span::{Span, SpanBuilder};
use fanlight_model::SpanKind;

static NAME: HeaderName = HeaderName::from_static(TRACEPARENT);

/// Tells whoever is called about the current span. Without one, headers stay as they are.
pub fn inject(headers: &mut HeaderMap) {
    inject_span(&current_span(), headers);
}

/// Tells whoever is called about `span`. One that is not recorded changes nothing.
pub fn inject_span(span: &Span, headers: &mut HeaderMap) {
    let value = span
        .as_remote_parent()
        .and_then(|parent| HeaderValue::from_str(&parent.to_string()).ok());
    if let Some(value) = value {
        headers.insert(NAME.clone(), value);
    }
}

/// The span that the caller was in; `None` where the header is missing or is not understood.
pub fn extract(headers: &HeaderMap) -> Option<RemoteParent> {
    headers.get(&NAME)?.to_str().ok()?.parse().ok()
}

/// A span about to start, of a request that a server got: it goes on with the caller's trace, if it is in one.
pub fn server_span<B>(request: &Request<B>) -> SpanBuilder {
    if !crate::global::is_recording() {
        return Span::builder("");
    }
    let (method, path) = (request.method().as_str(), request.uri().path());
    let builder = Span::builder(format!("{method} {path}"))
        .kind(SpanKind::Server)
        .attribute("http.request.method", method)
        .attribute("url.path", path);
    match extract(request.headers()) {
        Some(parent) => builder.remote_parent(parent),
        None => builder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Collector;

    #[test]
    fn a_trace_goes_on_in_the_service_that_is_called() {
        let collector = Collector::install();
        let mut request = Request::get("/ask?q=1").body(()).unwrap();
        crate::span!("caller").in_scope(|| inject(request.headers_mut()));
        server_span(&request).start().end();
        let (caller, server) = (collector.span("caller"), collector.span("GET /ask"));
        assert_eq!(server.parent_id, Some(caller.span_id));
        assert_eq!(server.trace_id, caller.trace_id);
        assert_eq!(server.kind, SpanKind::Server);
    }

    #[test]
    fn headers_of_others_are_no_trouble() {
        let mut headers = HeaderMap::new();
        assert_eq!(extract(&headers), None);
        inject(&mut headers);
        assert!(headers.is_empty());
        headers.insert(TRACEPARENT, HeaderValue::from_static("nonsense"));
        assert_eq!(extract(&headers), None);
    }
}
