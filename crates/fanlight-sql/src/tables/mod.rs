//! The tables: what their columns are, and where their rows come from.
//!
//! A table reads traces in memory row by row. Of a segment it reads narrow columns as they are kept, and whole rows only
//! where a text is asked for. Start reading at [`Table`].

pub(crate) mod assessments;
pub(crate) mod events;
mod narrow;
pub(crate) mod spans;
pub(crate) mod traces;

use std::collections::BTreeMap;
use std::sync::Arc;

use fanlight_model::Attributes;
use fanlight_query::{Moment, QueryError};
use fanlight_store::{HotTrace, SegmentView};
use roaring::RoaringBitmap;
use serde_json::{Map, Value as Json};

pub(crate) use self::narrow::NarrowRows;
use crate::column::Column;

/// Some traces of one segment.
#[derive(Clone, Debug)]
pub(crate) struct Sealed {
    pub(crate) view: Arc<SegmentView>,
    pub(crate) rows: RoaringBitmap,
    /// Rows whose ids are not of the standard form.
    pub(crate) aliases: Arc<rustc_hash::FxHashMap<u32, String>>,
}

/// A trace of a segment, and which of its rows in the table are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Picked {
    pub(crate) row: u32,
    /// `None` for all of them.
    pub(crate) places: Option<Vec<u32>>,
}

impl Picked {
    pub(crate) fn whole(row: u32) -> Self {
        Self { row, places: None }
    }

    /// Those of `rows` that are wanted.
    fn of<'a, T>(&'a self, rows: &'a [T]) -> impl Iterator<Item = (usize, &'a T)> {
        let is_wanted = |place: usize| match &self.places {
            None => true,
            Some(places) => places.iter().any(|wanted| *wanted as usize == place),
        };
        rows.iter()
            .enumerate()
            .filter(move |(place, _)| is_wanted(*place))
    }
}

/// One table of the schema.
pub(crate) trait Table: std::fmt::Debug + Send + Sync + 'static {
    type Row: Send;

    const NAME: &'static str;
    /// Traces that are read whole at a time.
    const WHOLE_AT_ONCE: usize;

    fn columns() -> &'static [Column<Self::Row>];

    /// Rows of a segment that have rows in this table.
    fn restrict(
        _: &Moment,
        _: &SegmentView,
        rows: RoaringBitmap,
    ) -> Result<RoaringBitmap, QueryError> {
        Ok(rows)
    }

    /// How many rows of the table a trace of a segment has, about.
    fn weight(sealed: &Sealed, row: u32) -> usize;

    /// Adds the rows of a trace in memory.
    fn add_hot(moment: &Moment, trace: &HotTrace, rows: &mut Vec<Self::Row>);

    /// The rows of some traces of a segment, which ascend.
    fn read(
        moment: &Moment,
        sealed: &Sealed,
        picked: &[Picked],
    ) -> Result<Vec<Self::Row>, QueryError>;

    /// Columns marked as narrow, for all of `sealed`. `None` when a file of an older version lacks one of them.
    fn read_narrow(
        moment: &Moment,
        sealed: &Sealed,
        columns: &[&'static str],
    ) -> Result<Option<NarrowRows>, QueryError>;
}

fn json_of_texts(texts: &BTreeMap<String, String>) -> String {
    let members = texts
        .iter()
        .map(|(key, text)| (key.clone(), Json::from(text.as_str())));
    Json::Object(members.collect()).to_string()
}

fn json_of_attributes(attributes: &Attributes) -> Json {
    let members = attributes
        .iter()
        .map(|(key, value)| (key.to_owned(), value.to_json()));
    Json::Object(members.collect::<Map<_, _>>())
}
