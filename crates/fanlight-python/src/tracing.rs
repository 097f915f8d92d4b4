//! The tracer of this process, as Python code sets it up.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use fanlight::{Destination, Experiment, Settings, SpoolSettings, Stats, Tracer, global};
use pyo3::exceptions::{PyRuntimeWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::Pairs;
use crate::context::lock;
use crate::{kept, redaction};

const NOT_STARTED: u8 = 0;
const ON: u8 = 1;
const OFF: u8 = 2;

/// Asked at every span.
static PHASE: AtomicU8 = AtomicU8::new(NOT_STARTED);

struct Set {
    settings: Settings,
    /// Tracers of earlier settings: spans that were started under them end in them.
    retired: Vec<Tracer>,
    /// What became of the spans of those that are done.
    past: Stats,
    disabled: bool,
}

static SET: Mutex<Option<Set>> = Mutex::new(None);

/// Whether spans are recorded. Starts the tracer with the first question.
#[inline]
pub(crate) fn is_on(py: Python<'_>) -> bool {
    match PHASE.load(Ordering::Acquire) {
        ON => true,
        NOT_STARTED => start(py),
        _ => false,
    }
}

/// Reads the environment once. What is wrong there turns tracing off, and is said.
fn with_set<T>(py: Python<'_>, use_it: impl FnOnce(&mut Set) -> T) -> T {
    let mut complaint = None;
    let result = {
        let mut set = lock(&SET);
        let set = set.get_or_insert_with(|| {
            let settings = from_env().unwrap_or_else(|problem| {
                complaint = Some(problem);
                Settings {
                    enabled: false,
                    ..Settings::default()
                }
            });
            Set {
                settings,
                retired: Vec::new(),
                past: Stats::default(),
                disabled: false,
            }
        });
        use_it(set)
    };
    if let Some(problem) = complaint {
        warn(py, &format!("tracing is off: {problem}"));
    }
    result
}

pub(crate) fn warn(py: Python<'_>, text: &str) {
    let text = std::ffi::CString::new(format!("fanlight: {text}")).unwrap_or_default();
    // Warnings may be errors: not here.
    let _ = PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 2);
}

fn from_env() -> Result<Settings, String> {
    let mut settings = Settings::from_env().map_err(|error| error.to_string())?;
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    settings
        .resource
        .push(("telemetry.sdk.language".into(), "python".into()));
    settings.processors.push(redaction::processor());
    settings.processors.push(kept::processor());
    if let Some(destination) = settings.destinations.first_mut() {
        let add = |destination: &mut Destination, name: &str, value: &str| {
            destination
                .headers
                .push((name.to_owned(), value.to_owned()));
        };
        let workspace = variable("FANLIGHT_WORKSPACE").or_else(|| variable("MLFLOW_WORKSPACE"));
        if let Some(workspace) = workspace {
            add(destination, WORKSPACE, &workspace);
        }
        let has_token = destination
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if let (false, Some(user)) = (has_token, variable("MLFLOW_TRACKING_USERNAME")) {
            let password = variable("MLFLOW_TRACKING_PASSWORD").unwrap_or_default();
            let basic = base64(format!("{user}:{password}").as_bytes());
            add(destination, "authorization", &format!("Basic {basic}"));
        }
    }
    Ok(settings)
}

const WORKSPACE: &str = "x-mlflow-workspace";

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0_u32, |word, (at, byte)| {
            word | u32::from(*byte) << (16 - 8 * at)
        });
        for place in 0..4 {
            if place <= chunk.len() {
                text.push(char::from(DIGITS[(word >> (18 - 6 * place) & 63) as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

/// Starts the threads that send. Without them nothing is recorded.
fn start(py: Python<'_>) -> bool {
    let settings = with_set(py, |set| (set.settings.clone(), set.disabled));
    let (settings, disabled) = settings;
    if !settings.enabled || disabled {
        PHASE.store(OFF, Ordering::Release);
        return false;
    }
    match Tracer::start(settings) {
        Ok(tracer) => {
            if let Some(before) = global::set_tracer(Some(tracer)) {
                with_set(py, |set| set.retired.push(before.clone()));
                retire(before);
            }
            PHASE.store(ON, Ordering::Release);
            true
        }
        Err(error) => {
            PHASE.store(OFF, Ordering::Release);
            warn(py, &format!("tracing is off: {error}"));
            false
        }
    }
}

/// Between two looks at whether a retired tracer is done.
const RETIRED_POLL: Duration = Duration::from_millis(500);

/// Ends the tracer's threads when no span runs under it any more and all are sent.
fn retire(tracer: Tracer) {
    let thread = std::thread::Builder::new().name("fanlight-retire".to_owned());
    // Without a thread to wait, the tracer stays: nothing is lost by that.
    let _ = thread.spawn(move || {
        // The list of retired ones has a handle, and this thread.
        while tracer.handles() > 2 || tracer.flush(RETIRED_POLL).is_err() {
            std::thread::sleep(RETIRED_POLL);
        }
        tracer.shut_down(Duration::ZERO);
        if let Some(set) = lock(&SET).as_mut() {
            set.retired.retain(|known| !known.is_same(&tracer));
            add(&mut set.past, tracer.stats());
        }
    });
}

/// After a change of what a running tracer cannot change.
fn restart(py: Python<'_>) {
    if global::tracer().is_some() {
        start(py);
    }
}

/// Changes settings; what is `None` stays as it is. Spans that were started before end under the settings they were
/// started with.
///
/// `server` is the base address of a Fanlight server, `exporters` are whole addresses of further OTLP receivers with
/// their headers, `spool_dir` may be `"off"`.
#[pyfunction]
#[pyo3(signature = (*, server=None, headers=None, workspace=None, experiment_name=None, experiment_id=None, sampling_ratio=None, exporters=None, spool_dir=None, resource=None))]
#[expect(clippy::too_many_arguments, reason = "each is one keyword in Python")]
pub(crate) fn configure(
    py: Python<'_>,
    server: Option<&str>,
    headers: Option<Pairs>,
    workspace: Option<&str>,
    experiment_name: Option<String>,
    experiment_id: Option<String>,
    sampling_ratio: Option<f64>,
    exporters: Option<Vec<(String, Pairs)>>,
    spool_dir: Option<&str>,
    resource: Option<Pairs>,
) -> PyResult<()> {
    if let Some(ratio) = sampling_ratio
        && !(0.0..=1.0).contains(&ratio)
    {
        return Err(PyValueError::new_err(format!(
            "a sampling ratio is a number from 0 to 1, not {ratio}"
        )));
    }
    let experiment = experiment_name
        .map(Experiment::Name)
        .or(experiment_id.map(Experiment::Id));
    let needs_restart = with_set(py, |set| {
        let settings = &mut set.settings;
        let before = settings.destinations.clone();
        let mut needs_restart = false;
        if let Some(base) = server {
            let fresh = Destination::server(base);
            match settings.destinations.first_mut() {
                Some(first) => first.url = fresh.url,
                None => settings.destinations.push(fresh),
            }
        }
        if let Some(first) = settings.destinations.first_mut() {
            for (name, value) in headers.into_iter().flatten() {
                set_header(first, &name, &value);
            }
            if let Some(workspace) = workspace {
                set_header(first, WORKSPACE, workspace);
            }
        }
        if let Some(exporters) = exporters {
            settings.destinations.truncate(1);
            for (url, headers) in exporters {
                let mut destination = Destination::otlp(&url);
                destination.headers = headers;
                settings.destinations.push(destination);
            }
        }
        if let Some(dir) = spool_dir {
            settings.spool = (dir != "off").then(|| SpoolSettings::new(dir));
            needs_restart = true;
        }
        for (key, value) in resource.into_iter().flatten() {
            settings.resource.retain(|(known, _)| *known != key);
            settings.resource.push((key.into(), value.into()));
            needs_restart = true;
        }
        if let Some(experiment) = experiment {
            settings.experiment = Some(experiment);
        }
        if let Some(ratio) = sampling_ratio {
            settings.sampling_ratio = ratio;
        }
        if let Some(tracer) = global::tracer() {
            tracer.set_experiment(settings.experiment.clone());
            tracer.set_sampling_ratio(settings.sampling_ratio);
        }
        needs_restart || settings.destinations != before
    });
    if needs_restart {
        restart(py);
    }
    Ok(())
}

fn set_header(destination: &mut Destination, name: &str, value: &str) {
    destination
        .headers
        .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    if !value.is_empty() {
        destination
            .headers
            .push((name.to_owned(), value.to_owned()));
    }
}

/// Base address, and headers, of the server that is asked.
pub(crate) fn server(py: Python<'_>) -> (String, Pairs) {
    with_set(py, |set| {
        set.settings.destinations.first().map_or_else(
            || (fanlight::DEFAULT_SERVER.to_owned(), Vec::new()),
            |first| {
                let base = first.url.strip_suffix("/v1/traces");
                (base.unwrap_or(&first.url).to_owned(), first.headers.clone())
            },
        )
    })
}

/// The base address of the server.
#[pyfunction]
pub(crate) fn server_url(py: Python<'_>) -> String {
    server(py).0
}

/// `(name, None)`, `(None, id)`, or `(None, None)` for the server's default.
#[pyfunction]
pub(crate) fn experiment(py: Python<'_>) -> (Option<String>, Option<String>) {
    with_set(py, |set| match &set.settings.experiment {
        Some(Experiment::Name(name)) => (Some(name.clone()), None),
        Some(Experiment::Id(id)) => (None, Some(id.clone())),
        None => (None, None),
    })
}

/// Turns recording on or off; spans that run go on.
#[pyfunction]
pub(crate) fn set_enabled(py: Python<'_>, enabled: bool) {
    with_set(py, |set| {
        set.disabled = !enabled;
        if enabled {
            set.settings.enabled = true;
        }
    });
    let phase = match (enabled, global::is_recording()) {
        (false, _) => OFF,
        (true, true) => ON,
        (true, false) => NOT_STARTED,
    };
    PHASE.store(phase, Ordering::Release);
}

/// Whether spans are recorded.
#[pyfunction]
pub(crate) fn is_enabled(py: Python<'_>) -> bool {
    is_on(py)
}

fn tracers(py: Python<'_>) -> Vec<Tracer> {
    let mut tracers = with_set(py, |set| set.retired.clone());
    tracers.extend(global::tracer());
    tracers
}

/// Waits until every span that has ended is acknowledged. Answers what is in the way when `seconds` end first.
#[pyfunction]
pub(crate) fn flush(py: Python<'_>, seconds: f64) -> Option<String> {
    let patience = patience(seconds);
    let tracers = tracers(py);
    py.detach(|| {
        let failed = tracers
            .iter()
            .filter_map(|tracer| tracer.flush(patience).err());
        failed.map(|error| error.to_string()).next()
    })
}

/// Waits until every span that has ended is encoded, whether its server is there or not.
pub(crate) fn wait_until_encoded(py: Python<'_>, seconds: f64) {
    let patience = patience(seconds);
    let tracers = tracers(py);
    py.detach(|| {
        for tracer in &tracers {
            tracer.wait_until_encoded(patience);
        }
    });
}

fn patience(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.clamp(0.0, 1e9)).unwrap_or_default()
}

/// Sends what is here as long as `seconds` last; the rest goes to the spool. Nothing is recorded afterwards.
#[pyfunction]
pub(crate) fn shut_down(py: Python<'_>, seconds: f64) {
    PHASE.store(OFF, Ordering::Release);
    let patience = patience(seconds);
    let tracers = tracers(py);
    py.detach(|| {
        for tracer in &tracers {
            tracer.shut_down(patience);
        }
    });
}

fn add(total: &mut Stats, stats: Stats) {
    total.ended += stats.ended;
    total.sampled_out += stats.sampled_out;
    total.dropped += stats.dropped;
    total.queued += stats.queued;
    for destination in stats.destinations {
        let known = total
            .destinations
            .iter_mut()
            .find(|known| known.url == destination.url);
        match known {
            Some(known) => {
                known.sent += destination.sent;
                known.failed += destination.failed;
                known.dropped += destination.dropped;
                known.waiting += destination.waiting;
                known.spooled += destination.spooled;
                known.last_error = destination.last_error;
            }
            None => total.destinations.push(destination),
        }
    }
}

/// Counts of spans since the start, and what became of them at each destination.
#[pyfunction]
pub(crate) fn stats(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let mut total = with_set(py, |set| {
        let mut total = set.past.clone();
        for tracer in &set.retired {
            add(&mut total, tracer.stats());
        }
        total
    });
    if let Some(tracer) = global::tracer() {
        add(&mut total, tracer.stats());
    }
    let found = PyDict::new(py);
    found.set_item("ended", total.ended)?;
    found.set_item("sampled_out", total.sampled_out)?;
    found.set_item("dropped", total.dropped)?;
    found.set_item("queued", total.queued)?;
    let destinations = pyo3::types::PyList::empty(py);
    for destination in total.destinations {
        let entry = PyDict::new(py);
        entry.set_item("url", destination.url)?;
        entry.set_item("sent", destination.sent)?;
        entry.set_item("failed", destination.failed)?;
        entry.set_item("dropped", destination.dropped)?;
        entry.set_item("waiting", destination.waiting)?;
        entry.set_item("spooled", destination.spooled)?;
        entry.set_item("last_error", destination.last_error)?;
        destinations.append(entry)?;
    }
    found.set_item("destinations", destinations)?;
    Ok(found)
}

/// In the child, right after `fork`. Spans that run go on there too; what waits to be sent stays with the parent.
#[pyfunction]
pub(crate) fn after_fork_in_child() {
    // Settings that nobody read yet are those of the environment when a span needs them, not now.
    if let Some(set) = lock(&SET).as_mut() {
        // Their threads are the parent's, and dropping them would wait for those.
        let retired = std::mem::take(&mut set.retired);
        retired.into_iter().for_each(std::mem::forget);
    }
    fanlight::after_fork_in_child();
    kept::after_fork_in_child();
    crate::http::forget_connections();
}
