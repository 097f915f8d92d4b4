//! One trace as a tree of its spans, for people.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::table::{self, aligned};
use crate::failure::Failure;
use crate::printer::{Printer, plain};

const HEADS: [&str; 4] = ["SPAN", "TYPE", "DURATION", "STATUS"];
/// Deeper spans are not indented further: the terminal has an edge.
const MAX_INDENT: usize = 30;

pub(super) fn print(trace: &Json, printer: &mut Printer) -> Result<(), Failure> {
    table::print(std::slice::from_ref(&trace["trace_info"]), printer)?;
    printer.line("")?;
    let lines = render(trace["spans"].as_array().map_or(&[], Vec::as_slice));
    lines.iter().try_for_each(|line| printer.line(line))
}

fn render(spans: &[Json]) -> Vec<String> {
    let mut rows = vec![HEADS.map(str::to_owned)];
    rows.extend(
        in_tree_order(spans)
            .into_iter()
            .map(|(depth, span)| cells(depth, span)),
    );
    aligned(&rows)
}

/// Parents before children, siblings in the order given. Spans whose parent is not there stand at the left.
fn in_tree_order(spans: &[Json]) -> Vec<(usize, &Json)> {
    let ids: HashSet<&str> = spans.iter().filter_map(id).collect();
    let mut children: HashMap<&str, Vec<&Json>> = HashMap::new();
    let mut waiting = Vec::new();
    for span in spans {
        match parent(span).filter(|parent| ids.contains(parent) && Some(*parent) != id(span)) {
            Some(parent) => children.entry(parent).or_default().push(span),
            None => waiting.push((0, span)),
        }
    }
    waiting.reverse();
    let mut ordered = Vec::with_capacity(spans.len());
    while let Some((depth, span)) = waiting.pop() {
        ordered.push((depth, span));
        let below = id(span)
            .and_then(|id| children.remove(id))
            .unwrap_or_default();
        waiting.extend(below.into_iter().rev().map(|child| (depth + 1, child)));
    }
    // Parents that form a circle are below nothing.
    let in_circles = spans.iter().filter(|span| {
        id(span).is_some_and(|_| parent(span).is_some_and(|parent| children.contains_key(parent)))
    });
    let in_circles: Vec<_> = in_circles.map(|span| (0, span)).collect();
    ordered.extend(in_circles);
    ordered
}

fn id(span: &Json) -> Option<&str> {
    span["span_id"].as_str()
}

fn parent(span: &Json) -> Option<&str> {
    span["parent_span_id"]
        .as_str()
        .filter(|parent| !parent.is_empty())
}

fn cells(depth: usize, span: &Json) -> [String; 4] {
    let name = plain(span["name"].as_str().unwrap_or("-"), 60);
    let status = span["status"]["code"].as_str().unwrap_or("UNSET");
    [
        format!("{}{name}", "  ".repeat(depth.min(MAX_INDENT))),
        plain(span_type(span).unwrap_or("-"), 20),
        duration(span),
        plain(status.trim_start_matches("STATUS_CODE_"), 20),
    ]
}

fn span_type(span: &Json) -> Option<&str> {
    let attributes = span["attributes"].as_array()?;
    let found = attributes
        .iter()
        .find(|attribute| attribute["key"] == "mlflow.spanType")?;
    found["value"]["string_value"].as_str()
}

fn duration(span: &Json) -> String {
    let nanos = |key: &str| span[key].as_u64().filter(|nanos| *nanos > 0);
    let (Some(start), Some(end)) = (nanos("start_time_unix_nano"), nanos("end_time_unix_nano"))
    else {
        return "-".to_owned();
    };
    match end.checked_sub(start) {
        Some(nanos) if nanos < 1_000_000_000 => {
            format!("{}.{:02}ms", nanos / 1_000_000, nanos / 10_000 % 100)
        }
        Some(nanos) => format!("{}.{:02}s", nanos / 1_000_000_000, nanos / 10_000_000 % 100),
        None => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn span(id: &str, parent: &str, name: &str, end: u64) -> Json {
        json!({"span_id": id, "parent_span_id": parent, "name": name, "start_time_unix_nano": 1_000, "end_time_unix_nano": end,
            "attributes": [{"key": "mlflow.spanType", "value": {"string_value": "TOOL"}}], "status": {"code": "STATUS_CODE_OK"}})
    }

    #[test]
    fn children_stand_below_their_parents() {
        let spans = [
            span("a", "", "root", 8_070_001_000),
            span("b", "a", "first", 26_451_000),
            span("c", "b", "inner\u{1b}[2J", 0),
            span("d", "a", "second", 500),
            span("e", "gone", "orphan", 1_000),
        ];
        insta::assert_snapshot!(render(&spans).join("\n"), @"
        SPAN           TYPE  DURATION  STATUS
        root           TOOL  8.07s     OK
          first        TOOL  26.45ms   OK
            inner [2J  TOOL  -         OK
          second       TOOL  -         OK
        orphan         TOOL  0.00ms    OK
        ");
    }

    #[test]
    fn spans_in_a_circle_are_shown_once() {
        let spans = [span("a", "b", "one", 2_000), span("b", "a", "two", 2_000)];
        assert_eq!(render(&spans).len(), 3);
    }
}
