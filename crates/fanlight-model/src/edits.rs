//! What changed about a trace after it was recorded.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Assessment;

/// All edits of one trace, laid over its [`TraceSummary`](crate::TraceSummary) at read time.
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

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LinkedPrompt {
    pub name: String,
    pub version: String,
}
