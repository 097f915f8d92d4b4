//! A trace that goes on and does not fit into memory: part of its content is in stretches on disk.

use std::ops::Deref;
use std::sync::Arc;

use fanlight_model::{Addition, Batch, Span, SpanGroup};
use rustc_hash::FxHashSet;

use super::{Derived, HotTrace, bytes_of_addition};
use crate::spill::Stretch;
use crate::{SpanFigures, StoreError};

/// So much content is written and read at once.
const STRETCH_BYTES: usize = 4 << 20;
/// What a stretch takes in memory.
const PLACE_BYTES: usize = size_of::<Stretch>();

/// A trace with all its spans: as it is in memory, or read for this look.
#[derive(Debug)]
pub struct Whole<'a>(Read<'a>);

#[derive(Debug)]
enum Read<'a> {
    Before(&'a HotTrace),
    Now(Box<HotTrace>),
}

impl Deref for Whole<'_> {
    type Target = HotTrace;

    fn deref(&self) -> &HotTrace {
        match &self.0 {
            Read::Before(trace) => trace,
            Read::Now(trace) => trace,
        }
    }
}

impl Whole<'_> {
    /// Roots first, then by start; content that arrived apart is joined in.
    pub fn spans(&self) -> &[Arc<Span>] {
        self.deref().spans_in_memory()
    }

    /// What each of [`Self::spans`] means for sums over spans, in their order.
    pub fn span_figures(&self) -> &[SpanFigures] {
        self.deref().figures_in_memory()
    }
}

impl HotTrace {
    /// Whether [`Self::whole`] reads nothing.
    pub fn is_in_memory(&self) -> bool {
        self.spilled.is_empty()
    }

    /// The trace with its spans. What is not in memory is read from disk, every time: ask once.
    pub fn whole(&self) -> Whole<'_> {
        if self.spilled.is_empty() {
            return Whole(Read::Before(self));
        }
        let read = self.read_whole(|error| {
            tracing::error!(trace.id = %self.key.trace, %error, "some of a recent trace cannot be read");
            Ok(())
        });
        Whole(read.map_or(Read::Before(self), |trace| Read::Now(Box::new(trace))))
    }

    /// The same to be kept. Fails when some of it cannot be read.
    pub(crate) fn try_whole(trace: &Arc<Self>) -> Result<Arc<Self>, StoreError> {
        if trace.spilled.is_empty() {
            return Ok(Arc::clone(trace));
        }
        trace.read_whole(Err).map(Arc::new)
    }

    /// Everything in the order in which it arrived, so that what replaces what is the same as it would have been in
    /// memory.
    fn read_whole(
        &self,
        failed: impl Fn(StoreError) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let mut whole = Self::open(self.key, self.experiment, self.first_seq, self.last_change);
        for stretch in &self.spilled {
            match stretch.read() {
                Ok(content) => whole.put_content(content),
                Err(error) => failed(error)?,
            }
        }
        for span in &self.spans {
            whole.put_span(Arc::clone(span));
        }
        for addition in &self.additions {
            whole.put_addition(Addition::clone(addition));
        }
        for repriced in &self.repriced {
            whole.put_price(repriced);
        }
        whole.facts.clone_from(&self.facts);
        whole.folded.clone_from(&self.folded);
        whole.supersedes = self.supersedes;
        whole.finished = self.finished;
        whole.opened_at = self.opened_at;
        Ok(whole)
    }

    fn put_content(&mut self, content: Batch) {
        for span in content.groups.into_iter().flat_map(|group| group.spans) {
            self.put_span(Arc::new(span));
        }
        for addition in content.additions {
            self.put_addition(addition);
        }
        for repriced in &content.repriced {
            self.put_price(repriced);
        }
    }

    /// What may leave memory, in lots.
    pub(crate) fn content_in_memory(&self) -> impl Iterator<Item = Batch> {
        let mut left = self.spans.as_slice();
        let spans = std::iter::from_fn(move || {
            let mut bytes = 0;
            let lot = left.iter().take_while(|span| {
                let has_room = bytes < STRETCH_BYTES;
                bytes += span.size_bytes();
                has_room
            });
            let (lot, rest) = left.split_at(lot.count());
            left = rest;
            let spans = lot.iter().map(|span| Span::clone(span)).collect();
            (!lot.is_empty()).then(|| Batch {
                groups: vec![SpanGroup {
                    experiment: self.experiment,
                    spans,
                }],
                ..Batch::default()
            })
        });
        let others = Batch {
            additions: self
                .additions
                .iter()
                .map(|one| Addition::clone(one))
                .collect(),
            repriced: self.repriced.clone(),
            ..Batch::default()
        };
        spans.chain((!others.is_empty()).then_some(others))
    }

    /// Lets go of what `spilled`, an earlier state of this trace, has in memory: it is in `stretches`.
    pub(crate) fn forget(&mut self, spilled: &Self, stretches: Vec<Stretch>) {
        let gone: FxHashSet<_> = spilled.spans.iter().map(Arc::as_ptr).collect();
        let mut bytes = 0;
        self.spans.retain(|span| {
            let stays = !gone.contains(&Arc::as_ptr(span));
            bytes += if stays { 0 } else { span.size_bytes() };
            stays
        });
        // Both lists only grow.
        let additions = self.additions.drain(..spilled.additions.len());
        bytes += additions.map(|one| bytes_of_addition(&one)).sum::<usize>();
        self.repriced.drain(..spilled.repriced.len());
        self.find_places_anew();
        self.spilled_bytes += bytes;
        self.bytes = self.bytes.saturating_sub(bytes) + stretches.len() * PLACE_BYTES;
        self.spilled.extend(stretches);
        // What is known of all spans together stays true.
        if let Some(mut derived) = self.derived.take() {
            derived.forget_spans();
            self.derived = derived.into();
        }
    }

    /// What it would take if all of it were in memory.
    pub(crate) fn whole_bytes(&self) -> usize {
        self.bytes + self.spilled_bytes
    }

    /// It was sealed before, or has already been too large for memory.
    pub(crate) fn came_back(&self) -> bool {
        self.supersedes.is_some() || !self.spilled.is_empty()
    }
}

impl Derived {
    pub(super) fn forget_spans(&mut self) {
        self.spans = Vec::new();
        self.figures.take();
    }
}
