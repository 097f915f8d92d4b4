INSERT INTO run_metrics (
    run_id, key, timestamp_ms, step, is_nan, value, model_id, dataset_name, dataset_digest
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING
