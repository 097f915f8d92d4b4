//! `assessments`: a row per judgement about a trace or one of its spans.

use std::sync::Arc;

use fanlight_model::{Assessment, ExperimentId, FeedbackError, Judgement, SourceType, TraceEdits};
use fanlight_query::{Moment, QueryError, shown_id};
use fanlight_store::{HotTrace, SegmentView};
use roaring::RoaringBitmap;

use super::{NarrowRows, Picked, Sealed, Table, json_of_texts};
use crate::column::{Cell, Column, Kind};

#[derive(Debug)]
pub(crate) struct Assessments;

#[derive(Debug)]
pub(crate) struct AssessmentRow {
    trace_id: Arc<str>,
    experiment: ExperimentId,
    edits: Arc<TraceEdits>,
    /// Which of the trace's.
    place: usize,
}

static COLUMNS: [Column<AssessmentRow>; 17] = [
    Column::<AssessmentRow>::new("assessment_id", Kind::Text, |row| Cell::text(&row.it().id))
        .required(),
    Column::<AssessmentRow>::new("trace_id", Kind::Text, |row| Cell::text(&row.trace_id))
        .required(),
    Column::<AssessmentRow>::new("span_id", Kind::Text, |row| {
        Cell::text_or_absent(row.it().span_id.as_deref())
    }),
    Column::<AssessmentRow>::new("experiment_id", Kind::Text, |row| {
        Cell::owned(row.experiment.to_string())
    })
    .required(),
    Column::<AssessmentRow>::new("name", Kind::Text, |row| Cell::text(&row.it().name)).required(),
    Column::<AssessmentRow>::new("kind", Kind::Text, |row| {
        Cell::text(match row.it().judgement {
            Judgement::Feedback { .. } => "feedback",
            Judgement::Expectation { .. } => "expectation",
            Judgement::Issue { .. } => "issue",
        })
    })
    .required(),
    Column::<AssessmentRow>::new("value", Kind::Text, |row| {
        Cell::owned(match &row.it().judgement {
            Judgement::Feedback { value, .. } | Judgement::Expectation { value } => match value {
                serde_json::Value::Null => return Cell::Absent,
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            },
            Judgement::Issue { issue_name } => issue_name.clone(),
        })
    }),
    Column::<AssessmentRow>::new("value_number", Kind::Float, |row| {
        Cell::float(match &row.it().judgement {
            Judgement::Feedback { value, .. } | Judgement::Expectation { value } => {
                let flag = value.as_bool().map(|flag| f64::from(u8::from(flag)));
                value.as_f64().or(flag)
            }
            Judgement::Issue { .. } => None,
        })
    }),
    Column::<AssessmentRow>::new("source_type", Kind::Text, |row| {
        Cell::text(match row.it().source.kind {
            SourceType::Unspecified => "SOURCE_TYPE_UNSPECIFIED",
            SourceType::Human => "HUMAN",
            SourceType::LlmJudge => "LLM_JUDGE",
            SourceType::Code => "CODE",
        })
    })
    .required(),
    Column::<AssessmentRow>::new("source_id", Kind::Text, |row| {
        Cell::text_or_absent(row.it().source.id.as_deref())
    }),
    Column::<AssessmentRow>::new("rationale", Kind::Text, |row| {
        Cell::text_or_absent(row.it().rationale.as_deref())
    }),
    Column::<AssessmentRow>::new("error", Kind::Text, |row| {
        let error = row.error();
        Cell::text_or_absent(
            error.and_then(|error| error.message.as_deref().or(error.code.as_deref())),
        )
    }),
    Column::<AssessmentRow>::new("metadata", Kind::Text, |row| {
        Cell::owned(json_of_texts(&row.it().metadata))
    })
    .required(),
    Column::<AssessmentRow>::new("created_at", Kind::Instant, |row| {
        Cell::instant(Some(row.it().created_at))
    })
    .required(),
    Column::<AssessmentRow>::new("updated_at", Kind::Instant, |row| {
        Cell::instant(Some(row.it().updated_at))
    })
    .required(),
    Column::<AssessmentRow>::new("overrides", Kind::Text, |row| {
        Cell::text_or_absent(row.it().overrides.as_deref())
    }),
    Column::<AssessmentRow>::new("valid", Kind::Flag, |row| Cell::Flag(row.it().valid)).required(),
];

impl AssessmentRow {
    fn it(&self) -> &Assessment {
        &self.edits.assessments[self.place]
    }

    fn error(&self) -> Option<&FeedbackError> {
        match &self.it().judgement {
            Judgement::Feedback { error, .. } => error.as_ref(),
            _ => None,
        }
    }
}

impl Table for Assessments {
    type Row = AssessmentRow;

    const NAME: &'static str = "assessments";
    const WHOLE_AT_ONCE: usize = 1024;

    fn columns() -> &'static [Column<AssessmentRow>] {
        &COLUMNS
    }

    fn restrict(
        moment: &Moment,
        view: &SegmentView,
        rows: RoaringBitmap,
    ) -> Result<RoaringBitmap, QueryError> {
        Ok(moment.assessed_rows(view)? & rows)
    }

    fn weight(_: &Sealed, _: u32) -> usize {
        1
    }

    fn add_hot(moment: &Moment, trace: &HotTrace, rows: &mut Vec<AssessmentRow>) {
        let id = || Arc::from(shown_id(trace.summary()));
        add_assessments(moment.edits_of_hot(trace), id, trace.experiment(), rows);
    }

    fn read(
        moment: &Moment,
        sealed: &Sealed,
        picked: &[Picked],
    ) -> Result<Vec<AssessmentRow>, QueryError> {
        let segment = &sealed.view.segment;
        let wanted: Vec<u32> = picked.iter().map(|picked| picked.row).collect();
        let mut rows = Vec::new();
        for (row, edits) in wanted.iter().zip(moment.edits_of(&sealed.view, &wanted)?) {
            let id = || Arc::from(sealed.trace_id(*row).unwrap_or_default());
            let experiment = segment.rows().experiment(*row);
            add_assessments(edits, id, experiment, &mut rows);
        }
        Ok(rows)
    }

    /// No column of the files has anything of them.
    fn read_narrow(
        _: &Moment,
        _: &Sealed,
        _: &[&'static str],
    ) -> Result<Option<NarrowRows>, QueryError> {
        Ok(None)
    }
}

fn add_assessments(
    edits: Option<Arc<TraceEdits>>,
    id: impl Fn() -> Arc<str>,
    experiment: ExperimentId,
    rows: &mut Vec<AssessmentRow>,
) {
    let Some(edits) = edits.filter(|edits| !edits.assessments.is_empty()) else {
        return;
    };
    let trace_id = id();
    rows.extend((0..edits.assessments.len()).map(|place| AssessmentRow {
        trace_id: Arc::clone(&trace_id),
        experiment,
        edits: Arc::clone(&edits),
        place,
    }));
}
