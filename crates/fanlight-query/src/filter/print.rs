//! Filters as text that parses to the same filter.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use super::{
    Comparison, Filter, Number, SpanCondition, SpanField, Test, TraceCondition, TraceField,
};

/// How tightly the surroundings bind: what needs parentheses inside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
}

/// Canonical text. A text with both kinds of quotes, neither doubled, has no literal in the language: [`parse`]
/// makes no such filter, and one built by hand does not survive being printed and parsed.
///
/// [`parse`]: super::parse()
impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => Ok(()),
            filter => print_filter(filter, Binding::Or, f),
        }
    }
}

impl Display for SpanCondition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        print_span(self, Binding::Or, f)
    }
}

impl Display for TraceCondition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        print_condition(&self.field, &self.test, f)
    }
}

fn print_filter(filter: &Filter, around: Binding, f: &mut Formatter<'_>) -> fmt::Result {
    match filter {
        // Every trace has an id; inside a list or a negation there is no shorter way to say so.
        Filter::Everything => f.write_str("request_id LIKE '%'"),
        Filter::And(parts) => print_list(parts, Binding::And, around, f, print_filter),
        Filter::Or(parts) => print_list(parts, Binding::Or, around, f, print_filter),
        Filter::Not(part) => {
            f.write_str("NOT ")?;
            print_filter(part, Binding::Not, f)
        }
        Filter::Trace(condition) => condition.fmt(f),
        Filter::Span(condition) => print_span(condition, around, f),
    }
}

fn print_span(condition: &SpanCondition, around: Binding, f: &mut Formatter<'_>) -> fmt::Result {
    match condition {
        SpanCondition::All(parts) => print_list(parts, Binding::And, around, f, print_span),
        SpanCondition::Any(parts) => print_list(parts, Binding::Or, around, f, print_span),
        SpanCondition::Is(field, test) => print_condition(field, test, f),
    }
}

fn print_list<T>(
    parts: &[T],
    binding: Binding,
    around: Binding,
    f: &mut Formatter<'_>,
    print: fn(&T, Binding, &mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    let enclosed = binding < around;
    if enclosed {
        f.write_str("(")?;
    }
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(if binding == Binding::And {
                " AND "
            } else {
                " OR "
            })?;
        }
        print(part, binding, f)?;
    }
    if enclosed { f.write_str(")") } else { Ok(()) }
}

fn print_condition(field: &dyn Display, test: &Test, f: &mut Formatter<'_>) -> fmt::Result {
    field.fmt(f)?;
    match test {
        Test::Eq(wanted) => write!(f, " = {}", literal(wanted)),
        Test::Ne(unwanted) => write!(f, " != {}", literal(unwanted)),
        Test::In(texts) => write!(f, " IN ({})", literals(texts)),
        Test::NotIn(texts) => write!(f, " NOT IN ({})", literals(texts)),
        Test::Like(pattern) => write!(f, " LIKE {}", literal(pattern.source())),
        Test::ILike(pattern) => write!(f, " ILIKE {}", literal(pattern.source())),
        Test::RLike(pattern) => write!(f, " RLIKE {}", literal(pattern.source())),
        Test::Compare(comparison, number) => write!(f, " {comparison} {number}"),
        Test::IsNull => f.write_str(" IS NULL"),
        Test::IsNotNull => f.write_str(" IS NOT NULL"),
    }
}

fn literals<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    texts
        .into_iter()
        .map(|text| literal(text))
        .collect::<Vec<_>>()
        .join(", ")
}

fn literal(text: &str) -> String {
    let quote = if !fits_between(text, '\'') && fits_between(text, '"') {
        '"'
    } else {
        '\''
    };
    format!("{quote}{text}{quote}")
}

/// Whether `text` can stand between these quotes as it is: a quote in it must be one of a doubled pair.
fn fits_between(text: &str, quote: char) -> bool {
    if quote == '`' {
        return !text.contains(quote);
    }
    let mut open_run = false;
    for c in text.chars() {
        if c == quote {
            open_run = !open_run;
        } else if open_run {
            return false;
        }
    }
    !open_run
}

/// A key, in quotes unless it plainly needs none.
fn key(key: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':');
    if key.chars().all(plain) && !key.is_empty() && !key.ends_with('.') {
        Cow::Borrowed(key)
    } else if fits_between(key, '`') {
        Cow::Owned(format!("`{key}`"))
    } else {
        Cow::Owned(format!("\"{key}\""))
    }
}

impl Display for TraceField {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TraceId => "request_id",
            Self::ClientRequestId => "client_request_id",
            Self::State => "status",
            Self::Start => "timestamp_ms",
            Self::Duration => "execution_time_ms",
            Self::End => "end_time_ms",
            Self::Name => "name",
            Self::Run => "run_id",
            Self::Prompt => "prompt",
            Self::Text => "trace.text",
            Self::Session => "metadata.mlflow.trace.session",
            Self::User => "metadata.mlflow.trace.user",
            Self::Usage => "metadata.mlflow.trace.tokenUsage",
            Self::Cost => "metadata.mlflow.trace.cost",
            Self::Issue => "issue.id",
            Self::Tag(name) => return write!(f, "tags.{}", key(name)),
            Self::Metadata(name) => return write!(f, "metadata.{}", key(name)),
            Self::Feedback(name) => return write!(f, "feedback.{}", key(name)),
            Self::Expectation(name) => return write!(f, "expectation.{}", key(name)),
        })
    }
}

impl Display for SpanField {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "span.name",
            Self::Type => "span.type",
            Self::Status => "span.status",
            Self::Model => "span.model",
            Self::Content => "span.content",
            Self::Attribute(name) => return write!(f, "span.attributes.{}", key(name)),
        })
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        })
    }
}

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            // With a point or an exponent, so that it stays a float.
            Self::Float(number) => write!(f, "{number:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn text_becomes_canonical() {
        let text = r#"status="OK" execution_duration >= 1e3 AND timestamp>5 tag.`a b`  like "it's" AND trace.text ilike '%"%'"#;
        insta::assert_snapshot!(
            parse(text).unwrap(),
            @r#"status = 'OK' AND execution_time_ms >= 1000.0 AND timestamp_ms > 5 AND tags.`a b` LIKE "it's" AND trace.text ILIKE '%"%'"#
        );
    }

    #[test]
    fn parentheses_stay_where_they_are_needed() {
        let text =
            "NOT (name = 'a' AND (name = 'b' OR (name = 'c' AND name = 'd'))) AND ((name = 'e'))";
        insta::assert_snapshot!(
            parse(text).unwrap(),
            @"NOT (name = 'a' AND (name = 'b' OR name = 'c' AND name = 'd')) AND name = 'e'"
        );
    }
}
