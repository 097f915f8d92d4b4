INSERT INTO experiments (id, workspace_id, name, artifact_location, created_ms, updated_ms)
VALUES (0, 0, 'Default', 'mlflow-artifacts:/0', $1, $1)
ON CONFLICT DO NOTHING
