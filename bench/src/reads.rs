//! Reading traces back: one trace, and the first page of every kind of search.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::http::{Connection, Reply};
use crate::patch::{COMMON_WORD, RARE_RELEASE, RARE_WORD, TraceFacts, mix};
use crate::stats::Measured;

/// A filled server and how long to ask it.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) experiment: &'a str,
    pub(crate) traces: u64,
    pub(crate) salt: u64,
    pub(crate) repetitions: usize,
    pub(crate) patience: Duration,
}

/// A search and what it is called in the report. `{session}` and `{user}` change with every repetition.
struct Search {
    name: &'static str,
    filter: &'static str,
    order: &'static str,
}

const NEWEST: &str = "timestamp_ms DESC";

const fn search(name: &'static str, filter: &'static str) -> Search {
    Search {
        name,
        filter,
        order: NEWEST,
    }
}

const SEARCHES: [Search; 12] = [
    search("newest", ""),
    search("rare tag", "tags.release = 'release-{rare_release}'"),
    search(
        "session",
        "metadata.`mlflow.trace.session` = 'session-{session}'",
    ),
    search("user", "metadata.`mlflow.trace.user` = 'user-{user}'"),
    search("status error", "trace.status = 'ERROR'"),
    search("span type", "span.type = 'RERANKER'"),
    search("span name", "span.name = 'fetch_invoice_legacy'"),
    search(
        "span status and type",
        "span.status = 'ERROR' AND span.type = 'TOOL'",
    ),
    search(
        "span attribute =",
        "span.attributes.retriever.index = 'idx-07'",
    ),
    search(
        "span attribute LIKE",
        "span.attributes.outcome.note LIKE '%escalation desk%'",
    ),
    search("duration >", "trace.execution_time_ms > 30000"),
    Search {
        name: "order by duration",
        filter: "",
        order: "execution_time_ms DESC",
    },
];

/// Over the texts of all spans; what the index finds is looked at before it is shown.
const TEXTS: [Search; 4] = [
    search("text: common word", "trace.text LIKE '%{common_word}%'"),
    search("text: rare word", "trace.text LIKE '%{rare_word}%'"),
    search("text: absent word", "trace.text LIKE '%sesquipedalian%'"),
    search("text: inside of a word", "trace.text LIKE '%{rare_infix}%'"),
];
/// Pages before the one that is measured.
const PAGES_BEFORE: usize = 9;

impl Reader<'_> {
    pub(crate) async fn run(&mut self) -> Result<Vec<Measured>> {
        let mut measured = vec![self.get_trace().await?];
        for search in &SEARCHES {
            measured.push(self.search(search).await?);
        }
        measured.push(self.page_ten().await?);
        for search in &TEXTS {
            measured.push(self.search(search).await?);
        }
        Ok(measured)
    }

    /// One kind of search after the other, each counted alone, until `done` says so.
    pub(crate) async fn run_until(
        &mut self,
        name: &'static str,
        done: impl Fn() -> bool,
    ) -> Result<Measured> {
        let mut series = Series::new();
        let kinds = SEARCHES.iter().chain(&TEXTS).cycle();
        for (turn, search) in kinds.enumerate() {
            if done() {
                break;
            }
            let request = self.request(search, turn, None);
            let began = Instant::now();
            let reply = self.post(&request).await?;
            series.note(began, &reply, |json| json.get("traces"));
        }
        Ok(series.finish(name))
    }

    async fn get_trace(&mut self) -> Result<Measured> {
        let mut series = Series::new();
        for turn in 0..self.repetitions * 10 {
            let path = format!(
                "/api/3.0/mlflow/traces/get?trace_id={}",
                self.some_trace(turn).id_text()
            );
            let began = Instant::now();
            let reply = self.connection.get(&path).await?;
            series.note(began, &reply, |json| json.pointer("/trace/spans"));
            if series.elapsed() > self.patience {
                break;
            }
        }
        Ok(series.finish("get trace"))
    }

    async fn search(&mut self, search: &Search) -> Result<Measured> {
        let mut series = Series::new();
        for turn in 0..self.repetitions {
            let request = self.request(search, turn, None);
            let began = Instant::now();
            let reply = self.post(&request).await?;
            series.note(began, &reply, |json| json.get("traces"));
            if series.elapsed() > self.patience {
                break;
            }
        }
        Ok(series.finish(search.name))
    }

    async fn page_ten(&mut self) -> Result<Measured> {
        let mut series = Series::new();
        for turn in 0..self.repetitions {
            // A small run has no tenth page.
            let Some(token) = self.token_after(PAGES_BEFORE, turn).await? else {
                break;
            };
            let request = self.request(&SEARCHES[0], turn, Some(&token));
            let began = Instant::now();
            let reply = self.post(&request).await?;
            series.note(began, &reply, |json| json.get("traces"));
            if series.elapsed() > self.patience {
                break;
            }
        }
        Ok(series.finish("page 10 of newest"))
    }

    /// Where the page after that many pages begins, if there is one.
    async fn token_after(&mut self, pages: usize, turn: usize) -> Result<Option<String>> {
        let mut token = None;
        for _ in 0..pages {
            let request = self.request(&SEARCHES[0], turn, token.as_deref());
            let page = self.post(&request).await?.json()?;
            token = page
                .get("next_page_token")
                .and_then(Value::as_str)
                .map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        Ok(token)
    }

    fn request(&self, search: &Search, turn: usize, token: Option<&str>) -> Value {
        let facts = self.some_trace(turn);
        let filter = search
            .filter
            .replace("{session}", &facts.session())
            .replace("{user}", &facts.user())
            .replace("{rare_release}", RARE_RELEASE)
            .replace("{rare_word}", RARE_WORD)
            .replace("{rare_infix}", &RARE_WORD[3..9])
            .replace("{common_word}", COMMON_WORD);
        let mut request = json!({
            "locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": self.experiment}}],
            "max_results": 100,
            "order_by": [search.order],
        });
        if !filter.is_empty() {
            request["filter"] = json!(filter);
        }
        if let Some(token) = token {
            request["page_token"] = json!(token);
        }
        request
    }

    async fn post(&mut self, request: &Value) -> Result<Reply> {
        self.connection
            .send_json("POST", "/api/3.0/mlflow/traces/search", request)
            .await
            .with_context(|| format!("searching with {request}"))
    }

    /// A trace for the given repetition, the same in every run.
    fn some_trace(&self, turn: usize) -> TraceFacts {
        TraceFacts::new(mix(turn as u64) % self.traces, self.salt)
    }
}

/// Repetitions of one kind of request.
#[derive(Debug)]
pub(crate) struct Series {
    began: Instant,
    times: Vec<Duration>,
    failed: usize,
    hits: Option<usize>,
}

impl Series {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            times: Vec::new(),
            failed: 0,
            hits: None,
        }
    }

    /// Takes the time since `began`; `list` finds what is counted in the answer.
    pub(crate) fn note(
        &mut self,
        began: Instant,
        reply: &Reply,
        list: impl Fn(&Value) -> Option<&Value>,
    ) {
        self.times.push(began.elapsed());
        match reply.json() {
            Ok(json) => self.hits = Some(list(&json).and_then(Value::as_array).map_or(0, Vec::len)),
            Err(_) => self.failed += 1,
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn finish(self, name: &str) -> Measured {
        Measured::new(name, self.times, self.failed, self.hits)
    }
}
