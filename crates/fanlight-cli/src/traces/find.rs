//! Searching, page by page.

use serde_json::{Value as Json, json};

use crate::cli::Selection;
use crate::client::Client;
use crate::failure::Failure;

/// The API's largest page.
const PAGE: usize = 500;

/// The pages of one search, in order.
pub(super) struct Pages<'a> {
    client: &'a Client,
    selection: &'a Selection,
    experiments: Vec<String>,
    next: Next,
}

enum Next {
    First,
    Token(String),
    Nothing,
}

impl<'a> Pages<'a> {
    pub(super) fn start(client: &'a Client, selection: &'a Selection) -> Result<Self, Failure> {
        let experiments = experiments(client, selection.experiment.as_slice())?;
        Ok(Self {
            client,
            selection,
            experiments,
            next: Next::First,
        })
    }

    /// The next traces, at most `at_most`; `None` at the end. A page may be empty and not the last: the server then ran
    /// out of its time for one request.
    pub(super) fn next(&mut self, at_most: usize) -> Result<Option<Vec<Json>>, Failure> {
        let token = match &self.next {
            Next::First => None,
            Next::Token(token) => Some(token.clone()),
            Next::Nothing => return Ok(None),
        };
        let mut reply = self.client.post(
            "/api/3.0/mlflow/traces/search",
            &self.request(token, at_most),
        )?;
        self.next = match reply["next_page_token"].as_str() {
            Some(token) if !token.is_empty() => Next::Token(token.to_owned()),
            _ => Next::Nothing,
        };
        Ok(Some(list(reply["traces"].take())))
    }

    fn request(&self, token: Option<String>, at_most: usize) -> Json {
        let location = |id: &String| json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": id}});
        let mut request = json!({
            "locations": self.experiments.iter().map(location).collect::<Vec<_>>(),
            "filter": self.selection.filter,
            "order_by": self.selection.order_by,
            "max_results": at_most.clamp(1, PAGE),
        });
        if let Some(token) = token {
            request["page_token"] = token.into();
        }
        request
    }
}

/// The ids of the experiments that are named, or of all.
pub(super) fn experiments(client: &Client, named: &[String]) -> Result<Vec<String>, Failure> {
    match named {
        [] => all_experiments(client),
        named => named
            .iter()
            .map(|named| experiment_id(client, named))
            .collect(),
    }
}

/// The id of an experiment named by id or name. Digits are an id.
pub(super) fn experiment_id(client: &Client, named: &str) -> Result<String, Failure> {
    if !named.is_empty() && named.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(named.to_owned());
    }
    let reply = client.get(
        "/api/2.0/mlflow/experiments/get-by-name",
        &[("experiment_name", named)],
    )?;
    match reply["experiment"]["experiment_id"].as_str() {
        Some(id) => Ok(id.to_owned()),
        None => Err(Failure::NotFound(format!(
            "experiment `{named}` does not exist"
        ))),
    }
}

fn all_experiments(client: &Client) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::new();
    let mut token = String::new();
    loop {
        let query = [("max_results", "1000"), ("page_token", token.as_str())];
        let query = if token.is_empty() {
            &query[..1]
        } else {
            &query[..]
        };
        let mut reply = client.get("/api/2.0/mlflow/experiments/search", query)?;
        let page = list(reply["experiments"].take());
        ids.extend(
            page.iter()
                .filter_map(|experiment| experiment["experiment_id"].as_str())
                .map(str::to_owned),
        );
        match reply["next_page_token"].as_str() {
            Some(next) if !next.is_empty() && next != token => next.clone_into(&mut token),
            _ => return Ok(ids),
        }
    }
}

/// The items of a list; MLflow leaves empty lists out.
pub(super) fn list(json: Json) -> Vec<Json> {
    match json {
        Json::Array(items) => items,
        _ => Vec::new(),
    }
}
