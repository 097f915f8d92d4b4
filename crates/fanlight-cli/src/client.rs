//! The REST API as the command line uses it.

use std::io::Read;
use std::str::FromStr;
use std::time::Duration;

use serde_json::Value as Json;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

use crate::failure::Failure;

/// Largest reply read into memory: ten traces of 32,000 spans may be long.
const MAX_REPLY_BYTES: u64 = 2 << 30;

/// Address of a server, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url(String);

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().trim_end_matches('/');
        match text.split_once("://") {
            Some(("http", rest)) if !rest.is_empty() => Ok(Self(text.to_owned())),
            Some(("https", _)) => {
                Err("https is not spoken by this program; use http, or a tunnel".to_owned())
            }
            _ => Err("expected an address such as http://127.0.0.1:5000".to_owned()),
        }
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Url {
    /// The flag, else the first variable that is set, else this machine.
    pub(crate) fn choose(
        flag: Option<&Self>,
        variables: &[&str],
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        if let Some(url) = flag {
            return Ok(url.clone());
        }
        let given = |name: &&str| {
            environment(name)
                .filter(|text| !text.is_empty())
                .map(|text| ((*name).to_owned(), text))
        };
        match variables.iter().find_map(given) {
            Some((name, text)) => text.parse().map_err(|expected: String| {
                Failure::Usage(format!("{name} = \"{text}\": {expected}"))
            }),
            None => Ok(Self("http://127.0.0.1:5000".to_owned())),
        }
    }
}

/// Asks one server.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) url: Url,
    agent: Agent,
}

/// A reply, good or bad.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Result<Json, Failure> {
        let read = serde_json::from_str(&self.text);
        read.map_err(|_| Failure::Other(anyhow::anyhow!("the server did not answer with JSON")))
    }

    /// What an error reply says.
    pub(crate) fn message(&self) -> String {
        message(&self.text)
    }
}

impl Client {
    pub(crate) fn new(url: Url) -> Self {
        Self::with_patience(url, Duration::from_mins(5))
    }

    /// A client that gives up after `patience`.
    pub(crate) fn with_patience(url: Url, patience: Duration) -> Self {
        Self {
            url,
            agent: agent(Some(patience)),
        }
    }

    /// `GET path?query`.
    pub(crate) fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Json, Failure> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        for (name, value) in query {
            request = request.query(*name, *value);
        }
        self.json(request.call())
    }

    /// `POST path` with a JSON body.
    pub(crate) fn post(&self, path: &str, body: &Json) -> Result<Json, Failure> {
        self.json(
            self.agent
                .post(format!("{}{path}", self.url))
                .send_json(body),
        )
    }

    /// `PUT path` with a JSON body.
    pub(crate) fn put(&self, path: &str, body: &Json) -> Result<Json, Failure> {
        let request = self.agent.put(format!("{}{path}", self.url));
        self.json(request.send_json(body))
    }

    /// `DELETE path`.
    pub(crate) fn delete(&self, path: &str) -> Result<(), Failure> {
        let request = self.agent.delete(format!("{}{path}", self.url));
        self.reply(request.call()).map(drop)
    }

    /// `POST path` with a JSON body; the reply is read as it comes.
    pub(crate) fn post_for_content(
        &self,
        path: &str,
        body: &Json,
    ) -> Result<impl std::io::Read + use<>, Failure> {
        let sent = self
            .agent
            .post(format!("{}{path}", self.url))
            .send_json(body);
        match sent {
            Ok(response) if response.status().is_success() => {
                Ok(response.into_body().into_reader())
            }
            // Reads what went wrong.
            failed => Err(self.reply(failed).err().unwrap_or(Failure::Reported)),
        }
    }

    /// `POST path` with other content. Any reply below 300 is fine.
    pub(crate) fn post_bytes(
        &self,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<(), Failure> {
        let sent = self
            .agent
            .post(format!("{}{path}", self.url))
            .content_type(content_type)
            .send(body);
        self.reply(sent).map(drop)
    }

    /// `POST path` with lines of JSON, packed as `encoding` says. Any reply is an answer.
    pub(crate) fn post_lines(
        &self,
        path: &str,
        query: &[(&str, &str)],
        encoding: Option<&str>,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.url))
            .content_type("application/x-ndjson");
        for (name, value) in query {
            request = request.query(*name, *value);
        }
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        let response = request
            .send(body)
            .map_err(|error| self.unreachable(&error))?;
        let status = response.status().as_u16();
        let text = self.text(response)?;
        Ok(Answer { status, text })
    }

    /// `POST path` with a JSON body; the reply comes as it is read, however long it takes.
    pub(crate) fn stream(&self, path: &str, body: &Json) -> Result<impl Read, Failure> {
        let request = agent(None).post(format!("{}{path}", self.url));
        let response = request
            .send_json(body)
            .map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            return Ok(response.into_body().into_reader());
        }
        self.reply(Ok(response))
            .and(Err(Failure::Other(anyhow::anyhow!(
                "the server answered without a stream"
            ))))
    }

    /// `GET path`, its `Date` header included.
    pub(crate) fn probe(&self, path: &str) -> Result<(String, Option<String>), Failure> {
        let response = self.agent.get(format!("{}{path}", self.url)).call();
        let date = response
            .as_ref()
            .ok()
            .and_then(|response| response.headers().get("date"));
        let date = date.and_then(|date| date.to_str().ok()).map(str::to_owned);
        Ok((self.reply(response)?, date))
    }

    fn json(&self, response: Result<Response<Body>, ureq::Error>) -> Result<Json, Failure> {
        let text = self.reply(response)?;
        serde_json::from_str(&text).map_err(|_| {
            Failure::Other(anyhow::anyhow!(
                "{} did not answer with JSON; is it a Fanlight server?",
                self.url
            ))
        })
    }

    fn reply(&self, response: Result<Response<Body>, ureq::Error>) -> Result<String, Failure> {
        let response = response.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let text = self.text(response)?;
        match status {
            _ if status.is_success() => Ok(text),
            StatusCode::NOT_FOUND => Err(Failure::NotFound(message(&text))),
            _ => Err(Failure::Other(anyhow::anyhow!(
                "the server answered {}: {}",
                status.as_u16(),
                message(&text)
            ))),
        }
    }

    fn text(&self, mut response: Response<Body>) -> Result<String, Failure> {
        let body = response.body_mut().with_config();
        let read = body.limit(MAX_REPLY_BYTES).read_to_string();
        read.map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        Failure::Unreachable {
            url: self.url.to_string(),
            reason: error.to_string(),
        }
    }
}

/// One that waits `patience` for a whole reply, or as long as it takes.
fn agent(patience: Option<Duration>) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(5)))
        .timeout_global(patience)
        .user_agent(concat!("fanlight/", env!("CARGO_PKG_VERSION")))
        // The server is mostly on this machine, which a proxy would not reach.
        .proxy(None)
        .build();
    config.into()
}

/// The `message` of an error reply, or its beginning.
fn message(text: &str) -> String {
    let told = serde_json::from_str::<Json>(text).ok();
    let told = told
        .as_ref()
        .and_then(|json| {
            json["message"]
                .as_str()
                .or(json["error"]["message"].as_str())
        })
        .unwrap_or(text);
    crate::printer::plain(told.trim(), 500)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(flag: Option<&str>, variables: &[(&str, &str)]) -> Result<Url, Failure> {
        let flag = flag.map(|text| text.parse().unwrap());
        let environment = |name: &str| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Url::choose(
            flag.as_ref(),
            &["FANLIGHT_URL", "MLFLOW_TRACKING_URI"],
            &environment,
        )
    }

    #[test]
    fn the_flag_counts_before_the_environment() {
        let both = [
            ("MLFLOW_TRACKING_URI", "http://b:1"),
            ("FANLIGHT_URL", "http://a:1/"),
        ];
        assert_eq!(
            choose(Some("http://c"), &both).unwrap().to_string(),
            "http://c"
        );
        assert_eq!(choose(None, &both).unwrap().to_string(), "http://a:1");
        assert_eq!(choose(None, &both[..1]).unwrap().to_string(), "http://b:1");
        assert_eq!(
            choose(None, &[]).unwrap().to_string(),
            "http://127.0.0.1:5000"
        );
    }

    #[test]
    fn an_address_of_another_kind_is_named_with_its_variable() {
        let failure = choose(None, &[("MLFLOW_TRACKING_URI", "sqlite:///x.db")]).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        insta::assert_snapshot!(
            failure,
            @r#"MLFLOW_TRACKING_URI = "sqlite:///x.db": expected an address such as http://127.0.0.1:5000"#
        );
    }

    #[test]
    fn the_message_of_an_error_is_found() {
        assert_eq!(
            message(r#"{"error_code":"X","message":"no such trace"}"#),
            "no such trace"
        );
        assert_eq!(message("not found\n"), "not found");
    }

    #[test]
    fn a_server_that_is_not_there_is_told_apart() {
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let client = Client::new(format!("http://127.0.0.1:{port}").parse().unwrap());
        assert_eq!(client.get("/health", &[]).unwrap_err().exit_code(), 4);
    }
}
