//! A trace with its edits, as filters look at it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, OnceLock};

use fanlight_model::{Assessment, Attributes, LinkedPrompt, Span, TraceEdits, TraceSummary, Value};
use fanlight_store::{HotTrace, StoredTrace};

use crate::engine::TraceRecord;
use crate::filter::{FilterSubject, Needle, SpanCondition, SpanField, Test};
use crate::overlay::Overlay;

static NO_EDITS: LazyLock<TraceEdits> = LazyLock::new(TraceEdits::default);

/// Spans come from memory, or were read for this look.
pub(crate) struct Subject<'a> {
    summary: Cow<'a, TraceSummary>,
    edits: Option<Arc<TraceEdits>>,
    session_assessments: OnceLock<Vec<Assessment>>,
    overlay: &'a Overlay,
    /// Where the trace is when it is in memory.
    hot: Option<&'a HotTrace>,
    spans: &'a dyn Fn() -> &'a [Arc<Span>],
}

impl<'a> Subject<'a> {
    pub(crate) fn of_stored(
        trace: &'a StoredTrace,
        overlay: &'a Overlay,
        spans: &'a dyn Fn() -> &'a [Arc<Span>],
    ) -> Self {
        Self::new(&trace.summary, overlay.of_stored(trace), overlay, spans)
    }

    /// The same for a trace in memory.
    pub(crate) fn of_hot(
        trace: &'a HotTrace,
        overlay: &'a Overlay,
        spans: &'a dyn Fn() -> &'a [Arc<Span>],
    ) -> Self {
        Self {
            hot: Some(trace),
            ..Self::new(trace.summary(), overlay.of_hot(trace), overlay, spans)
        }
    }

    /// The same for one that was read before, edits applied.
    pub(crate) fn of_record(
        record: &'a TraceRecord,
        overlay: &'a Overlay,
        spans: &'a dyn Fn() -> &'a [Arc<Span>],
    ) -> Self {
        let edits = TraceEdits {
            tags: BTreeMap::new(),
            assessments: record.assessments.clone(),
            runs: record.runs.clone(),
            prompts: record.prompts.clone(),
        };
        Self::new(&record.summary, Some(Arc::new(edits)), overlay, spans)
    }

    /// One with these edits.
    pub(crate) fn new(
        recorded: &'a TraceSummary,
        edits: Option<Arc<TraceEdits>>,
        overlay: &'a Overlay,
        spans: &'a dyn Fn() -> &'a [Arc<Span>],
    ) -> Self {
        let mut summary = Cow::Borrowed(recorded);
        if let Some(edits) = edits.as_ref().filter(|edits| !edits.tags.is_empty()) {
            edits.apply_tags(summary.to_mut());
        }
        Self {
            summary,
            edits,
            session_assessments: OnceLock::new(),
            overlay,
            hot: None,
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

    fn may_have(&self, needle: &Needle) -> bool {
        // Of a sealed one the index was asked already.
        self.hot.is_none_or(|trace| {
            let letters = trace.letters();
            letters.is_none_or(|letters| letters.may_have(needle.letters()))
                || needle.may_be_in(&self.trace_id_text())
        })
    }

    fn has(&self, needle: &Needle) -> bool {
        self.hot.is_none_or(|trace| {
            let derived = trace.derived_texts();
            derived.is_none_or(|texts| needle.may_be_in(texts))
                || self.spans().iter().any(|span| may_be_in_span(needle, span))
                || needle.may_be_in(&self.trace_id_text())
        })
    }

    fn may_have_span(&self, condition: &SpanCondition) -> bool {
        self.hot.is_none_or(|trace| may_fulfil(condition, trace))
    }

    fn spans(&self) -> &[Arc<Span>] {
        (self.spans)()
    }
}

/// By the digest of the trace's spans; whether it is one and the same span has to be looked at.
fn may_fulfil(condition: &SpanCondition, trace: &HotTrace) -> bool {
    match condition {
        SpanCondition::All(parts) => parts.iter().all(|part| may_fulfil(part, trace)),
        SpanCondition::Any(parts) => parts.iter().any(|part| may_fulfil(part, trace)),
        SpanCondition::Is(field, Test::Eq(wanted)) => match field {
            SpanField::Name => trace.span_digest().may_have_name(wanted),
            SpanField::Type => trace.span_digest().may_have_type(wanted),
            SpanField::Status => trace.span_digest().has_status(wanted),
            SpanField::Model | SpanField::Attribute(_) | SpanField::Content => true,
        },
        SpanCondition::Is(..) => true,
    }
}

/// Whether a raw text of the span may have the letters.
fn may_be_in_span(needle: &Needle, span: &Span) -> bool {
    // Of a list the whole text: letters may follow an escape there.
    let may_be_in = |value: &Value| needle.may_be_in(&value.to_text());
    let in_attributes =
        |attributes: &Attributes| attributes.iter().any(|(_, value)| may_be_in(value));
    needle.may_be_in(&span.name)
        || in_attributes(&span.attributes)
        || span
            .events
            .iter()
            .any(|event| needle.may_be_in(&event.name) || in_attributes(&event.attributes))
}

/// The id as MLflow writes it.
pub(crate) fn trace_id_text(summary: &TraceSummary) -> Cow<'_, str> {
    match &summary.alias {
        Some(alias) => Cow::Borrowed(alias),
        None => Cow::Owned(format!("tr-{}", summary.key.trace)),
    }
}

/// A stored trace with its edits.
pub(crate) fn record(trace: StoredTrace, overlay: &Overlay) -> TraceRecord {
    let edits = overlay.of_stored(&trace);
    edited(trace.summary, edits.as_deref())
}

/// A trace in memory with its edits.
pub(crate) fn record_of_hot(trace: &HotTrace, overlay: &Overlay) -> TraceRecord {
    let edits = overlay.of_hot(trace);
    edited(trace.summary().clone(), edits.as_deref())
}

/// A trace as it was recorded, with everything said about it.
pub(crate) fn edited(mut summary: TraceSummary, edits: Option<&TraceEdits>) -> TraceRecord {
    let edits = edits.unwrap_or(&NO_EDITS);
    edits.apply_tags(&mut summary);
    TraceRecord {
        summary,
        assessments: edits.assessments.clone(),
        runs: edits.runs.clone(),
        prompts: edits.prompts.clone(),
    }
}
