SELECT workspace_id FROM repricings ORDER BY workspace_id
