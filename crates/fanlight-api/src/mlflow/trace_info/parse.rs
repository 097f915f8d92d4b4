//! `StartTraceV3`: what a client says about a trace as a whole.

use fanlight_model::{ExperimentId, TraceFacts, TraceState, UnixNanos};

use crate::ApiError;
use crate::mlflow::{Fields, TraceRef, assessments, ids, tags, times};

/// Reads `{"trace": {"trace_info": {…}}}`. Absent members stay unsaid, so that they erase nothing.
///
/// `new_id` makes an id for each assessment that has none.
pub fn parse_start_v3(
    request: &Fields,
    now: UnixNanos,
    mut new_id: impl FnMut() -> String,
) -> Result<TraceFacts, ApiError> {
    let info = request
        .required_object("trace")?
        .required_object("trace_info")?;
    let trace = TraceRef::for_new_trace(info.required_text("trace_id")?)?;
    let mut facts = TraceFacts::new(trace.id, parse_location(&info)?);
    facts.alias = trace.alias;
    facts.client_request_id = info.owned_text("client_request_id")?;
    facts.request_preview = info.owned_text("request_preview")?;
    facts.response_preview = info.owned_text("response_preview")?;
    facts.start = parsed(
        &info,
        "request_time",
        times::parse_timestamp,
        "a time such as 2026-01-01T00:00:00Z",
    )?;
    facts.duration = parsed(
        &info,
        "execution_duration",
        times::parse_duration,
        "seconds such as 1.5s",
    )?;
    facts.state = info
        .text("state")?
        .and_then(TraceState::from_name)
        .filter(|state| *state != TraceState::Unspecified);
    facts.tags = info
        .text_map("tags")?
        .into_iter()
        .filter(|(key, _)| !tags::is_server_owned(key))
        .collect();
    facts.metadata = info.text_map("trace_metadata")?.into_iter().collect();
    if let Some(session) = facts.metadata.get(tags::SESSION) {
        tags::check_session(session)?;
    }
    // From here on the times of spans no longer move those of the trace; clients see the mark too.
    facts
        .metadata
        .insert(tags::INFO_FINALIZED.to_owned(), "true".to_owned());
    for assessment in info.objects("assessments")? {
        facts
            .assessments
            .push(assessments::parse_new(&assessment, new_id(), now)?);
    }
    Ok(facts)
}

fn parsed<T>(
    info: &Fields,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
    expected: &str,
) -> Result<Option<T>, ApiError> {
    let Some(text) = info.text(name)? else {
        return Ok(None);
    };
    parse(text).map(Some).ok_or_else(|| {
        let shown = tags::cut(text, 64);
        ApiError::invalid(format!(
            "invalid value \"{shown}\" for parameter `{name}`: expected {expected}"
        ))
    })
}

fn parse_location(info: &Fields) -> Result<ExperimentId, ApiError> {
    let location = info.required_object("trace_location")?;
    let kind = location
        .text("type")?
        .unwrap_or("TRACE_LOCATION_TYPE_UNSPECIFIED");
    let experiment = location.object("mlflow_experiment")?;
    match (kind, experiment) {
        ("MLFLOW_EXPERIMENT", Some(experiment)) => {
            ids::experiment_id("experiment_id", experiment.required_text("experiment_id")?)
        }
        ("MLFLOW_EXPERIMENT", None) => Err(ApiError::invalid(
            "parameter `trace_location` is of type MLFLOW_EXPERIMENT and has no `mlflow_experiment`",
        )),
        (other, _) => {
            let shown = tags::cut(other, 64);
            Err(ApiError::invalid(format!(
                "invalid value \"{shown}\" for parameter `trace_location.type`: expected MLFLOW_EXPERIMENT"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use fanlight_model::Nanos;
    use serde_json::{Value as Json, json};

    use super::*;

    fn parse(info: &Json) -> Result<TraceFacts, String> {
        let body = json!({"trace": {"trace_info": info}}).to_string();
        let parsed = parse_start_v3(&Fields::from_body(body.as_bytes()), UnixNanos(5), || {
            "a-new".into()
        });
        parsed.map_err(|error| error.message)
    }

    fn minimal() -> Json {
        json!({
            "trace_id": "tr-0af7651916cd43dd8448eb211c80319c",
            "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "3"}},
        })
    }

    fn with(name: &str, value: Json) -> Json {
        let mut info = minimal();
        info[name] = value;
        info
    }

    #[test]
    fn what_is_absent_stays_unsaid() {
        let facts = parse(&minimal()).unwrap();
        let mut expected = TraceFacts::new(facts.trace_id, ExperimentId(3));
        expected.metadata = BTreeMap::from([(tags::INFO_FINALIZED.to_owned(), "true".to_owned())]);
        assert_eq!(facts, expected);
        assert_eq!(
            parse(&with("state", json!("STATE_UNSPECIFIED")))
                .unwrap()
                .state,
            None
        );
    }

    #[test]
    fn what_is_given_is_kept() {
        let mut info = minimal();
        info["request_time"] = json!("2026-01-01T00:00:00Z");
        info["executionDuration"] = json!("1.500s");
        info["state"] = json!("ERROR");
        info["tags"] =
            json!({"mlflow.traceName": "agent", "mlflow.trace.spansLocation": "ARTIFACT_REPO"});
        info["assessments"] = json!([{"assessment_name": "ok", "feedback": {"value": true}}]);
        let facts = parse(&info).unwrap();
        assert_eq!(facts.start, Some(UnixNanos::from_millis(1_767_225_600_000)));
        assert_eq!(facts.duration, Some(Nanos::from_millis(1500)));
        assert_eq!(facts.state, Some(TraceState::Error));
        assert_eq!(
            facts.tags,
            BTreeMap::from([("mlflow.traceName".to_owned(), "agent".to_owned())])
        );
        assert_eq!(facts.assessments[0].id, "a-new");
    }

    #[test]
    fn a_location_must_be_an_experiment() {
        let location = |location| parse(&with("trace_location", location)).unwrap_err();
        assert!(location(json!({"type": "MLFLOW_EXPERIMENT"})).contains("mlflow_experiment"));
        assert!(location(json!({"type": "INFERENCE_TABLE"})).contains("INFERENCE_TABLE"));
        assert!(location(json!({})).contains("TRACE_LOCATION_TYPE_UNSPECIFIED"));
    }

    #[test]
    fn wrong_values_are_refused_by_name() {
        assert_eq!(
            parse(&with("request_time", json!("noon"))).unwrap_err(),
            "invalid value \"noon\" for parameter `request_time`: expected a time such as 2026-01-01T00:00:00Z"
        );
        let session = json!({"mlflow.trace.session": "s".repeat(251)});
        assert!(
            parse(&with("trace_metadata", session))
                .unwrap_err()
                .contains("mlflow.trace.session")
        );
        assert_eq!(
            parse(&json!({})).unwrap_err(),
            "missing value for required parameter `trace.trace_info.trace_id`"
        );
    }
}
