SELECT run_id, dataset_id, key, value FROM run_dataset_tags WHERE run_id IN
