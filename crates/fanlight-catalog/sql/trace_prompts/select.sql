SELECT name, version FROM trace_prompts WHERE workspace_id = $1 AND trace_id = $2
