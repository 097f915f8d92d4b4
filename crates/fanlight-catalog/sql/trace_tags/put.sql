INSERT INTO trace_tags (workspace_id, trace_id, key, value)
VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace_id, trace_id, key) DO UPDATE SET value = excluded.value
