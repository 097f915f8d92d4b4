INSERT INTO price_tables (workspace_id, sheet) VALUES ($1, $2)
ON CONFLICT (workspace_id) DO UPDATE SET sheet = excluded.sheet
