) RETURNING workspace_id, trace_id
