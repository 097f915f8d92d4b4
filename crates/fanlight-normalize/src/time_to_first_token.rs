//! How long a model let its reader wait.

use fanlight_model::{Nanos, Span, UnixNanos, Value};

use crate::json_text;

#[derive(Clone, Copy)]
enum Unit {
    Seconds,
    Milliseconds,
}
use Unit::{Milliseconds, Seconds};

/// Attributes of the span or of one of its events, in the order they are asked; the first that is a number counts.
const ATTRIBUTES: &[(&str, Unit)] = &[
    ("gen_ai.response.time_to_first_chunk", Seconds),
    // Strands, which borrows the name of a metric in seconds.
    ("gen_ai.server.time_to_first_token", Milliseconds),
    ("gen_ai.latency.time_to_first_token", Seconds),
    ("llm.response.time_to_first_token", Seconds),
    ("ai.response.msToFirstChunk", Milliseconds),
    ("lk.response.ttft", Seconds),
    ("ttft_ms", Milliseconds),
];
/// When the first token came, as a date.
const INSTANTS: &[&str] = &["langfuse.observation.completion_start_time"];
/// Events that say a token came by when they were: LangChain under MLflow, OpenAI under MLflow, OpenInference, LangSmith.
const EVENTS: &[&str] = &[
    "new_token",
    "mlflow.chunk.item.0",
    "First Token Stream Event",
    "gen_ai.content.completion.chunk",
    "llm.content.completion.chunk",
];

/// From the start of the span; `None` when nobody said.
pub fn time_to_first_token(span: &Span) -> Option<Nanos> {
    stated(span).or_else(|| {
        let mut dates = INSTANTS.iter().filter_map(|name| span.attributes.get(name));
        let came = dates.find_map(instant).or_else(|| first_event(span))?;
        came.checked_since(span.start)
    })
}

fn stated(span: &Span) -> Option<Nanos> {
    let of_span = ATTRIBUTES
        .iter()
        .filter_map(|(name, unit)| nanos(span.attributes.get(name)?, *unit));
    let of_events = span.events.iter().flat_map(|event| {
        let values = ATTRIBUTES.iter();
        values.filter_map(|(name, unit)| nanos(event.attributes.get(name)?, *unit))
    });
    of_span.chain(of_events).next()
}

fn first_event(span: &Span) -> Option<UnixNanos> {
    let tokens = span
        .events
        .iter()
        .filter(|event| EVENTS.contains(&event.name.as_str()) && event.time > UnixNanos(0));
    tokens.map(|event| event.time).min()
}

fn nanos(value: &Value, unit: Unit) -> Option<Nanos> {
    #[expect(clippy::cast_precision_loss, reason = "a wait is far below 2^53 ms")]
    let number = match value {
        Value::Int(number) => *number as f64,
        Value::Double(number) => *number,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let scale = match unit {
        Seconds => 1e9,
        Milliseconds => 1e6,
    };
    let nanos = number * scale;
    // LiveKit writes -1 for a model that said nothing.
    let is_plausible = (0.0..1e18).contains(&nanos);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within the bounds above"
    )]
    is_plausible.then(|| Nanos(nanos.round() as u64))
}

/// Nanoseconds since the epoch, or a date of RFC 3339 in UTC, with or without quotes.
fn instant(value: &Value) -> Option<UnixNanos> {
    match value {
        Value::Int(nanos) => u64::try_from(*nanos).ok().map(UnixNanos),
        Value::String(text) => date(&json_text::plain(text)),
        _ => None,
    }
}

fn date(text: &str) -> Option<UnixNanos> {
    let (day, time) = text.split_once(['T', ' '])?;
    let time = time
        .strip_suffix('Z')
        .or_else(|| time.strip_suffix("+00:00"))
        .unwrap_or(time);
    let numbers = |text: &str, by: char| -> Option<Vec<i64>> {
        text.split(by).map(|part| part.parse().ok()).collect()
    };
    let [year, month, day] = numbers(day, '-')?.try_into().ok()?;
    let (whole, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hours, minutes, seconds] = numbers(whole, ':')?.try_into().ok()?;
    let is_date =
        (1970..10_000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let is_time =
        (0..24).contains(&hours) && (0..60).contains(&minutes) && (0..=60).contains(&seconds);
    if !is_date || !is_time || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let fraction: u64 = format!("{fraction:0<9}").parse().ok()?;
    let all = ((days(year, month, day) * 24 + hours) * 60 + minutes) * 60 + seconds;
    let nanos = u64::try_from(all).ok()?.checked_mul(1_000_000_000)?;
    nanos.checked_add(fraction).map(UnixNanos)
}

/// Days since the epoch of a date of the Gregorian calendar, whose years begin in March for this.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{event, span};

    #[test]
    fn waits_have_units() {
        for (name, value) in [
            ("gen_ai.response.time_to_first_chunk", Value::Double(0.25)),
            ("ai.response.msToFirstChunk", Value::Double(250.0)),
            ("ttft_ms", Value::Int(250)),
            ("lk.response.ttft", Value::from("0.25")),
        ] {
            assert_eq!(
                time_to_first_token(&span([(name, value)])),
                Some(Nanos(250_000_000)),
                "{name}"
            );
        }
        assert_eq!(
            time_to_first_token(&span([("lk.response.ttft", (-1).into())])),
            None
        );
        assert_eq!(
            time_to_first_token(&span([("ttft_ms", f64::NAN.into())])),
            None
        );
    }

    #[test]
    fn a_date_is_measured_from_the_start() {
        let started = date("2026-08-26T10:00:00Z").unwrap();
        assert_eq!(started, UnixNanos(1_787_738_400_000_000_000));
        let mut span = span([(
            "langfuse.observation.completion_start_time",
            "\"2026-08-26T10:00:00.488Z\"".into(),
        )]);
        span.start = started;
        assert_eq!(time_to_first_token(&span), Some(Nanos(488_000_000)));
        span.start = UnixNanos(started.0 + 1_000_000_000);
        assert_eq!(time_to_first_token(&span), None);
    }

    #[test]
    fn the_first_event_of_a_stream_is_the_first_token() {
        let mut span = span([]);
        span.events = [700, 400]
            .map(|time| fanlight_model::Event {
                time: UnixNanos(time),
                ..event("new_token", [])
            })
            .into();
        assert_eq!(time_to_first_token(&span), Some(Nanos(300)));
    }
}
