SELECT run_id, key, timestamp_ms, step, is_nan, value, model_id, dataset_name, dataset_digest
FROM run_latest_metrics
WHERE run_id IN
