//! `POST /api/v1/sessions/search`: traces gathered by session or user.

use fanlight_model::{TraceSummary, WorkspaceId};
use fanlight_query::{Search, Session, SessionKey, SessionOrder, SessionPage, SessionSearch};

use super::overview::{CountView, count};
use super::schema::shape;
use super::{Members, Refusal, instant, millis, parse_experiments, parse_filter};
use crate::mlflow::ids::trace_id_text;

const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 500;

pub fn parse_sessions(mut body: Members, workspace: WorkspaceId) -> Result<SessionSearch, Refusal> {
    let by = match body.text("by")?.as_deref() {
        None | Some("session") => SessionKey::Session,
        Some("user") => SessionKey::User,
        Some(_) => return Err(Refusal::at("by", "`by` has to be session or user")),
    };
    let order_by = body.text("order_by")?;
    let (order, descending) = parse_order(order_by.as_deref().unwrap_or("last DESC"))?;
    let search = SessionSearch {
        traces: Search {
            workspace,
            experiments: parse_experiments(&mut body)?,
            filter: parse_filter(&mut body)?,
            order_by: Vec::new(),
            limit: body.number("limit", 1..=MAX_PAGE)?.unwrap_or(DEFAULT_PAGE),
            page_token: body.text("page_token")?,
        },
        by,
        order,
        descending,
    };
    body.finish()?;
    Ok(search)
}

fn parse_order(text: &str) -> Result<(SessionOrder, bool), Refusal> {
    let (key, direction) = text.trim().split_once(' ').unwrap_or((text.trim(), "DESC"));
    let order = match key {
        "last" => SessionOrder::Last,
        "first" => SessionOrder::First,
        "traces" => SessionOrder::Traces,
        "errors" => SessionOrder::Errors,
        "tokens" => SessionOrder::Tokens,
        "cost" => SessionOrder::Cost,
        "duration" => SessionOrder::Duration,
        _ => return Err(unknown_order(text)),
    };
    match direction.trim() {
        "DESC" | "desc" => Ok((order, true)),
        "ASC" | "asc" => Ok((order, false)),
        _ => Err(unknown_order(text)),
    }
}

fn unknown_order(text: &str) -> Refusal {
    let shown: String = text.chars().take(64).collect();
    let message = format!(
        "unknown order `{shown}`: expected last, first, traces, errors, tokens, cost or duration, then DESC or ASC"
    );
    Refusal::at("order_by", message)
}

shape! {
    /// A page of sessions or users.
    SessionsReply {
        sessions: Vec<SessionView>,
        /// Of all pages.
        total: usize,
        traces: CountView,
        next_page_token: Option<String>,
    }
}

shape! {
    /// The matching traces of one session or user.
    SessionView {
        id: String,
        /// Start of the first trace.
        first: String,
        /// Last known end of a trace.
        last: String,
        duration_ms: f64,
        traces: u64,
        errors: u64,
        tokens: SessionTokens,
        cost: Option<f64>,
        /// Its first trace; `null` when it cannot be read.
        oldest: Option<SessionTrace>,
        newest: SessionTrace,
    }
}

shape! {
    /// Sums over the traces that know.
    SessionTokens {
        input: Option<f64>,
        output: Option<f64>,
        total: Option<f64>,
    }
}

shape! {
    /// A trace that stands for its session.
    SessionTrace {
        id: String,
        experiment: String,
        name: Option<String>,
        state: String,
        start: String,
        request_preview: Option<String>,
        response_preview: Option<String>,
        session: Option<String>,
        user: Option<String>,
    }
}

pub fn render_sessions(page: &SessionPage) -> SessionsReply {
    SessionsReply {
        sessions: page.sessions.iter().map(render_session).collect(),
        total: page.total,
        traces: count(page.traces),
        next_page_token: page.next_page_token.clone(),
    }
}

fn render_session(session: &Session) -> SessionView {
    SessionView {
        id: session.key.clone(),
        first: instant(session.first),
        last: instant(session.last),
        duration_ms: millis(session.duration()),
        traces: session.traces,
        errors: session.errors,
        tokens: SessionTokens {
            input: session.input_tokens,
            output: session.output_tokens,
            total: session.total_tokens,
        },
        cost: session.cost,
        oldest: session
            .oldest
            .as_ref()
            .map(|trace| render_trace(&trace.summary)),
        newest: render_trace(&session.newest.summary),
    }
}

fn render_trace(trace: &TraceSummary) -> SessionTrace {
    SessionTrace {
        id: trace_id_text(trace),
        experiment: trace.experiment.to_string(),
        name: trace.name.clone().or_else(|| trace.root_name.clone()),
        state: trace.state.as_str().to_owned(),
        start: instant(trace.start),
        request_preview: trace.request_preview.clone(),
        response_preview: trace.response_preview.clone(),
        session: trace.session.clone(),
        user: trace.user.clone(),
    }
}
