SELECT workspace_id, sheet FROM price_tables ORDER BY workspace_id
