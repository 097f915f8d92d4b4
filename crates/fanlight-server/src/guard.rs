//! Protection of people's browsers: which `Host` names are ours, and which web origins may use us.
//!
//! A page somewhere on the web can make a browser send requests to a server on the user's machine or network. Two
//! checks stop that: a name that somebody else's DNS points to us is refused by its `Host`, and a request that changes
//! something is refused when its `Origin` is another site.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HOST,
    ORIGIN,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::ServerSettings;

/// Paths probes use under whatever name they know us by.
const OPEN_PATHS: [&str; 2] = ["/health", "/version"];

/// What a port is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// People, clients, everything.
    Main,
    /// Exporters only. They reach us under any name a network gives us (`collector:4318`), and they are not browsers:
    /// names are checked only when an `Origin`, which browsers add to every POST, shows that one is.
    Otlp,
}

/// The rules of one port.
#[derive(Debug)]
pub(crate) struct Guard {
    door: Door,
    bound_host: String,
    hosts: Vec<String>,
    origins: Vec<String>,
}

pub(crate) async fn guard(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = match guard.admit(&request) {
        Ok(origin) => origin,
        Err(refusal) => return refusal.into_response(),
    };
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (&origin, is_preflight) {
        (Some(_), true) => preflight(request.headers()),
        _ => next.run(request).await,
    };
    if let Some(origin) = origin {
        response
            .headers_mut()
            .insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

/// Why a request was turned away. Plain text: the reader is somebody at a browser or a proxy.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    Host(String),
    Origin(String),
    Preflight(String),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Host(host) => (
                StatusCode::FORBIDDEN,
                format!(
                    "host `{host}` is not allowed; add it to `allowed_hosts` if this server is known by that name\n"
                ),
            ),
            Self::Origin(origin) => (
                StatusCode::FORBIDDEN,
                format!(
                    "cross-origin request from `{origin}` blocked; add it to `cors_allowed_origins` if you trust it\n"
                ),
            ),
            Self::Preflight(origin) => (
                StatusCode::BAD_REQUEST,
                format!(
                    "origin `{origin}` is not allowed; add it to `cors_allowed_origins` if you trust it\n"
                ),
            ),
        };
        (status, text).into_response()
    }
}

impl Guard {
    pub(crate) fn new(door: Door, settings: &ServerSettings) -> Self {
        let lower = |list: &[String]| {
            list.iter()
                .map(|entry| entry.trim().to_ascii_lowercase())
                .collect()
        };
        Self {
            door,
            bound_host: settings.host.to_ascii_lowercase(),
            hosts: lower(&settings.allowed_hosts),
            origins: lower(&settings.cors_allowed_origins),
        }
    }

    /// The foreign but trusted origin of an admitted request, which has to be named in the reply.
    fn admit(&self, request: &Request) -> Result<Option<HeaderValue>, Refusal> {
        let headers = request.headers();
        let origin = headers.get(ORIGIN);
        let host = host_of(request);

        let names_matter = match self.door {
            Door::Main => !OPEN_PATHS.contains(&request.uri().path()),
            Door::Otlp => origin.is_some(),
        };
        // Without any name (HTTP/1.0) it is no browser.
        if let Some(host) = &host
            && names_matter
            && !self.allows_host(host)
        {
            return Err(Refusal::Host(shortened(host)));
        }

        let Some(origin) = origin else {
            return Ok(None);
        };
        let origin_text = String::from_utf8_lossy(origin.as_bytes()).to_ascii_lowercase();
        if host.is_some_and(|host| is_same_origin(&origin_text, &host)) {
            return Ok(None);
        }
        if self.allows_origin(&origin_text) {
            return Ok(Some(origin.clone()));
        }
        let method = request.method();
        if *method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return Err(Refusal::Preflight(shortened(&origin_text)));
        }
        // Reading is harmless: without our consent in the reply, the browser keeps it from the page.
        if method.is_safe() {
            Ok(None)
        } else {
            Err(Refusal::Origin(shortened(&origin_text)))
        }
    }

    fn allows_host(&self, host: &str) -> bool {
        let name = without_port(host);
        is_local_name(name)
            || is_private_address(name)
            || name == self.bound_host
            || self
                .hosts
                .iter()
                .any(|pattern| matches(pattern, host) || matches(pattern, name))
    }

    fn allows_origin(&self, origin: &str) -> bool {
        let name = origin
            .split_once("://")
            .map(|(_, authority)| without_port(authority));
        // Another port of this machine is another program of the same user, such as a UI under development.
        let is_here = name.is_some_and(|name| {
            is_local_name(name)
                || unbracketed(name)
                    .parse::<IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        });
        is_here || self.origins.iter().any(|pattern| matches(pattern, origin))
    }
}

/// The name the caller used for us, lowercase, with its port. HTTP/2 has it in the URI.
fn host_of(request: &Request) -> Option<String> {
    let named = request
        .uri()
        .authority()
        .map(|authority| authority.as_str().to_owned());
    let host = named.or_else(|| {
        Some(String::from_utf8_lossy(request.headers().get(HOST)?.as_bytes()).into_owned())
    })?;
    Some(host.to_ascii_lowercase())
}

fn is_same_origin(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let plain = |authority: &str| {
        authority
            .strip_suffix(default_port)
            .unwrap_or(authority)
            .to_owned()
    };
    plain(authority) == plain(host)
}

fn is_local_name(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

fn is_private_address(name: &str) -> bool {
    match unbracketed(name).parse() {
        Ok(IpAddr::V4(address)) => {
            address.is_loopback() || address.is_private() || address.is_unspecified()
        }
        Ok(IpAddr::V6(address)) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified()
        }
        Err(_) => false,
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit())
                && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

fn unbracketed(name: &str) -> &str {
    name.strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name)
}

/// Whether `text` fits `pattern`, in which `*` stands for any characters. Takes the leftmost fit of each piece, which
/// is enough when only `*` is special.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = text.find(piece) else {
            return false;
        };
        text = &text[at + piece.len()..];
    }
    text.ends_with(end)
}

/// The reply to "may I?" from a trusted origin: whatever it asked for.
fn preflight(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    let mut grant = |name: HeaderName, value: Option<&HeaderValue>| {
        if let Some(value) = value {
            headers.insert(name, value.clone());
        }
    };
    grant(
        ACCESS_CONTROL_ALLOW_METHODS,
        asked.get(ACCESS_CONTROL_REQUEST_METHOD),
    );
    grant(
        ACCESS_CONTROL_ALLOW_HEADERS,
        asked.get(ACCESS_CONTROL_REQUEST_HEADERS),
    );
    grant(
        ACCESS_CONTROL_MAX_AGE,
        Some(&HeaderValue::from_static("600")),
    );
    response
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests;
