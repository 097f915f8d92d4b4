//! `fanlight server`: settings, parts, sockets, and an orderly end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use fanlight_model::{Clock, SystemClock};
use fanlight_query::Engine;
use fanlight_server::{Addresses, AppState, ServerHandle, serve};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{SettingFlags, Settings, load};
use crate::failure::Failure;
use crate::open_files;
use crate::prices;
use crate::printer::Printer;

pub(crate) fn run(flags: &SettingFlags, printer: &mut Printer) -> Result<(), Failure> {
    let environment =
        |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let loaded = load(flags, &environment, Path::new("")).map_err(anyhow::Error::from)?;
    let mut settings = loaded.settings;
    start_log(&settings.log)?;
    let server = &mut settings.server;
    server.max_connections = open_files::leave_room(server.max_connections);
    let runtime = Runtime::new().context("starting the async runtime")?;
    runtime.block_on(run_until_asked_to_stop(settings, printer))
}

async fn run_until_asked_to_stop(settings: Settings, printer: &mut Printer) -> Result<(), Failure> {
    // Before anything is opened, so that an early signal ends the server in order, too.
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut engine = settings.engine();
    engine.prices = settings
        .prices
        .as_deref()
        .map(prices::of_settings)
        .transpose()?;
    let engine = Engine::open(&settings.data_dir, engine, Arc::clone(&clock))
        .await
        .with_context(|| format!("opening data directory {}", settings.data_dir.display()))?;
    let artifacts = settings.data_dir.join("artifacts");
    let state = AppState::new(
        Arc::clone(&engine),
        artifacts,
        clock,
        Arc::new(settings.server.clone()),
    )
    .context("starting the threads of SQL queries")?;
    let handle = match serve(state).await {
        Ok(handle) => handle,
        Err(error) => {
            engine.close().await;
            return Err(anyhow::Error::from(error).into());
        }
    };

    // Nobody may be reading; that is no reason not to serve.
    printer
        .line(&greeting(&handle.addresses, &settings.data_dir))
        .ok();
    tracing::info!(address = %handle.addresses.main, "serving");
    tokio::select! {
        _ = terminate.recv() => tracing::info!("stopping: asked by SIGTERM"),
        _ = interrupt.recv() => tracing::info!("stopping: asked by SIGINT"),
    }
    stop(handle, &engine).await;
    Ok(())
}

/// Intake first, then what is under way, then the store.
async fn stop(handle: ServerHandle, engine: &Engine) {
    if !handle.stop().await {
        tracing::warn!(
            "some requests were still running when their time was up (`shutdown_grace_ms`)"
        );
    }
    engine.close().await;
    tracing::info!("stopped");
}

fn start_log(directives: &str) -> Result<(), Failure> {
    let filter =
        tracing_subscriber::EnvFilter::try_new(directives).context("reading the log setting")?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init()
        .map_err(|error| anyhow::anyhow!("starting the log: {error}").into())
}

/// What a person needs to go on.
fn greeting(addresses: &Addresses, data_dir: &Path) -> String {
    let main = url(addresses.main);
    let otlp = match (addresses.otlp_http, addresses.otlp_grpc) {
        (Some(http), Some(grpc)) => format!("{} (HTTP), {} (gRPC)", url(http), url(grpc)),
        (Some(http), None) => url(http),
        (None, Some(grpc)) => url(grpc),
        (None, None) => main.clone(),
    };
    format!(
        "Fanlight {version} is running.

  Open   {main}
  OTLP   {otlp}
  Data   {data}

Send a trace from Python:

  import mlflow
  mlflow.set_tracking_uri(\"{main}\")
  with mlflow.start_span(\"hello\") as span: span.set_outputs(\"world\")

Or look at examples first:

  fanlight demo --url {main}
",
        version = env!("CARGO_PKG_VERSION"),
        data = data_dir.display(),
    )
}

/// An address one can open: a server on all networks is reached on this machine.
fn url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_says_how_to_go_on() {
        let addresses = Addresses {
            main: "0.0.0.0:5000".parse().unwrap(),
            otlp_http: Some("127.0.0.1:4318".parse().unwrap()),
            otlp_grpc: None,
        };
        insta::assert_snapshot!(greeting(&addresses, Path::new("./fanlight-data")), @r#"
        Fanlight 0.1.0 is running.

          Open   http://127.0.0.1:5000
          OTLP   http://127.0.0.1:4318
          Data   ./fanlight-data

        Send a trace from Python:

          import mlflow
          mlflow.set_tracking_uri("http://127.0.0.1:5000")
          with mlflow.start_span("hello") as span: span.set_outputs("world")

        Or look at examples first:

          fanlight demo --url http://127.0.0.1:5000
        "#);
    }

    #[test]
    fn an_ipv6_address_is_in_brackets() {
        assert_eq!(url("[::]:5000".parse().unwrap()), "http://[::1]:5000");
    }
}
