//! A trace in memory: what arrived of it, and what follows from that.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock};

use fanlight_model::{
    Addition, Event, ExperimentId, Repriced, Scope, SegmentId, Span, SpanId, SpanKind, TraceEdits,
    TraceFacts, TraceKey, TraceState, TraceSummary, UnixNanos,
};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::letters::Letters;
use crate::spill::Stretch;
use crate::{SpanDigest, SpanFigures};

mod spilled;

pub use spilled::Whole;

/// Up to here a span is found by comparing ids; above, by a map.
const SCAN_UP_TO: usize = 16;

/// More is not kept beside the texts themselves.
const MAX_DERIVED_BYTES: usize = 4 << 10;

/// Scope of spans that stand in for ones that did not come.
const STAND_IN_SCOPE: &str = "fanlight.log_records";

/// A recent trace. Immutable for readers: the writer changes a copy when somebody holds this one.
#[derive(Debug)]
pub struct HotTrace {
    key: TraceKey,
    experiment: ExperimentId,
    facts: Option<TraceFacts>,
    folded: Option<Arc<TraceEdits>>,
    spans: Vec<Arc<Span>>,
    places: FxHashMap<SpanId, usize>,
    additions: Vec<Arc<Addition>>,
    /// Hashes of `additions`, those on disk too.
    known_additions: FxHashSet<u64>,
    /// Of spans that are on disk.
    repriced: Vec<Repriced>,
    /// What arrived before all that is in memory, in the order of its arrival.
    spilled: Vec<Stretch>,
    spilled_bytes: usize,
    /// Record that opened this entry: the log is kept from here on.
    pub(crate) first_seq: u64,
    pub(crate) last_change: UnixNanos,
    pub(crate) opened_at: UnixNanos,
    pub(crate) bytes: usize,
    /// The sealed row whose content this trace has taken over.
    pub(crate) supersedes: Option<(SegmentId, u32)>,
    finished: bool,
    derived: OnceLock<Derived>,
}

#[derive(Debug)]
struct Derived {
    spans: Vec<Arc<Span>>,
    summary: TraceSummary,
    /// What each span means; made when somebody counts spans.
    figures: OnceLock<Vec<SpanFigures>>,
    /// Made when somebody searches for text.
    texts: OnceLock<Option<Box<str>>>,
    letters: OnceLock<Option<Letters>>,
    /// Made when somebody searches for spans.
    digest: OnceLock<SpanDigest>,
}

impl Clone for HotTrace {
    fn clone(&self) -> Self {
        Self {
            key: self.key,
            experiment: self.experiment,
            facts: self.facts.clone(),
            folded: self.folded.clone(),
            spans: self.spans.clone(),
            places: self.places.clone(),
            additions: self.additions.clone(),
            known_additions: self.known_additions.clone(),
            repriced: self.repriced.clone(),
            spilled: self.spilled.clone(),
            spilled_bytes: self.spilled_bytes,
            first_seq: self.first_seq,
            last_change: self.last_change,
            opened_at: self.opened_at,
            bytes: self.bytes,
            supersedes: self.supersedes,
            finished: self.finished,
            // The copy is made to be changed.
            derived: OnceLock::new(),
        }
    }
}

impl HotTrace {
    pub(crate) fn open(
        key: TraceKey,
        experiment: ExperimentId,
        first_seq: u64,
        now: UnixNanos,
    ) -> Self {
        Self {
            key,
            experiment,
            facts: None,
            folded: None,
            spans: Vec::new(),
            places: FxHashMap::default(),
            additions: Vec::new(),
            known_additions: FxHashSet::default(),
            repriced: Vec::new(),
            spilled: Vec::new(),
            spilled_bytes: 0,
            first_seq,
            last_change: now,
            opened_at: now,
            bytes: 512,
            supersedes: None,
            finished: false,
            derived: OnceLock::new(),
        }
    }

    pub fn key(&self) -> TraceKey {
        self.key
    }

    /// A root has ended, or the client said the trace has.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    pub fn experiment(&self) -> ExperimentId {
        self.facts
            .as_ref()
            .map_or(self.experiment, |facts| facts.experiment)
    }

    /// What it takes in memory now, estimated: mostly its texts as they arrived.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// When something of it arrived last; after a start, when it was read back.
    pub fn last_change(&self) -> UnixNanos {
        self.last_change
    }

    pub fn facts(&self) -> Option<&TraceFacts> {
        self.facts.as_ref()
    }

    /// What the row kept of edits that this trace was opened again from. Edits of the registry replace it.
    pub fn folded(&self) -> Option<&Arc<TraceEdits>> {
        self.folded.as_ref()
    }

    pub(crate) fn set_folded(&mut self, edits: Option<Arc<TraceEdits>>) {
        self.folded = edits;
    }

    /// Before edits.
    pub fn summary(&self) -> &TraceSummary {
        &self.derived().summary
    }

    /// None when some are on disk: see [`Self::whole`].
    pub(crate) fn spans_in_memory(&self) -> &[Arc<Span>] {
        &self.derived().spans
    }

    fn figures_in_memory(&self) -> &[SpanFigures] {
        let derived = self.derived();
        derived
            .figures
            .get_or_init(|| SpanFigures::of_trace(&derived.spans))
    }

    /// Each text that a search looks at and that no span has as it is, one per line: what spans are found to mean.
    /// `None` when that is a lot.
    pub fn derived_texts(&self) -> Option<&str> {
        let derived = self.derived();
        let texts = derived
            .texts
            .get_or_init(|| derived_texts(self.whole().spans()));
        texts.as_deref()
    }

    /// Of all texts that a search looks at, but the trace id. `None` when what spans are found to mean is a lot.
    pub fn letters(&self) -> Option<&Letters> {
        let derived = self.derived();
        let letters = derived.letters.get_or_init(|| {
            let texts = self.derived_texts()?;
            Some(Letters::of(self.whole().spans(), texts))
        });
        letters.as_ref()
    }

    pub fn span_digest(&self) -> SpanDigest {
        let derived = self.derived();
        *derived
            .digest
            .get_or_init(|| SpanDigest::of(self.whole().spans()))
    }

    /// Keeps `span`. Of two with the same id the later arrival stays, except that a running one never replaces a
    /// finished one.
    pub(crate) fn put_span(&mut self, span: Arc<Span>) {
        self.derived.take();
        self.finished |= span.is_root() && span.end.is_some();
        let size = span.size_bytes();
        match self.place_of(span.span_id) {
            Some(place) => {
                let known = &mut self.spans[place];
                if known.end.is_some() && span.end.is_none() {
                    return;
                }
                self.bytes = (self.bytes + size).saturating_sub(known.size_bytes());
                let replaced = std::mem::replace(known, span);
                if is_stand_in(&replaced) {
                    let span = Arc::make_mut(known);
                    replaced.events.iter().for_each(|event| join(span, event));
                }
            }
            None => {
                self.bytes += size;
                self.remember_place(span.span_id);
                self.spans.push(span);
            }
        }
    }

    /// Unless the span has another price by now than the change was made for.
    pub(crate) fn put_price(&mut self, repriced: &Repriced) {
        match self.place_of(repriced.span_id) {
            Some(place) if self.spans[place].price == repriced.was => {
                self.derived.take();
                Arc::make_mut(&mut self.spans[place]).price = repriced.price.clone();
            }
            None if !self.spilled.is_empty() => {
                self.derived.take();
                self.bytes += size_of::<Repriced>();
                self.repriced.push(repriced.clone());
            }
            _ => {}
        }
    }

    fn place_of(&self, id: SpanId) -> Option<usize> {
        if self.spans.len() <= SCAN_UP_TO {
            self.spans.iter().position(|known| known.span_id == id)
        } else {
            self.places.get(&id).copied()
        }
    }

    /// Call before pushing the span.
    fn remember_place(&mut self, id: SpanId) {
        if self.spans.len() == SCAN_UP_TO {
            self.places.extend(
                self.spans
                    .iter()
                    .enumerate()
                    .map(|(place, span)| (span.span_id, place)),
            );
        }
        if self.spans.len() >= SCAN_UP_TO {
            self.places.insert(id, self.spans.len());
        }
    }

    fn find_places_anew(&mut self) {
        self.places = FxHashMap::default();
        if self.spans.len() > SCAN_UP_TO {
            let spans = self.spans.iter().enumerate();
            self.places = spans.map(|(place, span)| (span.span_id, place)).collect();
        }
    }

    pub(crate) fn put_facts(&mut self, facts: TraceFacts) {
        self.derived.take();
        self.finished |= matches!(facts.state, Some(TraceState::Ok | TraceState::Error));
        let texts = facts
            .tags
            .iter()
            .chain(&facts.metadata)
            .map(|(key, value)| key.len() + value.len() + 64);
        self.bytes += 256 + texts.sum::<usize>();
        match &mut self.facts {
            Some(known) => known.merge(facts),
            None => self.facts = Some(facts),
        }
    }

    /// Keeps content of a span. An exporter that retries sends the same record again.
    pub(crate) fn put_addition(&mut self, addition: Addition) {
        let bytes = postcard::to_stdvec(&addition).unwrap_or_default();
        if self.known_additions.insert(FxBuildHasher.hash_one(bytes)) {
            self.derived.take();
            self.bytes += bytes_of_addition(&addition);
            self.additions.push(Arc::new(addition));
        }
    }

    fn derived(&self) -> &Derived {
        self.derived.get_or_init(|| {
            if self.spilled.is_empty() {
                return self.derive();
            }
            let mut derived = self.whole().derive();
            derived.digest = SpanDigest::of(&derived.spans).into();
            derived.forget_spans();
            derived
        })
    }

    fn derive(&self) -> Derived {
        let mut spans = self.joined_spans();
        fanlight_normalize::sort_spans(&mut spans);
        let summary =
            fanlight_normalize::summarize(self.key, self.experiment(), self.facts.as_ref(), &spans);
        Derived {
            spans,
            summary,
            figures: OnceLock::new(),
            texts: OnceLock::new(),
            letters: OnceLock::new(),
            digest: OnceLock::new(),
        }
    }

    /// The spans with the content that arrived apart from them; content without a span gets one to stand in.
    fn joined_spans(&self) -> Vec<Arc<Span>> {
        let mut spans = self.spans.clone();
        let mut missing: BTreeMap<SpanId, Vec<&Addition>> = BTreeMap::new();
        for addition in &self.additions {
            match self.place_of(addition.span_id) {
                Some(place) => join(Arc::make_mut(&mut spans[place]), &addition.event),
                None => missing.entry(addition.span_id).or_default().push(addition),
            }
        }
        spans.extend(
            missing
                .into_values()
                .map(|of_span| Arc::new(stand_in(&of_span))),
        );
        adopt_stand_ins(&mut spans);
        spans
    }
}

fn bytes_of_addition(addition: &Addition) -> usize {
    128 + addition.event.attributes.size_bytes()
}

fn derived_texts(spans: &[Arc<Span>]) -> Option<Box<str>> {
    let mut known: FxHashSet<String> = FxHashSet::default();
    let mut texts = String::new();
    for span in spans {
        let meaning = fanlight_normalize::meaning(span);
        for value in fanlight_normalize::derived_values(span, &meaning) {
            let text = value.to_text();
            if texts.len() + text.len() > MAX_DERIVED_BYTES {
                return None;
            }
            if !known.contains(text.as_ref()) {
                texts.push_str(&text);
                texts.push('\n');
                known.insert(text.into_owned());
            }
        }
    }
    Some(texts.into())
}

/// Adds an event unless the span has it: a sealed trace that was opened again has them joined already.
fn join(span: &mut Span, event: &Event) {
    if !span.events.contains(event) {
        span.events.push(event.clone());
    }
}

/// A span made of content that came without one: nothing that was acknowledged is hidden, and the real span replaces
/// it when it comes. It is open, because nothing says that it ended.
fn stand_in(content: &[&Addition]) -> Span {
    let first = content
        .iter()
        .min_by_key(|addition| addition.event.time)
        .expect("grouped from at least one");
    let mut events: Vec<Event> = content
        .iter()
        .map(|addition| addition.event.clone())
        .collect();
    events.sort_by_key(|event| event.time);
    Span {
        kind: SpanKind::Internal,
        start: first.event.time,
        events,
        scope: Arc::new(Scope {
            name: STAND_IN_SCOPE.to_owned(),
            ..Scope::default()
        }),
        ..Span::new(first.trace_id, first.span_id, "log records")
    }
}

fn is_stand_in(span: &Span) -> bool {
    span.scope.name == STAND_IN_SCOPE
}

/// Hangs spans that stand in below the root, so that they do not speak for the trace.
fn adopt_stand_ins(spans: &mut [Arc<Span>]) {
    if !spans.iter().any(|span| is_stand_in(span)) {
        return;
    }
    let root = spans
        .iter()
        .filter(|span| span.is_root() && !is_stand_in(span))
        .min_by_key(|span| span.start);
    let Some(root) = root.map(|root| root.span_id) else {
        return;
    };
    for span in spans.iter_mut().filter(|span| is_stand_in(span)) {
        Arc::make_mut(span).parent_id = Some(root);
    }
}
