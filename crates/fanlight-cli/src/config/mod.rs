//! Settings of the server: what they are, where they come from, what they may be.
//!
//! One [`table`] names every setting; the file, the environment, the flags and `docs/configuration.md` follow it.

mod cgroup;
mod document;
mod file;
mod memory;
mod sources;
mod table;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use fanlight_query::{EngineSettings, Retention};
use fanlight_server::ServerSettings;

pub(crate) use sources::{Loaded, SettingFlags, load};
pub(crate) use values::parse_duration;

/// Everything an operator may choose, validated.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) server: ServerSettings,
    pub(crate) data_dir: PathBuf,
    /// Directives for `tracing-subscriber`.
    pub(crate) log: String,
    pub(crate) seal_bytes: usize,
    pub(crate) seal_after: Duration,
    pub(crate) hot_limit_bytes: usize,
    pub(crate) disk_reserve_bytes: u64,
    pub(crate) scan_budget: Duration,
    pub(crate) quiet: Duration,
    pub(crate) retention: Retention,
    pub(crate) retention_total_bytes: Option<u64>,
    pub(crate) retention_every: Duration,
    /// A file with a price table.
    pub(crate) prices: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            server: ServerSettings::default(),
            data_dir: PathBuf::from("./fanlight-data"),
            log: "info".to_owned(),
            seal_bytes: 64 << 20,
            seal_after: Duration::from_hours(1),
            hot_limit_bytes: 128 << 20,
            disk_reserve_bytes: 64 << 20,
            scan_budget: Duration::from_secs(10),
            quiet: Duration::from_secs(2),
            retention: Retention::default(),
            retention_total_bytes: None,
            retention_every: Duration::from_mins(10),
            prices: None,
        }
    }
}

impl Settings {
    pub(crate) fn engine(&self) -> EngineSettings {
        let mut engine = EngineSettings::default();
        engine.store.seal_bytes = self.seal_bytes;
        engine.store.seal_after = self.seal_after;
        engine.store.hot_limit_bytes = self.hot_limit_bytes;
        engine.store.disk_reserve_bytes = self.disk_reserve_bytes;
        engine.store.quiet = self.quiet;
        engine.scan_budget = self.scan_budget;
        engine.retention = self.retention;
        engine.retention_total_bytes = self.retention_total_bytes;
        engine.retention_every = self.retention_every;
        engine
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    File(PathBuf),
    Environment(&'static str),
    Flag(&'static str),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Flag(key) => write!(f, "flag --{}", key.replace('_', "-")),
        }
    }
}

/// Why the settings cannot be used. Each stops the start: going on with something else than was asked for would be
/// found out much later.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{key} = \"{value}\" ({place}): expected {expected}")]
    Value {
        key: &'static str,
        value: String,
        place: Source,
        expected: &'static str,
    },
    #[error("unknown key `{key}` in {}; did you mean `{nearest}`?", file.display())]
    UnknownKey {
        key: String,
        file: PathBuf,
        nearest: &'static str,
    },
    #[error("configuration file {} cannot be read", file.display())]
    Unreadable {
        file: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("configuration file {} is not valid TOML: {detail}", file.display())]
    NotToml { file: PathBuf, detail: String },
    #[error(transparent)]
    Together(#[from] fanlight_server::SettingsError),
}
