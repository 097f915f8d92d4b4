SELECT key, value FROM trace_tags WHERE workspace_id = $1 AND trace_id = $2
