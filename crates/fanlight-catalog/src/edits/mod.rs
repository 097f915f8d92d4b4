//! What people change about traces: tags, assessments, links to runs and prompts.
//!
//! The catalog does not know which traces exist; callers check that. Rows are keyed by workspace and trace id.

mod assessment_rows;
mod load;
pub(crate) mod rows;

use std::collections::BTreeSet;

use fanlight_model::{Assessment, LinkedPrompt, TraceEdits, TraceKey};

use crate::error::{Attempt, shortened};
use crate::{Catalog, CatalogError, Result};

impl Catalog {
    /// Sets a tag of a trace.
    pub async fn set_trace_tag(&self, trace: TraceKey, key: &str, value: &str) -> Result<()> {
        self.put_trace_tag(trace, key, Some(value)).await
    }

    /// Remembers that a tag was removed, so that a tag recorded with the trace is hidden too.
    pub async fn delete_trace_tag(&self, trace: TraceKey, key: &str) -> Result<()> {
        self.put_trace_tag(trace, key, None).await
    }

    async fn put_trace_tag(&self, trace: TraceKey, key: &str, value: Option<&str>) -> Result<()> {
        let mut tx = self.database().write().await?;
        rows::put_tag(&mut tx, trace, key, value).await?;
        tx.commit().await.attempt("commit a tag of a trace")
    }

    /// Inserts assessments or replaces those of the same trace and id, all or nothing. What they override becomes
    /// invalid; a missing target is ignored.
    pub async fn put_assessments(&self, assessments: &[(TraceKey, Assessment)]) -> Result<()> {
        let mut tx = self.database().write().await?;
        for (trace, assessment) in assessments {
            assessment_rows::put(&mut tx, *trace, assessment).await?;
        }
        // Afterwards: an overridden one may stand behind the one that overrides it.
        for (trace, assessment) in assessments {
            if let Some(target) = &assessment.overrides {
                assessment_rows::invalidate(&mut tx, *trace, target).await?;
            }
        }
        tx.commit().await.attempt("commit assessments")
    }

    /// Adds a new assessment and invalidates the one it overrides. Answers all assessments of the trace.
    ///
    /// Fails when the id is taken or the overridden one does not exist.
    pub async fn add_assessment(
        &self,
        trace: TraceKey,
        assessment: &Assessment,
    ) -> Result<Vec<Assessment>> {
        let mut tx = self.database().write().await?;
        // First, so that an assessment cannot override itself.
        if let Some(target) = &assessment.overrides
            && !assessment_rows::invalidate(&mut tx, trace, target).await?
        {
            return Err(CatalogError::AssessmentNotFound {
                id: shortened(target),
            });
        }
        if !assessment_rows::insert(&mut tx, trace, assessment).await? {
            return Err(CatalogError::AssessmentExists {
                id: shortened(&assessment.id),
            });
        }
        let all = assessment_rows::select(&mut tx, trace).await?;
        tx.commit().await.attempt("commit a new assessment")?;
        Ok(all)
    }

    /// Replaces an assessment by what `change` makes of it; no other write comes between. Answers all assessments of
    /// the trace.
    ///
    /// `change` sees the stored assessment and may refuse with an error of its own. The id stays what it was.
    pub async fn update_assessment<E>(
        &self,
        trace: TraceKey,
        id: &str,
        change: impl FnOnce(Assessment) -> Result<Assessment, E> + Send,
    ) -> Result<Vec<Assessment>, E>
    where
        E: From<CatalogError>,
    {
        let mut tx = self.database().write().await?;
        let all = assessment_rows::select(&mut tx, trace).await?;
        let found = all.into_iter().find(|assessment| assessment.id == id);
        let found = found.ok_or_else(|| CatalogError::AssessmentNotFound { id: shortened(id) })?;
        let changed = Assessment {
            id: id.to_owned(),
            ..change(found)?
        };
        assessment_rows::put(&mut tx, trace, &changed).await?;
        let all = assessment_rows::select(&mut tx, trace).await?;
        tx.commit().await.attempt("commit a changed assessment")?;
        Ok(all)
    }

    /// Removes an assessment and makes the one it overrode valid again; an unknown id is no error. Answers the
    /// assessments that remain.
    pub async fn delete_assessment(&self, trace: TraceKey, id: &str) -> Result<Vec<Assessment>> {
        let mut tx = self.database().write().await?;
        if let Some(target) = assessment_rows::delete(&mut tx, trace, id).await? {
            assessment_rows::revalidate(&mut tx, trace, &target).await?;
        }
        let remaining = assessment_rows::select(&mut tx, trace).await?;
        tx.commit()
            .await
            .attempt("commit the deletion of an assessment")?;
        Ok(remaining)
    }

    /// In order of creation, invalid ones included.
    pub async fn list_assessments(&self, trace: TraceKey) -> Result<Vec<Assessment>> {
        assessment_rows::select(&mut *self.database().read().await?, trace).await
    }

    /// Links traces to a run; repeating a link is harmless. The run is not checked.
    pub async fn link_run(&self, traces: &[TraceKey], run_id: &str) -> Result<()> {
        let distinct: Vec<_> = traces
            .iter()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut tx = self.database().write().await?;
        rows::put_runs(&mut tx, &distinct, run_id).await?;
        tx.commit().await.attempt("commit links to a run")
    }

    /// Links a trace to prompts; repeating a link is harmless. The prompts are not checked.
    pub async fn link_prompts(&self, trace: TraceKey, prompts: &[LinkedPrompt]) -> Result<()> {
        let mut tx = self.database().write().await?;
        for prompt in prompts {
            rows::put_prompt(&mut tx, trace, prompt).await?;
        }
        tx.commit().await.attempt("commit links to prompts")
    }

    /// The edits of one trace; none is no error.
    pub async fn trace_edits(&self, trace: TraceKey) -> Result<TraceEdits> {
        let mut tx = self.database().read().await?;
        Ok(TraceEdits {
            tags: rows::select_tags(&mut tx, trace).await?,
            assessments: assessment_rows::select(&mut tx, trace).await?,
            runs: rows::select_runs(&mut tx, trace).await?,
            prompts: rows::select_prompts(&mut tx, trace).await?,
        })
    }

    /// Every edit there is, in order of trace keys.
    pub async fn load_edits(&self) -> Result<Vec<(TraceKey, TraceEdits)>> {
        let edits = load::load(&mut *self.database().read().await?).await?;
        Ok(edits.into_iter().collect())
    }

    /// Forgets all edits of deleted traces.
    pub async fn delete_edits(&self, traces: &[TraceKey]) -> Result<()> {
        let mut tx = self.database().write().await?;
        rows::delete_all(&mut tx, traces).await?;
        tx.commit().await.attempt("commit forgotten edits")
    }
}
