INSERT INTO run_models (run_id, model_id) VALUES ($1, $2) ON CONFLICT DO NOTHING
