//! Several segments as one: the indexes are written anew, the spans stay as they are.
//!
//! Indexes are a few per cent of a segment; writing them again costs little and makes one look-up of many. Spans and
//! texts are linked into the new directory under numbered names, so merging does not read them. Rows that are dead are
//! left out, a part nobody needs any more is not linked, and one of which little is needed is written anew. Edits that
//! were made since become part of the rows.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_select::interleave::interleave_record_batch;
use fanlight_model::SegmentId;
use fst::Streamer as _;
use roaring::RoaringBitmap;

use super::checked;
use super::draft::Draft;
use super::facets::{Facets, FacetsWriter, UNLISTED};
use super::facets_of::{is_editable, listed_values};
use super::fold::{Fold, NewEdits};
use super::postings::{RowList, each_row};
use super::rewrite::Kept;
use super::rows::{self, SpanPlace};
use super::traces_file::TracesWriter;
use super::words::{Doubt, Walk, WordsWriter};
use super::write::{Figures, publish};
use super::{Part, Segment, part_file};
use crate::StoreError;
use crate::disk::{Disk, DiskFile};

/// Rows that are moved at once.
const LOT: usize = 1024;
/// Lots and words after which pages that were read are given back: a merge walks through files once, and must not make
/// all of them memory of this process.
const RELEASED_LOTS: usize = 8;
const RELEASED_WORDS: usize = 8192;
/// In [`Source::new_rows`]: the row is left out.
pub(crate) const LEFT_OUT: u32 = u32::MAX;

/// A segment that is to be merged.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) segment: Arc<Segment>,
    pub(crate) dir: PathBuf,
    /// Where each row goes, ascending, or [`LEFT_OUT`].
    pub(crate) new_rows: Vec<u32>,
}

/// A row of the new segment: which source, which row there.
type Origin = (usize, u32);

impl Source {
    /// Every row stays where it is.
    fn is_whole(&self) -> bool {
        (0..).zip(&self.new_rows).all(|(old, new)| old == *new)
    }
}

/// Decides where the rows go that are not in `dead`.
pub(crate) fn plan(
    segments: Vec<(Arc<Segment>, PathBuf, RoaringBitmap)>,
) -> (Vec<Source>, Vec<Origin>) {
    let mut next = BinaryHeap::new();
    let place = |source: usize, segment: &Segment, dead: &RoaringBitmap, from: u32| {
        let row = (from..segment.row_count()).find(|row| !dead.contains(*row))?;
        let key = segment.rows().key(row);
        Some((
            segment.rows().start(row),
            Reverse(key),
            Reverse(source),
            row,
        ))
    };
    for (number, (segment, _, dead)) in segments.iter().enumerate() {
        next.extend(place(number, segment, dead, 0));
    }
    let mut origins: Vec<Origin> = Vec::new();
    while let Some((.., Reverse(source), row)) = next.pop() {
        origins.push((source, row));
        let (segment, _, dead) = &segments[source];
        next.extend(place(source, segment, dead, row + 1));
    }
    let mut sources: Vec<Source> = segments
        .into_iter()
        .map(|(segment, dir, _)| Source {
            new_rows: vec![LEFT_OUT; segment.row_count() as usize],
            segment,
            dir,
        })
        .collect();
    for (new, (source, row)) in (0_u32..).zip(&origins) {
        sources[*source].new_rows[*row as usize] = new;
    }
    (sources, origins)
}

/// Writes the merged segment `id`; complete and durable when it returns, but not announced.
pub(crate) fn merge(
    disk: &dyn Disk,
    segments: &Path,
    id: SegmentId,
    sources: &[Source],
    origins: &[Origin],
    edits: &NewEdits,
    tolerated: Unused,
) -> Result<Figures, StoreError> {
    publish(disk, segments, id, |draft| {
        let failed = |name: &str| {
            let path = draft.path(name);
            move |reason: String| StoreError::io("merging into", &path)(io::Error::other(reason))
        };
        let terms =
            merge_traces(draft, sources, origins, edits).map_err(failed("traces.parquet"))?;
        merge_facets(draft, sources, edits, &terms).map_err(failed("facets.idx"))?;
        let words = match sources {
            [only] if only.is_whole() => link(draft, &only.dir.join("words.idx"), "words.idx"),
            _ => merge_words(draft, sources),
        };
        words.map_err(failed("words.idx"))?;
        release_pages(sources);
        let spans = merge_rows(draft, sources, origins, tolerated).map_err(failed("rows.idx"))?;
        let start_of = |origin: Option<&Origin>| {
            origin.map_or(0, |(source, row)| {
                sources[*source].segment.rows().start(*row).0
            })
        };
        Ok(Figures::new(
            origins.len(),
            spans,
            (start_of(origins.first()), start_of(origins.last())),
        ))
    })
}

fn release_pages(sources: &[Source]) {
    for source in sources {
        source.segment.traces.0.release_pages();
        source.segment.words().release_pages();
    }
}

/// Answers the terms of rows with new edits.
fn merge_traces(
    draft: Draft<'_>,
    sources: &[Source],
    origins: &[Origin],
    edits: &NewEdits,
) -> Result<Facets, String> {
    let mut fold = Fold::new(edits);
    let mut first = 0;
    let describe = |cause: parquet::errors::ParquetError| cause.to_string();
    let mut writer = TracesWriter::create(create(draft, "traces.parquet")?).map_err(describe)?;
    for (number, lot) in origins.chunks(LOT).enumerate() {
        if number.is_multiple_of(RELEASED_LOTS) {
            release_pages(sources);
        }
        let mut rows_of = vec![Vec::new(); sources.len()];
        let places: Vec<(usize, usize)> = lot
            .iter()
            .map(|(source, row)| {
                rows_of[*source].push(*row);
                (*source, rows_of[*source].len() - 1)
            })
            .collect();
        let read = sources.iter().zip(&rows_of);
        let columns = read
            .map(|(source, rows)| source.segment.traces.columns(rows))
            .collect::<Result<Vec<_>, _>>()?;
        let columns: Vec<_> = columns.iter().collect();
        let merged =
            interleave_record_batch(&columns, &places).map_err(|cause| cause.to_string())?;
        let count = u32::try_from(lot.len()).map_err(|cause| cause.to_string())?;
        writer.push(&fold.rows(first, merged)?).map_err(describe)?;
        first += count;
    }
    writer.finish().map_err(describe)?;
    fold.into_terms()
}

/// Rows of several sources, brought together.
#[derive(Default)]
struct Rows(Vec<u32>);

impl Rows {
    fn add(&mut self, source: &Source, list: &[u8]) -> Result<(), String> {
        self.add_some(source, list, |_| true)
    }

    /// Those of the new rows that are `wanted`.
    fn add_some(
        &mut self,
        source: &Source,
        list: &[u8],
        wanted: impl Fn(u32) -> bool,
    ) -> Result<(), String> {
        each_row(list, |row| {
            let new = source
                .new_rows
                .get(row as usize)
                .copied()
                .unwrap_or(LEFT_OUT);
            if new != LEFT_OUT && wanted(new) {
                self.0.push(new);
            }
        })
    }

    /// Leaves it empty.
    fn take(&mut self) -> RowList {
        self.0.sort_unstable();
        let mut list = RowList::default();
        for row in self.0.drain(..) {
            list.push(row);
        }
        list
    }
}

/// The key of the term of a property's unlisted rows: its number, marked, and its key.
fn unlisted_term(prefix: &[u8]) -> Vec<u8> {
    let mut term = prefix.to_vec();
    term[0] |= UNLISTED;
    term
}

/// Up to and including the zero byte before the value.
fn prefix_of(term: &[u8]) -> &[u8] {
    let end = memchr::memchr(0, term).map_or(term.len(), |zero| zero + 1);
    &term[..end]
}

/// Of rows with new edits, what edits can change is in `terms`.
fn merge_facets(
    draft: Draft<'_>,
    sources: &[Source],
    edits: &NewEdits,
    terms: &Facets,
) -> Result<(), String> {
    let mut union = fst::map::OpBuilder::new();
    for source in sources {
        union = union.add(source.segment.facets().terms());
    }
    union = union.add(terms.terms());
    let mut union = union.union();
    let mut writer = FacetsWriter::new();
    let mut rows = Rows::default();
    // Together the sources may have more values of a property than are listed. Terms of unlisted rows come last.
    let mut too_many: std::collections::BTreeMap<Vec<u8>, Rows> = std::collections::BTreeMap::new();
    let mut prefix: Vec<u8> = Vec::new();
    let mut values = 0_u32;
    while let Some((term, places)) = union.next() {
        let number = term.first().copied().unwrap_or_default();
        if number < UNLISTED && prefix_of(term) != prefix {
            prefix = prefix_of(term).to_vec();
            values = 0;
        }
        values += u32::from(number < UNLISTED);
        let target = if number < UNLISTED && values > listed_values(number) {
            too_many.entry(unlisted_term(&prefix)).or_default()
        } else {
            &mut rows
        };
        for place in places {
            let Some(source) = sources.get(place.index) else {
                each_row(&terms.list_at(place.value), |row| target.0.push(row))?;
                continue;
            };
            let list = source.segment.facets().list_at(place.value);
            let is_replaced = |row| is_editable(number) && edits.contains_key(&row);
            target.add_some(source, &list, |row| !is_replaced(row))?;
        }
        if number >= UNLISTED {
            // Properties whose rows were all listed before come in between.
            let ahead: Vec<_> = too_many
                .range(..term.to_vec())
                .map(|(term, _)| term.clone())
                .collect();
            for earlier in ahead {
                let mut more = too_many.remove(&earlier).unwrap_or_default();
                writer
                    .push(&earlier, &more.take())
                    .map_err(|cause| cause.to_string())?;
            }
            if let Some(more) = too_many.remove(term) {
                rows.0.extend(more.0);
            }
        }
        if !rows.0.is_empty() {
            writer
                .push(term, &rows.take())
                .map_err(|cause| cause.to_string())?;
        }
    }
    for (term, mut more) in too_many {
        writer
            .push(&term, &more.take())
            .map_err(|cause| cause.to_string())?;
    }
    writer
        .finish(create(draft, "facets.idx")?)
        .map_err(|cause| cause.to_string())
}

fn merge_words(draft: Draft<'_>, sources: &[Source]) -> Result<(), String> {
    let describe = |cause: io::Error| cause.to_string();
    let mut writer = WordsWriter::create(create(draft, "words.idx")?).map_err(describe)?;
    let mut walks: Vec<Walk<'_>> = sources
        .iter()
        .map(|source| source.segment.words().walk())
        .collect::<Result<_, _>>()?;
    let mut next = BinaryHeap::new();
    for (number, walk) in walks.iter().enumerate() {
        next.extend(walk.current()?.map(|entry| Reverse((entry.word, number))));
    }
    let mut rows = Rows::default();
    let mut written = 0_usize;
    while let Some(Reverse((word, _))) = next.peek().copied() {
        if written.is_multiple_of(RELEASED_WORDS) {
            release_pages(sources);
        }
        written += 1;
        let mut doubt = Doubt::NONE;
        while let Some(Reverse((_, number))) = next.peek().copied().filter(|head| head.0.0 == word)
        {
            next.pop();
            let walk = &mut walks[number];
            if let Some(entry) = walk.current()? {
                rows.add(&sources[number], entry.list)?;
                doubt = doubt.and(entry.doubt);
            }
            walk.advance()?;
            next.extend(walk.current()?.map(|entry| Reverse((entry.word, number))));
        }
        // The empty word is always there.
        if !rows.0.is_empty() || word.is_empty() {
            writer.push(word, &rows.take(), doubt).map_err(describe)?;
        }
    }
    writer.finish().map_err(describe)
}

/// Spans that nobody needs and that a merge may leave in a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unused {
    Half,
    None,
}

impl Unused {
    fn is_too_much(self, held: usize, used: usize) -> bool {
        match self {
            Self::Half => used < held / 2,
            Self::None => used < held,
        }
    }
}

/// Writes `rows.idx` and brings along the parts that rows point to. Answers the number of spans.
fn merge_rows(
    draft: Draft<'_>,
    sources: &[Source],
    origins: &[Origin],
    tolerated: Unused,
) -> Result<usize, String> {
    let mut parts: Vec<(usize, u32)> = Vec::new();
    let mut numbers = std::collections::HashMap::new();
    let mut used: Vec<usize> = Vec::new();
    let mut index = Vec::with_capacity(origins.len());
    for (source, row) in origins {
        let rows = sources[*source].segment.rows();
        let spans = rows.spans(*row);
        let old = (*source, spans.part);
        let part = *numbers.entry(old).or_insert_with(|| {
            parts.push(old);
            used.push(0);
            parts.len() - 1
        });
        used[part] += spans.count as usize;
        index.push(rows::Row {
            key: rows.key(*row).ok_or("a row without trace id")?,
            experiment: rows.experiment(*row),
            start: rows.start(*row),
            duration: rows.duration(*row),
            spans: SpanPlace {
                part: u32::try_from(part).map_err(|cause| cause.to_string())?,
                ..spans
            },
        });
    }
    for ((new, (source, old)), used) in (0_u32..).zip(&parts).zip(&used) {
        let source = &sources[*source];
        let part = &source.segment.parts[*old as usize];
        // A part that cannot be read is brought along as it is.
        let held = part.span_count();
        if held.is_ok_and(|held| tolerated.is_too_much(held, *used)) {
            rewrite_part(draft, part, new, &mut index)?;
        } else {
            link_part(draft, source, *old, new)?;
        }
    }
    let parts = u32::try_from(parts.len()).map_err(|cause| cause.to_string())?;
    rows::write(create(draft, "rows.idx")?, &index, parts).map_err(|cause| cause.to_string())?;
    Ok(used.iter().sum())
}

fn link_part(draft: Draft<'_>, source: &Source, old: u32, new: u32) -> Result<(), String> {
    for name in ["spans", "texts"] {
        let from = source.dir.join(part_file(name, old));
        let to = part_file(name, new);
        link(draft, &from, &to)?;
        // With its checksums as they are: new ones would vouch for damage that has happened since.
        let sums = from.with_extension(checked::EXTENSION);
        if sums.exists() {
            let to = Path::new(&to).with_extension(checked::EXTENSION);
            link(draft, &sums, &to.to_string_lossy())?;
        }
    }
    Ok(())
}

/// Writes what the rows of `index` need of a part, and tells them where it is.
fn rewrite_part(
    draft: Draft<'_>,
    part: &Part,
    new: u32,
    index: &mut [rows::Row],
) -> Result<(), String> {
    let mut moved: Vec<(u32, &mut rows::Row)> = (0..)
        .zip(index)
        .filter(|(_, row)| row.spans.part == new)
        .collect();
    moved.sort_unstable_by_key(|(_, row)| row.spans.first);
    let kept: Vec<Kept> = moved
        .iter()
        .map(|(number, row)| Kept {
            row: *number,
            key: row.key,
            spans: row.spans.range(),
        })
        .collect();
    part.rewrite(&kept, draft, new)?;
    let mut first = 0;
    for (_, row) in moved {
        row.spans.first = first;
        first += row.spans.count;
    }
    Ok(())
}

fn create(draft: Draft<'_>, name: &str) -> Result<Box<dyn DiskFile>, String> {
    draft
        .create(name)
        .map_err(|cause| format!("{name}: {cause}"))
}

fn link(draft: Draft<'_>, from: &Path, name: &str) -> Result<(), String> {
    let linked = draft.link(from, name);
    linked.map_err(|cause| format!("{}: {cause}", from.display()))
}
