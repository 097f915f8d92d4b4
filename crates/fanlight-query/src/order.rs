//! The order of search results: keys as clients write them, values to sort by.

use std::borrow::Cow;
use std::cmp::Ordering;

use fanlight_model::TraceSummary;
use serde::{Deserialize, Serialize};

use crate::filter::{
    Entity, Fault, FilterError, TokenKind, TraceField, cut, did_you_mean, nearest, split, tokens,
};

/// Keys one order may have.
const MAX_KEYS: usize = 32;

const KEYS: [&str; 8] = [
    "timestamp_ms",
    "execution_time_ms",
    "end_time_ms",
    "status",
    "request_id",
    "name",
    "run_id",
    "experiment_id",
];

/// One key of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBy {
    pub key: OrderKey,
    pub descending: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderKey {
    Experiment,
    Start,
    Duration,
    End,
    State,
    TraceId,
    Name,
    /// The run the trace was made in.
    Run,
    Session,
    User,
    Tag(String),
    Metadata(String),
}

/// What a trace is sorted by, for one key. Goes into page tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SortValue {
    /// Last in both directions.
    Missing,
    /// Nanoseconds or the number of an experiment.
    Number(u64),
    /// Sorted by its bytes.
    Text(String),
}

impl OrderBy {
    pub const fn ascending(key: OrderKey) -> Self {
        Self {
            key,
            descending: false,
        }
    }

    pub const fn descending(key: OrderKey) -> Self {
        Self {
            key,
            descending: true,
        }
    }
}

/// Reads `order_by`: each item is a key, then `ASC` (assumed) or `DESC`. A key may not be given twice.
pub fn parse_order_by(items: &[String]) -> Result<Vec<OrderBy>, FilterError> {
    let mut order: Vec<OrderBy> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let within = format!(" of order_by item {}", at + 1);
        let parsed = parse_item(item).and_then(|parsed| {
            if at >= MAX_KEYS {
                Err(Fault::of_whole(format!("more than {MAX_KEYS} keys")))
            } else if order.iter().any(|earlier| earlier.key == parsed.key) {
                Err(Fault::new(0, format!("repeated key `{}`", cut(item))))
            } else {
                Ok(parsed)
            }
        });
        order.push(parsed.map_err(|fault| fault.in_text(item, &within))?);
    }
    Ok(order)
}

fn parse_item(item: &str) -> Result<OrderBy, Fault> {
    let tokens = tokens(item)?;
    let Some((key, rest)) = tokens
        .split_first()
        .filter(|(key, _)| key.kind == TokenKind::Word)
    else {
        let found = tokens.first().map_or("the end", |token| token.raw);
        let what = format!("expected a key, found `{}`", cut(found));
        return Err(Fault::new(0, what));
    };
    let (direction, rest) = match rest.split_first() {
        Some((direction, rest)) => (Some(direction), rest),
        None => (None, rest),
    };
    let descending = match direction {
        None => false,
        Some(direction) if direction.is("ASC") => false,
        Some(direction) if direction.is("DESC") => true,
        Some(other) => {
            let fault = Fault::new(
                other.at,
                format!("expected ASC or DESC, found `{}`", cut(other.raw)),
            );
            return Err(fault.hint("one key per item"));
        }
    };
    if let Some(extra) = rest.first() {
        let fault = Fault::new(extra.at, format!("unexpected `{}`", cut(extra.raw)));
        return Err(fault.hint("one key per item; missing values are always last"));
    }
    Ok(OrderBy {
        key: parse_key(key.raw, key.at)?,
        descending,
    })
}

fn parse_key(raw: &str, at: usize) -> Result<OrderKey, Fault> {
    let (entity, key) = split(raw, at)?;
    let field = match entity {
        Entity::Attribute { .. } if key == "experiment_id" => return Ok(OrderKey::Experiment),
        Entity::Attribute { prefixed } => TraceField::attribute(key, prefixed),
        Entity::Tag => Some(TraceField::tag(key)),
        Entity::Metadata => Some(TraceField::metadata(key)),
        Entity::Span | Entity::Feedback | Entity::Expectation | Entity::Issue => None,
    };
    Ok(match field {
        Some(TraceField::Start) => OrderKey::Start,
        Some(TraceField::Duration) => OrderKey::Duration,
        Some(TraceField::End) => OrderKey::End,
        Some(TraceField::State) => OrderKey::State,
        Some(TraceField::TraceId) => OrderKey::TraceId,
        Some(TraceField::Name) => OrderKey::Name,
        Some(TraceField::Run) => OrderKey::Run,
        Some(TraceField::Session) => OrderKey::Session,
        Some(TraceField::User) => OrderKey::User,
        Some(TraceField::Tag(key)) => OrderKey::Tag(key),
        Some(TraceField::Metadata(key)) => OrderKey::Metadata(key),
        _ => return Err(unknown_key(raw, key, at)),
    })
}

fn unknown_key(raw: &str, key: &str, at: usize) -> Fault {
    let meant =
        nearest(key, &KEYS).filter(|meant| KEYS.contains(meant) || meant.starts_with("metadata."));
    let meant = did_you_mean(meant);
    let valid = KEYS.join(", ");
    Fault::new(at, format!("unknown order_by key `{}`", cut(raw))).hint(format!(
        "{meant}valid keys: {valid}, tags.<key>, metadata.<key>"
    ))
}

/// `order` with what decides between equals: newest first, then by trace id.
pub(crate) fn complete_order(order: &[OrderBy]) -> Vec<OrderBy> {
    let mut complete = order.to_vec();
    for last in [
        OrderBy::descending(OrderKey::Start),
        OrderBy::ascending(OrderKey::TraceId),
    ] {
        if complete.iter().all(|earlier| earlier.key != last.key) {
            complete.push(last);
        }
    }
    complete
}

/// What `summary`, with edits applied, is sorted by. `trace_id_text` is the id as MLflow writes it.
pub(crate) fn order_value(
    key: &OrderKey,
    summary: &TraceSummary,
    trace_id_text: &str,
) -> SortValue {
    let text = match key {
        OrderKey::Experiment => return SortValue::Number(summary.experiment.0),
        OrderKey::Start => return SortValue::Number(summary.start.0),
        OrderKey::Duration => {
            return summary
                .duration
                .map_or(SortValue::Missing, |length| SortValue::Number(length.0));
        }
        OrderKey::End => {
            return summary
                .end()
                .map_or(SortValue::Missing, |end| SortValue::Number(end.0));
        }
        OrderKey::State => Some(Cow::Borrowed(summary.state.as_str())),
        OrderKey::TraceId => Some(Cow::Borrowed(trace_id_text)),
        OrderKey::Name => summary.name.as_deref().map(Cow::Borrowed),
        OrderKey::Run => summary.source_run.as_deref().map(Cow::Borrowed),
        OrderKey::Session => summary.session.as_deref().map(Cow::Borrowed),
        OrderKey::User => summary.user.as_deref().map(Cow::Borrowed),
        OrderKey::Tag(key) => summary
            .tags
            .get(key)
            .map(|text| Cow::Borrowed(text.as_str())),
        OrderKey::Metadata(key) => summary
            .metadata
            .get(key)
            .map(|text| Cow::Borrowed(text.as_str())),
    };
    text.map_or(SortValue::Missing, |text| {
        SortValue::Text(text.into_owned())
    })
}

/// Which of two values comes first under one key.
pub(crate) fn compare_values(by: &OrderBy, left: &SortValue, right: &SortValue) -> Ordering {
    use SortValue::{Missing, Number, Text};
    let ascending = match (left, right) {
        // Not subject to the direction.
        (Missing, Missing) => return Ordering::Equal,
        (Missing, _) => return Ordering::Greater,
        (_, Missing) => return Ordering::Less,
        (Number(left), Number(right)) => left.cmp(right),
        (Text(left), Text(right)) => left.cmp(right),
        // One key gives one kind; a forged page token may still mix them.
        (Number(_), Text(_)) => Ordering::Less,
        (Text(_), Number(_)) => Ordering::Greater,
    };
    if by.descending {
        ascending.reverse()
    } else {
        ascending
    }
}

/// Which of two traces comes first, given their values for each key of `order`.
pub(crate) fn compare_rows(order: &[OrderBy], left: &[SortValue], right: &[SortValue]) -> Ordering {
    order
        .iter()
        .zip(left.iter().zip(right))
        .map(|(by, (left, right))| compare_values(by, left, right))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use fanlight_model::{
        ExperimentId, Nanos, TraceId, TraceKey, TraceState, UnixNanos, WorkspaceId,
    };

    use super::*;

    fn parse(items: &[&str]) -> Result<Vec<OrderBy>, FilterError> {
        parse_order_by(
            &items
                .iter()
                .map(|&item| item.to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn keys_have_a_direction_in_any_case() {
        let order = parse(&[
            "timestamp desc",
            "tag.`a b`",
            "metadata.mlflow.trace.session Asc",
        ])
        .unwrap();
        assert_eq!(
            order,
            [
                OrderBy::descending(OrderKey::Start),
                OrderBy::ascending(OrderKey::Tag("a b".into())),
                OrderBy::ascending(OrderKey::Session),
            ]
        );
        for key in [
            "experiment_id",
            "attributes.timestamp_ms",
            "execution_time",
            "execution_duration",
            "status",
        ] {
            assert!(parse(&[key]).is_ok(), "{key}");
        }
        for key in [
            "request_id",
            "name",
            "run_id",
            "end_time",
            "end_time_ms DESC",
            "tags.x",
            "trace.name",
        ] {
            assert!(parse(&[key]).is_ok(), "{key}");
        }
    }

    #[test]
    fn other_items_are_refused() {
        for item in [
            "timestamp DESC, name",
            "timestamp DESC NULLS LAST",
            "",
            " ",
            "client_request_id",
            "prompt",
            "text",
            "trace.text",
            "trace_id",
            "request_time",
            "span.name",
            "feedback.x",
            "metadata.mlflow.trace.tokenUsage",
            "metadata.mlflow.trace.cost",
            "timestamp down",
            "'timestamp'",
        ] {
            assert!(parse(&[item]).is_err(), "{item}");
        }
    }

    #[test]
    fn errors_name_the_item_and_the_key() {
        insta::assert_snapshot!(parse(&["name", "latency DESC"]).unwrap_err(), @"unknown order_by key `latency` at character 1 of order_by item 2; did you mean `execution_time_ms`? valid keys: timestamp_ms, execution_time_ms, end_time_ms, status, request_id, name, run_id, experiment_id, tags.<key>, metadata.<key>");
        insta::assert_snapshot!(parse(&["timestamp", "timestamp_ms DESC"]).unwrap_err(), @"repeated key `timestamp_ms DESC` at character 1 of order_by item 2");
    }

    #[test]
    fn missing_values_are_last_in_both_directions() {
        let (up, down) = (
            OrderBy::ascending(OrderKey::Name),
            OrderBy::descending(OrderKey::Name),
        );
        let text = SortValue::Text("a".into());
        assert_eq!(
            compare_values(&up, &SortValue::Missing, &text),
            Ordering::Greater
        );
        assert_eq!(
            compare_values(&down, &SortValue::Missing, &text),
            Ordering::Greater
        );
        assert_eq!(
            compare_values(&down, &SortValue::Text("B".into()), &text),
            Ordering::Greater
        );
    }

    #[test]
    fn equals_are_decided_by_time_and_id() {
        assert_eq!(
            complete_order(&[OrderBy::ascending(OrderKey::Start)]),
            [
                OrderBy::ascending(OrderKey::Start),
                OrderBy::ascending(OrderKey::TraceId)
            ]
        );
        assert_eq!(complete_order(&[]).len(), 2);
    }

    fn summary(number: u8, state: TraceState, name: Option<&str>) -> TraceSummary {
        let place = u64::from(number);
        TraceSummary {
            key: TraceKey {
                workspace: WorkspaceId::DEFAULT,
                trace: TraceId::from_bytes([number; 16]).unwrap(),
            },
            alias: None,
            experiment: ExperimentId(1),
            client_request_id: None,
            start: UnixNanos::from_millis(10_000 * place),
            duration: Some(Nanos::from_millis(1000 * place)),
            state,
            name: name.map(str::to_owned),
            root_name: None,
            request_preview: None,
            response_preview: None,
            session: name.map(|_| "s1".to_owned()),
            user: None,
            source_run: None,
            usage: None,
            cost: None,
            models: Vec::new(),
            span_count: 0,
            error_count: 0,
            tags: BTreeMap::new(),
            metadata: BTreeMap::new(),
        }
    }

    #[test]
    fn traces_are_put_in_order() {
        let mut a = summary(1, TraceState::Ok, Some("chat"));
        a.tags.insert("env".into(), "prod".into());
        let mut b = summary(2, TraceState::Error, Some("Chat2"));
        b.tags.insert("env".into(), "dev".into());
        let traces = [("A", a), ("B", b), ("C", summary(3, TraceState::Ok, None))];
        for (items, expected) in [
            (&["execution_time DESC"][..], "CBA"),
            (&["end_time ASC"], "ABC"),
            (&["name ASC"], "BAC"),
            (&["name DESC"], "ABC"),
            (&["tags.env ASC"], "BAC"),
            (&["tags.env DESC"], "ABC"),
            (
                &["metadata.mlflow.trace.session DESC", "timestamp ASC"],
                "ABC",
            ),
            (&["status DESC"], "CAB"),
            (&["experiment_id", "request_id"], "ABC"),
            (&[], "CBA"),
        ] {
            let order = complete_order(&parse(items).unwrap());
            let row = |trace: &TraceSummary| {
                let id = trace.key.trace.to_string();
                order
                    .iter()
                    .map(|by| order_value(&by.key, trace, &id))
                    .collect::<Vec<_>>()
            };
            let mut rows = traces
                .iter()
                .map(|(label, trace)| (row(trace), *label))
                .collect::<Vec<_>>();
            rows.sort_by(|(left, _), (right, _)| compare_rows(&order, left, right));
            let labels = rows.into_iter().map(|(_, label)| label).collect::<String>();
            assert_eq!(labels, expected, "{items:?}");
        }
    }
}
