INSERT OR REPLACE INTO edited_traces (workspace_id, trace_id)
