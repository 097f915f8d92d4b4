//! A trace with its edits, as filters look at it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};

use fanlight_model::{Assessment, LinkedPrompt, Span, TraceEdits, TraceSummary};

use crate::engine::TraceRecord;
use crate::filter::FilterSubject;
use crate::overlay::{Overlay, apply_tags};

static NO_EDITS: LazyLock<TraceEdits> = LazyLock::new(TraceEdits::default);

/// Spans come from memory, or were read for this look.
pub(crate) struct Subject<'a> {
    summary: Cow<'a, TraceSummary>,
    edits: Option<Arc<TraceEdits>>,
    session_assessments: OnceLock<Vec<Assessment>>,
    overlay: &'a Overlay,
    spans: &'a dyn Fn() -> &'a [Arc<Span>],
}

impl<'a> Subject<'a> {
    pub(crate) fn new(
        summary: Cow<'a, TraceSummary>,
        overlay: &'a Overlay,
        spans: &'a dyn Fn() -> &'a [Arc<Span>],
    ) -> Self {
        let edits = overlay.get(summary.key);
        let summary = match &edits {
            Some(edits) if !edits.tags.is_empty() => {
                let mut edited = summary.into_owned();
                apply_tags(&mut edited, edits);
                Cow::Owned(edited)
            }
            _ => summary,
        };
        Self {
            summary,
            edits,
            session_assessments: OnceLock::new(),
            overlay,
            spans,
        }
    }

    fn edits(&self) -> &TraceEdits {
        self.edits.as_deref().unwrap_or(&NO_EDITS)
    }
}

impl FilterSubject for Subject<'_> {
    fn summary(&self) -> &TraceSummary {
        &self.summary
    }

    fn trace_id_text(&self) -> Cow<'_, str> {
        trace_id_text(&self.summary)
    }

    fn assessments(&self) -> &[Assessment] {
        &self.edits().assessments
    }

    fn session_assessments(&self) -> &[Assessment] {
        self.session_assessments.get_or_init(|| {
            self.overlay
                .session_assessments(self.summary.key, self.summary.session.as_deref())
        })
    }

    fn runs(&self) -> &BTreeSet<String> {
        &self.edits().runs
    }

    fn prompts(&self) -> &BTreeSet<LinkedPrompt> {
        &self.edits().prompts
    }

    fn spans(&self) -> &[Arc<Span>] {
        (self.spans)()
    }
}

/// The id as MLflow writes it.
pub(crate) fn trace_id_text(summary: &TraceSummary) -> Cow<'_, str> {
    match &summary.alias {
        Some(alias) => Cow::Borrowed(alias),
        None => Cow::Owned(format!("tr-{}", summary.key.trace)),
    }
}

/// A stored trace with its edits.
pub(crate) fn record(mut summary: TraceSummary, overlay: &Overlay) -> TraceRecord {
    let edits = overlay.get(summary.key);
    let edits = edits.as_deref().unwrap_or(&NO_EDITS);
    apply_tags(&mut summary, edits);
    TraceRecord {
        summary,
        assessments: edits.assessments.clone(),
        runs: edits.runs.clone(),
        prompts: edits.prompts.clone(),
    }
}
