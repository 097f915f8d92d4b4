//! Edits of traces: durable in the catalog, then in the overlay every read uses.

use std::collections::BTreeSet;

use fanlight_catalog::CatalogError;
use fanlight_model::{Assessment, LinkedPrompt, TraceKey};
use tokio::sync::{Mutex, MutexGuard};

use crate::overlay::NAME_TAG;
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

impl Engine {
    /// Sets a tag of an existing trace.
    pub async fn set_tag(&self, key: TraceKey, tag: &str, value: &str) -> Result<(), QueryError> {
        self.exists(key)?;
        let _lock = self.edit_locks.of(key).await;
        self.catalog.set_trace_tag(key, tag, value).await?;
        self.reload(key).await
    }

    /// Removes a tag the trace has.
    pub async fn delete_tag(&self, key: TraceKey, tag: &str) -> Result<(), QueryError> {
        let record = self
            .record(key)
            .await?
            .ok_or(QueryError::TraceNotFound { trace: key.trace })?;
        let known = if tag == NAME_TAG {
            record.summary.name.is_some()
        } else {
            record.summary.tags.contains_key(tag)
        };
        if !known {
            return Err(QueryError::TagNotFound {
                trace: key.trace,
                tag: tag.to_owned(),
            });
        }
        let _lock = self.edit_locks.of(key).await;
        self.catalog.delete_trace_tag(key, tag).await?;
        self.reload(key).await
    }

    /// Adds an assessment to an existing trace. What it overrides must exist there and becomes invalid.
    pub async fn add_assessment(
        &self,
        key: TraceKey,
        assessment: Assessment,
    ) -> Result<Assessment, QueryError> {
        self.exists(key)?;
        let _lock = self.edit_locks.of(key).await;
        let id = assessment.id.clone();
        let known = self
            .catalog
            .add_assessment(key, &assessment)
            .await
            .map_err(|error| about(key, error))?;
        self.reload(key).await?;
        known
            .into_iter()
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
        self.find_assessment(key, &assessment.id)?;
        self.catalog
            .put_assessments(&[(key, assessment.clone())])
            .await?;
        self.reload(key).await?;
        self.find_assessment(key, &assessment.id)
    }

    pub fn assessment(&self, key: TraceKey, id: &str) -> Result<Assessment, QueryError> {
        self.find_assessment(key, id)
    }

    fn find_assessment(&self, key: TraceKey, id: &str) -> Result<Assessment, QueryError> {
        self.exists(key)?;
        let edits = self.overlay.get(key);
        let known = edits
            .iter()
            .flat_map(|edits| &edits.assessments)
            .find(|known| known.id == id);
        known.cloned().ok_or_else(|| missing(key, id))
    }

    /// Removes an assessment; what it overrode is valid again. An unknown id is fine.
    pub async fn delete_assessment(&self, key: TraceKey, id: &str) -> Result<(), QueryError> {
        let _lock = self.edit_locks.of(key).await;
        self.catalog.delete_assessment(key, id).await?;
        self.reload(key).await
    }

    /// Links traces to a run. Traces that are not there yet are linked when they arrive.
    pub async fn link_run(&self, keys: &[TraceKey], run_id: &str) -> Result<(), QueryError> {
        self.catalog.link_run(keys, run_id).await?;
        for key in keys {
            let _lock = self.edit_locks.of(*key).await;
            self.reload(*key).await?;
        }
        Ok(())
    }

    pub async fn link_prompts(
        &self,
        key: TraceKey,
        prompts: &[LinkedPrompt],
    ) -> Result<(), QueryError> {
        self.exists(key)?;
        let _lock = self.edit_locks.of(key).await;
        self.catalog.link_prompts(key, prompts).await?;
        self.reload(key).await
    }

    /// Keeps assessments that came with a trace; repeating them is harmless.
    pub(crate) async fn put_assessments(
        &self,
        key: TraceKey,
        assessments: Vec<Assessment>,
    ) -> Result<(), QueryError> {
        let _lock = self.edit_locks.of(key).await;
        let rows: Vec<_> = assessments
            .into_iter()
            .map(|assessment| (key, assessment))
            .collect();
        self.catalog.put_assessments(&rows).await?;
        self.reload(key).await
    }

    /// Call with the trace's lock held.
    pub(crate) async fn reload(&self, key: TraceKey) -> Result<(), QueryError> {
        let edits = self.catalog.trace_edits(key).await?;
        self.overlay.put(key, edits);
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
