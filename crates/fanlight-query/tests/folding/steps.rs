//! What happens to traces.

use fanlight_model::{ExperimentId, LinkedPrompt, TraceEdits, UnixNanos};
use fanlight_query::{Doomed, QueryError};
use proptest::prelude::*;

use crate::home::{Home, TRACES, assessment, batch, judged, key};

const TAGS: [&str; 3] = ["env", "team", "mlflow.traceName"];

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Append {
        trace: u8,
        span: u8,
    },
    SetTag {
        trace: u8,
        tag: usize,
        value: u8,
    },
    DeleteTag {
        trace: u8,
        tag: usize,
    },
    /// Maybe one that overrides another, or counts for its session.
    Assess {
        trace: u8,
        id: u8,
        kind: u8,
        overrides: Option<u8>,
        of_session: bool,
    },
    Update {
        trace: u8,
        id: u8,
        kind: u8,
    },
    DeleteAssessment {
        trace: u8,
        id: u8,
    },
    LinkRun {
        traces: Vec<u8>,
        run: u8,
    },
    LinkPrompt {
        trace: u8,
        version: u8,
    },
    /// What was said on another server.
    Import {
        trace: u8,
        id: u8,
        kind: u8,
    },
    Delete {
        trace: u8,
    },
    Seal,
    Fold,
    Reopen,
    Crash,
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let trace = || 0..TRACES;
    let id = || 0..4_u8;
    let kind = || 0..8_u8;
    let tag = || 0..TAGS.len();
    prop_oneof![
        2 => (trace(), 0..3_u8).prop_map(|(trace, span)| Step::Append { trace, span }),
        4 => (trace(), tag(), 0..3_u8).prop_map(|(trace, tag, value)| Step::SetTag { trace, tag, value }),
        3 => (trace(), tag()).prop_map(|(trace, tag)| Step::DeleteTag { trace, tag }),
        5 => (trace(), id(), kind(), prop::option::of(id()), prop::bool::weighted(0.1)).prop_map(
            |(trace, id, kind, overrides, of_session)| Step::Assess { trace, id, kind, overrides, of_session }
        ),
        2 => (trace(), id(), kind()).prop_map(|(trace, id, kind)| Step::Update { trace, id, kind }),
        3 => (trace(), id()).prop_map(|(trace, id)| Step::DeleteAssessment { trace, id }),
        2 => (prop::collection::vec(trace(), 1..3), 0..3_u8).prop_map(|(traces, run)| Step::LinkRun { traces, run }),
        1 => (trace(), 0..3_u8).prop_map(|(trace, version)| Step::LinkPrompt { trace, version }),
        1 => (trace(), id(), kind()).prop_map(|(trace, id, kind)| Step::Import { trace, id, kind }),
        1 => trace().prop_map(|trace| Step::Delete { trace }),
        2 => Just(Step::Seal),
        4 => Just(Step::Fold),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
    ]
}

/// Answers what the caller is told.
pub(crate) async fn take(home: &Home, step: &Step) -> Result<(), String> {
    try_take(home, step)
        .await
        .map_err(|error| error.to_string())
}

async fn try_take(home: &Home, step: &Step) -> Result<(), QueryError> {
    let engine = &home.engine;
    match step {
        Step::Append { trace, span } => engine.append(batch(*trace, *span)).await,
        Step::SetTag { trace, tag, value } => {
            let value = if *value == 2 {
                "v".repeat(300)
            } else {
                format!("v{value}")
            };
            engine.set_tag(key(*trace), TAGS[*tag], &value).await
        }
        Step::DeleteTag { trace, tag } => engine.delete_tag(key(*trace), TAGS[*tag]).await,
        Step::Assess {
            trace,
            id,
            kind,
            overrides,
            of_session,
        } => {
            let mut given = assessment(&format!("a-{id}"), "good", judged(*kind));
            given.overrides = overrides.map(|id| format!("a-{id}"));
            if *of_session {
                let session = format!("s{}", trace % 2);
                given
                    .metadata
                    .insert("mlflow.trace.session".to_owned(), session);
            }
            engine.add_assessment(key(*trace), given).await.map(drop)
        }
        Step::Update { trace, id, kind } => {
            let key = key(*trace);
            let mut known = engine.assessment(key, &format!("a-{id}")).await?;
            known.judgement = judged(*kind);
            known.updated_at = UnixNanos(known.updated_at.0 + 1);
            engine.update_assessment(key, known).await.map(drop)
        }
        Step::DeleteAssessment { trace, id } => {
            engine
                .delete_assessment(key(*trace), &format!("a-{id}"))
                .await
        }
        Step::LinkRun { traces, run } => {
            let keys: Vec<_> = traces.iter().map(|trace| key(*trace)).collect();
            engine.link_run(&keys, &format!("r{run}")).await
        }
        Step::LinkPrompt { trace, version } => {
            let prompt = LinkedPrompt {
                name: "p".to_owned(),
                version: version.to_string(),
            };
            engine.link_prompts(key(*trace), &[prompt]).await
        }
        Step::Import { trace, id, kind } => {
            let mut edits = TraceEdits::default();
            edits.tags.insert("env".to_owned(), None);
            edits.runs.insert("r9".to_owned());
            let given = assessment(&format!("a-{id}"), "imported", judged(*kind));
            edits.assessments.push(given);
            engine.add_edits(vec![(key(*trace), edits)]).await
        }
        Step::Delete { trace } => {
            let doomed = Doomed::Ids(vec![key(*trace)]);
            let workspace = key(*trace).workspace;
            engine
                .delete(workspace, ExperimentId::DEFAULT, doomed)
                .await
                .map(drop)
        }
        Step::Seal | Step::Fold | Step::Reopen | Step::Crash => Ok(()),
    }
}
