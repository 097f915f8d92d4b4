SELECT experiment_id, key, value FROM experiment_tags WHERE experiment_id IN
