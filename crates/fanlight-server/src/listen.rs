//! Sockets: taking ports, serving them, and letting go in order.

mod connection;
pub(crate) mod places;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::connection::{Serving, until_true};
use self::places::Places;
use crate::router::{main_router, otlp_router};
use crate::{AppState, ExtraPort, SettingsError};

/// Why the server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(
        "port {port} of {host} is in use by another program; choose another with `{setting}`, 0 takes any free one"
    )]
    PortBusy {
        host: String,
        port: u16,
        setting: &'static str,
    },
    #[error("port {port} of {host} cannot be taken (`host`, `{setting}`)")]
    Bind {
        host: String,
        port: u16,
        setting: &'static str,
        #[source]
        cause: io::Error,
    },
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// Where the server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    pub main: SocketAddr,
    /// `None` when off, or when the default port was busy.
    pub otlp_http: Option<SocketAddr>,
    /// `None` when off, or when the default port was busy.
    pub otlp_grpc: Option<SocketAddr>,
}

/// A running server. Dropping it stops the server without waiting for requests.
#[derive(Debug)]
pub struct ServerHandle {
    pub addresses: Addresses,
    stop: watch::Sender<bool>,
    ports: JoinSet<()>,
    grace: Duration,
}

/// Takes all ports, then serves them. When a port that has to be there cannot be taken, nothing is served.
pub async fn serve(state: Arc<AppState>) -> Result<ServerHandle, ServeError> {
    let settings = Arc::clone(&state.settings);
    settings.check()?;
    let main = bind(&settings.host, settings.port, "port").await?;
    let otlp_http = bind_extra(&settings.host, settings.otlp_http_port, "otlp_http_port").await?;
    let otlp_grpc = bind_extra(&settings.host, settings.otlp_grpc_port, "otlp_grpc_port").await?;

    let addresses = Addresses {
        main: address(&main, &settings.host, "port")?,
        otlp_http: otlp_http
            .as_ref()
            .map(|port| address(port, &settings.host, "otlp_http_port"))
            .transpose()?,
        otlp_grpc: otlp_grpc
            .as_ref()
            .map(|port| address(port, &settings.host, "otlp_grpc_port"))
            .transpose()?,
    };
    let (stop, stopped) = watch::channel(false);
    let mut ports = JoinSet::new();
    let open = |listener, router| {
        let serving = Serving::new(router, &settings);
        run(listener, serving, state.places.clone(), stopped.clone())
    };
    ports.spawn(open(main, main_router(&state)));
    for port in [otlp_http, otlp_grpc].into_iter().flatten() {
        ports.spawn(open(port, otlp_router(&state)));
    }
    Ok(ServerHandle {
        addresses,
        stop,
        ports,
        grace: settings.shutdown_grace,
    })
}

impl ServerHandle {
    /// Takes no new connections, lets running requests finish, and returns when they have or when their time is up.
    /// True when all had finished.
    pub async fn stop(mut self) -> bool {
        self.stop.send_replace(true);
        let drained = async { while self.ports.join_next().await.is_some() {} };
        tokio::time::timeout(self.grace, drained).await.is_ok()
    }
}

/// Serves what connects to one port until it is stopped, then waits for the connections that are left.
async fn run(
    listener: TcpListener,
    serving: Serving,
    places: Places,
    mut stopped: watch::Receiver<bool>,
) {
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // Only so that what has ended takes no memory.
            Some(_) = open.join_next() => continue,
            () = until_true(&mut stopped) => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                wait_after(&error).await;
                continue;
            }
        };
        let place = tokio::select! {
            place = places.take() => place,
            () = until_true(&mut stopped) => break,
        };
        // Small replies would otherwise wait about 40 ms for the caller's delayed acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("could not set TCP_NODELAY: {error}");
        }
        let serving = serving.clone();
        let stopped = stopped.clone();
        open.spawn(async move {
            serving.serve(stream, stopped).await;
            drop(place);
        });
    }
    drop(listener);
    while open.join_next().await.is_some() {}
}

/// What was wrong with one caller's connection is over at once. What is wrong here, such as too many open files,
/// lasts, and asking again without a pause would only take time away from those who are served.
async fn wait_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        return;
    }
    tracing::error!("a connection could not be accepted: {error}");
    tokio::time::sleep(Duration::from_secs(1)).await;
}

async fn bind_extra(
    host: &str,
    port: ExtraPort,
    setting: &'static str,
) -> Result<Option<TcpListener>, ServeError> {
    match port {
        ExtraPort::Off => Ok(None),
        ExtraPort::Required(port) => bind(host, port, setting).await.map(Some),
        ExtraPort::IfFree(port) => match bind(host, port, setting).await {
            Err(ServeError::PortBusy { .. }) => {
                tracing::warn!(
                    "port {port} is in use by another program; going on without it (set `{setting}` to choose another)"
                );
                Ok(None)
            }
            bound => bound.map(Some),
        },
    }
}

async fn bind(host: &str, port: u16, setting: &'static str) -> Result<TcpListener, ServeError> {
    TcpListener::bind((host, port))
        .await
        .map_err(|cause| match cause.kind() {
            io::ErrorKind::AddrInUse => ServeError::PortBusy {
                host: host.to_owned(),
                port,
                setting,
            },
            _ => ServeError::Bind {
                host: host.to_owned(),
                port,
                setting,
                cause,
            },
        })
}

fn address(
    listener: &TcpListener,
    host: &str,
    setting: &'static str,
) -> Result<SocketAddr, ServeError> {
    listener.local_addr().map_err(|cause| ServeError::Bind {
        host: host.to_owned(),
        port: 0,
        setting,
        cause,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_busy_port_is_named_with_its_setting() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = bind("127.0.0.1", port, "port").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "port {port} of 127.0.0.1 is in use by another program; choose another with `port`, 0 takes any free one"
            )
        );
    }

    #[tokio::test]
    async fn a_busy_default_port_is_left_out_and_a_chosen_one_is_an_error() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let bind_it = |port| bind_extra("127.0.0.1", port, "otlp_http_port");
        assert!(bind_it(ExtraPort::IfFree(port)).await.unwrap().is_none());
        assert!(bind_it(ExtraPort::Required(port)).await.is_err());
        assert!(bind_it(ExtraPort::Off).await.unwrap().is_none());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_server_answers_until_it_is_stopped() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        let dir = tempfile::tempdir().unwrap();
        let state = crate::state::tests::state(dir.path()).await;
        let handle = serve(Arc::clone(&state)).await.unwrap();
        let addresses = handle.addresses;
        assert_eq!(addresses.otlp_grpc, None);
        for address in [Some(addresses.main), addresses.otlp_http]
            .into_iter()
            .flatten()
        {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            stream
                .write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                .await
                .unwrap();
            let mut reply = String::new();
            stream.read_to_string(&mut reply).await.unwrap();
            assert!(
                reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.ends_with("OK"),
                "{reply}"
            );
        }
        assert!(handle.stop().await);
        assert!(
            tokio::net::TcpStream::connect(addresses.main)
                .await
                .is_err()
        );
        state.engine.close().await;
    }
}
