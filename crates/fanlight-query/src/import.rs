//! What people said about traces on another server, taken over here.

use std::collections::BTreeMap;

use fanlight_model::{Assessment, LinkedPrompt, TraceEdits, TraceKey};

use crate::{Engine, QueryError};

/// What is new of the edits of many traces.
#[derive(Default)]
struct News {
    assessments: Vec<(TraceKey, Assessment)>,
    removed_tags: Vec<(TraceKey, String)>,
    runs: BTreeMap<String, Vec<TraceKey>>,
    prompts: Vec<(TraceKey, Vec<LinkedPrompt>)>,
}

impl Engine {
    /// Adds what is not known yet; doing so again changes nothing, and what was edited here later stays.
    ///
    /// Of a tag only its removal is taken. The traces should exist.
    pub async fn add_edits(&self, edits: Vec<(TraceKey, TraceEdits)>) -> Result<(), QueryError> {
        let keys: Vec<TraceKey> = edits.iter().map(|(key, _)| *key).collect();
        let _locks = self.edit_locks.of_all(&keys).await;
        let known = self.known_of_all(&keys).await?;
        let nothing = TraceEdits::default();
        let mut news = News::default();
        for (key, edits) in edits {
            let known = known[&key].edits();
            news.note(key, edits, known.unwrap_or(&nothing));
        }
        let changed = news.changed();
        // Only the first of them brings along what is known: the others find it in the catalog.
        let edited = |key: &TraceKey| known[key].edited();
        let assessments = news.assessments.into_iter();
        let assessments: Vec<_> = assessments
            .map(|(key, said)| (edited(&key), said))
            .collect();
        self.catalog.put_assessments(&assessments).await?;
        for (key, tag) in &news.removed_tags {
            self.catalog.delete_trace_tag(edited(key), tag).await?;
        }
        for (run, keys) in &news.runs {
            let keys: Vec<_> = keys.iter().map(edited).collect();
            self.catalog.link_run(&keys, run).await?;
        }
        for (key, prompts) in &news.prompts {
            self.catalog.link_prompts(edited(key), prompts).await?;
        }
        for key in changed {
            self.reload(key).await?;
        }
        Ok(())
    }
}

impl News {
    fn note(&mut self, key: TraceKey, edits: TraceEdits, known: &TraceEdits) {
        let removed = edits.tags.into_iter().filter(|(_, value)| value.is_none());
        let removed = removed.filter(|(tag, _)| !known.tags.contains_key(tag));
        self.removed_tags.extend(removed.map(|(tag, _)| (key, tag)));
        for run in edits.runs.difference(&known.runs) {
            self.runs.entry(run.clone()).or_default().push(key);
        }
        let prompts: Vec<_> = edits.prompts.difference(&known.prompts).cloned().collect();
        if !prompts.is_empty() {
            self.prompts.push((key, prompts));
        }
        self.note_assessments(key, edits.assessments, known);
    }

    /// All of them when one is new: which are valid follows from what overrides them.
    fn note_assessments(&mut self, key: TraceKey, said: Vec<Assessment>, known: &TraceEdits) {
        let known_as_new = |said: &Assessment| {
            let known = known.assessments.iter().find(|known| known.id == said.id);
            known.filter(|known| known.updated_at >= said.updated_at)
        };
        if said.iter().all(|said| known_as_new(said).is_some()) {
            return;
        }
        for said in said {
            let kept = known_as_new(&said).cloned().unwrap_or(said);
            self.assessments.push((key, kept));
        }
    }

    fn changed(&self) -> Vec<TraceKey> {
        let assessed = self.assessments.iter().map(|(key, _)| *key);
        let removed = self.removed_tags.iter().map(|(key, _)| *key);
        let prompted = self.prompts.iter().map(|(key, _)| *key);
        let linked = self.runs.values().flatten().copied();
        let mut keys: Vec<_> = assessed
            .chain(removed)
            .chain(prompted)
            .chain(linked)
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}
