SELECT
    r.id, r.experiment_id, e.workspace_id, r.name, r.user_id, r.status, r.start_ms, r.end_ms, r.artifact_uri,
    CASE WHEN r.deleted <> 0 OR e.deleted <> 0 THEN 1 ELSE 0 END
FROM runs r
JOIN experiments e ON e.id = r.experiment_id
WHERE r.id IN
