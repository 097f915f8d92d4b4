SELECT id, workspace_id, name, artifact_location, deleted, created_ms, updated_ms
FROM experiments
WHERE workspace_id = $1 AND name = $2
