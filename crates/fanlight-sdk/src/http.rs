//! W3C trace context in HTTP headers: a trace goes on in the service that is called.
//!
//! Headers are those of the crate `http`, which `reqwest`, `axum` and `hyper` share. For `tonic` there is the feature of
//! that name.
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
//! // anything else that has headers
//! let parent = fanlight::http::extract(&headers);
//! ```

use http::{HeaderMap, HeaderName, HeaderValue, Request};

use crate::context::current_span;
use crate::propagation::{RemoteParent, TRACEPARENT, TRACESTATE, TraceState};
use crate::span::{Span, SpanBuilder};
use fanlight_model::SpanKind;

static PARENT: HeaderName = HeaderName::from_static(TRACEPARENT);
static STATE: HeaderName = HeaderName::from_static(TRACESTATE);

/// Tells whoever is called about the current span. Without one, headers stay as they are.
pub fn inject(headers: &mut HeaderMap) {
    inject_span(&current_span(), headers);
}

/// Tells whoever is called about `span`. One that is not recorded changes nothing.
pub fn inject_span(span: &Span, headers: &mut HeaderMap) {
    let Some(parent) = span.as_remote_parent() else {
        return;
    };
    if let Ok(value) = HeaderValue::from_str(&parent.to_string()) {
        headers.insert(PARENT.clone(), value);
        // What is there is of another trace.
        headers.remove(&STATE);
    }
    let state = parent.trace_state;
    if let Some(Ok(value)) = state.map(|state| HeaderValue::from_str(state.as_str())) {
        headers.insert(STATE.clone(), value);
    }
}

/// The span that the caller was in, with its `tracestate`; `None` where the header `traceparent` is missing or is not
/// understood.
pub fn extract(headers: &HeaderMap) -> Option<RemoteParent> {
    let mut parent: RemoteParent = headers.get(&PARENT)?.to_str().ok()?.parse().ok()?;
    let states: Result<Vec<_>, _> = headers
        .get_all(&STATE)
        .iter()
        .map(HeaderValue::to_str)
        .collect();
    parent.trace_state = TraceState::from_headers(states.unwrap_or_default());
    Some(parent)
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
    fn what_others_say_of_the_trace_goes_through() {
        let _collector = Collector::install();
        let mut request = Request::get("/ask").body(()).unwrap();
        crate::span!("caller").in_scope(|| inject(request.headers_mut()));
        let (first, second) = ("rojo=1", "congo=t61rcWkgMzE");
        for state in [first, second] {
            request
                .headers_mut()
                .append(TRACESTATE, HeaderValue::from_static(state));
        }
        let mut onward = HeaderMap::new();
        onward.insert(TRACESTATE, HeaderValue::from_static("old=1"));
        let server = server_span(&request).start();
        server.in_scope(|| crate::span!("child").in_scope(|| inject(&mut onward)));
        assert_eq!(onward[TRACESTATE], "rojo=1,congo=t61rcWkgMzE");
        assert_eq!(onward.get_all(TRACESTATE).iter().count(), 1);

        let mut root = onward.clone();
        crate::span!("another trace").in_scope(|| inject(&mut root));
        assert_eq!(root.get(TRACESTATE), None);
        root.insert(TRACESTATE, HeaderValue::from_static("not valid"));
        assert_eq!(extract(&root).unwrap().trace_state, None);
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
