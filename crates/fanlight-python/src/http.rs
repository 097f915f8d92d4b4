//! Requests to the server, for what is read and edited: no Python HTTP library is needed.

use std::sync::Mutex;
use std::time::Duration;

use pyo3::exceptions::PyConnectionError;
use pyo3::prelude::*;
use ureq::Agent;

use crate::context::lock;
use crate::tracing;

/// More of a reply is not read.
const MAX_REPLY_BYTES: u64 = 1 << 30;

static AGENT: Mutex<Option<Agent>> = Mutex::new(None);

fn agent() -> Agent {
    let mut agent = lock(&AGENT);
    let agent = agent.get_or_insert_with(|| {
        Agent::config_builder()
            .http_status_as_error(false)
            // A redirect would carry the headers, and what they prove, elsewhere.
            .max_redirects(0)
            .user_agent(concat!("fanlight-python/", env!("CARGO_PKG_VERSION")))
            .build()
            .into()
    });
    agent.clone()
}

/// Connections of a parent process are not ours.
pub(crate) fn forget_connections() {
    std::mem::forget(lock(&AGENT).take());
}

/// Sends a request to the server and answers the status and the body's text.
///
/// `path` starts with a slash, `body` is JSON text. Raises `ConnectionError` when there is no answer within `seconds`.
#[pyfunction]
#[pyo3(signature = (method, path, body=None, seconds=30.0))]
pub(crate) fn request(
    py: Python<'_>,
    method: &str,
    path: &str,
    body: Option<String>,
    seconds: f64,
) -> PyResult<(u16, String)> {
    let (base, headers) = tracing::server(py);
    let url = format!("{base}{path}");
    let timeout = Duration::try_from_secs_f64(seconds.clamp(0.001, 1e9)).unwrap_or_default();
    let sent = py.detach(|| send(method, &url, &headers, body, timeout));
    // The address may hold a password, so only the server's own words are passed on.
    sent.map_err(|error| PyConnectionError::new_err(format!("no answer from the server: {error}")))
}

fn send(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: Option<String>,
    timeout: Duration,
) -> Result<(u16, String), ureq::Error> {
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let agent = agent();
    let mut reply = match body {
        Some(body) => {
            let request = request
                .header("content-type", "application/json")
                .body(body)?;
            let request = agent
                .configure_request(request)
                .timeout_global(Some(timeout))
                .build();
            agent.run(request)?
        }
        None => {
            let request = agent
                .configure_request(request.body(())?)
                .timeout_global(Some(timeout))
                .build();
            agent.run(request)?
        }
    };
    let text = reply
        .body_mut()
        .with_config()
        .limit(MAX_REPLY_BYTES)
        .lossy_utf8(true)
        .read_to_string()?;
    Ok((reply.status().as_u16(), text))
}
