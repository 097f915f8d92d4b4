DELETE FROM price_tables WHERE workspace_id = $1
