//! `POST /api/v1/sessions/search`: traces gathered by session or user.

use fanlight_model::WorkspaceId;
use fanlight_query::{Search, Session, SessionKey, SessionOrder, SessionPage, SessionSearch};
use serde_json::{Value as Json, json};

use super::overview::count;
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

pub fn render_sessions(page: &SessionPage) -> Json {
    json!({
        "sessions": page.sessions.iter().map(render_session).collect::<Json>(),
        "total": page.total,
        "traces": count(page.traces),
        "next_page_token": page.next_page_token,
    })
}

fn render_session(session: &Session) -> Json {
    let newest = &session.newest.summary;
    json!({
        "id": session.key,
        "first": instant(session.first),
        "last": instant(session.last),
        "duration_ms": millis(session.duration()),
        "traces": session.traces,
        "errors": session.errors,
        "tokens": {
            "input": session.input_tokens, "output": session.output_tokens,
            "total": session.total_tokens,
        },
        "cost": session.cost,
        "newest": {
            "id": trace_id_text(newest),
            "experiment": newest.experiment.to_string(),
            "name": newest.name.as_ref().or(newest.root_name.as_ref()),
            "state": newest.state.as_str(),
            "start": instant(newest.start),
            "request_preview": newest.request_preview,
            "response_preview": newest.response_preview,
            "session": newest.session,
            "user": newest.user,
        },
    })
}
