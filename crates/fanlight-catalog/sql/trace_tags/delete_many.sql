DELETE FROM trace_tags WHERE workspace_id =
