INSERT INTO tombstones (workspace_id, trace_id, seq)
