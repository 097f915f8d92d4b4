SELECT workspace_id, trace_id, seq FROM tombstones ORDER BY workspace_id, trace_id
