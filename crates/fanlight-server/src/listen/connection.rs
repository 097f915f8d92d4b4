//! One connection: HTTP/1.1 or HTTP/2 as the caller speaks, and no patience with those who do not speak.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::ServerSettings;
use crate::base_path::without_base;

type Request = hyper::Request<Incoming>;

/// What answers on a port, and how long it waits for its callers.
#[derive(Clone, Debug)]
pub(super) struct Serving {
    router: TowerToHyperService<Router>,
    protocol: Builder<TokioExecutor>,
    read_timeout: Duration,
    base_path: Arc<str>,
}

impl Serving {
    pub(super) fn new(router: Router, settings: &ServerSettings) -> Self {
        let read_timeout = settings.read_timeout;
        let mut protocol = Builder::new(TokioExecutor::new());
        protocol
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(read_timeout);
        // A connection of HTTP/2 may be idle as long as its caller is there: gRPC channels are opened to stay.
        protocol
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(read_timeout)
            .keep_alive_timeout(read_timeout);
        Self {
            router: TowerToHyperService::new(router),
            protocol,
            read_timeout,
            base_path: settings.base_path.as_str().into(),
        }
    }

    /// Answers what comes until the caller leaves, falls silent, or the server stops and has answered what had come.
    pub(super) async fn serve(self, stream: TcpStream, mut stopped: watch::Receiver<bool>) {
        let heard = Arc::new(AtomicBool::new(false));
        let answers = Answers {
            router: self.router,
            heard: Arc::clone(&heard),
            base_path: self.base_path,
        };
        let connection = self
            .protocol
            .serve_connection(TokioIo::new(stream), answers);
        let mut connection = pin!(connection);
        let mut first_due = pin!(tokio::time::sleep(self.read_timeout));
        let (mut waiting, mut stopping) = (true, false);
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!("a connection ended early: {error}");
                    }
                    return;
                }
                // The limits of the protocols begin when it is known which of them is spoken.
                () = first_due.as_mut(), if waiting => {
                    waiting = false;
                    if !heard.load(Ordering::Relaxed) {
                        tracing::debug!("a connection ended: no request came (`read_timeout`)");
                        return;
                    }
                }
                () = until_true(&mut stopped), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

pub(super) async fn until_true(stopped: &mut watch::Receiver<bool>) {
    // Fails only when the handle is gone, which means stop as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// The router, and whether it has been asked anything.
#[derive(Debug)]
struct Answers {
    router: TowerToHyperService<Router>,
    heard: Arc<AtomicBool>,
    base_path: Arc<str>,
}

impl Service<Request> for Answers {
    type Response = Response;
    type Error = Infallible;
    type Future = <TowerToHyperService<Router> as Service<Request>>::Future;

    fn call(&self, mut request: Request) -> Self::Future {
        // Before anything else: routes, guards and counters know paths without it.
        if let Some(uri) = without_base(request.uri(), &self.base_path) {
            *request.uri_mut() = uri;
        }
        self.heard.store(true, Ordering::Relaxed);
        self.router.call(request)
    }
}
