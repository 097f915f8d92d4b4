//! Filters of a query that say which traces cannot match, as the engine's indexes understand them.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use fanlight_model::{ExperimentId, UnixNanos};
use fanlight_query::Narrowing;
use fanlight_query::filter::{Filter, SpanField, Test, TraceField};

use crate::tables::Table;
use crate::tables::spans::Spans;
use crate::tables::traces::Traces;

/// What one comparison says about a column.
enum Said {
    /// It is one of these texts.
    OneOf(Vec<String>),
    /// It is at or after the first and at or before the last of these nanoseconds.
    Within(i64, i64),
}

/// Whether the indexes can make something of `filter`.
pub(super) fn narrows<T: Table>(filter: &Expr) -> bool {
    let mut narrowing = Narrowing::default();
    let mut parts = Vec::new();
    add::<T>(filter, &mut narrowing, &mut parts)
}

/// What all of `filters` together surely ask of a trace.
pub(super) fn narrowing<T: Table>(filters: &[Expr]) -> Narrowing {
    let mut narrowing = Narrowing::default();
    let mut parts = Vec::new();
    for filter in filters {
        add::<T>(filter, &mut narrowing, &mut parts);
    }
    narrowing.filter = Filter::all(parts);
    narrowing
}

fn add<T: Table>(filter: &Expr, narrowing: &mut Narrowing, parts: &mut Vec<Filter>) -> bool {
    if let Expr::BinaryExpr(BinaryExpr {
        left,
        op: Operator::And,
        right,
    }) = filter
    {
        let left = add::<T>(left, narrowing, parts);
        return add::<T>(right, narrowing, parts) || left;
    }
    let Some((column, said)) = comparison(filter) else {
        return false;
    };
    match said {
        Said::OneOf(texts) => add_texts::<T>(column, texts, narrowing, parts),
        // The time of a span is not that of its trace.
        Said::Within(first, last) if T::NAME == Traces::NAME && column == "start_time" => {
            let first = u64::try_from(first).unwrap_or(0);
            // The last instant SQL knows stands for all later ones.
            let last = if last == i64::MAX {
                u64::MAX
            } else {
                u64::try_from(last).unwrap_or(0)
            };
            let (from, until) = &mut narrowing.starts;
            *from = (*from).max(UnixNanos(first));
            *until = (*until).min(UnixNanos(last));
            true
        }
        Said::Within(..) => false,
    }
}

fn add_texts<T: Table>(
    column: &str,
    texts: Vec<String>,
    narrowing: &mut Narrowing,
    parts: &mut Vec<Filter>,
) -> bool {
    let is_traces = T::NAME == Traces::NAME;
    let is_spans = T::NAME == Spans::NAME;
    if column == "model" && is_spans {
        match &mut narrowing.models {
            Some(known) => known.retain(|model| texts.contains(model)),
            none => *none = Some(texts),
        }
        return true;
    }
    if column == "experiment_id" {
        // What is not a number names no experiment.
        let experiments = texts.iter().filter_map(|text| text.parse().ok());
        let experiments: Vec<ExperimentId> = experiments.collect();
        match &mut narrowing.experiments {
            Some(known) => known.retain(|experiment| experiments.contains(experiment)),
            none => *none = Some(experiments),
        }
        return true;
    }
    let test = Test::In(texts.into_iter().collect());
    let filter = match column {
        "trace_id" => {
            // The index answers equality only.
            let Test::In(texts) = test else { return false };
            let each = texts.into_iter();
            Filter::any(
                each.map(|text| Filter::trace(TraceField::TraceId, Test::Eq(text)))
                    .collect(),
            )
        }
        "state" if is_traces => Filter::trace(TraceField::State, test),
        "session_id" if is_traces => Filter::trace(TraceField::Session, test),
        "user_id" if is_traces => Filter::trace(TraceField::User, test),
        "client_request_id" if is_traces => Filter::trace(TraceField::ClientRequestId, test),
        "name" if is_spans => Filter::span(SpanField::Name, test),
        "type" if is_spans => Filter::span(SpanField::Type, test),
        "status" if is_spans => Filter::span(SpanField::Status, test),
        _ => return false,
    };
    parts.push(filter);
    true
}

fn comparison(filter: &Expr) -> Option<(&str, Said)> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (&**left, &**right) {
            (Expr::Column(column), Expr::Literal(value, _)) => {
                Some((&column.name, compared(*op, value)?))
            }
            (Expr::Literal(value, _), Expr::Column(column)) => {
                Some((&column.name, compared(op.swap()?, value)?))
            }
            _ => None,
        },
        Expr::InList(list) if !list.negated => {
            let Expr::Column(column) = &*list.expr else {
                return None;
            };
            let texts = list.list.iter().map(|item| match item {
                Expr::Literal(value, _) => text(value),
                _ => None,
            });
            Some((&column.name, Said::OneOf(texts.collect::<Option<_>>()?)))
        }
        Expr::Between(Between {
            expr,
            negated: false,
            low,
            high,
        }) => match (&**expr, &**low, &**high) {
            (Expr::Column(column), Expr::Literal(low, _), Expr::Literal(high, _)) => {
                Some((&column.name, Said::Within(instant(low)?, instant(high)?)))
            }
            _ => None,
        },
        _ => None,
    }
}

fn compared(operator: Operator, value: &ScalarValue) -> Option<Said> {
    if operator == Operator::Eq
        && let Some(text) = text(value)
    {
        return Some(Said::OneOf(vec![text]));
    }
    let at = instant(value)?;
    Some(match operator {
        Operator::Eq => Said::Within(at, at),
        Operator::Lt | Operator::LtEq => Said::Within(i64::MIN, at),
        Operator::Gt | Operator::GtEq => Said::Within(at, i64::MAX),
        _ => return None,
    })
}

fn text(value: &ScalarValue) -> Option<String> {
    match value {
        ScalarValue::Utf8(Some(text))
        | ScalarValue::LargeUtf8(Some(text))
        | ScalarValue::Utf8View(Some(text)) => Some(text.clone()),
        _ => None,
    }
}

fn instant(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::TimestampNanosecond(Some(at), Some(_)) => Some(*at),
        _ => None,
    }
}
