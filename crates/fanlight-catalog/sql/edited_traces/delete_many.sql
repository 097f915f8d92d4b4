DELETE FROM edited_traces WHERE workspace_id =
