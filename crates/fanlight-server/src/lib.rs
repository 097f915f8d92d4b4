//! The server's network side: MLflow's REST API, OpenTelemetry's protocol over HTTP and gRPC, metrics and the web page.
//!
//! Owns sockets, routes, headers, limits on requests and what a failure looks like on each wire; the only crate that
//! knows HTTP. It refuses to know SQL, files and the meaning of attributes: it turns requests into calls of
//! `fanlight_query::Engine`. Start reading at [`serve`] (which routes a port has), then `intake` (the one path in).

mod base_path;
mod body;
mod budget;
mod compress;
mod failure;
mod guard;
mod intake;
mod listen;
mod metrics;
mod mlflow;
mod observe;
mod otlp;
mod paced;
mod router;
mod settings;
mod state;
mod ui;
mod v1;

pub use listen::{Addresses, ServeError, ServerHandle, serve};
pub use metrics::{Counter, Counters, RouteClass};
pub use settings::{ExtraPort, ServerSettings, SettingsError};
pub use state::AppState;
