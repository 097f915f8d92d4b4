INSERT INTO datasets (experiment_id, name, digest, source_type, source, schema, profile)
VALUES ($1, $2, $3, $4, $5, $6, $7)
-- Changes nothing, but lets RETURNING answer the row that was there.
ON CONFLICT (experiment_id, name, digest) DO UPDATE SET name = excluded.name
RETURNING id
