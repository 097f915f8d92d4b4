//! Every setting there is.

use std::path::PathBuf;

use fanlight_server::ExtraPort;

use super::Settings;
use super::memory::default_budget;
use super::values::{self, Expected};

/// One setting, in all its forms: key in the file, flag (`--key-with-dashes`), environment variables.
pub(crate) struct Setting {
    pub(crate) key: &'static str,
    /// The first that is set and not empty counts.
    pub(crate) env: &'static [&'static str],
    pub(crate) value_name: &'static str,
    /// As one would write it.
    pub(crate) default: &'static str,
    pub(crate) help: &'static str,
    pub(crate) apply: fn(&mut Settings, &str) -> Result<(), Expected>,
}

impl Setting {
    pub(crate) fn flag(&self) -> String {
        self.key.replace('_', "-")
    }
}

pub(crate) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        key: "host",
        env: &["FANLIGHT_HOST", "MLFLOW_HOST"],
        value_name: "ADDRESS",
        default: "127.0.0.1",
        help: "Address to listen on; 0.0.0.0 for all networks",
        apply: |settings, text| set(&mut settings.server.host, values::text(text)),
    },
    Setting {
        key: "port",
        env: &["FANLIGHT_PORT", "MLFLOW_PORT"],
        value_name: "PORT",
        default: "5000",
        help: "Port of the web page, MLflow's API and OTLP; 0 takes any free one",
        apply: |settings, text| set(&mut settings.server.port, values::port(text)),
    },
    Setting {
        key: "otlp_http_port",
        env: &["FANLIGHT_OTLP_HTTP_PORT"],
        value_name: "PORT",
        default: "4318",
        help: "Port of OTLP over HTTP, 0 for any free one, or `off`; when busy, an error only if set",
        apply: |settings, text| set(&mut settings.server.otlp_http_port, extra_port(text)),
    },
    Setting {
        key: "otlp_grpc_port",
        env: &["FANLIGHT_OTLP_GRPC_PORT"],
        value_name: "PORT",
        default: "4317",
        help: "Port of OTLP over gRPC, 0 for any free one, or `off`; when busy, an error only if set",
        apply: |settings, text| set(&mut settings.server.otlp_grpc_port, extra_port(text)),
    },
    Setting {
        key: "data_dir",
        env: &["FANLIGHT_DATA_DIR"],
        value_name: "PATH",
        default: "./fanlight-data",
        help: "Directory of everything that is kept; made when absent",
        apply: |settings, text| {
            set(
                &mut settings.data_dir,
                values::text(text).map(PathBuf::from),
            )
        },
    },
    Setting {
        key: "log",
        env: &["FANLIGHT_LOG"],
        value_name: "LEVEL",
        default: "info",
        help: "What to log to stderr: error, warn, info, debug, trace, or per part: `info,fanlight_store=debug`",
        apply: |settings, text| set(&mut settings.log, values::log(text)),
    },
    Setting {
        key: "allowed_hosts",
        env: &["FANLIGHT_ALLOWED_HOSTS", "MLFLOW_SERVER_ALLOWED_HOSTS"],
        value_name: "LIST",
        default: "",
        help: "Host names this server is known by, besides localhost and private addresses; `*` matches anything",
        apply: |settings, text| set(&mut settings.server.allowed_hosts, Ok(values::list(text))),
    },
    Setting {
        key: "cors_allowed_origins",
        env: &[
            "FANLIGHT_CORS_ALLOWED_ORIGINS",
            "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
        ],
        value_name: "LIST",
        default: "",
        help: "Web origins that may use this server from a browser, as `https://name`; `*` matches anything",
        apply: |settings, text| {
            set(
                &mut settings.server.cors_allowed_origins,
                Ok(values::list(text)),
            )
        },
    },
    Setting {
        key: "base_path",
        env: &["FANLIGHT_BASE_PATH", "MLFLOW_STATIC_PREFIX"],
        value_name: "PATH",
        default: "",
        help: "Path below which a proxy shows this server, such as /fanlight; it may pass that on or take it away",
        apply: |settings, text| set(&mut settings.server.base_path, values::base_path(text)),
    },
    Setting {
        key: "frame_ancestors",
        env: &["FANLIGHT_FRAME_ANCESTORS"],
        value_name: "LIST",
        default: "http://localhost:*,http://127.0.0.1:*",
        help: "Web origins whose pages may show the web UI in a frame, as `https://name`; by default notebooks on the same machine",
        apply: |settings, text| {
            set(
                &mut settings.server.frame_ancestors,
                values::frame_ancestors(text),
            )
        },
    },
    // Before the settings it lowers: what is said about one of them counts.
    Setting {
        key: "memory_budget",
        env: &["FANLIGHT_MEMORY_BUDGET"],
        value_name: "BYTES",
        default: "auto",
        help: "Memory the server may take, `auto` for a quarter of the machine's, or of what its control groups allow: sizes that are not set themselves are lowered to their share",
        apply: |settings, text| {
            settings.fit(match text {
                "auto" => default_budget(),
                text => values::budget(text)?,
            });
            Ok(())
        },
    },
    Setting {
        key: "max_body_bytes",
        env: &["FANLIGHT_MAX_BODY_BYTES"],
        value_name: "BYTES",
        default: "64MiB",
        help: "Largest request body as it arrives",
        apply: |settings, text| set(&mut settings.server.max_body_bytes, values::bytes(text)),
    },
    Setting {
        key: "max_decompressed_bytes",
        env: &["FANLIGHT_MAX_DECOMPRESSED_BYTES"],
        value_name: "BYTES",
        default: "256MiB",
        help: "Largest request body once decompressed",
        apply: |settings, text| {
            set(
                &mut settings.server.max_decompressed_bytes,
                values::bytes(text),
            )
        },
    },
    Setting {
        key: "max_inflight_bytes",
        env: &["FANLIGHT_MAX_INFLIGHT_BYTES"],
        value_name: "BYTES",
        default: "256MiB",
        help: "All request bodies held at one time; beyond it, callers are told to retry",
        apply: |settings, text| set(&mut settings.server.max_inflight_bytes, values::bytes(text)),
    },
    Setting {
        key: "max_connections",
        env: &["FANLIGHT_MAX_CONNECTIONS"],
        value_name: "COUNT",
        default: "4096",
        help: "Connections served at one time, over all ports; beyond it, callers wait until another one ends",
        apply: |settings, text| set(&mut settings.server.max_connections, values::count(text)),
    },
    Setting {
        key: "read_timeout",
        env: &["FANLIGHT_READ_TIMEOUT"],
        value_name: "TIME",
        default: "30s",
        help: "A connection is closed when its caller takes longer to send the head of a request, the next one too, or pauses that long within a body",
        apply: |settings, text| set(&mut settings.server.read_timeout, values::patience(text)),
    },
    Setting {
        key: "request_timeout_ms",
        env: &["FANLIGHT_REQUEST_TIMEOUT_MS"],
        value_name: "MS",
        default: "60000",
        help: "A request that takes longer is given up",
        apply: |settings, text| set(&mut settings.server.request_timeout, values::millis(text)),
    },
    Setting {
        key: "shutdown_grace_ms",
        env: &["FANLIGHT_SHUTDOWN_GRACE_MS"],
        value_name: "MS",
        default: "10000",
        help: "Time that running requests get when the server stops",
        apply: |settings, text| set(&mut settings.server.shutdown_grace, values::millis(text)),
    },
    Setting {
        key: "seal_bytes",
        env: &["FANLIGHT_SEAL_BYTES"],
        value_name: "BYTES",
        default: "64MiB",
        help: "Finished traces become a segment when this much of them is in memory",
        apply: |settings, text| set(&mut settings.seal_bytes, values::bytes(text)),
    },
    Setting {
        key: "seal_after",
        env: &["FANLIGHT_SEAL_AFTER"],
        value_name: "TIME",
        default: "1h",
        help: "Finished traces become a segment at the latest after this time",
        apply: |settings, text| set(&mut settings.seal_after, values::duration(text)),
    },
    Setting {
        key: "hot_limit_bytes",
        env: &["FANLIGHT_HOT_LIMIT_BYTES"],
        value_name: "BYTES",
        default: "128MiB",
        help: "Recent traces kept in memory; beyond it, requests wait a second for room and are then told to retry",
        apply: |settings, text| set(&mut settings.hot_limit_bytes, values::bytes(text)),
    },
    Setting {
        key: "disk_reserve_bytes",
        env: &["FANLIGHT_DISK_RESERVE_BYTES"],
        value_name: "BYTES",
        default: "64MiB",
        help: "With less than this free on the disk, writes are told to retry; what is kept stays readable",
        apply: |settings, text| {
            set(
                &mut settings.disk_reserve_bytes,
                values::bytes(text).map(|bytes| bytes as u64),
            )
        },
    },
    Setting {
        key: "scan_budget_ms",
        env: &["FANLIGHT_SCAN_BUDGET_MS"],
        value_name: "MS",
        default: "10000",
        help: "How long a search may look at traces one by one before it answers with what it has and a page token",
        apply: |settings, text| set(&mut settings.scan_budget, values::millis(text)),
    },
    Setting {
        key: "sql_timeout",
        env: &["FANLIGHT_SQL_TIMEOUT"],
        value_name: "TIME",
        default: "30s",
        help: "An SQL query that takes longer is given up, its answer included; `request_timeout_ms` holds as well",
        apply: |settings, text| set(&mut settings.server.sql.timeout, values::duration(text)),
    },
    Setting {
        key: "sql_memory_bytes",
        env: &["FANLIGHT_SQL_MEMORY_BYTES"],
        value_name: "BYTES",
        default: "256MiB",
        help: "What one SQL query may hold in memory to sort, group and join; beyond it, it is refused",
        apply: |settings, text| set(&mut settings.server.sql.memory_bytes, values::bytes(text)),
    },
    Setting {
        key: "sql_max_rows",
        env: &["FANLIGHT_SQL_MAX_ROWS"],
        value_name: "COUNT",
        default: "1000000",
        help: "An SQL answer of more rows is refused",
        apply: |settings, text| set(&mut settings.server.sql.max_rows, values::count(text)),
    },
    Setting {
        key: "sql_concurrency",
        env: &["FANLIGHT_SQL_CONCURRENCY"],
        value_name: "COUNT",
        default: "2",
        help: "SQL queries that run at the same time; beyond it, callers are told to retry",
        apply: |settings, text| set(&mut settings.server.sql.concurrency, values::count(text)),
    },
    Setting {
        key: "quiet_ms",
        env: &["FANLIGHT_QUIET_MS"],
        value_name: "MS",
        default: "2000",
        help: "A trace counts as finished this long after its last span",
        apply: |settings, text| set(&mut settings.quiet, values::millis(text)),
    },
    Setting {
        key: "retention_days",
        env: &["FANLIGHT_RETENTION_DAYS"],
        value_name: "DAYS",
        default: "0",
        help: "Traces are deleted this many days after they started, 0 for never; an experiment's tag fanlight.retention_days says otherwise",
        apply: |settings, text| set(&mut settings.retention.days, values::limit(text)),
    },
    Setting {
        key: "retention_traces",
        env: &["FANLIGHT_RETENTION_TRACES"],
        value_name: "COUNT",
        default: "0",
        help: "The oldest traces of an experiment are deleted beyond this many, 0 for never; its tag fanlight.retention_traces says otherwise",
        apply: |settings, text| set(&mut settings.retention.traces, values::limit(text)),
    },
    Setting {
        key: "retention_bytes",
        env: &["FANLIGHT_RETENTION_BYTES"],
        value_name: "BYTES",
        default: "0",
        help: "The oldest traces of an experiment are deleted when it takes more on disk, 0 for never; its tag fanlight.retention_bytes says otherwise",
        apply: |settings, text| set(&mut settings.retention.bytes, values::limit_bytes(text)),
    },
    Setting {
        key: "retention_total_bytes",
        env: &["FANLIGHT_RETENTION_TOTAL_BYTES"],
        value_name: "BYTES",
        default: "0",
        help: "The oldest traces of all experiments are deleted when they take more on disk together, 0 for never",
        apply: |settings, text| {
            set(
                &mut settings.retention_total_bytes,
                values::limit_bytes(text),
            )
        },
    },
    Setting {
        key: "retention_every",
        env: &["FANLIGHT_RETENTION_EVERY"],
        value_name: "TIME",
        default: "10m",
        help: "How often a running server deletes what is beyond its retention; the first time comes after a fifth of that",
        apply: |settings, text| set(&mut settings.retention_every, values::patience(text)),
    },
    Setting {
        key: "prices",
        env: &["FANLIGHT_PRICES"],
        value_name: "FILE",
        default: "",
        help: "Price table, JSON or TOML, that comes before the one of the program; read at the start",
        apply: |settings, text| {
            settings.prices = (!text.is_empty()).then(|| PathBuf::from(text));
            Ok(())
        },
    },
];

fn set<T>(place: &mut T, value: Result<T, Expected>) -> Result<(), Expected> {
    *place = value?;
    Ok(())
}

/// Somebody asked for this port, so it has to be there.
fn extra_port(text: &str) -> Result<ExtraPort, Expected> {
    match text {
        "off" => Ok(ExtraPort::Off),
        port => values::port(port)
            .map(ExtraPort::Required)
            .map_err(|_| Expected("a port from 0 to 65535, or `off`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_states_the_defaults_as_they_are() {
        let defaults = Settings::default();
        // A machine may be too small for them.
        let depends_on_machine = |key: &str| key.starts_with("otlp_") || key == "memory_budget";
        for setting in SETTINGS
            .iter()
            .filter(|setting| !depends_on_machine(setting.key))
        {
            let mut applied = defaults.clone();
            assert!(
                (setting.apply)(&mut applied, setting.default).is_ok(),
                "{}",
                setting.key
            );
            assert_eq!(
                format!("{applied:?}"),
                format!("{defaults:?}"),
                "{}",
                setting.key
            );
        }
        assert_eq!(defaults.server.otlp_http_port, ExtraPort::IfFree(4318));
        assert_eq!(defaults.server.otlp_grpc_port, ExtraPort::IfFree(4317));
    }

    #[test]
    fn our_own_environment_names_follow_the_keys() {
        for setting in SETTINGS {
            assert_eq!(
                setting.env[0],
                format!("FANLIGHT_{}", setting.key.to_uppercase())
            );
        }
    }
}
