SELECT workspace_id, trace_id, name, version
FROM trace_prompts
WHERE (workspace_id, trace_id, name, version) > ($1, $2, $3, $4)
ORDER BY workspace_id, trace_id, name, version
LIMIT $5
