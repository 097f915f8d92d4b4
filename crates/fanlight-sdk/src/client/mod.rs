//! Asking a Fanlight server about traces, and saying something about them.
//!
//! Calls block the thread; within an asynchronous program, make them on a thread that may wait, for example with
//! `tokio::task::spawn_blocking`. What has just been traced is found after [`Guard::flush`](crate::Guard::flush).
//!
//! ```no_run
//! use fanlight::client::{Client, Feedback, Search};
//!
//! # fn main() -> Result<(), fanlight::client::ClientError> {
//! let client = Client::new("http://127.0.0.1:5000");
//! let experiment = client.experiment_id("support-bot")?.unwrap_or_default();
//! for trace in client.search_all(Search::new([experiment]).filter("status = 'ERROR'")) {
//!     let trace = trace?;
//!     client.log_feedback(&trace.id, &Feedback::new("looked at", true).by_human("ada"))?;
//! }
//! # Ok(())
//! # }
//! ```

mod assess;
mod export;
mod reply;
mod request;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use ureq::Agent;

pub use assess::{Expectation, Feedback, Source};
pub use export::{Export, Format, Line};
pub use reply::{
    Assessment, AssessmentSource, Costs, Event, FullTrace, Link, Message, Messages, Page, Span,
    Status, Tokens, Trace,
};
pub use request::ClientError;

use crate::settings::{Destination, SettingError, Settings};

/// A Fanlight server. Clones share connections.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    headers: Vec<(String, String)>,
}

/// Headers hold tokens: only their names are shown.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Client")
            .field("base", &self.base)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

/// A trace as a server calls it: `tr-` and 32 hex digits, or what its client called it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TraceName(String);

impl From<crate::TraceId> for TraceName {
    fn from(id: crate::TraceId) -> Self {
        Self(format!("tr-{id}"))
    }
}

impl<T: AsRef<str> + ?Sized> From<&T> for TraceName {
    fn from(name: &T) -> Self {
        Self(name.as_ref().to_owned())
    }
}

impl From<String> for TraceName {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl TraceName {
    /// As the server knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which traces, in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// By their ids.
    pub experiments: Vec<String>,
    /// In the language of MLflow's trace search; empty for everything.
    pub filter: String,
    /// Each `<key> [ASC or DESC]`; newest first when empty.
    pub order_by: Vec<String>,
    /// Traces of a page, at most 500.
    pub limit: usize,
    /// Where to go on; `None` for the first page.
    pub page_token: Option<String>,
}

impl Search {
    /// Of experiments, by their ids.
    pub fn new<T: Into<String>>(experiments: impl IntoIterator<Item = T>) -> Self {
        Self {
            experiments: experiments.into_iter().map(Into::into).collect(),
            limit: 50,
            ..Self::default()
        }
    }

    /// In the language of MLflow's trace search: `status = 'ERROR' AND tag.env = 'prod'`.
    #[must_use]
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = filter.into();
        self
    }

    /// `timestamp_ms ASC`; called again, the next key.
    #[must_use]
    pub fn order_by(mut self, key: impl Into<String>) -> Self {
        self.order_by.push(key.into());
        self
    }

    /// Traces of a page, at most 500. Default 50.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

impl Client {
    /// By the server's base address, for example `http://127.0.0.1:5000`.
    pub fn new(base: &str) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(Duration::from_mins(1)))
            .http_status_as_error(false)
            // A redirect would carry the headers, and what they prove, elsewhere.
            .max_redirects(0)
            .user_agent(concat!("fanlight-sdk/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self {
            agent,
            base: base.trim_end_matches('/').to_owned(),
            headers: Vec::new(),
        }
    }

    /// The server that traces go to as the environment says; see [`Settings::from_env`].
    pub fn from_env() -> Result<Self, SettingError> {
        let destinations = Settings::from_env()?.destinations;
        Ok(destinations
            .first()
            .map_or_else(|| Self::new(crate::DEFAULT_SERVER), Self::of))
    }

    /// The server behind a destination, with its headers.
    pub fn of(destination: &Destination) -> Self {
        let base = destination.url.trim_end_matches("/v1/traces");
        let mut client = Self::new(base);
        client.headers.clone_from(&destination.headers);
        client
    }

    /// Sent with every request. Never logged.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The id of an experiment by its name; `None` where there is none, or it is deleted.
    pub fn experiment_id(&self, name: &str) -> Result<Option<String>, ClientError> {
        #[derive(Deserialize)]
        struct Found {
            experiment: Experiment,
        }
        #[derive(Deserialize)]
        struct Experiment {
            experiment_id: String,
            lifecycle_stage: String,
        }
        // By this path the name is a parameter, and no text within a filter.
        let name = in_path(name);
        let path = format!("/api/2.0/mlflow/experiments/get-by-name?experiment_name={name}");
        match self.get::<Found>(&path) {
            Ok(found) => Ok(Some(found.experiment)
                .filter(|experiment| experiment.lifecycle_stage == "active")
                .map(|experiment| experiment.experiment_id)),
            Err(ClientError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One page.
    pub fn search(&self, search: &Search) -> Result<Page, ClientError> {
        let mut body = json!({
            "experiments": search.experiments,
            "filter": search.filter,
            "order_by": search.order_by,
            "limit": search.limit,
        });
        if let Some(token) = &search.page_token {
            body["page_token"] = token.as_str().into();
        }
        self.post("/api/v1/traces/search", &body)
    }

    /// All that match, page by page, as far as the iterator is taken. Ends after an error.
    pub fn search_all(
        &self,
        search: Search,
    ) -> impl Iterator<Item = Result<Trace, ClientError>> + use<> {
        Pages {
            client: self.clone(),
            next: Some(search),
            found: VecDeque::new(),
        }
    }

    /// A trace and all of its spans.
    ///
    /// Fails with [`ClientError::Refused`] and the code `not_found` where there is none.
    pub fn get_trace(&self, trace: impl Into<TraceName>) -> Result<FullTrace, ClientError> {
        self.get(&format!(
            "/api/v1/traces/{}",
            in_path(trace.into().as_str())
        ))
    }

    /// Answers how many of them there were.
    pub fn delete_traces<T: Into<TraceName>>(
        &self,
        traces: impl IntoIterator<Item = T>,
    ) -> Result<u64, ClientError> {
        self.edit("/api/v1/traces/delete", traces, json!({}))
    }

    /// In place of an earlier value.
    ///
    /// Fails with [`ClientError::Refused`] and the code `not_found` where there is no such trace.
    pub fn set_tag(
        &self,
        trace: impl Into<TraceName>,
        key: &str,
        value: &str,
    ) -> Result<(), ClientError> {
        let set = BTreeMap::from([(key, value)]);
        self.edit("/api/v1/traces/tags", [trace], json!({"set": set}))
            .map(drop)
    }

    /// One that is not there is passed over.
    pub fn delete_tag(&self, trace: impl Into<TraceName>, key: &str) -> Result<(), ClientError> {
        self.edit("/api/v1/traces/tags", [trace], json!({"remove": [key]}))
            .map(drop)
    }

    /// Sets and removes tags of up to 1000 traces at a time. Answers how many of the traces there are.
    pub fn edit_tags<T: Into<TraceName>>(
        &self,
        traces: impl IntoIterator<Item = T>,
        set: &BTreeMap<String, String>,
        remove: &[String],
    ) -> Result<u64, ClientError> {
        let body = json!({"set": set, "remove": remove});
        self.edit("/api/v1/traces/tags", traces, body)
    }

    fn edit<T: Into<TraceName>>(
        &self,
        path: &str,
        traces: impl IntoIterator<Item = T>,
        mut body: Json,
    ) -> Result<u64, ClientError> {
        #[derive(Deserialize)]
        struct Edited {
            traces: u64,
        }
        let names = traces.into_iter().map(|trace| trace.into().0);
        body["traces"] = names.map(Json::from).collect();
        let edited: Edited = self.post(path, &body)?;
        Ok(edited.traces)
    }
}

struct Pages {
    client: Client,
    /// `None` after the last page, and after an error.
    next: Option<Search>,
    found: VecDeque<Trace>,
}

impl Iterator for Pages {
    type Item = Result<Trace, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.found.is_empty() {
            let search = self.next.take()?;
            match self.client.search(&search) {
                Ok(page) => {
                    self.found = page.traces.into();
                    self.next = page.next_page_token.map(|token| Search {
                        page_token: Some(token),
                        ..search
                    });
                }
                Err(error) => return Some(Err(error)),
            }
        }
        self.found.pop_front().map(Ok)
    }
}

/// A name as one segment of a path, or as a parameter.
fn in_path(name: &str) -> String {
    let mut segment = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push('%');
            for digit in [byte >> 4, byte & 15] {
                segment.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    segment
}
