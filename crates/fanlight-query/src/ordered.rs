//! Orders other than newest first, and counts: every match is visited, the best ones are kept.

use std::cmp::Ordering;
use std::sync::Arc;

use fanlight_store::{Property, Segment, SegmentView, Snapshot};
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use crate::cursor::Cursor;
use crate::order::{compare_rows, compare_values, complete_order, order_value};
use crate::search::{Context, Hit};
use crate::subject::{record, record_of_hot, trace_id_text};
use crate::{OrderBy, OrderKey, Page, QueryError, SortValue};

const LOOK_AT_ONCE: usize = 64;

/// How many traces match.
pub(crate) fn count(context: &Context<'_>, snapshot: &Snapshot) -> Result<u64, QueryError> {
    let mut total = context.hot_matches(snapshot).len() as u64;
    for view in &snapshot.segments {
        total += matching_rows(context, view)?.len();
    }
    Ok(total)
}

/// All rows of a segment that match. Fails when the time is over: an answer without the rest would be wrong.
fn matching_rows(context: &Context<'_>, view: &SegmentView) -> Result<RoaringBitmap, QueryError> {
    let bounds = context.bounds(view);
    let mut matching = bounds.must;
    let open: Vec<u32> = (bounds.may - &matching).into_iter().collect();
    for lot in open.chunks(LOOK_AT_ONCE) {
        if context.is_late() {
            return Err(QueryError::OutOfTime);
        }
        let matches = context.look_at(&view.segment, lot)?;
        matching.extend(
            lot.iter()
                .zip(matches)
                .filter(|(_, matches)| *matches)
                .map(|(row, _)| *row),
        );
    }
    Ok(matching)
}

/// One page in the order the search asks for.
pub(crate) fn ordered(context: &Context<'_>, snapshot: &Snapshot) -> Result<Page, QueryError> {
    let order = complete_order(&context.search.order_by);
    let cursor = Cursor::from_token(context.search.page_token.as_deref(), &order)?;
    let compare = |left: &[SortValue], right: &[SortValue]| compare_rows(&order, left, right);
    let mut best = Best {
        limit: context.search.limit,
        rows: Vec::new(),
        last_kept: None,
    };
    let is_ahead = |values: &[SortValue]| match &cursor {
        None => true,
        Some(cursor) => match compare(values, &cursor.values) {
            Ordering::Greater => true,
            Ordering::Equal => cursor.inclusive,
            Ordering::Less => false,
        },
    };
    for trace in context.hot_matches(snapshot) {
        let edited = record_of_hot(&trace, context.overlay).summary;
        let id = trace_id_text(&edited);
        let values: Vec<_> = order
            .iter()
            .map(|by| order_value(&by.key, &edited, &id))
            .collect();
        if is_ahead(&values) {
            best.add(values, Hit::Hot(trace), &compare);
        }
    }
    for view in &snapshot.segments {
        let rows = matching_rows(context, view)?;
        let keys: Vec<&OrderKey> = order.iter().map(|by| &by.key).collect();
        let columns = match Columns::load(context, &view.segment, &rows, &keys) {
            Ok(columns) => columns,
            Err(error) if context.unreadable.is_damage(&error) => continue,
            Err(error) => return Err(error),
        };
        for row in rows {
            // Most rows are beyond the page by their first key alone.
            if best.is_beyond(&order[0], &columns.value(0, row)) {
                continue;
            }
            let values = columns.values(row);
            if is_ahead(&values) {
                best.add(
                    values,
                    Hit::Sealed(Arc::clone(&view.segment), row),
                    &compare,
                );
            }
        }
    }
    let rows = best.finish(&compare);
    let full = rows.len() == context.search.limit && !rows.is_empty();
    let last = rows
        .last()
        .filter(|_| full)
        .map(|(values, _)| values.clone());
    let hits: Vec<Hit> = rows.into_iter().map(|(_, hit)| hit).collect();
    let next_page_token = last.map(|values| Cursor::new(&order, values, false).to_token());
    Ok(Page {
        traces: context.read(&hits),
        next_page_token,
    })
}

/// The first rows of an order, whatever order they come in.
struct Best {
    limit: usize,
    rows: Vec<(Vec<SortValue>, Hit)>,
    /// First key of the last row of a full page.
    last_kept: Option<SortValue>,
}

impl Best {
    fn add(
        &mut self,
        values: Vec<SortValue>,
        hit: Hit,
        compare: &impl Fn(&[SortValue], &[SortValue]) -> Ordering,
    ) {
        self.rows.push((values, hit));
        // Sorting only when twice too many are held keeps the cost of each row constant.
        if self.rows.len() >= self.limit.saturating_mul(2).max(256) {
            self.cut(compare);
        }
    }

    /// Whether rows that are full up already all come before one with this value of the first key.
    fn is_beyond(&self, by: &OrderBy, first: &SortValue) -> bool {
        let last = self.last_kept.as_ref();
        last.is_some_and(|last| compare_values(by, first, last).is_gt())
    }

    fn cut(&mut self, compare: &impl Fn(&[SortValue], &[SortValue]) -> Ordering) {
        self.rows
            .sort_by(|(left, _), (right, _)| compare(left, right));
        self.rows.truncate(self.limit);
        if self.rows.len() == self.limit {
            self.last_kept = self.rows.last().map(|(values, _)| values[0].clone());
        }
    }

    fn finish(
        mut self,
        compare: &impl Fn(&[SortValue], &[SortValue]) -> Ordering,
    ) -> Vec<(Vec<SortValue>, Hit)> {
        self.cut(compare);
        self.rows
    }
}

/// Sort values of a segment's rows, one column per key, without reading the rows where the index has them.
struct Columns<'a> {
    segment: &'a Segment,
    keys: Vec<&'a OrderKey>,
    texts: Vec<FxHashMap<u32, String>>,
}

impl<'a> Columns<'a> {
    fn load(
        context: &Context<'_>,
        segment: &'a Arc<Segment>,
        rows: &RoaringBitmap,
        keys: &[&'a OrderKey],
    ) -> Result<Self, QueryError> {
        let corrupt = |reason| QueryError::segment(segment.id(), reason);
        let mut texts = Vec::with_capacity(keys.len());
        for key in keys {
            let mut column = FxHashMap::default();
            if let Some(property) = property_of(key) {
                for term in segment.facets().values(property) {
                    let here = term.rows().map_err(corrupt)? & rows;
                    column.extend(here.into_iter().map(|row| (row, term.value.clone())));
                }
                let unlisted = segment.facets().unlisted(property).map_err(corrupt)? & rows;
                let edited = context.overlay.edited_rows(segment).as_ref() & rows;
                read_values(context, segment, &(unlisted | edited), key, &mut column);
            }
            texts.push(column);
        }
        Ok(Self {
            segment,
            keys: keys.to_vec(),
            texts,
        })
    }

    fn values(&self, row: u32) -> Vec<SortValue> {
        (0..self.keys.len())
            .map(|place| self.value(place, row))
            .collect()
    }

    /// The value of one key.
    fn value(&self, place: usize, row: u32) -> SortValue {
        let rows = self.segment.rows();
        let known = |value: Option<u64>| value.map_or(SortValue::Missing, SortValue::Number);
        let texts = &self.texts[place];
        match self.keys[place] {
            OrderKey::Experiment => SortValue::Number(rows.experiment(row).0),
            OrderKey::Start => SortValue::Number(rows.start(row).0),
            OrderKey::Duration => known(rows.duration(row).map(|duration| duration.0)),
            OrderKey::End => known(
                rows.duration(row)
                    .map(|duration| rows.start(row).saturating_add(duration).0),
            ),
            OrderKey::TraceId => match (texts.get(&row), rows.key(row)) {
                (Some(alias), _) => SortValue::Text(alias.clone()),
                (None, Some(key)) => SortValue::Text(format!("tr-{}", key.trace)),
                (None, None) => SortValue::Missing,
            },
            _ => texts
                .get(&row)
                .map_or(SortValue::Missing, |text| SortValue::Text(text.clone())),
        }
    }
}

/// Rows whose value the index does not have, or may have been edited.
fn read_values(
    context: &Context<'_>,
    segment: &Segment,
    rows: &RoaringBitmap,
    key: &OrderKey,
    column: &mut FxHashMap<u32, String>,
) {
    let rows: Vec<u32> = rows.iter().collect();
    for lot in rows.chunks(1024) {
        let found = context
            .unreadable
            .read(segment, lot, &|rows| segment.traces(rows));
        for (row, stored) in lot.iter().zip(found) {
            let Some(stored) = stored else { continue };
            let edited = record(stored, context.overlay).summary;
            match order_value(key, &edited, edited.alias.as_deref().unwrap_or_default()) {
                SortValue::Text(text) if !(*key == OrderKey::TraceId && text.is_empty()) => {
                    column.insert(*row, text)
                }
                _ => column.remove(row),
            };
        }
    }
}

fn property_of(key: &OrderKey) -> Option<Property<'_>> {
    Some(match key {
        OrderKey::Experiment | OrderKey::Start | OrderKey::Duration | OrderKey::End => return None,
        OrderKey::State => Property::State,
        OrderKey::TraceId => Property::Alias,
        OrderKey::Name => Property::Name,
        OrderKey::Run => Property::SourceRun,
        OrderKey::Session => Property::Session,
        OrderKey::User => Property::User,
        OrderKey::Tag(key) => Property::Tag(key),
        OrderKey::Metadata(key) => Property::Metadata(key),
    })
}
