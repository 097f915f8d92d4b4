SELECT id, meta_json, log_seq, dead FROM segments ORDER BY id
