//! The pieces of a scan, and what each of them yields.

use std::collections::VecDeque;
use std::fmt::Write;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result};
use datafusion::physical_plan::PhysicalExpr;
use fanlight_query::{Moment, Narrowing, QueryError};
use fanlight_store::{HotTrace, SegmentView};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::column::{batch, batch_of};
use crate::tables::{NarrowRows, Picked, Sealed, Table};

/// Traces of one piece that are in memory.
const HOT_AT_ONCE: usize = 256;
/// Rows of one piece of narrow columns, about: enough that its pages are worth opening, few enough to hold.
const NARROW_AT_ONCE: usize = 32_768;
/// Rows of traces that are read whole at a time, unless one trace has more: the texts of a span may be large.
const WHOLE_ROWS_AT_ONCE: usize = 128;

/// A filter over narrow columns.
#[derive(Debug)]
pub(super) struct Early {
    pub(super) filter: Arc<dyn PhysicalExpr>,
    /// Their places in the table.
    pub(super) columns: Vec<usize>,
    pub(super) schema: SchemaRef,
}

/// One scan of a table, shared by the threads that do it.
#[derive(Debug)]
pub(super) struct Work<T> {
    moment: Arc<Moment>,
    narrowing: Narrowing,
    pub(super) schema: SchemaRef,
    /// Places of the columns wanted.
    places: Vec<usize>,
    early: Option<Early>,
    limit: Option<usize>,
    delivered: AtomicUsize,
    queue: Mutex<Queue>,
    table: PhantomData<T>,
}

/// What nobody has taken yet, newest first.
#[derive(Debug)]
struct Queue {
    /// `None` until somebody asks.
    hot: Option<Vec<Arc<HotTrace>>>,
    next_segment: usize,
    pieces: VecDeque<Sealed>,
}

/// What one thread does at a time.
enum Piece {
    Hot(Vec<Arc<HotTrace>>),
    Sealed(Sealed),
}

/// Rows of a batch: what is computed from them, such as longer texts, is held at the same time.
const BATCH_ROWS: usize = 8192;

/// One thread's part of a scan: batches that are ready, and traces that are still to be read whole.
#[derive(Debug, Default)]
pub(super) struct Share {
    ready: VecDeque<RecordBatch>,
    unread: VecDeque<(Sealed, Vec<Picked>)>,
}

impl<T: Table> Work<T> {
    pub(super) fn new(
        moment: Arc<Moment>,
        narrowing: Narrowing,
        schema: SchemaRef,
        places: Vec<usize>,
        early: Option<Early>,
        limit: Option<usize>,
    ) -> Self {
        Self {
            moment,
            narrowing,
            schema,
            places,
            early,
            limit,
            delivered: AtomicUsize::new(0),
            queue: Mutex::new(Queue {
                hot: None,
                next_segment: 0,
                pieces: VecDeque::new(),
            }),
            table: PhantomData,
        }
    }

    pub(super) fn describe(&self) -> String {
        let names = self.places.iter().map(|place| T::columns()[*place].name);
        let names: Vec<&str> = names.collect();
        let mut text = format!("table={}, columns=[{}]", T::NAME, names.join(", "));
        if let Some(early) = &self.early {
            write!(text, ", early_filter={}", early.filter).expect("writing to text does not fail");
        }
        if self.narrowing.is_narrow() {
            text.push_str(", uses_indexes=true");
        }
        text
    }

    /// The next batch, `None` when the scan is over. Reads from disk and takes up to some tens of milliseconds.
    pub(super) fn next(&self, share: &mut Share) -> Result<Option<RecordBatch>> {
        loop {
            if self.is_enough() {
                return Ok(None);
            }
            if let Some(batch) = share.ready.pop_front() {
                if batch.num_rows() == 0 {
                    continue;
                }
                if batch.num_rows() > BATCH_ROWS {
                    let rest = batch.slice(BATCH_ROWS, batch.num_rows() - BATCH_ROWS);
                    share.ready.push_front(rest);
                    share.ready.push_front(batch.slice(0, BATCH_ROWS));
                    continue;
                }
                self.delivered
                    .fetch_add(batch.num_rows(), Ordering::Relaxed);
                return Ok(Some(batch));
            }
            if let Some((sealed, picked)) = share.unread.pop_front() {
                let rows = self.read(&sealed, &picked).map_err(external)?;
                share.ready.push_back(self.batch_of(&rows)?);
                continue;
            }
            match self.take().map_err(external)? {
                None => return Ok(None),
                Some(Piece::Hot(traces)) => {
                    let mut rows = Vec::new();
                    for trace in traces {
                        T::add_hot(&self.moment, &trace, &mut rows);
                    }
                    share.ready.push_back(self.batch_of(&rows)?);
                }
                Some(Piece::Sealed(sealed)) => self.begin(sealed, share)?,
            }
        }
    }

    /// Enough for the query's limit.
    fn is_enough(&self) -> bool {
        let delivered = self.delivered.load(Ordering::Relaxed);
        self.limit.is_some_and(|limit| delivered >= limit)
    }

    fn batch_of(&self, rows: &[T::Row]) -> Result<RecordBatch> {
        Ok(batch_of(&self.schema, T::columns(), &self.places, rows)?)
    }

    fn take(&self) -> std::result::Result<Option<Piece>, QueryError> {
        let mut queue = self.queue.lock();
        let hot = queue.hot.get_or_insert_with(|| {
            let mut hot = self.moment.hot();
            // Taken from the end.
            hot.reverse();
            hot
        });
        if !hot.is_empty() {
            let mut traces = Vec::new();
            while traces.len() < HOT_AT_ONCE
                && let Some(trace) = hot.pop()
            {
                traces.push(trace);
                // One that is read for this look is large.
                if traces.last().is_some_and(|trace| !trace.is_in_memory()) {
                    break;
                }
            }
            return Ok(Some(Piece::Hot(traces)));
        }
        loop {
            if let Some(piece) = queue.pieces.pop_front() {
                return Ok(Some(Piece::Sealed(piece)));
            }
            let Some(view) = self.moment.segments().get(queue.next_segment) else {
                return Ok(None);
            };
            queue.next_segment += 1;
            if let Some(whole) = self.unless_damaged(self.segment(view))? {
                queue.pieces = self.pieces_of(whole);
            }
        }
    }

    /// What there is to read of a segment.
    fn segment(&self, view: &Arc<SegmentView>) -> std::result::Result<Sealed, QueryError> {
        let rows = self.moment.candidates(view, &self.narrowing);
        let rows = T::restrict(&self.moment, view, rows)?;
        let aliases = if rows.is_empty() {
            FxHashMap::default()
        } else {
            self.moment.aliases(view)?
        };
        Ok(Sealed {
            view: Arc::clone(view),
            rows,
            aliases: Arc::new(aliases),
        })
    }

    /// As everywhere else, what is damaged is left out, and named in the log.
    fn unless_damaged<F>(
        &self,
        found: std::result::Result<F, QueryError>,
    ) -> std::result::Result<Option<F>, QueryError> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error) if self.moment.is_damage(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Rows of whole traces. Damage costs the traces it hits, not those that are read together with them.
    fn read(
        &self,
        sealed: &Sealed,
        picked: &[Picked],
    ) -> std::result::Result<Vec<T::Row>, QueryError> {
        match T::read(&self.moment, sealed, picked) {
            Err(error) if error.is_damage() && picked.len() > 1 => {
                let (first, second) = picked.split_at(picked.len() / 2);
                let mut rows = self.read(sealed, first)?;
                rows.extend(self.read(sealed, second)?);
                Ok(rows)
            }
            found => Ok(self.unless_damaged(found)?.unwrap_or_default()),
        }
    }

    /// Narrow columns of whole pieces; `None` when traces have to be read instead, also for damage among them.
    fn read_narrow(&self, sealed: &Sealed, names: &[&'static str]) -> Result<Option<NarrowRows>> {
        let found = T::read_narrow(&self.moment, sealed, names);
        let found = self.unless_damaged(found).map_err(external)?;
        Ok(found.flatten())
    }

    fn pieces_of(&self, whole: Sealed) -> VecDeque<Sealed> {
        let most = NARROW_AT_ONCE.min(self.limit.unwrap_or(usize::MAX)).max(1);
        let mut pieces = VecDeque::new();
        let mut piece = roaring::RoaringBitmap::new();
        let mut weight = 0;
        for row in &whole.rows {
            piece.insert(row);
            weight += T::weight(&whole, row);
            if weight >= most {
                weight = 0;
                pieces.push_back(Sealed {
                    rows: std::mem::take(&mut piece),
                    ..whole.clone()
                });
            }
        }
        if !piece.is_empty() {
            pieces.push_back(Sealed {
                rows: piece,
                ..whole
            });
        }
        pieces
    }

    /// Reads what is narrow, and leaves the rest to be read lot by lot.
    fn begin(&self, sealed: Sealed, share: &mut Share) -> Result<()> {
        let columns = T::columns();
        if self.places.iter().all(|place| columns[*place].narrow) {
            let names: Vec<_> = self
                .places
                .iter()
                .map(|place| columns[*place].name)
                .collect();
            let found = self.read_narrow(&sealed, &names)?;
            if let Some(found) = found {
                let count = found.len();
                share
                    .ready
                    .push_back(batch(&self.schema, found.arrays, count)?);
                return Ok(());
            }
        }
        let picked = match &self.early {
            Some(early) => self.pick(early, &sealed)?,
            None => None,
        };
        let picked = picked.unwrap_or_else(|| sealed.rows.iter().map(Picked::whole).collect());
        let mut lot = Vec::new();
        let mut weight = 0;
        for trace in picked {
            weight += T::weight(&sealed, trace.row);
            lot.push(trace);
            if lot.len() >= T::WHOLE_AT_ONCE || weight >= WHOLE_ROWS_AT_ONCE.max(T::WHOLE_AT_ONCE) {
                weight = 0;
                let lot = std::mem::take(&mut lot);
                share.unread.push_back((sealed.clone(), lot));
            }
        }
        if !lot.is_empty() {
            share.unread.push_back((sealed, lot));
        }
        Ok(())
    }

    /// The traces, and their rows, that pass a filter over narrow columns. `None` when those cannot be read alone.
    fn pick(&self, early: &Early, sealed: &Sealed) -> Result<Option<Vec<Picked>>> {
        let columns = T::columns();
        let names: Vec<_> = early
            .columns
            .iter()
            .map(|place| columns[*place].name)
            .collect();
        let found = self.read_narrow(sealed, &names)?;
        let Some(NarrowRows { arrays, owners }) = found else {
            return Ok(None);
        };
        let count: usize = owners.iter().map(|(_, count)| *count as usize).sum();
        let passes = passing(early, arrays, count)?;
        let mut picked = Vec::new();
        let mut at = 0;
        for (row, count) in owners {
            let places: Vec<u32> = (0..count)
                .filter(|place| passes[at + *place as usize])
                .collect();
            at += count as usize;
            if !places.is_empty() {
                picked.push(Picked {
                    row,
                    places: Some(places),
                });
            }
        }
        // Parts of a segment come one after the other, but whole traces are read in the order of rows.
        picked.sort_unstable_by_key(|trace| trace.row);
        Ok(Some(picked))
    }
}

fn passing(early: &Early, arrays: Vec<ArrayRef>, count: usize) -> Result<Vec<bool>> {
    use datafusion::arrow::array::Array;
    let rows = batch(&early.schema, arrays, count)?;
    let passes = early.filter.evaluate(&rows)?.into_array(count)?;
    let passes = passes
        .as_boolean_opt()
        .ok_or_else(|| DataFusionError::Plan("a condition is neither true nor false".to_owned()))?;
    Ok((0..count)
        .map(|at| passes.is_valid(at) && passes.value(at))
        .collect())
}

fn external(error: QueryError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
