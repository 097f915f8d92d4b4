//! What can be set, its defaults, and the environment variables that set it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fanlight_model::Value;

use crate::export::{ENCODING_BYTES, SENDING_BYTES};
use crate::record::{SpanRecord, Text};

/// Where traces go when nothing says so: a server on this machine.
pub const DEFAULT_SERVER: &str = "http://127.0.0.1:5000";

/// How spans are collected and where they are sent.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Off: no span is made, nothing is sent.
    pub enabled: bool,
    /// Every span goes to each of them. None: spans are made and thrown away.
    pub destinations: Vec<Destination>,
    /// The experiment of traces that name no other one.
    pub experiment: Option<Experiment>,
    /// Attributes of the resource: who sends.
    pub resource: Vec<(Text, Value)>,
    /// The share of traces that is sent, 0 to 1. Traces with an error are always sent.
    pub sampling_ratio: f64,
    /// Run over each span before it is encoded, on the thread that sends, in this order.
    pub processors: Vec<Processor>,
    /// Longer texts are cut, and say so. Default 4 MiB.
    pub max_value_bytes: usize,
    /// Spans that wait to be encoded; more are dropped and counted. Default 100,000.
    pub max_queue_spans: usize,
    /// Bytes of spans that wait to be encoded; more are dropped and counted. Default 64 MiB.
    pub max_queue_bytes: usize,
    /// Bytes of spans of traces that are not sampled, which wait until it is known whether one fails. More are left out.
    /// Default 32 MiB.
    pub max_held_bytes: usize,
    /// How long ending a span may wait for room in the queue. Default: not at all.
    pub queue_full_wait: Duration,
    /// Spans that are sent in one request. Default 1,000.
    pub batch_spans: usize,
    /// How long a span waits for others to be sent with. Default 200 ms.
    pub batch_wait: Duration,
    /// Bytes of encoded batches that wait in memory for one destination. Default 32 MiB.
    pub max_pending_bytes: usize,
    /// Where batches wait when there are more of them, or the process ends before they are sent. `None`: nowhere.
    pub spool: Option<SpoolSettings>,
}

/// Changes a span before it is sent: takes out what must not leave the process.
#[derive(Clone)]
pub struct Processor(Arc<dyn Fn(&mut SpanRecord) + Send + Sync>);

impl Processor {
    /// Changes spans as `change` does.
    pub fn new(change: impl Fn(&mut SpanRecord) + Send + Sync + 'static) -> Self {
        Self(Arc::new(change))
    }

    pub(crate) fn apply(&self, span: &mut SpanRecord) {
        (self.0)(span);
    }
}

impl std::fmt::Debug for Processor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Processor")
    }
}

/// A receiver of OTLP over HTTP: Fanlight, or any OpenTelemetry collector.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// The whole address, as a rule ending with `/v1/traces`.
    pub url: String,
    /// Sent with every request. Never logged, never kept on disk.
    pub headers: Vec<(String, String)>,
    /// How requests are packed.
    pub compression: Compression,
    /// For one request, all in all. Default 10 s.
    pub timeout: Duration,
}

/// Of what is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Fewer bytes, for little work.
    #[default]
    Gzip,
    /// As it is.
    None,
}

/// Headers hold tokens: only their names are shown.
impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Destination")
            .field("url", &self.url)
            .field("headers", &names)
            .field("compression", &self.compression)
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// Batches on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolSettings {
    /// Made when it is missing, readable for its owner only. Processes may share it.
    pub dir: PathBuf,
    /// For one destination; what would be more is dropped and counted. Default 256 MiB.
    pub max_bytes: u64,
}

/// The experiment a trace belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Experiment {
    /// Made by the server when it does not exist.
    Name(String),
    /// One that exists.
    Id(String),
}

impl Experiment {
    /// The resource attribute that tells the server.
    pub(crate) fn attribute(&self) -> (&'static str, Value) {
        match self {
            Self::Name(name) => ("mlflow.experiment_name", name.as_str().into()),
            Self::Id(id) => ("mlflow.experiment_id", id.as_str().into()),
        }
    }
}

impl Destination {
    /// A Fanlight server by its base address, for example `http://127.0.0.1:5000`.
    pub fn server(base: &str) -> Self {
        Self::otlp(&format!("{}/v1/traces", base.trim_end_matches('/')))
    }

    /// Any receiver by the whole address of its traces.
    pub fn otlp(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            headers: Vec::new(),
            compression: Compression::default(),
            timeout: Duration::from_secs(10),
        }
    }

    /// With a header, sent with every request. Never logged.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl SpoolSettings {
    /// In this folder, with 256 MiB for each destination.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            max_bytes: 256 << 20,
        }
    }

    /// The user's cache folder, or `None` where there is none.
    fn in_home(variable: &impl Fn(&str) -> Option<String>) -> Option<Self> {
        let cache = variable("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".cache")))
            .or_else(|| variable("LOCALAPPDATA").map(PathBuf::from))?;
        Some(Self::new(cache.join("fanlight").join("spool")))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            destinations: vec![Destination::server(DEFAULT_SERVER)],
            experiment: None,
            resource: Vec::new(),
            sampling_ratio: 1.0,
            processors: Vec::new(),
            max_value_bytes: 4 << 20,
            max_queue_spans: 100_000,
            max_queue_bytes: 64 << 20,
            max_held_bytes: 32 << 20,
            queue_full_wait: Duration::ZERO,
            batch_spans: 1_000,
            batch_wait: Duration::from_millis(200),
            max_pending_bytes: 32 << 20,
            spool: None,
        }
    }
}

/// An environment variable that says something else than it can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is `{value}`; expected {expected}")]
pub struct SettingError {
    /// The variable.
    pub name: &'static str,
    /// What it is, or `(hidden)` where that may hold a token.
    pub value: String,
    /// What it can be.
    pub expected: &'static str,
}

impl Settings {
    /// The most bytes that spans which have ended, and requests made of them, take in memory: [`max_queue_bytes`] and
    /// [`max_held_bytes`], 24 MiB for the batch that is encoded, and for each destination [`max_pending_bytes`] and 8 MiB
    /// for the batch that is sent. With one destination and what is assumed: 160 MiB.
    ///
    /// Spans that run are the application's to bound. A span that is larger than 4 MiB takes what it takes beside it.
    ///
    /// [`max_queue_bytes`]: Self::max_queue_bytes
    /// [`max_held_bytes`]: Self::max_held_bytes
    /// [`max_pending_bytes`]: Self::max_pending_bytes
    pub fn memory_bound(&self) -> usize {
        let each = self.max_pending_bytes + SENDING_BYTES;
        self.max_queue_bytes + self.max_held_bytes + ENCODING_BYTES + self.destinations.len() * each
    }

    /// What the environment says, and defaults. `FANLIGHT_*` comes first, then what MLflow and OpenTelemetry read:
    ///
    /// | setting | variables |
    /// |---|---|
    /// | server | `FANLIGHT_SERVER`, `MLFLOW_TRACKING_URI` (http, https), `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `OTEL_EXPORTER_OTLP_ENDPOINT` |
    /// | headers | `FANLIGHT_HEADERS`, `OTEL_EXPORTER_OTLP_TRACES_HEADERS`, `OTEL_EXPORTER_OTLP_HEADERS` (`name=value,…`) |
    /// | token | `FANLIGHT_TOKEN`, `MLFLOW_TRACKING_TOKEN`: sent as `Authorization: Bearer` |
    /// | experiment | `FANLIGHT_EXPERIMENT`, `MLFLOW_EXPERIMENT_NAME`, `MLFLOW_EXPERIMENT_ID` |
    /// | sampling | `FANLIGHT_SAMPLING_RATIO`, `MLFLOW_TRACE_SAMPLING_RATIO` |
    /// | redaction | `FANLIGHT_REDACTION`: `true` takes out all that `fanlight::redact` knows |
    /// | spool | `FANLIGHT_SPOOL_DIR`: a folder, or `off`; default: a folder in the user's cache |
    /// | off | `FANLIGHT_DISABLED`, `OTEL_SDK_DISABLED` |
    /// | resource | `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME` |
    pub fn from_env() -> Result<Self, SettingError> {
        Self::from_variables(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn from_variables(variable: &impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let mut destination = destination(variable);
        let headers = [
            "FANLIGHT_HEADERS",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "OTEL_EXPORTER_OTLP_HEADERS",
        ];
        if let Some((name, value)) = first(variable, &headers) {
            destination.headers = pairs(name, &value)?;
        }
        if let Some((_, token)) = first(variable, &["FANLIGHT_TOKEN", "MLFLOW_TRACKING_TOKEN"]) {
            destination = destination.header("authorization", &format!("Bearer {token}"));
        }
        Ok(Self {
            enabled: !is_on(variable, "FANLIGHT_DISABLED")?
                && !is_on(variable, "OTEL_SDK_DISABLED")?,
            destinations: vec![destination],
            experiment: experiment(variable),
            resource: resource(variable)?,
            sampling_ratio: sampling_ratio(variable)?,
            processors: redaction(variable)?,
            spool: match variable("FANLIGHT_SPOOL_DIR").as_deref() {
                Some("off") => None,
                Some(dir) => Some(SpoolSettings::new(dir)),
                None => SpoolSettings::in_home(variable),
            },
            ..Self::default()
        })
    }
}

fn first(
    variable: &impl Fn(&str) -> Option<String>,
    names: &[&'static str],
) -> Option<(&'static str, String)> {
    names.iter().find_map(|name| Some((*name, variable(name)?)))
}

fn destination(variable: &impl Fn(&str) -> Option<String>) -> Destination {
    let is_http = |uri: &String| uri.starts_with("http://") || uri.starts_with("https://");
    let server = variable("FANLIGHT_SERVER")
        .or_else(|| variable("MLFLOW_TRACKING_URI").filter(is_http))
        .map(|base| Destination::server(&base));
    server
        .or_else(|| {
            variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").map(|url| Destination::otlp(&url))
        })
        .or_else(|| variable("OTEL_EXPORTER_OTLP_ENDPOINT").map(|base| Destination::server(&base)))
        .unwrap_or_else(|| Destination::server(DEFAULT_SERVER))
}

fn experiment(variable: &impl Fn(&str) -> Option<String>) -> Option<Experiment> {
    variable("FANLIGHT_EXPERIMENT")
        .or_else(|| variable("MLFLOW_EXPERIMENT_NAME"))
        .map(Experiment::Name)
        .or_else(|| variable("MLFLOW_EXPERIMENT_ID").map(Experiment::Id))
}

fn resource(
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<Vec<(Text, Value)>, SettingError> {
    let name = "OTEL_RESOURCE_ATTRIBUTES";
    let mut attributes = Vec::new();
    for (key, value) in variable(name).map_or(Ok(Vec::new()), |text| pairs(name, &text))? {
        crate::record::set(&mut attributes, key.into(), value.into());
    }
    if let Some(service) = variable("OTEL_SERVICE_NAME") {
        crate::record::set(&mut attributes, "service.name".into(), service.into());
    }
    Ok(attributes)
}

fn sampling_ratio(variable: &impl Fn(&str) -> Option<String>) -> Result<f64, SettingError> {
    let names = ["FANLIGHT_SAMPLING_RATIO", "MLFLOW_TRACE_SAMPLING_RATIO"];
    let Some((name, value)) = first(variable, &names) else {
        return Ok(1.0);
    };
    value
        .trim()
        .parse()
        .ok()
        .filter(|ratio| (0.0..=1.0).contains(ratio))
        .ok_or(SettingError {
            name,
            value,
            expected: "a number from 0 to 1",
        })
}

fn redaction(variable: &impl Fn(&str) -> Option<String>) -> Result<Vec<Processor>, SettingError> {
    let name = "FANLIGHT_REDACTION";
    if !is_on(variable, name)? {
        return Ok(Vec::new());
    }
    #[cfg(feature = "redaction")]
    return Ok(vec![crate::redact::Redaction::default().into()]);
    // Sending what was meant to stay here would be worse than not starting.
    #[cfg(not(feature = "redaction"))]
    Err(SettingError {
        name,
        value: "true".to_owned(),
        expected: "false, as this program is built without the feature `redaction`",
    })
}

fn is_on(
    variable: &impl Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<bool, SettingError> {
    let Some(value) = variable(name) else {
        return Ok(false);
    };
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(SettingError {
            name,
            value,
            expected: "true or false",
        }),
    }
}

/// `name=value,name=value`, percent-encoded where needed. Source: W3C Baggage, as OpenTelemetry uses it.
fn pairs(name: &'static str, text: &str) -> Result<Vec<(String, String)>, SettingError> {
    text.split(',')
        .filter(|pair| !pair.trim().is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').ok_or_else(|| SettingError {
                name,
                // The value may hold a token.
                value: "(hidden)".to_owned(),
                expected: "`name=value` pairs with commas between them",
            })?;
            Ok((key.trim().to_owned(), crate::percent::decoded(value.trim())))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingError> {
        Settings::from_variables(&|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_empty_environment_means_a_server_on_this_machine() {
        let settings = read(&[]).unwrap();
        assert!(settings.enabled);
        assert_eq!(settings.destinations, [Destination::server(DEFAULT_SERVER)]);
        assert_eq!(settings.spool, None, "there is no home folder");
    }

    #[test]
    fn variables_of_mlflow_and_opentelemetry_are_read() {
        let settings = read(&[
            ("MLFLOW_TRACKING_URI", "https://traces.example/base/"),
            ("MLFLOW_TRACKING_TOKEN", "secret"),
            ("MLFLOW_EXPERIMENT_ID", "12"),
            ("MLFLOW_TRACE_SAMPLING_RATIO", "0.5"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=a%20b, x-other=c"),
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                "deployment.environment.name=prod,service.name=x",
            ),
            ("OTEL_SERVICE_NAME", "shop"),
            ("HOME", "/home/me"),
        ])
        .unwrap();
        let [destination] = &settings.destinations[..] else {
            panic!("{:?}", settings.destinations)
        };
        assert_eq!(destination.url, "https://traces.example/base/v1/traces");
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            destination.headers,
            [
                header("x-team", "a b"),
                header("x-other", "c"),
                header("authorization", "Bearer secret")
            ]
        );
        assert!(!format!("{settings:?}").contains("secret"));
        assert_eq!(settings.experiment, Some(Experiment::Id("12".into())));
        assert!((settings.sampling_ratio - 0.5).abs() < f64::EPSILON);
        assert_eq!(settings.resource[1], ("service.name".into(), "shop".into()));
        assert_eq!(
            settings.spool.unwrap().dir,
            PathBuf::from("/home/me/.cache/fanlight/spool")
        );
    }

    #[test]
    fn our_own_variables_come_first() {
        let settings = read(&[
            ("FANLIGHT_SERVER", "http://a"),
            ("MLFLOW_TRACKING_URI", "http://b"),
            ("FANLIGHT_EXPERIMENT", "mine"),
            ("MLFLOW_EXPERIMENT_NAME", "theirs"),
            ("FANLIGHT_SPOOL_DIR", "off"),
            ("HOME", "/home/me"),
            ("FANLIGHT_DISABLED", "TRUE"),
        ])
        .unwrap();
        assert_eq!(settings.destinations[0].url, "http://a/v1/traces");
        assert_eq!(settings.experiment, Some(Experiment::Name("mine".into())));
        assert_eq!(settings.spool, None);
        assert!(!settings.enabled);
    }

    #[test]
    fn a_tracking_uri_that_is_no_server_is_passed_over() {
        let settings = read(&[("MLFLOW_TRACKING_URI", "sqlite:///x.db")]).unwrap();
        assert_eq!(settings.destinations, [Destination::server(DEFAULT_SERVER)]);
    }

    #[test]
    fn a_wrong_value_is_named() {
        let error = read(&[("FANLIGHT_SAMPLING_RATIO", "2")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "FANLIGHT_SAMPLING_RATIO is `2`; expected a number from 0 to 1"
        );
        let error = read(&[("FANLIGHT_HEADERS", "secret")]).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(read(&[("FANLIGHT_DISABLED", "maybe")]).is_err());
        assert!(read(&[("FANLIGHT_REDACTION", "some")]).is_err());
    }

    #[cfg(feature = "redaction")]
    #[test]
    fn personal_data_is_taken_out_when_the_environment_says_so() {
        let processors = |value| read(&[("FANLIGHT_REDACTION", value)]).unwrap().processors;
        assert_eq!(processors("true").len(), 1);
        assert!(processors("false").is_empty());
    }
}
