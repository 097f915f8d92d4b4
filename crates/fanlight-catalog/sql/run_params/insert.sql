INSERT INTO run_params (run_id, key, value)
VALUES ($1, $2, $3)
ON CONFLICT (run_id, key) DO NOTHING
