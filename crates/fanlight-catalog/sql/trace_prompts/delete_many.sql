DELETE FROM trace_prompts WHERE workspace_id =
