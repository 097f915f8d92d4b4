SELECT id, workspace_id, name, artifact_location, deleted, created_ms, updated_ms
FROM experiments
WHERE id = $1
