INSERT INTO trace_prompts (workspace_id, trace_id, name, version)
VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
