UPDATE trace_assessments SET valid = 0 WHERE workspace_id = $1 AND trace_id = $2 AND id = $3
