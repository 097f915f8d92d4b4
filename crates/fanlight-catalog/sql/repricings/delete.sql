DELETE FROM repricings WHERE workspace_id = $1
