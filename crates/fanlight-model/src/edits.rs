//! What changed about a trace after it was recorded.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Assessment, TraceSummary};

/// The tag that is a trace's name.
pub const NAME_TAG: &str = "mlflow.traceName";

/// All edits of one trace, laid over its [`TraceSummary`] at read time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TraceEdits {
    /// `None` means the tag was removed.
    pub tags: BTreeMap<String, Option<String>>,
    /// In order of creation, superseded ones included.
    pub assessments: Vec<Assessment>,
    /// Runs the trace was linked to.
    pub runs: BTreeSet<String>,
    pub prompts: BTreeSet<LinkedPrompt>,
}

impl TraceEdits {
    /// Lays tags and name over a summary.
    pub fn apply_tags(&self, summary: &mut TraceSummary) {
        for (tag, value) in &self.tags {
            if tag == NAME_TAG {
                summary.name.clone_from(value);
                continue;
            }
            match value {
                Some(value) => summary.tags.insert(tag.clone(), value.clone()),
                None => summary.tags.remove(tag),
            };
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LinkedPrompt {
    pub name: String,
    pub version: String,
}
