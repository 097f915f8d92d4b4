//! Edits of traces: durable in the catalog, then in the overlay every read uses.
//!
//! What a segment keeps of a trace's edits comes back to the catalog with the next edit of the trace.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fanlight_catalog::{CatalogError, Edited};
use fanlight_model::{Assessment, LinkedPrompt, NAME_TAG, TraceEdits, TraceKey};
use fanlight_store::Found;
use tokio::sync::{Mutex, MutexGuard};

use crate::row_edits::kept_rows;
use crate::{Engine, QueryError};

/// Edits of one trace happen one after the other, so that memory and catalog agree on the last one.
#[derive(Debug)]
pub(crate) struct EditLocks(Vec<Mutex<()>>);

impl Default for EditLocks {
    fn default() -> Self {
        Self((0..64).map(|_| Mutex::new(())).collect())
    }
}

impl EditLocks {
    async fn of(&self, key: TraceKey) -> MutexGuard<'_, ()> {
        self.0[self.place(key)].lock().await
    }

    /// In one order, so that two callers cannot wait for each other.
    pub(crate) async fn of_all(&self, keys: &[TraceKey]) -> Vec<MutexGuard<'_, ()>> {
        let places: BTreeSet<usize> = keys.iter().map(|key| self.place(*key)).collect();
        let mut held = Vec::with_capacity(places.len());
        for place in places {
            held.push(self.0[place].lock().await);
        }
        held
    }

    fn place(&self, key: TraceKey) -> usize {
        usize::from(key.trace.to_bytes()[15]) % self.0.len()
    }
}

/// Everything said about a trace. With the lock of the trace held, nobody says anything else.
#[derive(Debug)]
pub(crate) struct Known {
    key: TraceKey,
    exists: bool,
    edits: Option<Arc<TraceEdits>>,
}

impl Known {
    fn existing(self) -> Result<Self, QueryError> {
        if self.exists {
            Ok(self)
        } else {
            Err(QueryError::TraceNotFound {
                trace: self.key.trace,
            })
        }
    }

    pub(crate) fn edits(&self) -> Option<&TraceEdits> {
        self.edits.as_deref()
    }

    /// For the catalog, which takes over what it does not have.
    pub(crate) fn edited(&self) -> Edited<'_> {
        Edited {
            trace: self.key,
            known: self.edits(),
        }
    }

    fn assessment(&self, id: &str) -> Result<&Assessment, QueryError> {
        let edits = self.edits().into_iter();
        let known = edits.flat_map(|edits| &edits.assessments);
        let mut known = known.filter(|known| known.id == id);
        known.next().ok_or_else(|| missing(self.key, id))
    }
}

impl Engine {
    /// Sets a tag of an existing trace.
    pub async fn set_tag(&self, key: TraceKey, tag: &str, value: &str) -> Result<(), QueryError> {
        let _lock = self.edit_locks.of(key).await;
        let known = self.known(key).await?.existing()?;
        self.catalog
            .set_trace_tag(known.edited(), tag, value)
            .await?;
        self.reload(key).await
    }

    /// Removes a tag the trace has.
    pub async fn delete_tag(&self, key: TraceKey, tag: &str) -> Result<(), QueryError> {
        let record = self
            .record(key)
            .await?
            .ok_or(QueryError::TraceNotFound { trace: key.trace })?;
        let has_tag = if tag == NAME_TAG {
            record.summary.name.is_some()
        } else {
            record.summary.tags.contains_key(tag)
        };
        if !has_tag {
            return Err(QueryError::TagNotFound {
                trace: key.trace,
                tag: tag.to_owned(),
            });
        }
        let _lock = self.edit_locks.of(key).await;
        let known = self.known(key).await?.existing()?;
        self.catalog.delete_trace_tag(known.edited(), tag).await?;
        self.reload(key).await
    }

    /// Adds an assessment to an existing trace. What it overrides must exist there and becomes invalid.
    pub async fn add_assessment(
        &self,
        key: TraceKey,
        assessment: Assessment,
    ) -> Result<Assessment, QueryError> {
        let _lock = self.edit_locks.of(key).await;
        let known = self.known(key).await?.existing()?;
        let id = assessment.id.clone();
        let all = self
            .catalog
            .add_assessment(known.edited(), &assessment)
            .await
            .map_err(|error| about(key, error))?;
        self.reload(key).await?;
        all.into_iter()
            .find(|known| known.id == id)
            .ok_or_else(|| missing(key, &id))
    }

    /// Replaces the assessment of the same id.
    pub async fn update_assessment(
        &self,
        key: TraceKey,
        assessment: Assessment,
    ) -> Result<Assessment, QueryError> {
        let _lock = self.edit_locks.of(key).await;
        let known = self.known(key).await?.existing()?;
        known.assessment(&assessment.id)?;
        self.catalog
            .put_assessments(&[(known.edited(), assessment.clone())])
            .await?;
        self.reload(key).await?;
        self.assessment(key, &assessment.id).await
    }

    pub async fn assessment(&self, key: TraceKey, id: &str) -> Result<Assessment, QueryError> {
        let known = self.known(key).await?.existing()?;
        known.assessment(id).cloned()
    }

    /// Removes an assessment; what it overrode is valid again. An unknown id is fine.
    pub async fn delete_assessment(&self, key: TraceKey, id: &str) -> Result<(), QueryError> {
        let _lock = self.edit_locks.of(key).await;
        let known = self.known(key).await?;
        self.catalog.delete_assessment(known.edited(), id).await?;
        self.reload(key).await
    }

    /// Links traces to a run. Traces that are not there yet are linked when they arrive.
    pub async fn link_run(&self, keys: &[TraceKey], run_id: &str) -> Result<(), QueryError> {
        let _locks = self.edit_locks.of_all(keys).await;
        let known = self.known_of_all(keys).await?;
        let edited: Vec<Edited<'_>> = known.values().map(Known::edited).collect();
        self.catalog.link_run(&edited, run_id).await?;
        for key in known.keys() {
            self.reload(*key).await?;
        }
        Ok(())
    }

    pub async fn link_prompts(
        &self,
        key: TraceKey,
        prompts: &[LinkedPrompt],
    ) -> Result<(), QueryError> {
        let _lock = self.edit_locks.of(key).await;
        let known = self.known(key).await?.existing()?;
        self.catalog.link_prompts(known.edited(), prompts).await?;
        self.reload(key).await
    }

    /// Keeps assessments that came with a trace; repeating them is harmless.
    pub(crate) async fn put_assessments(
        &self,
        key: TraceKey,
        assessments: Vec<Assessment>,
    ) -> Result<(), QueryError> {
        let _lock = self.edit_locks.of(key).await;
        let known = self.known(key).await?;
        let rows: Vec<_> = assessments
            .into_iter()
            .map(|assessment| (known.edited(), assessment))
            .collect();
        self.catalog.put_assessments(&rows).await?;
        self.reload(key).await
    }

    /// What an edit of the trace builds on. Call with the trace's lock held when that matters.
    pub(crate) async fn known(&self, key: TraceKey) -> Result<Known, QueryError> {
        let (found, edits) = self.overlay.seen_with(key, || self.store.find(key));
        let exists = found.is_some();
        let edits = match (edits, found) {
            (Some(edits), _) => Some(edits),
            (None, None) => None,
            (None, Some(Found::Hot(trace))) => trace.folded().cloned(),
            (None, Some(Found::Sealed(segment, row))) => {
                if kept_rows(&segment)?.contains(row) {
                    let read = move || Ok(segment.traces(&[row])?.pop());
                    self.read(read).await?.and_then(|stored| stored.edits)
                } else {
                    None
                }
            }
        };
        Ok(Known { key, exists, edits })
    }

    pub(crate) async fn known_of_all(
        &self,
        keys: &[TraceKey],
    ) -> Result<BTreeMap<TraceKey, Known>, QueryError> {
        let mut all = BTreeMap::new();
        for key in keys {
            all.insert(*key, self.known(*key).await?);
        }
        Ok(all)
    }

    /// Call with the trace's lock held.
    pub(crate) async fn reload(&self, key: TraceKey) -> Result<(), QueryError> {
        // The catalog has none when nothing was edited.
        if let Some(edited) = self.catalog.trace_edits(key).await? {
            self.overlay.put(edited);
        }
        Ok(())
    }
}

fn missing(key: TraceKey, id: &str) -> QueryError {
    QueryError::AssessmentNotFound {
        trace: key.trace,
        id: id.to_owned(),
    }
}

fn about(key: TraceKey, error: CatalogError) -> QueryError {
    match error {
        CatalogError::AssessmentNotFound { id } => missing(key, &id),
        CatalogError::AssessmentExists { id } => QueryError::AssessmentExists {
            trace: key.trace,
            id,
        },
        other => other.into(),
    }
}
