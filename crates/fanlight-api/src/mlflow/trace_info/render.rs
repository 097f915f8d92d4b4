//! `TraceInfo` of the 3.0 endpoints.

use fanlight_model::{Assessment, Nanos, TraceSummary};
use fanlight_query::filter::{cost_text, usage_shown};
use serde_json::{Map, Value as Json, json};

use crate::mlflow::{assessments, ids, tags, times};

const MAX_KEY_CHARS: usize = 250;
const MAX_METADATA_CHARS: usize = 250;
const MAX_TAG_CHARS: usize = 4096;

/// Where clients upload and download what belongs to a trace. Some of them take it apart.
pub fn artifact_location(summary: &TraceSummary) -> String {
    let trace_id = ids::trace_id_text(summary);
    format!(
        "mlflow-artifacts:/{}/traces/{trace_id}/artifacts",
        summary.experiment
    )
}

/// The JSON of a trace: what is unknown is left out, and long texts are cut to what MLflow shows.
pub fn render_v3(summary: &TraceSummary, assessments: &[Assessment]) -> Json {
    render(summary, assessments, Texts::Cut)
}

/// The same as `TraceInfo.to_dict()` writes it, for a file: texts in full length, and the length in milliseconds.
pub fn render_export(summary: &TraceSummary, assessments: &[Assessment]) -> Json {
    render(summary, assessments, Texts::Whole)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Texts {
    Cut,
    Whole,
}

impl Texts {
    /// The part of `text` that is shown where `most` characters are.
    fn shown(self, text: &str, most: usize) -> &str {
        match self {
            Self::Cut => tags::cut(text, most),
            Self::Whole => text,
        }
    }
}

fn render(summary: &TraceSummary, assessments: &[Assessment], texts: Texts) -> Json {
    let trace_id = ids::trace_id_text(summary);
    let mut members = Map::new();
    let mut set = |name: &str, value: Json| members.insert(name.to_owned(), value);
    set("trace_id", trace_id.as_str().into());
    if let Some(id) = &summary.client_request_id {
        set("client_request_id", id.as_str().into());
    }
    set("trace_location", render_location(summary));
    set(
        "request_time",
        times::render_timestamp(summary.start).into(),
    );
    if let Some(millis) = summary.duration_ms() {
        let (name, length) = match texts {
            Texts::Cut => (
                "execution_duration",
                times::render_duration(Nanos::from_millis(millis)).into(),
            ),
            Texts::Whole => ("execution_duration_ms", millis.into()),
        };
        set(name, length);
    }
    set("state", summary.state.as_str().into());
    let metadata = metadata(summary, texts);
    if !metadata.is_empty() {
        set("trace_metadata", object(metadata));
    }
    set("tags", object(tags(summary, texts)));
    if let Some(preview) = &summary.request_preview {
        set("request_preview", preview.as_str().into());
    }
    if let Some(preview) = &summary.response_preview {
        set("response_preview", preview.as_str().into());
    }
    if !assessments.is_empty() {
        let rendered = assessments
            .iter()
            .map(|assessment| assessments::render(assessment, &trace_id));
        set("assessments", rendered.collect());
    }
    Json::Object(members)
}

fn render_location(summary: &TraceSummary) -> Json {
    let experiment_id = summary.experiment.to_string();
    json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}})
}

fn object(pairs: Vec<(String, String)>) -> Json {
    Json::Object(
        pairs
            .into_iter()
            .map(|(key, value)| (key, value.into()))
            .collect(),
    )
}

/// All metadata, typed fields included, cut to what MLflow shows.
pub(super) fn metadata(summary: &TraceSummary, texts: Texts) -> Vec<(String, String)> {
    let typed = [
        (tags::SESSION, summary.session.clone()),
        (tags::USER, summary.user.clone()),
        (tags::SOURCE_RUN, summary.source_run.clone()),
        (tags::TOKEN_USAGE, usage_shown(summary)),
        (tags::COST, summary.cost.as_ref().map(cost_text)),
    ];
    let plain = summary
        .metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .filter(|(key, _)| *key != tags::TOKEN_USAGE);
    let mut pairs = shorten(plain, MAX_METADATA_CHARS, texts);
    for (key, value) in typed {
        if let Some(value) = value {
            pairs.push((
                key.to_owned(),
                texts.shown(&value, MAX_METADATA_CHARS).to_owned(),
            ));
        }
    }
    pairs
}

/// All tags, the server's own included, cut to what MLflow shows.
pub(super) fn tags(summary: &TraceSummary, texts: Texts) -> Vec<(String, String)> {
    let plain = summary
        .tags
        .iter()
        .filter(|(key, _)| !tags::is_server_owned(key));
    let mut pairs = shorten(
        plain.map(|(key, value)| (key.as_str(), value.as_str())),
        MAX_TAG_CHARS,
        texts,
    );
    if let Some(name) = &summary.name {
        pairs.push((
            tags::TRACE_NAME.to_owned(),
            texts.shown(name, MAX_TAG_CHARS).to_owned(),
        ));
    }
    pairs.push((
        tags::ARTIFACT_LOCATION.to_owned(),
        artifact_location(summary),
    ));
    // Always: without it clients upload the spans a second time, as a file.
    pairs.push((tags::SPANS_LOCATION.to_owned(), "TRACKING_STORE".to_owned()));
    pairs
}

fn shorten<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    most: usize,
    texts: Texts,
) -> Vec<(String, String)> {
    let shorten = |(key, value)| {
        (
            texts.shown(key, MAX_KEY_CHARS).to_owned(),
            texts.shown(value, most).to_owned(),
        )
    };
    pairs.map(shorten).collect()
}

#[cfg(test)]
pub(in crate::mlflow) mod tests {
    use std::collections::BTreeMap;

    use fanlight_model::{
        AssessmentSource, Cost, ExperimentId, Judgement, Nanos, TokenUsage, TraceKey, TraceState,
        UnixNanos, WorkspaceId,
    };

    use super::*;
    use crate::mlflow::TraceRef;

    pub(in crate::mlflow) fn summary() -> TraceSummary {
        let trace = TraceRef::of("tr-0af7651916cd43dd8448eb211c80319c").id;
        TraceSummary {
            key: TraceKey {
                workspace: WorkspaceId::DEFAULT,
                trace,
            },
            alias: None,
            experiment: ExperimentId(1),
            client_request_id: None,
            start: UnixNanos::from_millis(1_795_214_665_267),
            duration: None,
            state: TraceState::InProgress,
            name: None,
            root_name: None,
            request_preview: None,
            response_preview: None,
            session: None,
            user: None,
            source_run: None,
            usage: None,
            cost: None,
            models: Vec::new(),
            span_count: 0,
            error_count: 0,
            tags: BTreeMap::new(),
            metadata: BTreeMap::new(),
        }
    }

    #[test]
    fn a_bare_trace_says_only_what_is_known() {
        insta::assert_snapshot!(
            render_v3(&summary(), &[]),
            @r#"{"trace_id":"tr-0af7651916cd43dd8448eb211c80319c","trace_location":{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"1"}},"request_time":"2026-11-20T22:44:25.267Z","state":"IN_PROGRESS","tags":{"mlflow.artifactLocation":"mlflow-artifacts:/1/traces/tr-0af7651916cd43dd8448eb211c80319c/artifacts","mlflow.trace.spansLocation":"TRACKING_STORE"}}"#
        );
    }

    #[test]
    fn typed_fields_become_metadata_and_tags_again() {
        let assessment = Assessment {
            id: "a-1".into(),
            name: "ok".into(),
            span_id: None,
            source: AssessmentSource::default(),
            judgement: Judgement::Feedback {
                value: true.into(),
                error: None,
            },
            rationale: None,
            metadata: BTreeMap::new(),
            created_at: UnixNanos(0),
            updated_at: UnixNanos(0),
            overrides: None,
            valid: true,
        };
        let summary = TraceSummary {
            client_request_id: Some("creq-1".into()),
            duration: Some(Nanos::from_millis(39)),
            state: TraceState::Ok,
            name: Some("agent".into()),
            request_preview: Some("hi".into()),
            response_preview: Some("yo".into()),
            session: Some("sess-1".into()),
            user: Some("user-1".into()),
            source_run: Some("run-1".into()),
            usage: Some(TokenUsage {
                input: Some(10),
                output: Some(5),
                total: Some(15),
                ..TokenUsage::default()
            }),
            cost: Some(Cost {
                input: 1.5e-6,
                output: 3e-6,
                total: 4.5e-6,
            }),
            tags: BTreeMap::from([("team".to_owned(), "blue".to_owned())]),
            metadata: BTreeMap::from([(tags::INFO_FINALIZED.to_owned(), "true".to_owned())]),
            ..summary()
        };
        insta::assert_snapshot!(
            serde_json::to_string_pretty(&render_v3(&summary, &[assessment])).unwrap(),
            @r#"
        {
          "trace_id": "tr-0af7651916cd43dd8448eb211c80319c",
          "client_request_id": "creq-1",
          "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {
              "experiment_id": "1"
            }
          },
          "request_time": "2026-11-20T22:44:25.267Z",
          "execution_duration": "0.039s",
          "state": "OK",
          "trace_metadata": {
            "mlflow.trace.infoFinalized": "true",
            "mlflow.trace.session": "sess-1",
            "mlflow.trace.user": "user-1",
            "mlflow.sourceRun": "run-1",
            "mlflow.trace.tokenUsage": "{\"input_tokens\": 10, \"output_tokens\": 5, \"total_tokens\": 15}",
            "mlflow.trace.cost": "{\"input_cost\": 1.5e-06, \"output_cost\": 3e-06, \"total_cost\": 4.5e-06}"
          },
          "tags": {
            "team": "blue",
            "mlflow.traceName": "agent",
            "mlflow.artifactLocation": "mlflow-artifacts:/1/traces/tr-0af7651916cd43dd8448eb211c80319c/artifacts",
            "mlflow.trace.spansLocation": "TRACKING_STORE"
          },
          "request_preview": "hi",
          "response_preview": "yo",
          "assessments": [
            {
              "assessment_id": "a-1",
              "assessment_name": "ok",
              "trace_id": "tr-0af7651916cd43dd8448eb211c80319c",
              "source": {
                "source_type": "SOURCE_TYPE_UNSPECIFIED"
              },
              "create_time": "1970-01-01T00:00:00Z",
              "last_update_time": "1970-01-01T00:00:00Z",
              "feedback": {
                "value": true
              },
              "valid": true
            }
          ]
        }
        "#
        );
    }

    #[test]
    fn long_texts_are_cut_on_the_way_out() {
        let summary = TraceSummary {
            tags: BTreeMap::from([("k".repeat(300), "v".repeat(5000))]),
            metadata: BTreeMap::from([("m".to_owned(), "v".repeat(300))]),
            ..summary()
        };
        assert_eq!(metadata(&summary, Texts::Cut)[0].1.len(), 250);
        assert_eq!(
            (
                tags(&summary, Texts::Cut)[0].0.len(),
                tags(&summary, Texts::Cut)[0].1.len()
            ),
            (250, 4096)
        );
    }

    #[test]
    fn a_client_cannot_redirect_readers() {
        let summary = TraceSummary {
            tags: BTreeMap::from([(tags::SPANS_LOCATION.to_owned(), "ARTIFACT_REPO".to_owned())]),
            ..summary()
        };
        assert_eq!(
            tags(&summary, Texts::Cut),
            [
                (
                    tags::ARTIFACT_LOCATION.to_owned(),
                    "mlflow-artifacts:/1/traces/tr-0af7651916cd43dd8448eb211c80319c/artifacts"
                        .to_owned()
                ),
                (tags::SPANS_LOCATION.to_owned(), "TRACKING_STORE".to_owned())
            ]
        );
    }
}
