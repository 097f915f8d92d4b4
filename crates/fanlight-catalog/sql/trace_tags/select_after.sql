SELECT workspace_id, trace_id, key, value
FROM trace_tags
WHERE (workspace_id, trace_id, key) > ($1, $2, $3)
ORDER BY workspace_id, trace_id, key
LIMIT $4
