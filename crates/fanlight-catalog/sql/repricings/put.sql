INSERT INTO repricings (workspace_id) VALUES ($1) ON CONFLICT (workspace_id) DO NOTHING
