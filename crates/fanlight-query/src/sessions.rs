//! Traces gathered by session or user: who was there, when, how much.

use std::cmp::Ordering;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use fanlight_model::{Nanos, UnixNanos};
use fanlight_store::Snapshot;
use serde::{Deserialize, Serialize};

use crate::matched::{Count, Matched};
use crate::search::{Context, Hit};
use crate::stats::{Dimension, HOT, Measure, Rows, Sums, Tabulation, find, tabulate};
use crate::{Engine, Facet, QueryError, Search, TraceRecord};

/// Sessions that are put in order at one time; more are an error.
pub const MAX_SESSIONS: usize = 200_000;

const MEASURES: [Measure; 4] = [
    Measure::InputTokens,
    Measure::OutputTokens,
    Measure::TotalTokens,
    Measure::TotalCost,
];

/// What to gather by, and in which order.
#[derive(Clone, Debug)]
pub struct SessionSearch {
    /// Of the traces; its order does not matter, its limit and token are of sessions.
    pub traces: Search,
    pub by: SessionKey,
    pub order: SessionOrder,
    pub descending: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKey {
    Session,
    User,
}

/// Ties are in order of the key; what is not known is last either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionOrder {
    Last,
    First,
    Traces,
    Errors,
    Tokens,
    Cost,
    Duration,
}

/// The traces of one session or user that match.
#[derive(Clone, Debug)]
pub struct Session {
    pub key: String,
    pub first: UnixNanos,
    /// The last known end of a trace.
    pub last: UnixNanos,
    pub traces: u64,
    pub errors: u64,
    /// Unknown when no trace knows.
    pub input_tokens: Option<f64>,
    pub output_tokens: Option<f64>,
    pub total_tokens: Option<f64>,
    pub cost: Option<f64>,
    /// The trace that started first; `None` when it cannot be read.
    pub oldest: Option<TraceRecord>,
    /// The trace that started last.
    pub newest: TraceRecord,
}

#[derive(Clone, Debug)]
pub struct SessionPage {
    pub sessions: Vec<Session>,
    /// Of all pages.
    pub total: usize,
    /// Traces that match; when it is not exact, sessions are of those that match for certain.
    pub traces: Count,
    pub next_page_token: Option<String>,
}

/// A session before its traces are read.
struct Gathered {
    key: String,
    first: u64,
    last: u64,
    traces: u64,
    errors: u64,
    /// In the order of [`MEASURES`].
    sums: [Option<f64>; MEASURES.len()],
    oldest: Place,
    newest: Place,
}

/// Which part of what matched, and the place there.
type Place = (u32, u32);

/// The place where a page ended.
#[derive(Serialize, Deserialize)]
struct Token {
    order: SessionOrder,
    descending: bool,
    value: Option<u64>,
    key: String,
}

impl Session {
    /// From the first start to the last end.
    pub fn duration(&self) -> Nanos {
        self.last.checked_since(self.first).unwrap_or_default()
    }
}

impl Engine {
    /// One page of sessions or users.
    pub async fn sessions(&self, search: &SessionSearch) -> Result<SessionPage, QueryError> {
        let wanted = search.clone();
        self.look(&search.traces, move |context, snapshot| {
            page(context, snapshot, &wanted)
        })
        .await
    }
}

fn page(
    context: &Context<'_>,
    snapshot: &Snapshot,
    search: &SessionSearch,
) -> Result<SessionPage, QueryError> {
    let from = token(context.search.page_token.as_deref(), search)?;
    let matched = find(context, snapshot, None)?;
    let mut sessions = gather(context, &matched, search.by)?;
    let total = sessions.len();
    let compare = |left: &(Option<u64>, &str), right: &(Option<u64>, &str)| {
        let values = match (left.0, right.0) {
            (Some(left), Some(right)) if search.descending => right.cmp(&left),
            (Some(left), Some(right)) => left.cmp(&right),
            // Unknown is last either way.
            (left, right) => right.is_some().cmp(&left.is_some()),
        };
        values.then_with(|| left.1.cmp(right.1))
    };
    if let Some(from) = &from {
        let place = (from.value, from.key.as_str());
        sessions.retain(|session| {
            compare(&(session.value(search.order), &session.key), &place) == Ordering::Greater
        });
    }
    sessions.sort_unstable_by(|left, right| {
        compare(
            &(left.value(search.order), &left.key),
            &(right.value(search.order), &right.key),
        )
    });
    let limit = context.search.limit;
    let is_last = sessions.len() <= limit;
    sessions.truncate(limit);
    let next = sessions.last().filter(|_| !is_last).map(|last| Token {
        order: search.order,
        descending: search.descending,
        value: last.value(search.order),
        key: last.key.clone(),
    });
    Ok(SessionPage {
        sessions: read(context, &matched, sessions),
        total,
        traces: matched.count(),
        next_page_token: next.map(|token| {
            let json = serde_json::to_vec(&token).unwrap_or_default();
            BASE64_URL_SAFE_NO_PAD.encode(json)
        }),
    })
}

fn token(text: Option<&str>, search: &SessionSearch) -> Result<Option<Token>, QueryError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let token = BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|json| serde_json::from_slice::<Token>(&json).ok())
        .ok_or(QueryError::PageToken {
            reason: "it does not come from this server",
        })?;
    if token.order == search.order && token.descending == search.descending {
        Ok(Some(token))
    } else {
        Err(QueryError::PageToken {
            reason: "it belongs to another order",
        })
    }
}

fn gather(
    context: &Context<'_>,
    matched: &Matched,
    by: SessionKey,
) -> Result<Vec<Gathered>, QueryError> {
    let request = Tabulation {
        dimensions: vec![Dimension::Trace(match by {
            SessionKey::Session => Facet::Session,
            SessionKey::User => Facet::User,
        })],
        measures: MEASURES.into(),
        max_groups: MAX_SESSIONS,
        ..Tabulation::new(Rows::Traces)
    };
    let Sums { groups, names } = tabulate(context, matched, &request)?;
    let gathered = groups.all.into_iter().filter_map(|(key, group)| {
        let mut sums = [None; MEASURES.len()];
        for (known, sum) in sums.iter_mut().zip(&group.sums) {
            *known = (sum.count > 0).then(|| sum.total());
        }
        Some(Gathered {
            key: names.text(key.names[0])?,
            first: group.first,
            last: group.last,
            traces: group.count,
            errors: group.errors,
            sums,
            oldest: group.oldest.1,
            newest: group.newest.1,
        })
    });
    Ok(gathered.collect())
}

impl Gathered {
    /// What it is sorted by; greater numbers are greater.
    fn value(&self, order: SessionOrder) -> Option<u64> {
        // Bits of numbers that are not negative are in their order.
        let bits = |value: Option<f64>| value.map(|value| value.max(0.0).to_bits());
        match order {
            SessionOrder::Last => Some(self.last),
            SessionOrder::First => Some(self.first),
            SessionOrder::Traces => Some(self.traces),
            SessionOrder::Errors => Some(self.errors),
            SessionOrder::Tokens => bits(self.sums[2]),
            SessionOrder::Cost => bits(self.sums[3]),
            SessionOrder::Duration => Some(self.last.saturating_sub(self.first)),
        }
    }
}

/// Reads the oldest and the newest trace of each.
fn read(context: &Context<'_>, matched: &Matched, gathered: Vec<Gathered>) -> Vec<Session> {
    let newest = read_places(context, matched, gathered.iter().map(|one| one.newest));
    // Where there is but one trace, it is both.
    let several = gathered.iter().filter(|one| one.traces > 1);
    let mut oldest = read_places(context, matched, several.map(|one| one.oldest)).into_iter();
    let sessions = gathered.into_iter().zip(newest);
    let sessions = sessions.filter_map(|(session, newest)| {
        let oldest = if session.traces > 1 {
            oldest.next().flatten()
        } else {
            newest.clone()
        };
        // A session is shown by its newest trace: without that, there is nothing to show.
        let newest = newest?;
        let [input_tokens, output_tokens, total_tokens, cost] = session.sums;
        Some(Session {
            key: session.key,
            first: UnixNanos(session.first),
            last: UnixNanos(session.last),
            traces: session.traces,
            errors: session.errors,
            input_tokens,
            output_tokens,
            total_tokens,
            cost,
            oldest,
            newest,
        })
    });
    sessions.collect()
}

fn read_places(
    context: &Context<'_>,
    matched: &Matched,
    places: impl Iterator<Item = Place>,
) -> Vec<Option<TraceRecord>> {
    let hits: Vec<Hit> = places
        .filter_map(|place| match place {
            (HOT, place) => Some(Hit::Hot(Arc::clone(matched.hot.get(place as usize)?))),
            (part, row) => {
                let rows = matched.sealed.get(part as usize)?;
                Some(Hit::Sealed(Arc::clone(&rows.view.segment), row))
            }
        })
        .collect();
    context.read_each(&hits)
}
