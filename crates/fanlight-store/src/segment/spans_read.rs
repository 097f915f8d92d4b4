//! Spans back from `spans.parquet`.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, UInt32Type, UInt64Type};
use arrow_array::{Array, FixedSizeBinaryArray, ListArray, RecordBatch, StringArray};
use fanlight_model::{
    Attributes, Event, Link, Priced, Resource, Scope, Span, SpanId, Status, StatusCode, TraceId,
    UnixNanos,
};
use parquet::arrow::FieldLevels;
use serde::{Deserialize, Serialize};

use super::parquet_file::ParquetFile;
use super::spans_write::UNKNOWN_PRICE;
use super::texts_file::{Stretches, TextsFile};
use super::value_text::{attributes_from_text, attributes_to_text, value_from_text};

/// What a span is made of; the other columns are for searches and other tools.
const COLUMNS: [&str; 24] = [
    "span_id",
    "parent_id",
    "name",
    "kind",
    "start_ns",
    "end_ns",
    "status",
    "status_message",
    "attributes",
    "inputs_key",
    "inputs",
    "outputs_key",
    "outputs",
    "events",
    "links",
    "scope",
    "resource",
    "trace_state",
    "flags",
    "dropped",
    "attributes_texts",
    "inputs_texts",
    "outputs_texts",
    "events_texts",
];
/// Files written before prices were kept have no such column.
const PRICE: &str = "price";
/// Spans that are in memory as columns at once.
const BATCH_ROWS: usize = 1024;
const LONG_TEXTS: [&str; 4] = [
    "attributes_texts",
    "inputs_texts",
    "outputs_texts",
    "events_texts",
];

/// The open file.
#[derive(Debug)]
pub(super) struct SpansFile {
    pub(super) parquet: ParquetFile,
    columns: OnceLock<FieldLevels>,
}

/// Where the spans of a trace are in the file.
#[derive(Clone, Debug)]
pub(super) struct SpansOf {
    pub(super) trace: TraceId,
    pub(super) rows: Range<usize>,
}

impl SpansFile {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        Ok(Self {
            parquet: ParquetFile::open(path)?,
            columns: OnceLock::new(),
        })
    }

    /// The spans of each of `traces`, whose rows must ascend and not overlap.
    pub(super) fn read(
        &self,
        traces: &[SpansOf],
        texts: &TextsFile,
    ) -> Result<Vec<Vec<Arc<Span>>>, String> {
        let columns = match self.columns.get() {
            Some(columns) => columns,
            None => {
                let columns = self.parquet.columns(COLUMNS.into_iter().chain([PRICE]))?;
                self.columns.get_or_init(|| columns)
            }
        };
        let ranges: Vec<_> = traces.iter().map(|of| of.rows.clone()).collect();
        let batches = self.parquet.read(columns, Some(&ranges), BATCH_ROWS)?;
        let mut groups: Vec<Vec<Arc<Span>>> = ranges
            .iter()
            .map(|range| Vec::with_capacity(range.len()))
            .collect();
        let mut group = 0;
        let mut shared = Shared::default();
        for batch in batches {
            let batch = batch.map_err(|cause| cause.to_string())?;
            let columns = Columns::of(&batch, texts)?;
            for index in 0..batch.num_rows() {
                while groups
                    .get(group)
                    .is_some_and(|spans| spans.len() == ranges[group].len())
                {
                    group += 1;
                }
                let spans = groups.get_mut(group).ok_or("more spans than asked for")?;
                let span = columns.span(index, traces[group].trace, &mut shared)?;
                spans.push(Arc::new(span));
            }
        }
        Ok(groups)
    }
}

/// Resources and scopes of neighbouring spans are mostly the same.
#[derive(Default)]
struct Shared {
    resource: Option<(String, Arc<Resource>)>,
    scope: Option<(String, Arc<Scope>)>,
    price: Option<(String, Priced)>,
}

impl Shared {
    fn resource(&mut self, text: &str) -> Result<Arc<Resource>, String> {
        if let Some((known, resource)) = &self.resource
            && known == text
        {
            return Ok(Arc::clone(resource));
        }
        let attributes = if text.is_empty() {
            Attributes::default()
        } else {
            attributes_from_text(text)?
        };
        let resource = Arc::new(Resource { attributes });
        self.resource = Some((text.to_owned(), Arc::clone(&resource)));
        Ok(resource)
    }

    fn price(&mut self, text: Option<&str>) -> Result<Priced, String> {
        let text = match text {
            None => return Ok(Priced::Unasked),
            Some(UNKNOWN_PRICE) => return Ok(Priced::Unknown),
            Some(text) => text,
        };
        if let Some((known, price)) = &self.price
            && known == text
        {
            return Ok(price.clone());
        }
        let price = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
        let price = Priced::At(Arc::new(price));
        self.price = Some((text.to_owned(), price.clone()));
        Ok(price)
    }

    fn scope(&mut self, text: &str) -> Result<Arc<Scope>, String> {
        if let Some((known, scope)) = &self.scope
            && known == text
        {
            return Ok(Arc::clone(scope));
        }
        let scope = Arc::new(ScopeText::parse(text)?);
        self.scope = Some((text.to_owned(), Arc::clone(&scope)));
        Ok(scope)
    }
}

struct Columns<'a> {
    batch: &'a RecordBatch,
    stretches: Stretches,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch, texts: &TextsFile) -> Result<Self, String> {
        if let Some(missing) = COLUMNS
            .iter()
            .find(|name| batch.column_by_name(name).is_none())
        {
            return Err(format!("column `{missing}` is missing"));
        }
        let mut columns = Self {
            batch,
            stretches: Stretches::default(),
        };
        let mut rows = Vec::new();
        for name in LONG_TEXTS {
            // Of an absent list nothing is among the values.
            rows.extend_from_slice(columns.stretches_of(name)?.1);
        }
        rows.sort_unstable();
        rows.dedup();
        columns.stretches = texts.read(rows)?;
        Ok(columns)
    }

    fn column(&self, name: &str) -> &'a dyn Array {
        self.batch
            .column_by_name(name)
            .expect("checked when opened")
    }

    fn stretches_of(&self, name: &str) -> Result<(&'a ListArray, &'a [u32]), String> {
        let list = self
            .column(name)
            .as_list_opt::<i32>()
            .ok_or_else(|| wrong_type(name))?;
        let values = list
            .values()
            .as_primitive_opt::<UInt32Type>()
            .ok_or_else(|| wrong_type(name))?;
        Ok((list, values.values()))
    }

    /// A text that is either in its column or made of stretches.
    fn long_text(&self, name: &str, index: usize) -> Result<Option<Cow<'a, str>>, String> {
        if let Some(text) = self.text(name, index)? {
            return Ok(Some(Cow::Borrowed(text)));
        }
        let (list, rows) = self.stretches_of(&format!("{name}_texts"))?;
        if list.is_null(index) {
            return Ok(None);
        }
        let offsets = list.value_offsets();
        let place = |at: usize| usize::try_from(offsets[at]).unwrap_or(usize::MAX);
        let rows = rows
            .get(place(index)..place(index + 1))
            .ok_or_else(|| wrong_type(name))?;
        self.stretches.join(rows).map(|text| Some(Cow::Owned(text)))
    }

    fn text(&self, name: &str, index: usize) -> Result<Option<&'a str>, String> {
        let column = self
            .column(name)
            .as_string_opt::<i32>()
            .ok_or_else(|| wrong_type(name))?;
        Ok(column.is_valid(index).then(|| column.value(index)))
    }

    fn dictionary(&self, name: &str, index: usize) -> Result<Option<&'a str>, String> {
        let column = self
            .column(name)
            .as_dictionary_opt::<Int32Type>()
            .ok_or_else(|| wrong_type(name))?;
        let values: &StringArray = column
            .values()
            .as_string_opt::<i32>()
            .ok_or_else(|| wrong_type(name))?;
        Ok(column.key(index).map(|key| values.value(key)))
    }

    fn price(&self, index: usize) -> Result<Option<&'a str>, String> {
        match self.batch.column_by_name(PRICE) {
            Some(_) => self.dictionary(PRICE, index),
            None => Ok(None),
        }
    }

    fn required(&self, name: &str, index: usize) -> Result<&'a str, String> {
        self.dictionary(name, index)?
            .ok_or_else(|| format!("column `{name}` has no value"))
    }

    fn number(&self, name: &str, index: usize) -> Result<Option<u64>, String> {
        let column = self
            .column(name)
            .as_primitive_opt::<UInt64Type>()
            .ok_or_else(|| wrong_type(name))?;
        Ok(column.is_valid(index).then(|| column.value(index)))
    }

    fn id(&self, name: &str, index: usize) -> Result<Option<&'a [u8]>, String> {
        let column: &FixedSizeBinaryArray = self
            .column(name)
            .as_fixed_size_binary_opt()
            .ok_or_else(|| wrong_type(name))?;
        Ok(column.is_valid(index).then(|| column.value(index)))
    }

    fn span_id(&self, name: &str, index: usize) -> Result<Option<SpanId>, String> {
        let Some(bytes) = self.id(name, index)? else {
            return Ok(None);
        };
        let bytes = bytes.try_into().map_err(|_| wrong_type(name))?;
        Ok(SpanId::from_bytes(bytes))
    }

    fn span(&self, index: usize, trace: TraceId, shared: &mut Shared) -> Result<Span, String> {
        let mut attributes = match self.long_text("attributes", index)? {
            Some(text) => attributes_from_text(&text)?,
            None => Attributes::default(),
        };
        for (key, text) in [("inputs_key", "inputs"), ("outputs_key", "outputs")] {
            if let (Some(key), Some(text)) =
                (self.dictionary(key, index)?, self.long_text(text, index)?)
            {
                attributes.insert(key, value_from_text(&text)?);
            }
        }
        let flags = self
            .column("flags")
            .as_primitive_opt::<UInt32Type>()
            .ok_or_else(|| wrong_type("flags"))?;
        Ok(Span {
            trace_id: trace,
            span_id: self.span_id("span_id", index)?.ok_or("a span without id")?,
            parent_id: self.span_id("parent_id", index)?,
            name: self.required("name", index)?.to_owned(),
            kind: self
                .required("kind", index)?
                .parse::<i32>()
                .unwrap_or_default()
                .into(),
            start: UnixNanos(self.number("start_ns", index)?.unwrap_or_default()),
            end: self.number("end_ns", index)?.map(UnixNanos),
            status: Status {
                code: status_code(self.required("status", index)?),
                message: self
                    .text("status_message", index)?
                    .unwrap_or_default()
                    .to_owned(),
            },
            attributes,
            events: self
                .long_text("events", index)?
                .map_or(Ok(Vec::new()), |text| EventText::parse(&text))?,
            links: self
                .text("links", index)?
                .map_or(Ok(Vec::new()), LinkText::parse)?,
            trace_state: self
                .dictionary("trace_state", index)?
                .unwrap_or_default()
                .to_owned(),
            flags: flags.value(index),
            price: shared.price(self.price(index)?)?,
            dropped: parse_dropped(self.required("dropped", index)?),
            scope: shared.scope(self.required("scope", index)?)?,
            resource: shared.resource(self.required("resource", index)?)?,
        })
    }
}

fn wrong_type(name: &str) -> String {
    format!("column `{name}` has another type than expected")
}

fn status_code(name: &str) -> StatusCode {
    match name {
        "OK" => StatusCode::Ok,
        "ERROR" => StatusCode::Error,
        _ => StatusCode::Unset,
    }
}

fn parse_dropped(text: &str) -> [u32; 3] {
    let mut counts = text
        .split(',')
        .map(|count| count.parse().unwrap_or_default());
    std::array::from_fn(|_| counts.next().unwrap_or_default())
}

/// An event as the `events` column lists it.
#[derive(Serialize, Deserialize)]
pub(super) struct EventText {
    name: String,
    time_ns: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attributes: Option<Box<serde_json::value::RawValue>>,
    #[serde(default, skip_serializing_if = "is_zero")]
    dropped: u32,
}

/// A link as the `links` column lists it.
#[derive(Serialize, Deserialize)]
pub(super) struct LinkText {
    trace_id: TraceId,
    span_id: SpanId,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    trace_state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attributes: Option<Box<serde_json::value::RawValue>>,
    #[serde(default, skip_serializing_if = "is_zero")]
    dropped: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    flags: u32,
}

/// A scope as the `scope` column holds it.
#[derive(Serialize, Deserialize)]
pub(super) struct ScopeText {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attributes: Option<Box<serde_json::value::RawValue>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn raw(attributes: &Attributes) -> Option<Box<serde_json::value::RawValue>> {
    let text = attributes_to_text(attributes)?;
    Some(serde_json::value::RawValue::from_string(text).expect("written as JSON a line above"))
}

fn from_raw(raw: Option<Box<serde_json::value::RawValue>>) -> Result<Attributes, String> {
    raw.map_or(Ok(Attributes::default()), |raw| {
        attributes_from_text(raw.get())
    })
}

fn list<T: Serialize>(items: &[T]) -> Option<String> {
    (!items.is_empty()).then(|| serde_json::to_string(items).expect("plain structs have a text"))
}

impl EventText {
    pub(super) fn list(events: &[Event]) -> Option<String> {
        let texts: Vec<Self> = events
            .iter()
            .map(|event| Self {
                name: event.name.clone(),
                time_ns: event.time.0,
                attributes: raw(&event.attributes),
                dropped: event.dropped_attributes,
            })
            .collect();
        list(&texts)
    }

    fn parse(text: &str) -> Result<Vec<Event>, String> {
        let texts: Vec<Self> = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
        let events = texts.into_iter().map(|text| {
            Ok(Event {
                name: text.name,
                time: UnixNanos(text.time_ns),
                attributes: from_raw(text.attributes)?,
                dropped_attributes: text.dropped,
            })
        });
        events.collect()
    }
}

impl LinkText {
    pub(super) fn list(links: &[Link]) -> Option<String> {
        let texts: Vec<Self> = links
            .iter()
            .map(|link| Self {
                trace_id: link.trace_id,
                span_id: link.span_id,
                trace_state: link.trace_state.clone(),
                attributes: raw(&link.attributes),
                dropped: link.dropped_attributes,
                flags: link.flags,
            })
            .collect();
        list(&texts)
    }

    fn parse(text: &str) -> Result<Vec<Link>, String> {
        let texts: Vec<Self> = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
        let links = texts.into_iter().map(|text| {
            Ok(Link {
                trace_id: text.trace_id,
                span_id: text.span_id,
                trace_state: text.trace_state,
                attributes: from_raw(text.attributes)?,
                dropped_attributes: text.dropped,
                flags: text.flags,
            })
        });
        links.collect()
    }
}

impl ScopeText {
    pub(super) fn of(scope: &Scope) -> String {
        let text = Self {
            name: scope.name.clone(),
            version: scope.version.clone(),
            attributes: raw(&scope.attributes),
        };
        serde_json::to_string(&text).expect("plain structs have a text")
    }

    fn parse(text: &str) -> Result<Scope, String> {
        let text: Self = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
        Ok(Scope {
            name: text.name,
            version: text.version,
            attributes: from_raw(text.attributes)?,
        })
    }
}
