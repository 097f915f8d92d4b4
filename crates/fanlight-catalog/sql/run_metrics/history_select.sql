SELECT m.run_id, m.key, m.timestamp_ms, m.step, m.is_nan, m.value, m.model_id, m.dataset_name, m.dataset_digest
