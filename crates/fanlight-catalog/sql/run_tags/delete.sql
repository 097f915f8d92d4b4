DELETE FROM run_tags WHERE run_id = $1 AND key = $2
