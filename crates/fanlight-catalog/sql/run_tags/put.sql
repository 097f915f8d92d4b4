INSERT INTO run_tags (run_id, key, value)
VALUES ($1, $2, $3)
ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value
