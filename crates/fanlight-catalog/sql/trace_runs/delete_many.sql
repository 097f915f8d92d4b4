DELETE FROM trace_runs WHERE workspace_id =
