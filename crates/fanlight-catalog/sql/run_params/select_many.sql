SELECT run_id, key, value FROM run_params WHERE run_id IN
