//! `TraceInfo` of the 2.0 endpoints, which 2.x clients log and read through.

use fanlight_model::{ExperimentId, TraceFacts, TraceState, TraceSummary, UnixNanos};
use serde_json::{Value as Json, json};

use super::render::{Texts, metadata, tags};
use crate::ApiError;
use crate::mlflow::{Fields, TraceRef, ids, tags as keys};

/// The JSON of a trace: lists of pairs, and 0 for a duration that is not known.
pub fn render_v2(summary: &TraceSummary) -> Json {
    json!({
        "request_id": ids::trace_id_text(summary),
        "experiment_id": summary.experiment.to_string(),
        "timestamp_ms": summary.start.as_millis(),
        "execution_time_ms": summary.duration_ms().unwrap_or(0),
        "status": status_name(summary.state),
        "request_metadata": pairs(metadata(summary, Texts::Cut)),
        "tags": pairs(tags(summary, Texts::Cut)),
    })
}

fn pairs(pairs: Vec<(String, String)>) -> Json {
    pairs
        .into_iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect()
}

const fn status_name(state: TraceState) -> &'static str {
    match state {
        TraceState::Unspecified => "TRACE_STATUS_UNSPECIFIED",
        known => known.as_str(),
    }
}

/// A trace that begins: the server chooses its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    pub experiment: ExperimentId,
    at: Option<UnixNanos>,
    metadata: Vec<(String, String)>,
    tags: Vec<(String, String)>,
}

pub fn parse_start_v2(request: &Fields) -> Result<Start, ApiError> {
    Ok(Start {
        experiment: ids::experiment_id("experiment_id", request.required_text("experiment_id")?)?,
        at: request
            .unsigned("timestamp_ms")?
            .map(UnixNanos::from_millis),
        metadata: request.pairs("request_metadata")?,
        tags: request.pairs("tags")?,
    })
}

impl Start {
    pub fn into_facts(self, trace: TraceRef, now: UnixNanos) -> Result<TraceFacts, ApiError> {
        let mut facts = TraceFacts::new(trace.id, self.experiment);
        facts.alias = trace.alias;
        facts.start = Some(self.at.unwrap_or(now));
        facts.state = Some(TraceState::InProgress);
        add_pairs(&mut facts, self.metadata, self.tags)?;
        Ok(facts)
    }
}

/// A trace that ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    at: Option<UnixNanos>,
    state: Option<TraceState>,
    metadata: Vec<(String, String)>,
    tags: Vec<(String, String)>,
}

pub fn parse_end_v2(request: &Fields) -> Result<End, ApiError> {
    Ok(End {
        at: request
            .unsigned("timestamp_ms")?
            .map(UnixNanos::from_millis),
        state: request
            .text("status")?
            .and_then(TraceState::from_name)
            .filter(|state| *state != TraceState::Unspecified),
        metadata: request.pairs("request_metadata")?,
        tags: request.pairs("tags")?,
    })
}

impl End {
    /// The facts about the trace known as `summary`.
    pub fn into_facts(self, summary: &TraceSummary) -> Result<TraceFacts, ApiError> {
        let mut facts = TraceFacts::new(summary.key.trace, summary.experiment);
        // 2.x clients send whole milliseconds: compare with the start as they know it.
        let start = UnixNanos::from_millis(summary.start.as_millis());
        facts.duration = self.at.and_then(|end| end.checked_since(start));
        facts.state = self.state;
        add_pairs(&mut facts, self.metadata, self.tags)?;
        // These clients send no previews. The mark keeps the times given here from moving with the spans'.
        facts.request_preview = facts.metadata.get(keys::TRACE_INPUTS).cloned();
        facts.response_preview = facts.metadata.get(keys::TRACE_OUTPUTS).cloned();
        facts
            .metadata
            .insert(keys::INFO_FINALIZED.to_owned(), "true".to_owned());
        Ok(facts)
    }
}

fn add_pairs(
    facts: &mut TraceFacts,
    metadata: Vec<(String, String)>,
    tags: Vec<(String, String)>,
) -> Result<(), ApiError> {
    facts.metadata.extend(metadata);
    facts.tags.extend(
        tags.into_iter()
            .filter(|(key, _)| !keys::is_server_owned(key)),
    );
    facts
        .metadata
        .get(keys::SESSION)
        .map_or(Ok(()), |session| keys::check_session(session))
}

#[cfg(test)]
mod tests {
    use fanlight_model::Nanos;

    use super::super::render::tests::summary;
    use super::*;

    fn fields(json: &Json) -> Fields {
        Fields::from_body(json.to_string().as_bytes())
    }

    #[test]
    fn maps_become_lists_of_pairs() {
        insta::assert_snapshot!(
            render_v2(&TraceSummary {
                session: Some("s".into()),
                alias: Some("0af7651916cd43dd8448eb211c80319c".into()),
                ..summary()
            }),
            @r#"{"request_id":"0af7651916cd43dd8448eb211c80319c","experiment_id":"1","timestamp_ms":1795214665267,"execution_time_ms":0,"status":"IN_PROGRESS","request_metadata":[{"key":"mlflow.trace.session","value":"s"}],"tags":[{"key":"mlflow.artifactLocation","value":"mlflow-artifacts:/1/traces/0af7651916cd43dd8448eb211c80319c/artifacts"},{"key":"mlflow.trace.spansLocation","value":"TRACKING_STORE"}]}"#
        );
    }

    #[test]
    fn a_start_makes_a_trace_in_progress() {
        let request = json!({
            "experiment_id": "5", "timestamp_ms": 1_795_224_643_443_u64,
            "request_metadata": [{"key": "mlflow.trace_schema.version", "value": "2"}],
            "tags": [{"key": "mlflow.traceName", "value": "agent"}],
        });
        let trace = TraceRef::of("0af7651916cd43dd8448eb211c80319c");
        let facts = parse_start_v2(&fields(&request))
            .unwrap()
            .into_facts(trace, UnixNanos(1))
            .unwrap();
        assert_eq!(facts.experiment, ExperimentId(5));
        assert_eq!(facts.state, Some(TraceState::InProgress));
        assert_eq!(facts.start, Some(UnixNanos::from_millis(1_795_224_643_443)));
        assert_eq!(
            facts.alias.as_deref(),
            Some("0af7651916cd43dd8448eb211c80319c")
        );
        assert_eq!(facts.tags["mlflow.traceName"], "agent");
        assert!(!facts.metadata.contains_key(keys::INFO_FINALIZED));
    }

    #[test]
    fn an_end_gives_the_duration_since_the_start() {
        let request = json!({
            "timestamp_ms": 1_795_214_665_300_u64, "status": "OK",
            "request_metadata": [{"key": "mlflow.traceInputs", "value": "{\"q\": \"hi\"}"}],
        });
        let facts = parse_end_v2(&fields(&request))
            .unwrap()
            .into_facts(&summary())
            .unwrap();
        assert_eq!(facts.duration, Some(Nanos::from_millis(33)));
        assert_eq!(facts.state, Some(TraceState::Ok));
        assert_eq!(facts.start, None);
        assert_eq!(facts.request_preview.as_deref(), Some("{\"q\": \"hi\"}"));
    }
}
