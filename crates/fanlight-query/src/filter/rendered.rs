//! JSON as Python writes it, which is how MLflow shows and compares what it keeps as JSON text.

use std::fmt::Write as _;
use std::io;

use fanlight_model::{Cost, TokenUsage, TraceSummary};
use serde::Serialize as _;
use serde_json::ser::{Formatter, Serializer};

const TOKEN_USAGE: &str = "mlflow.trace.tokenUsage";

/// `{"input_tokens": 10, …}`: the metadata `mlflow.trace.tokenUsage`. The three main counts are always written, an
/// unknown one as 0: MLflow's clients add them up without looking.
pub fn usage_text(usage: &TokenUsage) -> String {
    object_text(
        [
            ("input_tokens", Some(usage.input.unwrap_or(0))),
            ("output_tokens", Some(usage.output.unwrap_or(0))),
            ("total_tokens", Some(usage.total.unwrap_or(0))),
            ("cache_read_input_tokens", usage.cache_read),
            ("cache_creation_input_tokens", usage.cache_write),
            (
                "cache_creation_input_tokens_above_1hr",
                usage.cache_write_1h,
            ),
        ]
        .into_iter()
        .filter_map(|(key, tokens)| Some((key, tokens?.to_string()))),
    )
}

/// What MLflow's clients are shown of the tokens of a trace: what theirs said where it counted otherwise than we do.
pub fn usage_shown(summary: &TraceSummary) -> Option<String> {
    let said = summary.metadata.get(TOKEN_USAGE).cloned();
    said.or_else(|| summary.usage.as_ref().map(usage_text))
}

/// `{"input_cost": 1.5e-06, …}`: the metadata `mlflow.trace.cost`.
pub fn cost_text(cost: &Cost) -> String {
    object_text(
        [
            ("input_cost", cost.input),
            ("output_cost", cost.output),
            ("total_cost", cost.total),
        ]
        .into_iter()
        .map(|(key, dollars)| (key, float_text(dollars))),
    )
}

fn object_text(entries: impl Iterator<Item = (&'static str, String)>) -> String {
    let mut text = String::from("{");
    for (at, (key, value)) in entries.enumerate() {
        let separator = if at == 0 { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(text, "{separator}\"{key}\": {value}");
    }
    text.push('}');
    text
}

/// A JSON document with `", "` and `": "` as separators and Python's floats; other characters than ASCII stay.
pub fn python_json(json: &serde_json::Value) -> String {
    let mut text = Vec::new();
    // Neither a JSON value nor a vector gives a reason to fail.
    let _ = json.serialize(&mut Serializer::with_formatter(&mut text, PythonFormatter));
    String::from_utf8_lossy(&text).into_owned()
}

/// The shortest digits that give the same float again, laid out as Python's `repr` does: an exponent of at least two
/// digits below 1e-4 and from 1e16 on.
pub fn float_text(number: f64) -> String {
    if !number.is_finite() {
        return if number.is_nan() {
            "NaN"
        } else if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..16).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ if number.fract() == 0.0 => format!("{number:.1}"),
        _ => number.to_string(),
    }
}

struct PythonFormatter;

impl Formatter for PythonFormatter {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(float_text(value).as_bytes())
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_look_as_in_python() {
        let texts = [
            1.0, 0.75, 1.5e-6, 0.0001, 0.00012, 1e16, 1e15, 123.456, -0.0, 1.5e300,
        ]
        .map(float_text);
        assert_eq!(
            texts,
            [
                "1.0",
                "0.75",
                "1.5e-06",
                "0.0001",
                "0.00012",
                "1e+16",
                "1000000000000000.0",
                "123.456",
                "-0.0",
                "1.5e+300"
            ]
        );
    }

    #[test]
    fn usage_and_cost_have_a_fixed_order_and_unknown_cache_counts_are_left_out() {
        let usage = TokenUsage {
            input: Some(10),
            total: Some(15),
            cache_read: Some(3),
            ..TokenUsage::default()
        };
        assert_eq!(
            usage_text(&usage),
            r#"{"input_tokens": 10, "output_tokens": 0, "total_tokens": 15, "cache_read_input_tokens": 3}"#
        );
        let cost = Cost {
            input: 1.5e-6,
            output: 3e-6,
            total: 4.5e-6,
        };
        assert_eq!(
            cost_text(&cost),
            r#"{"input_cost": 1.5e-06, "output_cost": 3e-06, "total_cost": 4.5e-06}"#
        );
    }

    #[test]
    fn documents_have_blanks_after_their_separators() {
        let json = serde_json::json!({"a": [1, 2.0, "日\n"], "b": {}});
        assert_eq!(python_json(&json), r#"{"a": [1, 2.0, "日\n"], "b": {}}"#);
    }
}
