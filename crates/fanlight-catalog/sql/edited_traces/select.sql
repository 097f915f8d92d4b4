SELECT revision FROM edited_traces WHERE workspace_id = $1 AND trace_id = $2
