//! Everything as of one moment, for readers that walk columns themselves.

use std::sync::Arc;

use fanlight_model::{
    ExperimentId, NAME_TAG, TraceEdits, TraceId, TraceSummary, UnixNanos, WorkspaceId,
};
use fanlight_store::{HotTrace, Property, SegmentView, Snapshot, SpanProfile, StoredTrace};
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use crate::compile::{Compiler, rows_in_scope};
use crate::filter::Filter;
use crate::overlay::Overlay;
use crate::row_edits::{assessed_rows, edits_of};
use crate::subject::{record, record_of_hot, trace_id_text};
use crate::unreadable::Unreadable;
use crate::{Engine, QueryError, TraceRecord};

/// The traces of one workspace and what people said about them, all of one moment: neither later writes nor later
/// edits show in it.
#[derive(Debug)]
pub struct Moment {
    workspace: WorkspaceId,
    store: Snapshot,
    overlay: Overlay,
    unreadable: Arc<Unreadable>,
}

/// What surely narrows the rows of a segment. Everything unless it says otherwise.
#[derive(Clone, Debug)]
pub struct Narrowing {
    /// First and last start.
    pub starts: (UnixNanos, UnixNanos),
    /// Only traces of these.
    pub experiments: Option<Vec<ExperimentId>>,
    pub filter: Filter,
    /// Only traces with a span of one of these models.
    pub models: Option<Vec<String>>,
}

impl Default for Narrowing {
    fn default() -> Self {
        Self {
            starts: (UnixNanos(0), UnixNanos(u64::MAX)),
            experiments: None,
            filter: Filter::Everything,
            models: None,
        }
    }
}

impl Narrowing {
    /// It leaves something out.
    pub fn is_narrow(&self) -> bool {
        let all = Self::default();
        self.starts != all.starts
            || self.experiments.is_some()
            || self.models.is_some()
            || self.filter != all.filter
    }
}

impl Engine {
    /// Everything as of now. May read indexes from disk: call it away from threads that serve requests.
    pub fn moment(&self, workspace: WorkspaceId) -> Moment {
        let (store, overlay) = self.overlay.freeze(|| self.store.snapshot());
        Moment {
            workspace,
            store,
            overlay,
            unreadable: Arc::clone(&self.unreadable),
        }
    }
}

impl Moment {
    /// Traces in memory, newest first.
    pub fn hot(&self) -> Vec<Arc<HotTrace>> {
        let mut hot = self.store.hot.clone();
        hot.retain(|trace| trace.key().workspace == self.workspace);
        hot.sort_by_cached_key(|trace| std::cmp::Reverse(trace.summary().start));
        hot
    }

    /// Newest first.
    pub fn segments(&self) -> &[Arc<SegmentView>] {
        &self.store.segments
    }

    /// Rows of the workspace in which `narrowing` may hold: too many rather than too few, and all when an index is
    /// damaged.
    pub fn candidates(&self, view: &SegmentView, narrowing: &Narrowing) -> RoaringBitmap {
        self.try_candidates(view, narrowing)
            .unwrap_or_else(|reason| {
                self.unreadable.note(view.segment.id(), None, &reason);
                let wanted = narrowing.experiments.as_ref();
                let is_wanted = |id| wanted.is_none_or(|wanted| wanted.contains(&id));
                rows_in_scope(view, self.workspace, is_wanted)
            })
    }

    /// Whether `error` is about damage of a segment, which is named in the log then. Readers leave out what it hits.
    pub fn is_damage(&self, error: &QueryError) -> bool {
        self.unreadable.is_damage(error)
    }

    fn try_candidates(
        &self,
        view: &SegmentView,
        narrowing: &Narrowing,
    ) -> Result<RoaringBitmap, String> {
        let segment = &view.segment;
        let (facets, index) = (segment.facets(), segment.rows());
        let mut all = view.live();
        let (first, last) = narrowing.starts;
        // Rows are newest first.
        if last.0 < u64::MAX {
            all.remove_range(..index.first_before(UnixNanos(last.0 + 1)));
        }
        if first.0 > 0 {
            all.remove_range(index.first_before(first)..);
        }
        if all.is_empty() {
            return Ok(all);
        }
        all &= facets.rows_of(Property::Workspace, &self.workspace.0.to_string())?;
        if let Some(experiments) = &narrowing.experiments {
            let mut wanted = RoaringBitmap::new();
            for experiment in experiments {
                wanted |= facets.rows_of(Property::Experiment, &experiment.to_string())?;
            }
            all &= wanted;
        }
        if let Some(models) = &narrowing.models {
            let mut wanted = facets.unlisted(Property::Span)?;
            for term in facets.values(Property::Span) {
                let profile = SpanProfile::parse(&term.value);
                let model = profile.ok_or("a span profile does not parse")?.model;
                if model.is_some_and(|model| models.iter().any(|wanted| wanted == model)) {
                    wanted |= term.rows()?;
                }
            }
            all &= wanted;
        }
        if narrowing.filter == Filter::Everything {
            return Ok(all);
        }
        let compiler = Compiler {
            segment,
            overlay: &self.overlay,
            workspace: self.workspace,
            all: &all,
        };
        Ok(compiler.compile(&narrowing.filter)?.may)
    }

    /// Rows of a segment whose ids are not of the standard form, with what their clients call them.
    pub fn aliases(&self, view: &SegmentView) -> Result<FxHashMap<u32, String>, QueryError> {
        let segment = &view.segment;
        let corrupt = |reason: String| QueryError::segment(segment.id(), reason);
        let mut aliases = FxHashMap::default();
        for term in segment.facets().values(Property::Alias) {
            for row in term.rows().map_err(corrupt)? {
                aliases.insert(row, term.value.clone());
            }
        }
        let long = segment.facets().unlisted(Property::Alias);
        let long: Vec<u32> = long.map_err(corrupt)?.iter().collect();
        for lot in long.chunks(1024) {
            for (row, stored) in lot.iter().zip(segment.traces(lot)?) {
                if let Some(alias) = stored.summary.alias {
                    aliases.insert(*row, alias);
                }
            }
        }
        Ok(aliases)
    }

    /// Rows whose name was edited since they were written; some of them may be of traces that moved on.
    pub fn renamed_rows(&self, view: &SegmentView) -> RoaringBitmap {
        let rows = view.segment.rows();
        let renamed = |row: &u32| {
            let edits = rows.key(*row).and_then(|key| self.overlay.get(key));
            edits.is_some_and(|edits| edits.tags.contains_key(NAME_TAG))
        };
        let edited = self.overlay.edited_rows(&view.segment);
        edited.iter().filter(renamed).collect()
    }

    /// Rows that may have assessments: too many rather than too few.
    pub fn assessed_rows(&self, view: &SegmentView) -> Result<RoaringBitmap, QueryError> {
        assessed_rows(&self.overlay, &view.segment)
    }

    /// Everything said about the traces of `rows`, which ascend.
    pub fn edits_of(
        &self,
        view: &SegmentView,
        rows: &[u32],
    ) -> Result<Vec<Option<Arc<TraceEdits>>>, QueryError> {
        Ok(edits_of(&self.overlay, &view.segment, rows)?)
    }

    /// Everything said about a trace in memory.
    pub fn edits_of_hot(&self, trace: &HotTrace) -> Option<Arc<TraceEdits>> {
        self.overlay.of_hot(trace)
    }

    /// A trace as it is kept, with its edits.
    pub fn record(&self, trace: StoredTrace) -> TraceRecord {
        record(trace, &self.overlay)
    }

    /// A trace in memory, with its edits.
    pub fn record_of_hot(&self, trace: &HotTrace) -> TraceRecord {
        record_of_hot(trace, &self.overlay)
    }
}

/// The id of a trace as MLflow writes it: what its client called it, or `tr-` and hex digits.
pub fn shown_id(summary: &TraceSummary) -> String {
    trace_id_text(summary).into_owned()
}

/// The id of a trace whose client has no name of its own for it.
pub fn standard_id(trace: TraceId) -> String {
    format!("tr-{trace}")
}
