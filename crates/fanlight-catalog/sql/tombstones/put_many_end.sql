
ON CONFLICT (workspace_id, trace_id) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > tombstones.seq
