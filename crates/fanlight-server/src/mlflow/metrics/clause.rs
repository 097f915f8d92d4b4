//! The filters of the metrics endpoint: each is one equality, `trace.tag.env = 'prod'`.

use fanlight_api::ApiError;
use fanlight_api::mlflow::tags;
use fanlight_query::filter::{Filter, Test, TraceField};
use fanlight_query::stats::SpanProperty;

use super::catalogue::View;

/// What must be equal to `value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) field: Field,
    pub(super) value: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    TraceStatus,
    TraceTag(String),
    TraceMetadata(String),
    SpanName,
    SpanStatus,
    SpanType,
    AssessmentName,
    AssessmentType,
}

impl Clause {
    pub(super) fn parse(text: &str, view: View) -> Result<Self, ApiError> {
        let (name, key, value) = split(text).ok_or_else(|| malformed(text))?;
        let field = match (name, key) {
            ("trace.status", None) => Field::TraceStatus,
            ("trace.tag", Some(key)) => Field::TraceTag(key.to_owned()),
            ("trace.metadata", Some(key)) => Field::TraceMetadata(key.to_owned()),
            ("span.name", None) => Field::SpanName,
            ("span.status", None) => Field::SpanStatus,
            ("span.type", None) => Field::SpanType,
            ("assessment.name", None) => Field::AssessmentName,
            ("assessment.type", None) => Field::AssessmentType,
            _ => return Err(malformed(text)),
        };
        let own_view = match field {
            Field::TraceStatus | Field::TraceTag(_) | Field::TraceMetadata(_) => view,
            Field::SpanName | Field::SpanStatus | Field::SpanType => View::Spans,
            Field::AssessmentName | Field::AssessmentType => View::Assessments,
        };
        if own_view != view {
            return Err(ApiError::invalid(format!(
                "filter field `{name}` cannot be used with view type {view}"
            )));
        }
        Ok(Self {
            field,
            value: value.to_owned(),
        })
    }

    /// What it asks of the trace; fields of spans and assessments are not the trace's to refuse.
    pub(super) fn of_trace(&self) -> Option<Filter> {
        let field = match &self.field {
            Field::TraceStatus => TraceField::State,
            Field::TraceTag(key) => TraceField::tag(key),
            Field::TraceMetadata(key) => TraceField::metadata(key),
            _ => return None,
        };
        Some(Filter::trace(field, Test::Eq(self.value.clone())))
    }

    /// What it asks of a span.
    pub(super) fn of_span(&self) -> Option<(SpanProperty, String)> {
        let property = match self.field {
            Field::SpanName => SpanProperty::Name,
            Field::SpanStatus => SpanProperty::Status,
            Field::SpanType => SpanProperty::Type,
            _ => return None,
        };
        Some((property, self.value.clone()))
    }
}

fn malformed(text: &str) -> ApiError {
    ApiError::invalid(format!(
        "invalid filter \"{}\": expected one of trace.status, trace.tag.<key>, trace.metadata.<key>, span.name, \
         span.status, span.type, assessment.name and assessment.type, then = and a quoted value",
        tags::cut(text, 100)
    ))
}

/// Name, key and value of `name[.key] = 'value'`.
fn split(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let text = text.trim();
    let view_end = text.find('.')?;
    let rest = &text[view_end + 1..];
    let field_length = rest
        .find(|letter: char| !letter.is_ascii_lowercase())
        .unwrap_or(rest.len());
    let (name, rest) = text.split_at(view_end + 1 + field_length);
    let (key, rest) = match rest.strip_prefix('.') {
        None => (None, rest),
        Some(rest) => {
            let (key, rest) = split_key(rest)?;
            (Some(key), rest)
        }
    };
    let quoted = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = quoted
        .chars()
        .next()
        .filter(|letter| matches!(letter, '\'' | '"'))?;
    let value = quoted[1..].strip_suffix(quote)?;
    // A quote inside would be the end of the value, and something after it another clause.
    (!value.contains(quote)).then_some((name, key, value))
}

fn split_key(text: &str) -> Option<(&str, &str)> {
    let (key, rest) = match text.chars().next()? {
        quote @ ('`' | '"') => text[1..].split_once(quote)?,
        _ => text.split_at(text.find(|letter: char| letter.is_whitespace() || letter == '=')?),
    };
    (!key.is_empty()).then_some((key, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Clause> {
        Clause::parse(text, View::Spans).ok()
    }

    #[test]
    fn fields_keys_and_values_are_told_apart() {
        let clause = |field, value: &str| {
            Some(Clause {
                field,
                value: value.into(),
            })
        };
        assert_eq!(
            parse("trace.status = 'OK'"),
            clause(Field::TraceStatus, "OK")
        );
        assert_eq!(parse("span.type=\"TOOL\""), clause(Field::SpanType, "TOOL"));
        assert_eq!(
            parse("trace.metadata.`mlflow.trace.session` = \"a'b\""),
            clause(Field::TraceMetadata("mlflow.trace.session".into()), "a'b")
        );
        assert_eq!(
            parse("trace.tag.mlflow.traceName = 'x'"),
            clause(Field::TraceTag("mlflow.traceName".into()), "x")
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "status = 'OK'",
            "trace.status != 'OK'",
            "trace.status LIKE 'O%'",
            "trace.status = 'OK' AND span.type = 'X'",
            "trace.status.x = 'OK'",
            "trace.tag = 'x'",
            "trace.tag.`` = 'x'",
            "trace.name = 'x'",
            "foo.bar = 'x'",
            "trace.status = OK",
            "trace.status = '",
            "trace.status = 'é",
            "assessment.name = 'x'",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
