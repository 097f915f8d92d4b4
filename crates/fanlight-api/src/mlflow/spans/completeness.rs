//! Whether all spans of a trace have arrived.

use fanlight_model::TraceSummary;
use serde_json::Value as Json;

use crate::mlflow::tags;

/// True unless the client announced more spans than the `stored` ones. A trace of plain OpenTelemetry
/// announces nothing and always counts as complete.
pub fn is_complete(summary: &TraceSummary, stored: usize) -> bool {
    announced(summary).is_none_or(|announced| stored as u64 >= announced)
}

fn announced(summary: &TraceSummary) -> Option<u64> {
    let stats: Json = serde_json::from_str(summary.metadata.get(tags::SIZE_STATS)?).ok()?;
    stats.get("num_spans")?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::super::super::trace_info::tests::summary;
    use super::*;

    #[test]
    fn a_trace_is_complete_when_the_announced_spans_are_there() {
        let mut trace = summary();
        assert!(is_complete(&trace, 0), "nothing announced");
        trace.metadata.insert(
            tags::SIZE_STATS.to_owned(),
            r#"{"num_spans": 3}"#.to_owned(),
        );
        assert!(!is_complete(&trace, 2));
        assert!(is_complete(&trace, 3));
        trace
            .metadata
            .insert(tags::SIZE_STATS.to_owned(), "rubbish".to_owned());
        assert!(is_complete(&trace, 0));
    }
}
