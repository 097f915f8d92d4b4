-- Traces whose edits are here. Then all of them are, and those that a segment keeps of the trace do not count.
-- revision: of the last edit. AUTOINCREMENT: a revision is not used again even when its row is gone.
CREATE TABLE edited_traces (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id INTEGER NOT NULL,
    trace_id BLOB NOT NULL,
    UNIQUE (workspace_id, trace_id)
);
INSERT INTO edited_traces (workspace_id, trace_id)
SELECT workspace_id, trace_id FROM trace_tags
UNION
SELECT workspace_id, trace_id FROM trace_assessments
UNION
SELECT workspace_id, trace_id FROM trace_runs
UNION
SELECT workspace_id, trace_id FROM trace_prompts;
