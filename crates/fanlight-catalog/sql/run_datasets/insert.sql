INSERT INTO run_datasets (run_id, dataset_id) VALUES ($1, $2) ON CONFLICT DO NOTHING
