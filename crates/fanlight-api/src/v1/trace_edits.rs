//! Changing many traces at a time.

use std::collections::BTreeMap;

use fanlight_model::{TraceKey, WorkspaceId};

use super::schema::shape;
use super::{Members, Refusal};
use crate::mlflow::TraceRef;
use crate::mlflow::tags::{check_removable, check_settable, stored_value};

const MAX_TRACES: usize = 1000;
const MAX_TAGS: usize = 100;

shape! {
    /// How many traces there were to be changed.
    ChangedReply {
        /// Those of the request that exist.
        traces: usize,
    }
}

/// `POST /api/v1/traces/tags`.
#[derive(Debug)]
pub struct TagChange {
    pub traces: Vec<TraceKey>,
    pub set: BTreeMap<String, String>,
    pub remove: Vec<String>,
}

impl TagChange {
    pub fn parse(mut body: Members, workspace: WorkspaceId) -> Result<Self, Refusal> {
        let traces = trace_ids(&mut body, workspace)?;
        let mut set = body.text_map("set")?.unwrap_or_default();
        let remove = body.texts("remove", MAX_TAGS)?.unwrap_or_default();
        body.finish()?;
        if set.len() > MAX_TAGS {
            let message = format!("`set` has {} tags; the limit is {MAX_TAGS}", set.len());
            return Err(Refusal::at("set", message));
        }
        for (key, value) in &mut set {
            check_settable(key).map_err(|error| Refusal::wrap("set", error))?;
            *value = stored_value(value).to_owned();
        }
        for key in &remove {
            check_removable(key).map_err(|error| Refusal::wrap("remove", error))?;
        }
        Ok(Self {
            traces,
            set,
            remove,
        })
    }
}

/// `POST /api/v1/traces/delete`.
pub fn parse_trace_ids(
    mut body: Members,
    workspace: WorkspaceId,
) -> Result<Vec<TraceKey>, Refusal> {
    let traces = trace_ids(&mut body, workspace)?;
    body.finish()?;
    Ok(traces)
}

fn trace_ids(body: &mut Members, workspace: WorkspaceId) -> Result<Vec<TraceKey>, Refusal> {
    let ids = body
        .texts("traces", MAX_TRACES)?
        .ok_or_else(|| body.missing("traces"))?;
    let keys = ids.iter().map(|id| TraceKey {
        workspace,
        trace: TraceRef::of(id).id,
    });
    Ok(keys.collect())
}
