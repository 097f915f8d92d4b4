INSERT INTO experiments (workspace_id, name, artifact_location, created_ms, updated_ms)
VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (workspace_id, name) DO NOTHING
RETURNING id
