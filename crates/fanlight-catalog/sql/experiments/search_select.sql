SELECT e.id, e.workspace_id, e.name, e.artifact_location, e.deleted, e.created_ms, e.updated_ms
