//! The values of a facet among rows of a segment, edits laid over.

use std::ops::ControlFlow;

use fanlight_store::{Postings, Property, SpanProfile};
use roaring::{MultiOps, RoaringBitmap};
use rustc_hash::FxHashMap;

use crate::QueryError;
use crate::facet::{Facet, SpanPart, listed};
use crate::matched::MatchedRows;
use crate::overlay::Overlay;

/// The rows that have one value.
pub(crate) enum ValueRows<'a> {
    Listed(Postings<'a>),
    Known(&'a RoaringBitmap),
}

impl ValueRows<'_> {
    pub(crate) fn count_in(&self, rows: &RoaringBitmap) -> Result<u64, String> {
        match self {
            Self::Listed(postings) => postings.count_in(rows),
            Self::Known(known) => Ok(known.intersection_len(rows)),
        }
    }

    /// Those of `rows` that have the value, ascending.
    pub(crate) fn each_in(
        &self,
        rows: &RoaringBitmap,
        visit: &mut dyn FnMut(u32),
    ) -> Result<(), String> {
        match self {
            Self::Listed(postings) => postings.each_in(rows, visit),
            Self::Known(known) => {
                (*known & rows).into_iter().for_each(visit);
                Ok(())
            }
        }
    }
}

/// What is done with a value, its rows, and the rows for which that counts.
type Visit<'v> =
    dyn FnMut(&str, &ValueRows<'_>, &RoaringBitmap) -> Result<ControlFlow<()>, String> + 'v;

/// Looks at a facet of a segment's matching rows.
pub(crate) struct SealedValues<'a> {
    rows: &'a MatchedRows,
    facet: &'a Facet,
    /// Rows whose recorded value counts, and what edits say of the others.
    recorded: RoaringBitmap,
    edited: FxHashMap<String, RoaringBitmap>,
    /// Rows whose links to runs are as the index has them.
    linked: RoaringBitmap,
    pub(crate) unlisted: RoaringBitmap,
}

impl<'a> SealedValues<'a> {
    pub(crate) fn new(
        rows: &'a MatchedRows,
        facet: &'a Facet,
        overlay: &Overlay,
    ) -> Result<Self, QueryError> {
        let segment = &rows.view.segment;
        let corrupt = |reason| QueryError::segment(segment.id(), reason);
        let all = &rows.must | &rows.open;
        let mut values = Self {
            rows,
            facet,
            unlisted: segment
                .facets()
                .unlisted(facet.property())
                .map_err(corrupt)?
                & &all,
            linked: all.clone(),
            recorded: all,
            edited: FxHashMap::default(),
        };
        if facet.edited_tag().is_some() || *facet == Facet::Run {
            for row in overlay.edited_rows(segment).as_ref() & &values.recorded {
                let edits = segment.rows().key(row).and_then(|key| overlay.get(key));
                let Some(edits) = edits else { continue };
                match facet.edited_tag() {
                    Some(tag) => {
                        if let Some(value) = edits.tags.get(tag) {
                            values.replace(row, value.clone());
                        }
                    }
                    None => {
                        values.linked.remove(row);
                        for run in &edits.runs {
                            values.edited.entry(run.clone()).or_default().insert(row);
                        }
                    }
                }
            }
        }
        if *facet == Facet::Run {
            let long = segment.facets().unlisted(Property::LinkedRun);
            values.unlisted |= long.map_err(corrupt)? & &values.linked;
        }
        Ok(values)
    }

    fn replace(&mut self, row: u32, value: Option<String>) {
        self.recorded.remove(row);
        self.unlisted.remove(row);
        let (values, unlisted) = listed(value.into_iter().collect());
        if unlisted {
            self.unlisted.insert(row);
        }
        for value in values {
            self.edited.entry(value).or_default().insert(row);
        }
    }

    /// Calls `visit` with values and their rows, maybe twice with the same value but never with the same row of it.
    /// Rows that do not match may be among them.
    pub(crate) fn each(
        &self,
        visit: &mut dyn FnMut(&str, &ValueRows<'_>, &RoaringBitmap) -> Result<(), String>,
    ) -> Result<(), QueryError> {
        self.each_from("", &mut |value, having, among| {
            visit(value, having, among)?;
            Ok(ControlFlow::Continue(()))
        })
    }

    /// As [`Self::each`], of values that begin with `prefix`; those the index lists come in ascending order until
    /// `visit` breaks off, and edited ones after them.
    pub(crate) fn each_from(&self, prefix: &str, visit: &mut Visit<'_>) -> Result<(), QueryError> {
        let segment = &self.rows.view.segment;
        self.try_each(prefix, visit)
            .map_err(|reason| QueryError::segment(segment.id(), reason))
    }

    fn try_each(&self, prefix: &str, visit: &mut Visit<'_>) -> Result<(), String> {
        if let Some(part) = self.facet.span_part() {
            return self.each_of_spans(part, visit);
        }
        let facets = self.rows.view.segment.facets();
        let property = self.facet.property();
        facets.each_value(property, prefix, &mut |value, postings| {
            visit(value, &ValueRows::Listed(postings), &self.recorded)
        })?;
        if *self.facet == Facet::Run {
            // Never the run a trace was made in.
            facets.each_value(Property::LinkedRun, prefix, &mut |value, postings| {
                visit(value, &ValueRows::Listed(postings), &self.linked)
            })?;
        }
        for (value, rows) in &self.edited {
            // A run a trace was linked to may be the one it was made in.
            let extra = match self.facet {
                Facet::Run => rows - facets.rows_of(property, value)?,
                _ => rows.clone(),
            };
            let _ = visit(value, &ValueRows::Known(&extra), &extra)?;
        }
        Ok(())
    }

    /// Several profiles have the same part: their rows are put together first.
    fn each_of_spans(&self, part: SpanPart, visit: &mut Visit<'_>) -> Result<(), String> {
        let mut values: FxHashMap<String, Vec<RoaringBitmap>> = FxHashMap::default();
        let facets = self.rows.view.segment.facets();
        facets.each_value(self.facet.property(), "", &mut |term, postings| {
            let profile = SpanProfile::parse(term).ok_or("a span profile does not parse")?;
            if let Some(value) = part.of(&profile) {
                let rows = postings.rows()?;
                match values.get_mut(value) {
                    Some(known) => known.push(rows),
                    None => {
                        values.insert(value.to_owned(), vec![rows]);
                    }
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        for (value, rows) in values {
            let rows = rows.union();
            let _ = visit(&value, &ValueRows::Known(&rows), &self.recorded)?;
        }
        Ok(())
    }
}
