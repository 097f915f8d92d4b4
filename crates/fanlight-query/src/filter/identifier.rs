//! From a key as written to the field it means, or to what was probably meant.

use super::error::{Fault, cut};
use super::field::{Field, SpanField, TraceField};
use super::lexer::enclosed;

/// Which namespace a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entity {
    /// Without an entity, or `attribute.`, `attributes.` or `trace.`.
    Attribute {
        prefixed: bool,
    },
    Tag,
    Metadata,
    Span,
    Feedback,
    Expectation,
    Issue,
}

const ENTITIES: [&str; 9] = [
    "trace",
    "attributes",
    "tags",
    "metadata",
    "request_metadata",
    "span",
    "feedback",
    "expectation",
    "issue",
];

/// The keys an unknown one is compared with. The last one stands only behind `trace.`.
const ATTRIBUTE_KEYS: [&str; 10] = [
    "request_id",
    "client_request_id",
    "status",
    "timestamp_ms",
    "execution_time_ms",
    "end_time_ms",
    "name",
    "run_id",
    "prompt",
    "trace.text",
];

const SPAN_KEYS: [&str; 6] = [
    "span.name",
    "span.type",
    "span.status",
    "span.model",
    "span.attributes.<key>",
    "span.content",
];

/// What people call a field that has another name here.
const OTHER_NAMES: [(&[&str], &str); 10] = [
    (&["trace_id", "id"], "request_id"),
    (&["state", "trace_status"], "status"),
    (
        &[
            "request_time",
            "time",
            "start",
            "start_time",
            "start_time_ms",
            "created_at",
        ],
        "timestamp_ms",
    ),
    (
        &[
            "dur",
            "duration",
            "duration_ms",
            "latency",
            "latency_ms",
            "elapsed",
        ],
        "execution_time_ms",
    ),
    (&["end", "finished_at"], "end_time_ms"),
    (&["trace_name"], "name"),
    (&["run", "source_run"], "run_id"),
    (&["session", "session_id"], "metadata.mlflow.trace.session"),
    (&["user", "user_id"], "metadata.mlflow.trace.user"),
    (
        &["text", "content", "input", "output", "request", "response"],
        "trace.text",
    ),
];

/// Takes the entity off and the quotes around the key.
pub(crate) fn split(raw: &str, at: usize) -> Result<(Entity, &str), Fault> {
    if raw.starts_with(['`', '"']) {
        return Ok((Entity::Attribute { prefixed: false }, unquoted(raw, at)?));
    }
    let Some((name, key)) = raw.split_once('.') else {
        return Ok((Entity::Attribute { prefixed: false }, raw));
    };
    let entity = match name {
        "attribute" | "attributes" | "trace" => Entity::Attribute { prefixed: true },
        "tag" | "tags" => Entity::Tag,
        "metadata" | "request_metadata" => Entity::Metadata,
        "span" => Entity::Span,
        "feedback" => Entity::Feedback,
        "expectation" => Entity::Expectation,
        "issue" => Entity::Issue,
        _ => {
            let meant = did_you_mean(closest(name, &ENTITIES));
            let what = format!("unknown entity `{}` in `{}`", cut(name), cut(raw));
            let valid = ENTITIES.join(", ");
            return Err(Fault::new(at, what).hint(format!("{meant}valid entities: {valid}")));
        }
    };
    if entity == Entity::Span && attribute_key(key).is_some() {
        // The quotes are around what follows `attributes.`.
        return Ok((entity, key));
    }
    Ok((entity, unquoted(key, at + name.len() + 1)?))
}

fn attribute_key(span_key: &str) -> Option<&str> {
    span_key
        .strip_prefix("attributes.")
        .or_else(|| span_key.strip_prefix("attribute."))
}

/// The field a filter key means.
pub(crate) fn resolve(raw: &str, at: usize) -> Result<Field, Fault> {
    let (entity, key) = split(raw, at)?;
    let field = match entity {
        Entity::Attribute { prefixed } => {
            TraceField::attribute(key, prefixed).ok_or_else(|| unknown_attribute(raw, key, at))?
        }
        Entity::Tag => TraceField::tag(key),
        Entity::Metadata => TraceField::metadata(key),
        Entity::Feedback => TraceField::Feedback(key.to_owned()),
        Entity::Expectation => TraceField::Expectation(key.to_owned()),
        Entity::Issue if key == "id" => TraceField::Issue,
        Entity::Issue => {
            let fault = Fault::new(at, format!("unknown filter key `{}`", cut(raw)));
            return Err(fault.hint("of issues only `issue.id` can be asked for"));
        }
        Entity::Span => return span_field(raw, key, at).map(Field::Span),
    };
    Ok(Field::Trace(field))
}

fn span_field(raw: &str, key: &str, at: usize) -> Result<SpanField, Fault> {
    Ok(match key {
        "name" => SpanField::Name,
        "type" => SpanField::Type,
        "status" => SpanField::Status,
        "model" => SpanField::Model,
        "content" => SpanField::Content,
        _ => match attribute_key(key) {
            Some(attribute) => SpanField::Attribute(
                unquoted(attribute, at + raw.len() - attribute.len())?.to_owned(),
            ),
            None => {
                return Err(unknown(
                    raw,
                    &format!("span.{key}"),
                    at,
                    &SPAN_KEYS,
                    &SPAN_KEYS.join(", "),
                ));
            }
        },
    })
}

fn unknown_attribute(raw: &str, key: &str, at: usize) -> Fault {
    let valid = format!(
        "{}, tags.<key>, metadata.<key>, {}, feedback.<name>, expectation.<name>, issue.id",
        ATTRIBUTE_KEYS.join(", "),
        SPAN_KEYS.join(", ")
    );
    unknown(raw, key, at, &ATTRIBUTE_KEYS, &valid)
}

fn unknown(raw: &str, key: &str, at: usize, candidates: &[&'static str], valid: &str) -> Fault {
    let meant = did_you_mean(nearest(key, candidates));
    Fault::new(at, format!("unknown filter key `{}`", cut(raw)))
        .hint(format!("{meant}valid keys: {valid}"))
}

/// The key removed from its quotes, which must surround it as a whole.
fn unquoted(key: &str, at: usize) -> Result<&str, Fault> {
    let bare = match key.chars().next() {
        Some(quote @ ('`' | '"')) => enclosed(key, quote),
        _ => (!key.contains(['`', '"'])).then_some(key),
    };
    match bare {
        Some("") => Err(Fault::new(at, "a key is missing")),
        Some(bare) => Ok(bare),
        None => Err(Fault::new(at, format!("misplaced quote in `{}`", cut(key)))
            .hint("quote the whole key")),
    }
}

/// The hint for what `nearest` found.
pub(crate) fn did_you_mean(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |meant| format!("did you mean `{meant}`? "))
}

/// What `key` was probably meant to be: the name of the same thing here, or the candidate closest to it.
pub(crate) fn nearest(key: &str, candidates: &[&'static str]) -> Option<&'static str> {
    let lower = key.to_lowercase();
    let same = OTHER_NAMES
        .iter()
        .find(|(names, _)| names.contains(&lower.as_str()));
    same.map(|(_, meant)| *meant)
        .or_else(|| closest(key, candidates))
}

/// The candidate that a slip or two would turn into `name`.
fn closest(name: &str, candidates: &[&'static str]) -> Option<&'static str> {
    // Nobody mistypes a known name into one of this length, and distances cost the product of both lengths.
    const LONGEST: usize = 40;
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_lowercase();
    let tolerated = (name.chars().count() / 3).max(1);
    let (distance, best) = candidates
        .iter()
        .map(|candidate| (edit_distance(&name, candidate), *candidate))
        .min()?;
    (distance <= tolerated).then_some(best)
}

/// How many characters must be added, removed or replaced (Levenshtein).
fn edit_distance(from: &str, to: &str) -> usize {
    let to = to.chars().collect::<Vec<_>>();
    let mut row = (0..=to.len()).collect::<Vec<_>>();
    for (at, c) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, &wanted) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(c != wanted);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_guesses_are_not_forced() {
        assert_eq!(nearest("STATUS", &ATTRIBUTE_KEYS), Some("status"));
        assert_eq!(nearest("dur", &ATTRIBUTE_KEYS), Some("execution_time_ms"));
        assert_eq!(
            nearest("execution_tme_ms", &ATTRIBUTE_KEYS),
            Some("execution_time_ms")
        );
        assert_eq!(nearest("prompts", &ATTRIBUTE_KEYS), Some("prompt"));
        assert_eq!(nearest("foo", &ATTRIBUTE_KEYS), None);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }

    #[test]
    fn keys_lose_the_quotes_around_them() {
        assert_eq!(
            resolve("tags.`a b`", 0).unwrap(),
            Field::Trace(TraceField::Tag("a b".into()))
        );
        assert_eq!(
            resolve("request_metadata.\"mlflow.trace.user\"", 0).unwrap(),
            Field::Trace(TraceField::User)
        );
        assert_eq!(
            resolve("span.attributes.`k`", 0).unwrap(),
            Field::Span(SpanField::Attribute("k".into()))
        );
        assert_eq!(
            resolve("`status`", 0).unwrap(),
            Field::Trace(TraceField::State)
        );
        assert!(resolve("tags.a.\"b\"", 0).is_err());
        assert!(resolve("tags.attributes.`b`", 0).is_err());
        assert!(resolve("tags.``", 0).is_err());
        assert!(resolve("span.attributes.", 0).is_err());
    }

    #[test]
    fn a_tag_with_the_name_of_a_field_stays_a_tag() {
        assert_eq!(
            resolve("tags.name", 0).unwrap(),
            Field::Trace(TraceField::Tag("name".into()))
        );
        assert_eq!(
            resolve("feedback.text", 0).unwrap(),
            Field::Trace(TraceField::Feedback("text".into()))
        );
    }
}
