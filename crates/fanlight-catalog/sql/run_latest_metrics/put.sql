INSERT INTO run_latest_metrics (
    run_id, key, timestamp_ms, step, is_nan, value, model_id, dataset_name, dataset_digest
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (run_id, key) DO UPDATE SET
    timestamp_ms = excluded.timestamp_ms,
    step = excluded.step,
    is_nan = excluded.is_nan,
    value = excluded.value,
    model_id = excluded.model_id,
    dataset_name = excluded.dataset_name,
    dataset_digest = excluded.dataset_digest
WHERE (excluded.step, excluded.timestamp_ms, excluded.value)
    > (run_latest_metrics.step, run_latest_metrics.timestamp_ms, run_latest_metrics.value)
