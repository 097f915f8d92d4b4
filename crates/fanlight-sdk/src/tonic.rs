//! W3C trace context over gRPC: a trace goes on in the service that is called.
//!
//! ```
//! # use tonic::{Request, Response, Status};
//! // Whoever calls: `GreeterClient::with_interceptor(channel, fanlight::tonic::propagate)`.
//! let client = tonic::service::interceptor::InterceptorLayer::new(fanlight::tonic::propagate);
//! # drop(client);
//!
//! // Whoever answers:
//! async fn say_hello(request: Request<String>) -> Result<Response<String>, Status> {
//!     use fanlight::Instrument as _;
//!
//!     let span = fanlight::tonic::server_span("hello.Greeter/SayHello", &request).start();
//!     async move { Ok(Response::new(request.into_inner())) }
//!         .instrument(span)
//!         .await
//! }
//! ```

use fanlight_model::SpanKind;
use tonic::{Request, Status};

use crate::http;
use crate::propagation::RemoteParent;
use crate::span::{Span, SpanBuilder};

/// An interceptor of clients: tells whoever is called about the current span. Never refuses a call.
#[expect(
    clippy::result_large_err,
    clippy::unnecessary_wraps,
    reason = "interceptors of tonic look like that"
)]
pub fn propagate(mut request: Request<()>) -> Result<Request<()>, Status> {
    inject(&mut request);
    Ok(request)
}

/// Tells whoever is called about the current span. Without one, the metadata stays as it is.
pub fn inject<T>(request: &mut Request<T>) {
    http::inject(request.metadata_mut().as_mut());
}

/// The span that the caller was in; `None` where it does not say, or is not understood.
pub fn extract<T>(request: &Request<T>) -> Option<RemoteParent> {
    http::extract(request.metadata().as_ref())
}

/// A span about to start, of a call that a service got; `method` as `package.Service/Method`. It goes on with the
/// caller's trace, if it is in one.
pub fn server_span<T>(method: &'static str, request: &Request<T>) -> SpanBuilder {
    if !crate::global::is_recording() {
        return Span::builder("");
    }
    let method = method.trim_start_matches('/');
    let builder = Span::builder(method)
        .kind(SpanKind::Server)
        .attribute("rpc.system.name", "grpc")
        .attribute("rpc.method", method);
    match extract(request) {
        Some(parent) => builder.remote_parent(parent),
        None => builder,
    }
}
