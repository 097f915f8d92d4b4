SELECT run_id, model_id FROM run_models WHERE run_id IN
