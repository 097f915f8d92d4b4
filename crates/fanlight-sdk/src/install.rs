//! Turning tracing on for a process, and off again.

use std::path::PathBuf;
use std::time::Duration;

use fanlight_model::Value;

use crate::export::NotSent;
use crate::global;
use crate::record::Text;
use crate::settings::{Destination, Experiment, Processor, SettingError, Settings, SpoolSettings};
use crate::tracer::Tracer;
use crate::value::IntoValue;

/// How long a [`Guard`] waits at the end for what is not sent yet, unless told otherwise.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(5);

/// Turns tracing on as the environment says; see [`Settings::from_env`].
///
/// ```no_run
/// # fn main() -> Result<(), fanlight::InitError> {
/// let _tracing = fanlight::init()?;
/// # Ok(())
/// # }
/// ```
pub fn init() -> Result<Guard, InitError> {
    builder().install()
}

/// Turns tracing on as the environment says, but for what is set here.
///
/// ```no_run
/// # fn main() -> Result<(), fanlight::InitError> {
/// let _tracing = fanlight::builder()
///     .endpoint("http://127.0.0.1:5000")
///     .experiment("support-bot")
///     .sampling_ratio(0.1)
///     .install()?;
/// # Ok(())
/// # }
/// ```
pub fn builder() -> Builder {
    Builder {
        settings: Settings::from_env(),
        headers: Vec::new(),
        shutdown_patience: SHUTDOWN_PATIENCE,
    }
}

/// Why tracing is not on.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// A variable of the environment says something else than it can.
    #[error("an environment variable is not understood")]
    Setting(#[from] SettingError),
    /// The system gives no thread to send with.
    #[error("no thread could be started")]
    Thread(#[source] std::io::Error),
}

/// See [`builder`].
#[derive(Debug)]
#[must_use = "nothing is traced before `install`"]
pub struct Builder {
    settings: Result<Settings, SettingError>,
    headers: Vec<(String, String)>,
    shutdown_patience: Duration,
}

impl Builder {
    /// The address of a Fanlight server, in place of the one of the environment.
    pub fn endpoint(self, base: &str) -> Self {
        self.settings(|settings| settings.destinations = vec![Destination::server(base)])
    }

    /// One more place to send everything to.
    pub fn also_to(self, destination: Destination) -> Self {
        self.settings(|settings| settings.destinations.push(destination))
    }

    /// Sent with every request to every destination. Never logged, never kept on disk.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The experiment by its name, which the server makes when there is none.
    pub fn experiment(self, name: &str) -> Self {
        self.settings(|settings| settings.experiment = Some(Experiment::Name(name.to_owned())))
    }

    /// The experiment by its id.
    pub fn experiment_id(self, id: &str) -> Self {
        self.settings(|settings| settings.experiment = Some(Experiment::Id(id.to_owned())))
    }

    /// What this program is called: the attribute `service.name` of the resource.
    pub fn service_name(self, name: &str) -> Self {
        self.resource("service.name", name)
    }

    /// An attribute of the resource: who sends.
    pub fn resource(self, key: impl Into<Text>, value: impl IntoValue) -> Self {
        let (key, value): (Text, Value) = (key.into(), value.into_value());
        self.settings(|settings| crate::record::set(&mut settings.resource, key, value))
    }

    /// The share of traces that is sent, 0 to 1. Traces with an error are always sent.
    pub fn sampling_ratio(self, ratio: f64) -> Self {
        self.settings(|settings| settings.sampling_ratio = ratio.clamp(0.0, 1.0))
    }

    /// Run over each span before it leaves the process, after those added before.
    pub fn processor(self, processor: Processor) -> Self {
        self.settings(|settings| settings.processors.push(processor))
    }

    /// Takes personal data and secrets out of each span before it leaves the process.
    #[cfg(feature = "redaction")]
    pub fn redaction(self, redaction: crate::redact::Redaction) -> Self {
        self.processor(redaction.into())
    }

    /// The folder in which spans wait while the receiver is away.
    pub fn spool(self, dir: impl Into<PathBuf>) -> Self {
        let spool = SpoolSettings::new(dir);
        self.settings(|settings| settings.spool = Some(spool))
    }

    /// Nothing is ever written to disk.
    pub fn no_spool(self) -> Self {
        self.settings(|settings| settings.spool = None)
    }

    /// How many spans, and how many bytes of them, may wait to be encoded. More are dropped and counted.
    pub fn queue(self, max_spans: usize, max_bytes: usize) -> Self {
        self.settings(|settings| {
            settings.max_queue_spans = max_spans;
            settings.max_queue_bytes = max_bytes;
        })
    }

    /// `false`: no span is made, nothing is sent.
    pub fn enabled(self, enabled: bool) -> Self {
        self.settings(|settings| settings.enabled = enabled)
    }

    /// How long the guard waits at the end for what is not sent yet. Default 5 s.
    pub fn shutdown_patience(mut self, patience: Duration) -> Self {
        self.shutdown_patience = patience;
        self
    }

    /// Changes any of the settings. Without effect where the environment is wrong, which [`install`](Self::install)
    /// then says.
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        if let Ok(settings) = &mut self.settings {
            change(settings);
        }
        self
    }

    /// Turns tracing on for the whole process, until the guard is dropped. A tracer installed before goes on sending
    /// what it has, and gets nothing more.
    pub fn install(self) -> Result<Guard, InitError> {
        let mut settings = self.settings?;
        for destination in &mut settings.destinations {
            destination.headers.extend(self.headers.iter().cloned());
        }
        let tracer = Tracer::start(settings).map_err(InitError::Thread)?;
        global::set_tracer(Some(tracer.clone()));
        Ok(Guard {
            tracer,
            shutdown_patience: self.shutdown_patience,
        })
    }
}

/// Keeps tracing on. When it is dropped, what has ended is sent, as long as the patience lasts, and tracing is off.
///
/// Bind it to a name in `main`: `let _tracing = …`, as `let _ = …` drops it at once.
#[derive(Debug)]
#[must_use = "tracing is off again when this is dropped"]
pub struct Guard {
    tracer: Tracer,
    shutdown_patience: Duration,
}

impl Guard {
    /// For its figures, and for spans without context.
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// Waits until every span that has ended is acknowledged by every destination, or refused for good.
    ///
    /// Fails with [`NotSent`] when `patience` ends first; what is not sent is not lost by that.
    pub fn flush(&self, patience: Duration) -> Result<(), NotSent> {
        self.tracer.flush(patience)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        global::remove_tracer(&self.tracer);
        self.tracer.shut_down(self.shutdown_patience);
    }
}
