DELETE FROM trace_assessments WHERE workspace_id = $1 AND trace_id = $2 AND id = $3 RETURNING overrides
