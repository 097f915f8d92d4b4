INSERT INTO runs (id, experiment_id, name, user_id, status, start_ms, artifact_uri)
VALUES ($1, $2, $3, $4, $5, $6, $7)
