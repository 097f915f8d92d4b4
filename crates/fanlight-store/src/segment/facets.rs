//! `facets.idx`: what is true of which rows.
//!
//! Terms are (property, value) pairs; each leads to the rows that have it. A value too long or too many to be listed
//! puts its row on the property's *unlisted* rows instead: a search must look at those itself. So every answer is
//! either exact or says which rows it does not know.
//!
//! Body, little-endian: length of the term map (u64), the map (an `fst` of term to offset), posting lists. A term is the
//! property's number, its key, a zero byte and the value; the unlisted rows of a property are the term with the number
//! plus 128 and no value. Lists of rows are as `postings` writes them.

use std::io;
use std::path::Path;

use bytes::Bytes;
use fst::{IntoStreamer, Streamer};
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use super::file;
use super::postings::{self, RowList};
use crate::disk::DiskFile;

const MAGIC: [u8; 8] = *b"FANFACT\x01";
/// Added to a property's number: rows with a value that is not listed.
pub(super) const UNLISTED: u8 = 128;

/// What a term speaks about. Numbers are part of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Property<'a> {
    Workspace,
    Experiment,
    State,
    Name,
    ClientRequestId,
    Session,
    User,
    SourceRun,
    Tag(&'a str),
    Metadata(&'a str),
    /// Value: type, status, model and name of a span,
    /// as [`SpanProfile`](super::SpanProfile) takes apart.
    Span,
    /// An attribute of some span.
    Attribute(&'a str),
    /// The id as the client wrote it, when it is not the standard form.
    Alias,
    /// The trace keeps edits. No value.
    Edited,
    /// A run it was linked to, other than the one it was made in.
    LinkedRun,
    /// Value: `name/version`.
    Prompt,
    /// It keeps assessments, valid or not. No value.
    Assessed,
    /// Valid feedback of the name. Value: JSON.
    Feedback(&'a str),
    /// A valid expectation of the name. Value: JSON.
    Expectation(&'a str),
    /// The name of a valid assessment that says the trace shows an issue.
    Issue,
}

/// Stands between the parts of a span's profile.
pub(super) const SPAN_SEPARATOR: char = '\u{1}';

impl Property<'_> {
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Workspace => 1,
            Self::Experiment => 2,
            Self::State => 3,
            Self::Name => 4,
            Self::ClientRequestId => 5,
            Self::Session => 6,
            Self::User => 7,
            Self::SourceRun => 8,
            Self::Tag(_) => 9,
            Self::Metadata(_) => 10,
            Self::Span => 11,
            Self::Attribute(_) => 12,
            Self::Alias => 13,
            Self::Edited => 14,
            Self::LinkedRun => 15,
            Self::Prompt => 16,
            Self::Assessed => 17,
            Self::Feedback(_) => 18,
            Self::Expectation(_) => 19,
            Self::Issue => 20,
        }
    }

    fn key(&self) -> &str {
        match self {
            Self::Tag(key)
            | Self::Metadata(key)
            | Self::Attribute(key)
            | Self::Feedback(key)
            | Self::Expectation(key) => key,
            _ => "",
        }
    }

    pub(super) const fn unlisted_number(self) -> u8 {
        self.number() | UNLISTED
    }

    pub(super) fn prefix(self, number: u8) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.key().len() + 2);
        bytes.push(number);
        bytes.extend_from_slice(self.key().as_bytes());
        bytes.push(0);
        bytes
    }

    pub(super) fn can_be_listed(self) -> bool {
        !self.key().contains('\0')
    }
}

/// One distinct value of a property.
#[derive(Clone, Debug)]
pub struct Term {
    pub value: String,
    postings: Bytes,
}

impl Term {
    /// Rows that have the value; `Err` when the file is damaged.
    pub fn rows(&self) -> Result<RoaringBitmap, String> {
        postings::read(&self.postings)
    }
}

/// Collects terms while a segment is written. Rows must come in ascending order.
#[derive(Debug, Default)]
pub(super) struct FacetsBuilder {
    terms: FxHashMap<Vec<u8>, RowList>,
    distinct: FxHashMap<Vec<u8>, u32>,
    scratch: Vec<u8>,
}

impl FacetsBuilder {
    /// `row` has `value`. At most `limit` distinct values of the property are listed, none longer than `max_bytes`.
    pub(super) fn add(
        &mut self,
        property: Property<'_>,
        value: &str,
        row: u32,
        limits: ListLimits,
    ) {
        if !property.can_be_listed() || value.len() > limits.value_bytes {
            self.add_unlisted(property, row);
            return;
        }
        self.scratch.clear();
        self.scratch.push(property.number());
        self.scratch.extend_from_slice(property.key().as_bytes());
        self.scratch.push(0);
        let prefix_length = self.scratch.len();
        self.scratch.extend_from_slice(value.as_bytes());
        if let Some(rows) = self.terms.get_mut(self.scratch.as_slice()) {
            rows.push(row);
            return;
        }
        let distinct = match self.distinct.get_mut(&self.scratch[..prefix_length]) {
            Some(count) => count,
            None => self
                .distinct
                .entry(self.scratch[..prefix_length].to_vec())
                .or_default(),
        };
        if *distinct >= limits.distinct {
            self.add_unlisted(property, row);
        } else {
            *distinct += 1;
            self.terms
                .entry(self.scratch.clone())
                .or_default()
                .push(row);
        }
    }

    /// `row` has some value of the property that is not listed.
    pub(super) fn add_unlisted(&mut self, property: Property<'_>, row: u32) {
        let term = if property.can_be_listed() {
            property.prefix(property.number() | UNLISTED)
        } else {
            // A key that cannot be part of a term is looked up as the empty key.
            vec![property.number() | UNLISTED, 0]
        };
        self.terms.entry(term).or_default().push(row);
    }

    /// What was added of one property: its values in order, and whether some are unlisted.
    pub(super) fn values_of(&self, property: Property<'_>) -> (Vec<String>, bool) {
        let listed = property.prefix(property.number());
        let unlisted = property.prefix(property.unlisted_number());
        let values = self.terms.keys().filter_map(|term| {
            let value = term.strip_prefix(listed.as_slice())?;
            Some(String::from_utf8_lossy(value).into_owned())
        });
        let mut values: Vec<_> = values.collect();
        values.sort_unstable();
        (values, self.terms.contains_key(&unlisted))
    }

    pub(super) fn write(self, file: Box<dyn DiskFile>) -> io::Result<()> {
        self.into_writer()?.finish(file)
    }

    /// The index without a file.
    pub(super) fn into_facets(self) -> io::Result<Facets> {
        let FacetsWriter { map, postings } = self.into_writer()?;
        let map = map.into_inner().map_err(io::Error::other)?;
        Ok(Facets {
            terms: fst::Map::new(Bytes::from(map)).map_err(io::Error::other)?,
            postings: Bytes::from(postings),
        })
    }

    fn into_writer(self) -> io::Result<FacetsWriter> {
        let mut terms: Vec<_> = self.terms.into_iter().collect();
        terms.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        let mut writer = FacetsWriter::new();
        for (term, rows) in &terms {
            writer.push(term, rows)?;
        }
        Ok(writer)
    }
}

/// Takes terms in ascending order.
pub(super) struct FacetsWriter {
    map: fst::MapBuilder<Vec<u8>>,
    postings: Vec<u8>,
}

impl FacetsWriter {
    pub(super) fn new() -> Self {
        Self {
            map: fst::MapBuilder::memory(),
            postings: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, term: &[u8], rows: &RowList) -> io::Result<()> {
        let place = self.postings.len() as u64;
        self.map.insert(term, place).map_err(io::Error::other)?;
        rows.write(&mut self.postings)
    }

    /// Writes and syncs the file.
    pub(super) fn finish(self, file: Box<dyn DiskFile>) -> io::Result<()> {
        let map = self.map.into_inner().map_err(io::Error::other)?;
        let mut body = Vec::with_capacity(8 + map.len() + self.postings.len());
        body.extend_from_slice(&(map.len() as u64).to_le_bytes());
        body.extend_from_slice(&map);
        body.extend_from_slice(&self.postings);
        file::write(file, MAGIC, &body)
    }
}

/// How much of a property is listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListLimits {
    pub(super) distinct: u32,
    pub(super) value_bytes: usize,
}

/// The open index.
#[derive(Debug)]
pub struct Facets {
    pub(super) terms: fst::Map<Bytes>,
    pub(super) postings: Bytes,
}

impl Facets {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let mut body = file::open(path, MAGIC)?;
        let head = file::Column::<8>::take(&mut body, 1)?;
        let length = usize::try_from(head.get(0))
            .ok()
            .filter(|length| *length <= body.len());
        let map = body.split_to(length.ok_or("the term map is cut")?);
        let terms = fst::Map::new(map).map_err(|cause| cause.to_string())?;
        Ok(Self {
            terms,
            postings: body,
        })
    }

    /// Rows whose `property` is `value`, among those listed.
    pub fn rows_of(&self, property: Property<'_>, value: &str) -> Result<RoaringBitmap, String> {
        if !property.can_be_listed() {
            return Ok(RoaringBitmap::new());
        }
        let mut term = property.prefix(property.number());
        term.extend_from_slice(value.as_bytes());
        self.rows_at(&term)
    }

    /// Rows that have a value of `property` which is not listed: a search must look for itself.
    pub fn unlisted(&self, property: Property<'_>) -> Result<RoaringBitmap, String> {
        let number = property.number() | UNLISTED;
        let term = if property.can_be_listed() {
            property.prefix(number)
        } else {
            vec![number, 0]
        };
        self.rows_at(&term)
    }

    /// Every listed value of `property`, in ascending order of bytes.
    pub fn values(&self, property: Property<'_>) -> Vec<Term> {
        if !property.can_be_listed() {
            return Vec::new();
        }
        let prefix = property.prefix(property.number());
        let mut end = prefix.clone();
        *end.last_mut().expect("a prefix ends in its separator") = 1;
        let mut stream = self.terms.range().ge(&prefix).lt(&end).into_stream();
        let mut terms = Vec::new();
        while let Some((term, offset)) = stream.next() {
            let value = String::from_utf8_lossy(&term[prefix.len()..]).into_owned();
            terms.push(Term {
                value,
                postings: self.postings_at(offset),
            });
        }
        terms
    }

    /// Reads every list of rows.
    pub(super) fn verify(&self) -> Result<(), String> {
        let mut terms = self.terms.stream();
        while let Some((_, offset)) = terms.next() {
            postings::read(&self.postings_at(offset))?;
        }
        Ok(())
    }

    /// The term map, for walking several at once.
    pub(super) fn terms(&self) -> &fst::Map<Bytes> {
        &self.terms
    }

    pub(super) fn list_at(&self, offset: u64) -> Bytes {
        self.postings_at(offset)
    }

    fn rows_at(&self, term: &[u8]) -> Result<RoaringBitmap, String> {
        match self.terms.get(term) {
            Some(offset) => postings::read(&self.postings_at(offset)),
            None => Ok(RoaringBitmap::new()),
        }
    }

    fn postings_at(&self, offset: u64) -> Bytes {
        let offset = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.postings.len());
        self.postings.slice(offset..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: ListLimits = ListLimits {
        distinct: 2,
        value_bytes: 8,
    };

    fn index(fill: impl FnOnce(&mut FacetsBuilder)) -> Facets {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("facets.idx");
        let mut builder = FacetsBuilder::default();
        fill(&mut builder);
        builder
            .write(Box::new(std::fs::File::create(&path).unwrap()))
            .unwrap();
        Facets::open(&path).unwrap()
    }

    fn rows(bitmap: RoaringBitmap) -> Vec<u32> {
        bitmap.into_iter().collect()
    }

    #[test]
    fn values_lead_to_their_rows() {
        let facets = index(|builder| {
            for row in 0..200 {
                builder.add(
                    Property::State,
                    if row % 2 == 0 { "OK" } else { "ERROR" },
                    row,
                    FEW,
                );
            }
            builder.add(Property::Tag("env"), "prod", 7, FEW);
            builder.add(Property::Tag("en"), "v", 9, FEW);
        });
        assert_eq!(facets.rows_of(Property::State, "OK").unwrap().len(), 100);
        assert_eq!(
            rows(facets.rows_of(Property::Tag("env"), "prod").unwrap()),
            [7]
        );
        let values: Vec<_> = facets
            .values(Property::Tag("env"))
            .into_iter()
            .map(|term| term.value)
            .collect();
        assert_eq!(values, ["prod"]);
        assert!(
            facets
                .rows_of(Property::Tag("env"), "dev")
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn what_is_too_long_too_many_or_odd_is_unlisted_and_said_so() {
        let facets = index(|builder| {
            builder.add(Property::Attribute("k"), "much too long", 1, FEW);
            for row in 2..6 {
                builder.add(Property::Attribute("k"), &row.to_string(), row, FEW);
            }
            builder.add(Property::Attribute("a\0b"), "x", 6, FEW);
        });
        assert_eq!(
            rows(facets.unlisted(Property::Attribute("k")).unwrap()),
            [1, 4, 5]
        );
        assert_eq!(facets.values(Property::Attribute("k")).len(), 2);
        assert_eq!(
            rows(facets.unlisted(Property::Attribute("a\0b")).unwrap()),
            [6]
        );
    }
}
