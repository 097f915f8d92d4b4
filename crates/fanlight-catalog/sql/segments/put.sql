INSERT INTO segments (id, meta_json, log_seq, dead)
VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE
SET meta_json = excluded.meta_json, log_seq = excluded.log_seq, dead = excluded.dead
