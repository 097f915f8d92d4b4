//! Traces in columns, for people.

use serde_json::Value as Json;

use crate::failure::Failure;
use crate::printer::{Printer, plain};

const HEADS: [&str; 6] = ["TRACE", "STARTED", "DURATION", "STATE", "NAME", "REQUEST"];

pub(super) fn print(traces: &[Json], printer: &mut Printer) -> Result<(), Failure> {
    render(traces)
        .iter()
        .try_for_each(|line| printer.line(line))
}

fn render(traces: &[Json]) -> Vec<String> {
    if traces.is_empty() {
        return vec!["no traces found".to_owned()];
    }
    let heads = HEADS.map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(heads)
        .chain(traces.iter().map(cells))
        .collect();
    aligned(&rows)
}

/// Rows as lines, each column as wide as its widest cell.
pub(super) fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> Vec<String> {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let line = |row: &[String; COLUMNS]| {
        let padded: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn cells(trace: &Json) -> [String; 6] {
    let text = |json: &Json, max_chars| plain(json.as_str().unwrap_or("-"), max_chars);
    [
        text(&trace["trace_id"], 80),
        text(&trace["request_time"], 30),
        text(&trace["execution_duration"], 20),
        text(&trace["state"], 20),
        text(&trace["tags"]["mlflow.traceName"], 30),
        text(&trace["request_preview"], 60),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_content() {
        let traces = [
            json!({"trace_id": "tr-1", "request_time": "2026-01-31T12:00:00Z", "execution_duration": "0.04s",
                "state": "OK", "tags": {"mlflow.traceName": "agent"}, "request_preview": "hi\nthere"}),
            json!({"trace_id": "tr-22", "request_time": "2026-01-31T11:00:00Z", "state": "IN_PROGRESS"}),
        ];
        insta::assert_snapshot!(render(&traces).join("\n"), @"
        TRACE  STARTED               DURATION  STATE        NAME   REQUEST
        tr-1   2026-01-31T12:00:00Z  0.04s     OK           agent  hi there
        tr-22  2026-01-31T11:00:00Z  -         IN_PROGRESS  -      -
        ");
    }

    #[test]
    fn nothing_found_is_said() {
        assert_eq!(render(&[]), ["no traces found"]);
    }
}
