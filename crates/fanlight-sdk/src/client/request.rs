//! One request and its reply.

use std::io::Read;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use ureq::Body;
use ureq::http::Response;

use super::Client;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server said no: `code` is one of those of its API, such as `not_found` or `invalid_input`.
    #[error("the server answered {status} ({code}): {message}")]
    Refused {
        /// That of HTTP.
        status: u16,
        /// Which kind of no it is.
        code: String,
        /// What is wrong, for a person.
        message: String,
    },
    /// No reply came: nobody there, a time limit, a certificate.
    #[error("the server could not be asked")]
    Transport(#[source] Box<ureq::Error>),
    /// The reply broke off.
    #[error("the reply was cut off")]
    Read(#[source] std::io::Error),
    /// The reply is not what this client expects.
    #[error("the reply is not understood")]
    Reply(#[source] serde_json::Error),
    /// A stream of traces ended before its last line: what came is good, and not all.
    #[error("the export ended before it was complete")]
    Incomplete,
}

/// Of Fanlight's own API and of the one it shares with MLflow.
#[derive(Deserialize)]
struct Failure {
    error: Option<OwnFailure>,
    error_code: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct OwnFailure {
    code: String,
    message: String,
}

impl Client {
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        read(accepted(request.call())?)
    }

    pub(super) fn delete(&self, path: &str) -> Result<(), ClientError> {
        let mut request = self.agent.delete(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        accepted(request.call()).map(drop)
    }

    pub(super) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Json,
    ) -> Result<T, ClientError> {
        read(self.post_for_stream(path, body)?)
    }

    pub(super) fn post_for_stream(
        &self,
        path: &str,
        body: &Json,
    ) -> Result<Response<Body>, ClientError> {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        accepted(request.send(body.to_string().as_bytes()))
    }
}

fn accepted(reply: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, ClientError> {
    let reply = reply.map_err(|error| ClientError::Transport(Box::new(error)))?;
    let status = reply.status().as_u16();
    if reply.status().is_success() {
        return Ok(reply);
    }
    let body = bytes(reply).unwrap_or_default();
    let (code, message) = match serde_json::from_slice::<Failure>(&body) {
        Ok(Failure {
            error: Some(own), ..
        }) => (own.code, own.message),
        Ok(shared) => (
            shared.error_code.unwrap_or_default(),
            shared.message.unwrap_or_default(),
        ),
        Err(_) => (String::new(), String::new()),
    };
    Err(ClientError::Refused {
        status,
        code,
        message,
    })
}

fn read<T: DeserializeOwned>(reply: Response<Body>) -> Result<T, ClientError> {
    serde_json::from_slice(&bytes(reply)?).map_err(ClientError::Reply)
}

/// A trace may be large: what a server sends is bounded by the server.
fn bytes(reply: Response<Body>) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    reply
        .into_body()
        .into_reader()
        .read_to_end(&mut bytes)
        .map_err(ClientError::Read)?;
    Ok(bytes)
}
