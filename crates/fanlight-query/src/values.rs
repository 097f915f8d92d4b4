//! Values and keys in use, for completion.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use fanlight_model::{ExperimentId, NAME_TAG, WorkspaceId};
use fanlight_store::{HotTrace, Property, Segment, SegmentView, Snapshot};
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use crate::filter::Filter;
use crate::matched::MatchedRows;
use crate::sealed_values::SealedValues;
use crate::search::Context;
use crate::{Engine, Facet, QueryError, Search};

/// Where to look.
#[derive(Clone, Debug)]
pub struct Scope {
    pub workspace: WorkspaceId,
    pub experiments: Vec<ExperimentId>,
}

/// The first values or keys in order of their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    pub values: Vec<String>,
    pub more: bool,
}

/// What has keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyed {
    Tag,
    Metadata,
    /// Of spans.
    Attribute,
}

impl Keyed {
    const fn with_key(self, key: &str) -> Property<'_> {
        match self {
            Self::Tag => Property::Tag(key),
            Self::Metadata => Property::Metadata(key),
            Self::Attribute => Property::Attribute(key),
        }
    }
}

/// Keeps the first ones.
struct First<'a> {
    prefix: &'a str,
    limit: usize,
    values: BTreeSet<String>,
}

impl First<'_> {
    /// Whether the value would be kept and is not yet.
    fn wants(&self, value: &str) -> bool {
        value.starts_with(self.prefix) && !self.is_beyond(value) && !self.values.contains(value)
    }

    /// Enough smaller ones are known.
    fn is_beyond(&self, value: &str) -> bool {
        // One more than asked for, to know whether there are more.
        self.values.len() > self.limit
            && self
                .values
                .last()
                .is_some_and(|last| value >= last.as_str())
    }

    fn add(&mut self, value: &str) {
        if self.wants(value) {
            self.values.insert(value.to_owned());
            if self.values.len() > self.limit + 1 {
                self.values.pop_last();
            }
        }
    }

    fn finish(mut self) -> Values {
        let more = self.values.len() > self.limit;
        if more {
            self.values.pop_last();
        }
        Values {
            values: self.values.into_iter().collect(),
            more,
        }
    }
}

impl Engine {
    /// Values of `facet` that begin with `prefix`, with edits. Values no index lists are left out.
    pub async fn values(
        &self,
        scope: Scope,
        facet: Facet,
        prefix: String,
        limit: usize,
    ) -> Result<Values, QueryError> {
        self.first(scope, prefix, limit, move |first, context, snapshot| {
            for trace in context.hot_matches(snapshot) {
                let (values, _) = facet.of_hot(&trace, context.overlay);
                for value in &values {
                    first.add(value);
                }
            }
            for view in &snapshot.segments {
                let add = || add_values(first, context, view, &facet);
                context.unreadable.pass_over(add)?;
            }
            Ok(())
        })
        .await
    }

    /// Keys in use that begin with `prefix`.
    pub async fn keys(
        &self,
        scope: Scope,
        keyed: Keyed,
        prefix: String,
        limit: usize,
    ) -> Result<Values, QueryError> {
        self.first(scope, prefix, limit, move |first, context, snapshot| {
            for trace in context.hot_matches(snapshot) {
                add_hot_keys(first, context, &trace, keyed);
            }
            for view in &snapshot.segments {
                let add = || add_keys(first, context, view, keyed);
                context.unreadable.pass_over(add)?;
            }
            Ok(())
        })
        .await
    }

    async fn first(
        &self,
        scope: Scope,
        prefix: String,
        limit: usize,
        gather: impl FnOnce(&mut First<'_>, &Context<'_>, &Snapshot) -> Result<(), QueryError>
        + Send
        + 'static,
    ) -> Result<Values, QueryError> {
        let search = Search {
            workspace: scope.workspace,
            experiments: scope.experiments,
            filter: Filter::Everything,
            order_by: Vec::new(),
            limit: 0,
            page_token: None,
        };
        self.look(&search, move |context, snapshot| {
            let mut first = First {
                prefix: &prefix,
                limit,
                values: BTreeSet::new(),
            };
            gather(&mut first, context, snapshot)?;
            Ok(first.finish())
        })
        .await
    }
}

fn add_values(
    first: &mut First<'_>,
    context: &Context<'_>,
    view: &std::sync::Arc<SegmentView>,
    facet: &Facet,
) -> Result<(), QueryError> {
    let rows = MatchedRows {
        view: std::sync::Arc::clone(view),
        must: context.bounds(view).must,
        open: RoaringBitmap::new(),
    };
    let values = SealedValues::new(&rows, facet, context.overlay)?;
    let prefix = first.prefix;
    values.each_from(prefix, &mut |value, having, among| {
        if first.is_beyond(value) && facet.span_part().is_none() {
            return Ok(ControlFlow::Break(()));
        }
        if first.wants(value) && having.count_in(among)? > 0 {
            first.add(value);
        }
        Ok(ControlFlow::Continue(()))
    })
}

fn add_hot_keys(first: &mut First<'_>, context: &Context<'_>, trace: &HotTrace, keyed: Keyed) {
    let summary = trace.summary();
    match keyed {
        Keyed::Tag => {
            let edits = context.overlay.of_hot(trace);
            let tags = edits.as_ref().map(|edits| &edits.tags);
            let is_removed = |key: &str| tags.and_then(|tags| tags.get(key)) == Some(&None);
            let kept = summary.tags.keys().filter(|key| !is_removed(key));
            kept.for_each(|key| first.add(key));
            let set = tags.into_iter().flatten();
            let set = set.filter(|(key, value)| value.is_some() && *key != NAME_TAG);
            set.for_each(|(key, _)| first.add(key));
        }
        Keyed::Metadata => summary.metadata.keys().for_each(|key| first.add(key)),
        Keyed::Attribute => {
            let whole = trace.whole();
            let spans = whole.spans().iter();
            let keys = spans.flat_map(|span| span.attributes.iter().map(|(key, _)| key));
            keys.for_each(|key| first.add(key));
        }
    }
}

/// A key counts when some row in scope has it.
fn add_keys(
    first: &mut First<'_>,
    context: &Context<'_>,
    view: &std::sync::Arc<SegmentView>,
    keyed: Keyed,
) -> Result<(), QueryError> {
    let segment = &view.segment;
    let corrupt = |reason| QueryError::segment(segment.id(), reason);
    let rows = context.bounds(view).must;
    let facets = segment.facets();
    let edited = if keyed == Keyed::Tag {
        edited_tags(first, context, segment, &rows)
    } else {
        FxHashMap::default()
    };
    for key in facets.keys(keyed.with_key("")).map_err(corrupt)? {
        if !first.wants(&key) {
            continue;
        }
        let property = keyed.with_key(&key);
        let unlisted = facets.unlisted(property).map_err(corrupt)?;
        // Of rows with an edit of the tag, the edit has told.
        let rows = match edited.get(&key) {
            Some(edited) => Cow::Owned(&rows - edited),
            None => Cow::Borrowed(&rows),
        };
        let mut is_used = !unlisted.is_disjoint(&rows);
        if !is_used {
            facets
                .each_value(property, "", &mut |_, postings| {
                    is_used = postings.count_in(&rows)? > 0;
                    Ok(if is_used {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    })
                })
                .map_err(corrupt)?;
        }
        if is_used {
            first.add(&key);
        }
    }
    Ok(())
}

/// Adds the tags that edits have set, and answers which rows have an edit of which tag.
fn edited_tags(
    first: &mut First<'_>,
    context: &Context<'_>,
    segment: &Arc<Segment>,
    rows: &RoaringBitmap,
) -> FxHashMap<String, RoaringBitmap> {
    let mut edited: FxHashMap<String, RoaringBitmap> = FxHashMap::default();
    for row in context.overlay.edited_rows(segment).as_ref() & rows {
        let key = segment.rows().key(row);
        let edits = key.and_then(|key| context.overlay.get(key));
        for (tag, value) in edits.iter().flat_map(|edits| &edits.tags) {
            edited.entry(tag.clone()).or_default().insert(row);
            // A name is a field of its own.
            if value.is_some() && tag != NAME_TAG {
                first.add(tag);
            }
        }
    }
    edited
}
