SELECT workspace_id, trace_id, run_id
FROM trace_runs
WHERE (workspace_id, trace_id, run_id) > ($1, $2, $3)
ORDER BY workspace_id, trace_id, run_id
LIMIT $4
