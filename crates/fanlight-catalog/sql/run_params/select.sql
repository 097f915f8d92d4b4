SELECT value FROM run_params WHERE run_id = $1 AND key = $2
