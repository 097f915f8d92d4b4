//! What every route can reach.

use std::path::PathBuf;
use std::sync::Arc;

use fanlight_model::Clock;
use fanlight_query::Engine;
use fanlight_sql::Sql;

use crate::ServerSettings;
use crate::budget::Budget;
use crate::intake::Intake;
use crate::listen::places::Places;
use crate::metrics::Counters;

/// The parts of a running server, shared by all requests.
#[derive(Debug)]
pub struct AppState {
    pub engine: Arc<Engine>,
    /// Directory of the files clients upload beside their traces.
    pub artifact_root: PathBuf,
    pub clock: Arc<dyn Clock>,
    pub settings: Arc<ServerSettings>,
    pub counters: Arc<Counters>,
    pub(crate) sql: Sql,
    pub(crate) budget: Budget,
    pub(crate) places: Places,
    pub(crate) intake: Arc<Intake>,
}

impl AppState {
    /// Fails when the system gives no threads.
    pub fn new(
        engine: Arc<Engine>,
        artifact_root: PathBuf,
        clock: Arc<dyn Clock>,
        settings: Arc<ServerSettings>,
    ) -> std::io::Result<Arc<Self>> {
        let counters = Arc::new(Counters::default());
        let budget = Budget::new(settings.max_inflight_bytes);
        let intake = Intake::new(
            Arc::clone(&engine) as Arc<_>,
            Arc::clone(&clock),
            &settings,
            budget.clone(),
            Arc::clone(&counters),
        );
        Ok(Arc::new(Self {
            sql: Sql::new(Arc::clone(&engine), settings.sql.clone())?,
            engine,
            artifact_root,
            clock,
            places: Places::new(settings.max_connections),
            settings,
            counters,
            budget,
            intake: Arc::new(intake),
        }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use fanlight_model::SystemClock;
    use fanlight_query::EngineSettings;

    use super::*;
    use crate::ExtraPort;

    /// The real parts over a directory of their own, on free ports.
    pub(crate) async fn state(dir: &std::path::Path) -> Arc<AppState> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let engine = Engine::open(dir, EngineSettings::default(), Arc::clone(&clock))
            .await
            .unwrap();
        let settings = ServerSettings {
            port: 0,
            otlp_http_port: ExtraPort::Required(0),
            otlp_grpc_port: ExtraPort::Off,
            ..ServerSettings::default()
        };
        AppState::new(engine, dir.join("artifacts"), clock, Arc::new(settings)).unwrap()
    }
}
