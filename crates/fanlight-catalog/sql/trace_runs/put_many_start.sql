INSERT INTO trace_runs (workspace_id, trace_id, run_id)
