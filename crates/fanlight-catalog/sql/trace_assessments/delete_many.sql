DELETE FROM trace_assessments WHERE workspace_id =
