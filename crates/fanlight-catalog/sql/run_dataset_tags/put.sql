INSERT INTO run_dataset_tags (run_id, dataset_id, key, value)
VALUES ($1, $2, $3, $4)
ON CONFLICT (run_id, dataset_id, key) DO UPDATE SET value = excluded.value
