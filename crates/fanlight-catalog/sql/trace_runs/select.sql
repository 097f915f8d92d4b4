SELECT run_id FROM trace_runs WHERE workspace_id = $1 AND trace_id = $2
