//! Edits become part of rows while segments are merged.
//!
//! A row keeps what was recorded and, beside it, everything that was said about the trace. Its record has both; its
//! column `name` and its terms in `facets.idx` are what follows from both together.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{StringBuilder, StringDictionaryBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use fanlight_model::{TraceEdits, TraceSummary};

use super::facets::{Facets, FacetsBuilder};
use super::facets_of::add_editable;
use super::traces_file::{Row, parse_record, shown_name};

/// What rows of a new segment take over, by row.
pub(crate) type NewEdits = BTreeMap<u32, Arc<TraceEdits>>;

/// The summary with the edits of tags and name applied.
pub(super) fn edited<'a>(
    summary: &'a TraceSummary,
    edits: Option<&TraceEdits>,
) -> Cow<'a, TraceSummary> {
    match edits.filter(|edits| !edits.tags.is_empty()) {
        None => Cow::Borrowed(summary),
        Some(edits) => {
            let mut edited = summary.clone();
            edits.apply_tags(&mut edited);
            Cow::Owned(edited)
        }
    }
}

/// Rewrites rows that take over edits, and gathers the terms they have from then on.
pub(super) struct Fold<'a> {
    edits: &'a NewEdits,
    terms: FacetsBuilder,
}

impl<'a> Fold<'a> {
    pub(super) fn new(edits: &'a NewEdits) -> Self {
        Self {
            edits,
            terms: FacetsBuilder::default(),
        }
    }

    /// The batch that begins with row `first`, edits folded in. Batches must come in order.
    pub(super) fn rows(&mut self, first: u32, batch: RecordBatch) -> Result<RecordBatch, String> {
        let count = u32::try_from(batch.num_rows()).map_err(|cause| cause.to_string())?;
        let here: Vec<(usize, &Arc<TraceEdits>)> = self
            .edits
            .range(first..first + count)
            .map(|(row, edits)| ((row - first) as usize, edits))
            .collect();
        if here.is_empty() {
            return Ok(batch);
        }
        let records = texts(&batch, "record")?;
        let names = texts(&batch, "name")?;
        let mut new_records = StringBuilder::new();
        let mut new_names = StringDictionaryBuilder::<Int32Type>::new();
        let mut here = here.into_iter().peekable();
        for (at, row) in (first..first + count).enumerate() {
            match here.next_if(|(place, _)| *place == at) {
                None => {
                    new_records.append_value(records.value(at));
                    new_names.append_option(names.is_valid(at).then(|| names.value(at)));
                }
                Some((_, edits)) => {
                    let stored = parse_record(records.value(at))?;
                    // Edits that were all taken back are none.
                    let edits = Some(&**edits).filter(|edits| **edits != TraceEdits::default());
                    let record = Row {
                        summary: &stored.summary,
                        facts: stored.facts.as_ref(),
                        edits,
                    };
                    new_records.append_value(record.to_record().map_err(|e| e.to_string())?);
                    let edited = edited(&stored.summary, edits);
                    new_names.append_option(shown_name(&edited));
                    add_editable(&mut self.terms, row, &edited, edits);
                }
            }
        }
        let schema = batch.schema();
        let mut columns = batch.columns().to_vec();
        let place = |name| schema.index_of(name).map_err(|cause| cause.to_string());
        columns[place("record")?] = Arc::new(new_records.finish()) as ArrayRef;
        columns[place("name")?] = Arc::new(new_names.finish()) as ArrayRef;
        RecordBatch::try_new(schema, columns).map_err(|cause| cause.to_string())
    }

    pub(super) fn into_terms(self) -> Result<Facets, String> {
        self.terms.into_facets().map_err(|cause| cause.to_string())
    }
}

/// A column of texts, dictionary or not.
fn texts(batch: &RecordBatch, name: &str) -> Result<StringArray, String> {
    let wrong = || format!("column `{name}` has another type");
    let column = batch.column_by_name(name).ok_or_else(wrong)?;
    if let Some(plain) = column.as_string_opt::<i32>() {
        return Ok(plain.clone());
    }
    let dictionary = column.as_dictionary_opt::<Int32Type>().ok_or_else(wrong)?;
    let values = dictionary
        .downcast_dict::<StringArray>()
        .ok_or_else(wrong)?;
    Ok(values.into_iter().collect())
}
