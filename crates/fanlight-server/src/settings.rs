//! What an operator may choose about the network side of the server.

use std::time::Duration;

use fanlight_sql::SqlSettings;

/// Bounds, addresses and manners of the listening sockets. The binary fills it in; nothing here reads files or the
/// environment.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Address or name to bind. Default `127.0.0.1`.
    pub host: String,
    /// Port of the web page, MLflow's API and OTLP/HTTP. 0 takes a free one. Default 5000.
    pub port: u16,
    /// Port of OTLP. Default 4318.
    pub otlp_http_port: ExtraPort,
    /// Port of OTLP, by custom for gRPC. Default 4317.
    pub otlp_grpc_port: ExtraPort,
    /// `Host` headers answered besides localhost, loopback and private addresses; `*` stands for any characters.
    pub allowed_hosts: Vec<String>,
    /// Web origins that may change state besides our own and those of this machine; `*` stands for any characters.
    pub cors_allowed_origins: Vec<String>,
    /// Path below which a proxy shows this server: empty, or such as `/fanlight`.
    pub base_path: String,
    /// Origins whose pages may show the web UI in a frame, besides our own.
    pub frame_ancestors: Vec<String>,
    /// Largest request body as it arrives. Default 64 MiB.
    pub max_body_bytes: usize,
    /// Largest request body once decompressed. Default 256 MiB.
    pub max_decompressed_bytes: usize,
    /// All request bodies held at one time. Default 256 MiB.
    pub max_inflight_bytes: usize,
    /// Connections served at one time, over all ports; further ones wait. Default 4096.
    pub max_connections: usize,
    /// How long a caller may take for the head of a request or pause within its body. Default 30 s.
    pub read_timeout: Duration,
    /// A request that takes longer is given up. Default 60 s.
    pub request_timeout: Duration,
    /// Time that running requests get when the server stops. Default 10 s.
    pub shutdown_grace: Duration,
    pub sql: SqlSettings,
}

/// A further port that speaks OTLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtraPort {
    Off,
    /// Without it when somebody else has it: another collector on this machine is no reason to stop.
    IfFree(u16),
    /// A busy port is an error.
    Required(u16),
}

/// A combination of settings that cannot work.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{setting}` is {found}, but has to be at least {needed}, which is {reason}")]
pub struct SettingsError {
    pub setting: &'static str,
    pub found: usize,
    pub needed: usize,
    pub reason: &'static str,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 5000,
            otlp_http_port: ExtraPort::IfFree(4318),
            otlp_grpc_port: ExtraPort::IfFree(4317),
            allowed_hosts: Vec::new(),
            cors_allowed_origins: Vec::new(),
            base_path: String::new(),
            frame_ancestors: ["http://localhost:*", "http://127.0.0.1:*"]
                .map(str::to_owned)
                .to_vec(),
            max_body_bytes: 64 << 20,
            max_decompressed_bytes: 256 << 20,
            max_inflight_bytes: 256 << 20,
            max_connections: 4096,
            read_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_mins(1),
            shutdown_grace: Duration::from_secs(10),
            sql: SqlSettings::default(),
        }
    }
}

impl ServerSettings {
    /// Refuses limits under which an allowed request would be turned away for ever.
    pub fn check(&self) -> Result<(), SettingsError> {
        let at_least = |setting, found, needed, reason| {
            if found >= needed {
                Ok(())
            } else {
                Err(SettingsError {
                    setting,
                    found,
                    needed,
                    reason,
                })
            }
        };
        at_least(
            "max_body_bytes",
            self.max_body_bytes,
            1024,
            "the size of a small request",
        )?;
        at_least(
            "max_decompressed_bytes",
            self.max_decompressed_bytes,
            self.max_body_bytes,
            "`max_body_bytes`",
        )?;
        at_least(
            "max_inflight_bytes",
            self.max_inflight_bytes,
            self.max_decompressed_bytes,
            "`max_decompressed_bytes`",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_consistent() {
        assert_eq!(ServerSettings::default().check(), Ok(()));
    }

    #[test]
    fn a_budget_below_one_request_is_refused() {
        let settings = ServerSettings {
            max_inflight_bytes: 1 << 20,
            ..ServerSettings::default()
        };
        insta::assert_snapshot!(
            settings.check().unwrap_err(),
            @"`max_inflight_bytes` is 1048576, but has to be at least 268435456, which is `max_decompressed_bytes`"
        );
    }
}
