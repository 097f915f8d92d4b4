//! What people change about traces: tags, assessments, links to runs and prompts.
//!
//! The catalog does not know which traces exist; callers check that. Rows are keyed by workspace and trace id. Edits that
//! a segment keeps are not here until their trace is edited again ([`Edited`]).

mod assessment_rows;
pub(crate) mod edited;
mod load;
pub(crate) mod rows;

use std::collections::BTreeSet;

use fanlight_model::{Assessment, LinkedPrompt, TraceEdits, TraceKey};

pub use self::edited::{Edited, EditedTrace};
use crate::error::{Attempt, shortened};
use crate::{Catalog, CatalogError, Result};

impl Catalog {
    /// Sets a tag of a trace.
    pub async fn set_trace_tag<'a>(
        &self,
        trace: impl Into<Edited<'a>>,
        key: &str,
        value: &str,
    ) -> Result<()> {
        self.put_trace_tag(trace.into(), key, Some(value)).await
    }

    /// Remembers that a tag was removed, so that a tag recorded with the trace is hidden too.
    pub async fn delete_trace_tag<'a>(
        &self,
        trace: impl Into<Edited<'a>>,
        key: &str,
    ) -> Result<()> {
        self.put_trace_tag(trace.into(), key, None).await
    }

    async fn put_trace_tag(&self, trace: Edited<'_>, key: &str, value: Option<&str>) -> Result<()> {
        let mut tx = self.database().write().await?;
        edited::begin(&mut tx, &[trace]).await?;
        rows::put_tag(&mut tx, trace.trace, key, value).await?;
        tx.commit().await.attempt("commit a tag of a trace")
    }

    /// Inserts assessments or replaces those of the same trace and id, all or nothing. What they override becomes
    /// invalid; a missing target is ignored.
    pub async fn put_assessments<'a, T>(&self, assessments: &[(T, Assessment)]) -> Result<()>
    where
        T: Copy + Into<Edited<'a>>,
    {
        let traces: Vec<Edited<'_>> = assessments.iter().map(|(of, _)| (*of).into()).collect();
        let mut tx = self.database().write().await?;
        edited::begin(&mut tx, &traces).await?;
        for (of, (_, assessment)) in traces.iter().zip(assessments) {
            assessment_rows::put(&mut tx, of.trace, assessment).await?;
        }
        // Afterwards: an overridden one may stand behind the one that overrides it.
        for (of, (_, assessment)) in traces.iter().zip(assessments) {
            if let Some(target) = &assessment.overrides {
                assessment_rows::invalidate(&mut tx, of.trace, target).await?;
            }
        }
        tx.commit().await.attempt("commit assessments")
    }

    /// Adds a new assessment and invalidates the one it overrides. Answers all assessments of the trace.
    ///
    /// Fails when the id is taken or the overridden one does not exist.
    pub async fn add_assessment<'a>(
        &self,
        trace: impl Into<Edited<'a>>,
        assessment: &Assessment,
    ) -> Result<Vec<Assessment>> {
        let edited = trace.into();
        let trace = edited.trace;
        let mut tx = self.database().write().await?;
        edited::begin(&mut tx, &[edited]).await?;
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
    pub async fn update_assessment<'a, E>(
        &self,
        trace: impl Into<Edited<'a>>,
        id: &str,
        change: impl FnOnce(Assessment) -> Result<Assessment, E> + Send,
    ) -> Result<Vec<Assessment>, E>
    where
        E: From<CatalogError>,
    {
        let edited = trace.into();
        let trace = edited.trace;
        let mut tx = self.database().write().await?;
        edited::begin(&mut tx, &[edited]).await?;
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

    /// Removes an assessment and makes the one it overrode valid again; an unknown id is no error and changes nothing.
    /// Answers the assessments that remain.
    pub async fn delete_assessment<'a>(
        &self,
        trace: impl Into<Edited<'a>>,
        id: &str,
    ) -> Result<Vec<Assessment>> {
        let edited = trace.into();
        let trace = edited.trace;
        let mut tx = self.database().write().await?;
        edited::begin(&mut tx, &[edited]).await?;
        let Some(overrode) = assessment_rows::delete(&mut tx, trace, id).await? else {
            // Without commit: what is said about a trace that may not even exist takes no row.
            return assessment_rows::select(&mut tx, trace).await;
        };
        if let Some(target) = overrode {
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
    pub async fn link_run<'a, T>(&self, traces: &[T], run_id: &str) -> Result<()>
    where
        T: Copy + Into<Edited<'a>>,
    {
        let traces: Vec<Edited<'_>> = traces.iter().map(|trace| (*trace).into()).collect();
        let distinct: BTreeSet<_> = traces.iter().map(|edited| edited.trace).collect();
        let distinct: Vec<_> = distinct.into_iter().collect();
        let mut tx = self.database().write().await?;
        edited::begin(&mut tx, &traces).await?;
        rows::put_runs(&mut tx, &distinct, run_id).await?;
        tx.commit().await.attempt("commit links to a run")
    }

    /// Links a trace to prompts; repeating a link is harmless. The prompts are not checked.
    pub async fn link_prompts<'a>(
        &self,
        trace: impl Into<Edited<'a>>,
        prompts: &[LinkedPrompt],
    ) -> Result<()> {
        let edited = trace.into();
        let mut tx = self.database().write().await?;
        edited::begin(&mut tx, &[edited]).await?;
        for prompt in prompts {
            rows::put_prompt(&mut tx, edited.trace, prompt).await?;
        }
        tx.commit().await.attempt("commit links to prompts")
    }

    /// All edits of one trace; `None` when the catalog has none, whatever a segment keeps.
    pub async fn trace_edits(&self, trace: TraceKey) -> Result<Option<EditedTrace>> {
        let mut tx = self.database().read().await?;
        let Some(revision) = edited::revision(&mut tx, trace).await? else {
            return Ok(None);
        };
        Ok(Some(EditedTrace {
            trace,
            revision,
            edits: TraceEdits {
                tags: rows::select_tags(&mut tx, trace).await?,
                assessments: assessment_rows::select(&mut tx, trace).await?,
                runs: rows::select_runs(&mut tx, trace).await?,
                prompts: rows::select_prompts(&mut tx, trace).await?,
            },
        }))
    }

    /// Every trace whose edits are here, in order of trace keys.
    pub async fn load_edits(&self) -> Result<Vec<EditedTrace>> {
        load::load(&mut *self.database().read().await?).await
    }

    /// Forgets all edits of deleted traces.
    pub async fn delete_edits(&self, traces: &[TraceKey]) -> Result<()> {
        let mut tx = self.database().write().await?;
        rows::delete_all(&mut tx, traces).await?;
        tx.commit().await.attempt("commit forgotten edits")
    }
}
