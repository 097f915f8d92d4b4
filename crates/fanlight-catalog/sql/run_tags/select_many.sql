SELECT run_id, key, value FROM run_tags WHERE run_id IN
